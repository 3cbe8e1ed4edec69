"""Background: frames are named on a command line, as a file or by the name of a known set. Question: which
frames does this word mean? Provides: `load`, the one door through which frames come in.
"""

from pathlib import Path

from experiments.data.embedded_sets import read_embedded
from experiments.data.extxyz import read_extxyz
from experiments.data.frames import Frames
from experiments.data.npz import read_npz
from experiments.data.rmd17 import read_cached
from span_theorem.errors import InputError


def load(spec: str | Path, units: str | None = None) -> Frames:
    """Frames in eV and Å from a file or a named set.

    Args:
        spec: a path ending in .npz, .xyz or .extxyz, ``embedded:train``, ``embedded:test``, or a file of the
            user's cache such as ``rmd17:aspirin/train_01``.
        units: unit of energy of a file, where its format does not fix it (or to contradict it).

    Raises:
        InputError: the set or file does not exist or cannot be used; the message says why and where.
    """
    name, colon, rest = str(spec).partition(":")
    if colon and name in ("embedded", "rmd17"):
        if units is not None:
            raise InputError(f"units {units} do not apply to {spec}: its units are known", "units")
        return read_embedded(rest) if name == "embedded" else read_cached(rest)
    path = Path(spec)
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return read_npz(path, units)
    if suffix in (".xyz", ".extxyz"):
        return read_extxyz(path, units)
    if not path.exists():
        raise InputError(
            f"{spec} does not exist, expected an npz, xyz or extxyz file, embedded:train or embedded:test"
        )
    raise InputError(
        f"{spec}: unknown kind of file {suffix or '(no suffix)'!r}, expected .npz, .xyz or .extxyz"
    )
