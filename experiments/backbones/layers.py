"""What of a network is read: which layer, with one rule for the default, and which of several levels of theory."""

from collections.abc import Mapping, Sequence
from typing import Any

from span_theorem.errors import InputError

DEFAULT_REASON = "the last layer whose features still carry the network's highest degree"


def default_layer(layers: Mapping[str, str]) -> str:
    """The last layer that carries the highest degree l of any layer.

    >>> default_layer({"0": "4x0e+4x1o", "1": "4x0e+4x1o", "2": "4x0e"})
    '1'
    """
    from e3nn.o3 import Irreps

    orders = {name: Irreps(irreps).lmax for name, irreps in layers.items()}
    highest = max(orders.values())
    return [name for name, order in orders.items() if order == highest][-1]


def choose_branch(branches: Sequence[str], wanted: str | None, backbone: str) -> dict[str, Any]:
    """Which of several levels of theory that a network was trained for, as its card's settings say it.

    Args:
        branches: modalities or heads; none or one if there is no choice.
        wanted: its name; ``None`` for the first.
        backbone: name, for messages.

    Returns:
        Nothing where there is no choice; otherwise ``branch``, and ``branches`` that there are.

    Raises:
        InputError: no branch of that name.
    """
    if wanted is not None and wanted not in branches:
        expected = (
            f"expected one of {', '.join(branches)}" if len(branches) > 1 else "expected none to be named"
        )
        raise InputError(f"backbone {backbone} has no modality or head '{wanted}': {expected}", "modal")
    if len(branches) < 2:
        return {}
    return {"branch": branches[0] if wanted is None else wanted, "branches": list(branches)}


def choose_layer(layers: Mapping[str, str], asked: str | None, backbone: str) -> str:
    """The layer asked for, or the default.

    Raises:
        InputError: no layer of that name.
    """
    if asked is None:
        return default_layer(layers)
    if asked not in layers:
        raise InputError(f"backbone {backbone} has no layer '{asked}': expected one of {', '.join(layers)}")
    return asked
