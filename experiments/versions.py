"""Versions of what made a result, for its JSON file, and the checksum of this project's code."""

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "span-theorem",
    "numpy",
    "scipy",
    "torch",
    "e3nn",
    "sevenn",
    "nequip",
    "so3krates-torch",
    "mace-torch",
)


def versions() -> dict[str, str]:
    """Version by package, of those that are installed, and of Python."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


@cache
def code_checksum() -> str:
    """SHA-256 of all that can change a figure: the source of the three packages.

    Tables and commands are in it as well; what was computed by other code is computed again.
    """
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for package in ("numerics", "span_theorem", "experiments"):
        for path in sorted((root / package).rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
