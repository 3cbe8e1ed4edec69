"""Versions of what made a result, for its files."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

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
    "schnetpack",
)


def versions() -> dict[str, str]:
    """Version by package, of those that are installed, and of Python."""
    return dict(_versions())


@cache
def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
