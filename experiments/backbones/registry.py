"""How a backbone is named on the command line and opened: `family:name`, or `path/to/file.py:factory`.

A new family is one adapter file, which offers ``names()`` and ``open_named(name, options)``, and one line in
:data:`FAMILIES`.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from experiments.backbones.protocol import Backbone
from span_theorem.errors import InputError

FAMILIES = {
    "nequip": "experiments.backbones.nequip",
    "sevennet": "experiments.backbones.sevennet",
    "so3lr": "experiments.backbones.so3lr",
    "mace": "experiments.backbones.mace",
    "features": "experiments.backbones.feature_file",
}


@dataclass(frozen=True)
class Options:
    """How to open a backbone.

    Attributes:
        layer: name of the layer to read; ``None`` for the adapter's default.
        trust: the user vouches for files that can run code when loaded.
        device: torch device.
    """

    layer: str | None = None
    trust: bool = False
    device: str = "cpu"


def open_backbone(spec: str, options: Options | None = None) -> Backbone:
    """Open the backbone that ``spec`` names.

    Raises:
        InputError: unknown family or name, missing package, unreadable or untrusted file.
    """
    options = options or Options()
    family, _, name = spec.partition(":")
    if family in FAMILIES and name:
        return _family(family).open_named(name, options)
    path, _, factory = spec.rpartition(":")
    if path.endswith(".py"):
        from experiments.backbones.user_file import open_factory

        return open_factory(Path(path), factory, options)
    known = ", ".join(f"{family}:NAME" for family in FAMILIES)
    raise InputError(f"unknown backbone '{spec}': expected {known}, or path/to/file.py:factory")


def names() -> tuple[str, ...]:
    """Specifications of all backbones that have a name of their own, family by family."""
    return tuple(f"{family}:{name}" for family in FAMILIES for name in _family(family).names())


def _family(family: str) -> Any:
    """The adapter module: it offers ``names()`` and ``open_named(name, options)``."""
    return import_module(FAMILIES[family])
