"""Files that can run code when loaded are loaded only for a user who vouches for them."""

import hashlib
from pathlib import Path

from span_theorem.errors import InputError


def require_trust(path: Path, trust: bool, kind: str = "a pickled checkpoint") -> None:
    """Refuse a file that can run code when loaded unless the user vouches for it.

    Raises:
        InputError: ``trust`` is false; names the option that grants it.
    """
    if not trust:
        raise InputError(f"{path} is {kind} and can run code when loaded: give --trust to load it")


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
