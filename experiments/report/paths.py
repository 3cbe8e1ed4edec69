"""Where a figure goes: a stem, and one file for every format."""

from pathlib import Path

from experiments.lab.names import FORMATS
from span_theorem.errors import InputError
from span_theorem.output import require_writable


def figure_paths(stem: Path) -> tuple[Path, ...]:
    """The files of a figure, checked to be writable.

    Args:
        stem: path whose suffix, if it is that of a figure or of a result file, is left out.

    Raises:
        InputError: no file name, or a file that cannot be written.

    >>> [path.name for path in figure_paths(Path("aspirin-0.5.json"))]
    ['aspirin-0.5.png', 'aspirin-0.5.svg']
    """
    name = stem.name
    if not name or name == "..":
        raise InputError(f"cannot write a figure to {stem}: expected a file name")
    if stem.suffix in (*FORMATS, ".json"):
        name = name.removesuffix(stem.suffix)
    paths = tuple(stem.with_name(name + suffix) for suffix in FORMATS)
    for path in paths:
        require_writable(path)
    return paths
