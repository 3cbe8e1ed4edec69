def check() -> int:
    raise NotImplementedError
