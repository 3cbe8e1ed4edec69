def show() -> int:
    raise NotImplementedError
