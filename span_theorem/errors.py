"""Errors that are the user's to mend: one line on stderr and exit status 2, never a traceback."""


class InputError(ValueError):
    """Unusable input. The message is one line: what was wrong, where, and what was expected.

    Args:
        message: the line.
        setting: the setting that mends it, if one does; the command line names its option.
    """

    def __init__(self, message: str = "", setting: str | None = None):
        super().__init__(message)
        self.setting = setting


class MissingPackage(InputError):
    """An optional package is not installed. The message says which, and which extra installs it."""
