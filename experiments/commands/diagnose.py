def diagnose() -> int:
    raise NotImplementedError
