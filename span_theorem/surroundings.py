"""One site's neighbours: rational directions and weights, so that exact and floating arithmetic see the same ones.

Features of one convolution are A_nlm = Σ_j w_nj Y_lm(u_j): w_nj = R_n(r_j) is the weight of neighbour j in channel n. A
marking by species is a pattern of zeros in w. Neighbour 0 is the one that is swept over the sphere.
"""

from dataclasses import dataclass
from fractions import Fraction
from random import Random

from span_theorem.errors import InputError

Direction = tuple[Fraction, Fraction, Fraction]


@dataclass(frozen=True)
class Surroundings:
    """The neighbours that stay where they are, and the weights of all.

    Attributes:
        directions: of neighbours 1, 2, ..., unit vectors (x, y, z) with rational components.
        weights: one row a channel, one column a neighbour, the swept one first.
    """

    directions: tuple[Direction, ...]
    weights: tuple[tuple[Fraction, ...], ...]

    def __post_init__(self) -> None:
        if not self.weights or any(len(row) != len(self.directions) + 1 for row in self.weights):
            raise InputError(
                f"weights: expected at least one channel, each with {len(self.directions) + 1} numbers"
            )
        if any(x * x + y * y + z * z != 1 for x, y, z in self.directions):
            raise InputError("directions: expected unit vectors with rational components")


def unit_vector(s: Fraction, t: Fraction) -> Direction:
    """The point of the unit sphere with the stereographic coordinates (s, t).

    >>> [str(c) for c in unit_vector(Fraction(1), Fraction(1, 2))]
    ['8/9', '4/9', '1/9']
    """
    scale = 1 / (1 + s * s + t * t)
    return 2 * s * scale, 2 * t * scale, (s * s + t * t - 1) * scale


def random_surroundings(
    channels: int, neighbours: int, seed: int = 0, coplanar: bool = False
) -> Surroundings:
    """Surroundings in general position, of small rational numbers.

    Args:
        channels: rows of weights, >= 1.
        neighbours: besides the swept one, >= 1.
        coplanar: directions in one plane through the site instead.

    Raises:
        InputError: no channel or no other neighbour.
    """
    for name, value in (("channels", channels), ("neighbours", neighbours)):
        if value < 1:
            raise InputError(f"{name} = {value}: expected an integer >= 1")
    random = Random(seed)

    def number() -> Fraction:
        return Fraction(random.choice((-1, 1)) * random.randint(3, 40), 20)

    # small heights and small radii alike: |s|, |t| <= 2 covers most of the sphere evenly enough
    directions = tuple(
        unit_vector(number(), Fraction(0) if coplanar else number()) for _ in range(neighbours)
    )
    weights = tuple(
        tuple(Fraction(random.randint(5, 40), 20) for _ in range(neighbours + 1)) for _ in range(channels)
    )
    return Surroundings(directions, weights)
