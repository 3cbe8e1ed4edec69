"""How a backbone is named on the command line and opened: `family:name`, or `path/to/file.py:factory`.

A new family is one adapter file and one line in :data:`FAMILIES`.
"""

from dataclasses import dataclass
from importlib import import_module

from experiments.backbones.protocol import Backbone
from span_theorem.errors import InputError

FAMILIES = {
    "nequip": "experiments.backbones.nequip",
    "sevennet": "experiments.backbones.sevennet",
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
    family, separator, name = spec.partition(":")
    if not separator or not name or family not in FAMILIES:
        known = ", ".join(f"{family}:NAME" for family in FAMILIES)
        raise InputError(f"unknown backbone '{spec}': expected {known}")
    return import_module(FAMILIES[family]).open_named(name, options or Options())
