def multiplicity() -> int:
    raise NotImplementedError
