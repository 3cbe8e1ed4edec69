"""Which extra of this project brings a package, from the project's own metadata."""

import re
from importlib.metadata import PackageNotFoundError, requires

DISTRIBUTIONS = {"flint": "python-flint", "sevenn": "sevenn", "mace": "mace-torch", "yaml": "pyyaml"}
"""Distributions whose name is not that of what is imported."""


def extra_of(package: str) -> str | None:
    """The first extra that names a package directly; ``None`` if none does.

    >>> extra_of("e3nn"), extra_of("nonsense")
    ('numeric', None)
    """
    wanted = _normal(DISTRIBUTIONS.get(package, package))
    try:
        listed = requires("span-theorem") or []
    except PackageNotFoundError:  # run from a folder, without being installed
        return None
    for line in listed:
        match = re.match(r"([A-Za-z0-9._-]+).*extra == ['\"]([a-z0-9-]+)['\"]", line)
        if match and _normal(match[1]) == wanted:
            return match[2]
    return None


def missing(package: str) -> str:
    """One line: that a package is not installed, and the command that brings it."""
    extra = extra_of(package)
    name = f"span-theorem[{extra}]" if extra else DISTRIBUTIONS.get(package, package)
    return f"this needs the package {package}, which is not installed: pip install '{name}'"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
