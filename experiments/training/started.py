"""Which training folders this user's own commands filled.

A training is continued from its checkpoints, which are pickles: those of a folder that came from elsewhere can run
code. So every training that starts in an empty folder is noted in the user's cache, out of reach of the folder's maker.
"""

import contextlib
import hashlib
from pathlib import Path

from experiments.backbones.trust import require_trust
from experiments.data.cache import cache_folder
from span_theorem.errors import InputError
from span_theorem.output import make_folder, write_text


def claim(folder: Path, trust: bool) -> None:
    """Note that a training starts in ``folder``; where something is in it, the training must be known or trusted.

    Raises:
        InputError: it holds files that were not made here, and ``trust`` is false.
    """
    make_folder(folder)
    if any(folder.iterdir()) and _identity(folder) != _noted(folder):
        require_trust(folder, trust, "a training that did not start here")
    # without a cache that can be written, continuing asks for trust
    with contextlib.suppress(InputError, OSError):
        make_folder(_note(folder).parent)
        write_text(_note(folder), _identity(folder))


def _note(folder: Path) -> Path:
    name = hashlib.sha256(str(folder.resolve()).encode(errors="surrogateescape")).hexdigest()
    return cache_folder() / "trainings" / name


def _noted(folder: Path) -> str | None:
    try:
        return _note(folder).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def _identity(folder: Path) -> str:
    """The folder itself, not its name: another may have taken its place."""
    status = folder.stat()
    return f"{folder.resolve()}\n{status.st_dev} {status.st_ino}\n"
