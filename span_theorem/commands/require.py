def require() -> int:
    raise NotImplementedError
