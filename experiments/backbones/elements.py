"""Background: a network knows the elements it was trained on. Question: does it know those of a molecule?"""

from typing import TYPE_CHECKING

from experiments.backbones.protocol import Backbone, card_of
from experiments.elements import symbol
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def require_elements(backbone: Backbone, numbers: "ArrayLike") -> None:
    """Refuse a molecule with an element that the backbone does not know.

    Args:
        backbone: its card names the elements; a card that names none lets every element pass.
        numbers: (n_atoms,) atomic numbers.

    Raises:
        InputError: names the backbone, the unknown elements and the known ones.
    """
    import numpy as np

    known = card_of(backbone).elements
    if known is None:
        return
    unknown = sorted({int(z) for z in np.asarray(numbers)} - known)
    if unknown:
        names = ", ".join(symbol(z) for z in unknown)
        expected = ", ".join(symbol(z) for z in sorted(known)) if len(known) <= 20 else f"{len(known)} others"
        word = f"element{'s' * (len(unknown) > 1)}"
        raise InputError(f"backbone {backbone.name} does not know the {word} {names}: it knows {expected}")
