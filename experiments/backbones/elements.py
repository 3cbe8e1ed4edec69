"""Background: a network knows the elements it was trained on. Question: does it know those of a molecule?"""

from typing import TYPE_CHECKING

from experiments.backbones.protocol import Backbone, card_of
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_SYMBOLS = """
    H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb
    Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu
    Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db
    Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og
"""
SYMBOLS = tuple(_SYMBOLS.split())


def symbol(number: int) -> str:
    """Chemical symbol of an atomic number.

    >>> symbol(8)
    'O'
    """
    return SYMBOLS[number - 1] if 1 <= number <= len(SYMBOLS) else f"Z={number}"


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
        raise InputError(f"backbone {backbone.name} does not know the element {names}: it knows {expected}")
