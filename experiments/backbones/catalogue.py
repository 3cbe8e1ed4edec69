"""Which backbones there are: every named one with its layers, and what a user may bring for each family."""

from collections.abc import Callable
from typing import Any

from experiments.backbones.old_e3nn import allow_constants
from experiments.backbones.options import Options
from experiments.backbones.protocol import card_of
from experiments.backbones.registry import FAMILIES
from span_theorem.errors import InputError


def named() -> list[tuple[str, str]]:
    """Family and name of all backbones that have a name of their own."""
    return [(family, name) for family, entry in FAMILIES.items() for name in entry.names()]


def entries(progress: Callable[[str], None] = lambda spec: None) -> list[dict[str, Any]]:
    """What a listing says of every named backbone: its card, or why it cannot be opened here.

    Args:
        progress: called with the specification of the backbone about to be opened.
    """
    allow_constants()
    from e3nn.o3 import Irreps

    found = []
    for family, name in named():
        spec = f"{family}:{name}"
        progress(spec)
        entry: dict[str, Any] = {"backbone": spec, "available": False}
        if not FAMILIES[family].installed:
            entry["reason"] = f"not installed: {FAMILIES[family].install}"
        else:
            try:
                card = card_of(FAMILIES[family].open(name, Options()))
                entry = {
                    "backbone": spec,
                    "available": True,
                    "L": max(Irreps(irreps).lmax for irreps in card.layers.values()),
                    **card.to_dict(),
                }
            except InputError as error:
                entry["reason"] = str(error)
        found.append(entry)
    return found


def families() -> list[dict[str, Any]]:
    """What a user may bring: one entry a family, and whether its package is installed."""
    return [
        {
            "family": family,
            "usage": f"{family}:{entry.usage}",
            "installed": entry.installed,
            "install": entry.install,
        }
        for family, entry in FAMILIES.items()
    ]


def grouped(layers: dict[str, str]) -> list[tuple[str, str]]:
    """Layers of equal irreps side by side under one label.

    >>> grouped({"0": "4x0e+4x1o", "1": "4x0e+4x1o", "2": "4x0e"})
    [('0, 1', '4x0e+4x1o'), ('2', '4x0e')]
    """
    groups: list[tuple[list[str], str]] = []
    for name, irreps in layers.items():
        if groups and groups[-1][1] == irreps:
            groups[-1][0].append(name)
        else:
            groups.append(([name], irreps))
    return [(", ".join(names), irreps) for names, irreps in groups]
