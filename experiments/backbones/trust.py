"""Files that can run code when loaded are loaded only for a user who vouches for them."""

import warnings
import zipfile
from pathlib import Path
from typing import Any

from span_theorem.errors import InputError


def users_file(name: str, trust: bool, missing: str) -> Path:
    """A model file that the user brought and vouches for.

    Args:
        name: its path.
        trust: whether the user does.
        missing: what is wrong and what was expected where there is no such file.

    Raises:
        InputError: there is none, it was compiled for running, or ``trust`` is false.
    """
    path = Path(name)
    if not path.is_file():
        raise InputError(missing)
    require_open(path)
    require_trust(path, trust)
    return path


def require_open(path: Path) -> None:
    """Refuse a model that was compiled for running: its layers can no longer be read. Nothing in it is run.

    Raises:
        InputError: it is a TorchScript or AOTInductor archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return
    parts = {part for name in names for part in name.split("/")[:3]}
    compiled = "AOTInductor" if "aotinductor" in parts else "TorchScript" if "code" in parts else None
    if compiled and not path.name.endswith(".nequip.zip"):
        raise InputError(
            f"{path} is a deployed model, compiled by {compiled}: its layers cannot be read, expected the checkpoint "
            "it was made from"
        )


def require_trust(path: Path, trust: bool, kind: str = "a pickled checkpoint") -> None:
    """Refuse a file that can run code when loaded unless the user vouches for it.

    Raises:
        InputError: ``trust`` is false; names the option that grants it.
    """
    if not trust:
        raise InputError(f"{path} is {kind} and can run code when loaded: expected your trust", "trust")


def load_pickled(path: Path, kind: type, what: str) -> Any:
    """Unpickle a whole torch module from a file that the user trusts.

    Args:
        path: the file; it can run code.
        kind: class that the module has to be of.
        what: the kind in words, for messages.

    Raises:
        InputError: the file cannot be unpickled, or holds something else.
    """
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = torch.load(path, map_location="cpu", weights_only=False)
        except Exception as error:
            raise InputError(f"{path} is not a {what}: {type(error).__name__}: {error}") from error
    if not isinstance(module, kind):
        raise InputError(f"{path} holds a {type(module).__name__}, expected a {what}")
    return module
