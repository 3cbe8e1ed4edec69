"""Which layer of a message-passing network is read: by name or index, with one rule for the default."""

from collections.abc import Mapping

from span_theorem.errors import InputError

DEFAULT_REASON = "the last layer whose features still carry the network's highest order"


def default_layer(layers: Mapping[str, str]) -> str:
    """The last layer that carries the highest order l of any layer.

    >>> default_layer({"0": "4x0e+4x1o", "1": "4x0e+4x1o", "2": "4x0e"})
    '1'
    """
    from e3nn.o3 import Irreps

    orders = {name: Irreps(irreps).lmax for name, irreps in layers.items()}
    highest = max(orders.values())
    return [name for name, order in orders.items() if order == highest][-1]


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
