"""How often each irreducible representation l occurs in the features' symmetric powers, from characters.

The character of Sym^k(V) at a rotation by φ is the coefficient of t^k in Π_j 1/(1 - t q^j), q = e^{iφ}, over
the weights j of V (Cayley-Sylvester). The multiplicity of l is the number of weight vectors of weight l less
that of weight l + 1. All in integers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import comb
from typing import Any

from span_theorem.law import Features, require_instance
from span_theorem.weights import weight_numbers


@dataclass(frozen=True)
class Multiplicities:
    """Multiplicity of every l in Sym^k of the features, k = 0..d.

    Attributes:
        by_power: ``by_power[k][l]`` is the multiplicity of l = 0..kL in Sym^k.
        dims: dim Sym^k by the binomial coefficient, which Σ_l m_l (2l+1) must equal.
    """

    L: int
    d: int
    features: Features
    by_power: tuple[tuple[int, ...], ...]
    dims: tuple[int, ...]

    @property
    def total(self) -> tuple[int, ...]:
        """Multiplicity of l = 0..dL in all powers 0..d together."""
        top = self.d * self.L
        return tuple(sum(row[l] for row in self.by_power if l < len(row)) for l in range(top + 1))

    @property
    def dims_agree(self) -> bool:
        """Whether Σ_l m_l (2l+1) = dim Sym^k for every k."""
        return all(
            sum(m * (2 * l + 1) for l, m in enumerate(row)) == dim
            for row, dim in zip(self.by_power, self.dims, strict=True)
        )

    @property
    def saturated(self) -> bool | None:
        """Whether l = dL occurs exactly once in all powers together; None for L = 0, which claims nothing."""
        return None if self.L == 0 else self.total[-1] == 1

    def to_dict(self) -> dict[str, Any]:
        return {
            "L": self.L,
            "d": self.d,
            "features": self.features,
            "boundary": self.d * self.L,
            "dims_agree": self.dims_agree,
            "multiplicity_one_at_boundary": self.saturated,
            "powers": [
                {"k": k, "dim": dim, "multiplicities": list(row)}
                for k, (row, dim) in enumerate(zip(self.by_power, self.dims, strict=True))
            ],
            "total": list(self.total),
            "total_dim": sum(self.dims),
        }


@dataclass(frozen=True)
class TotalMultiplicities:
    """Multiplicity of every l in all powers Sym^k of the features, k = 0..d, together.

    Attributes:
        total: of l = 0..dL.
        dim: dim Sym^{<=d} by the binomial coefficient, which Σ_l m_l (2l+1) must equal.
    """

    L: int
    total: tuple[int, ...]
    dim: int

    @property
    def dims_agree(self) -> bool:
        """Whether Σ_l m_l (2l+1) = dim Sym^{<=d}."""
        return sum(m * (2 * l + 1) for l, m in enumerate(self.total)) == self.dim

    @property
    def saturated(self) -> bool | None:
        """Whether l = dL occurs exactly once; None for L = 0, which claims nothing."""
        return None if self.L == 0 else self.total[-1] == 1


def multiplicities(
    L: int, d: int, features: Features = "upto", progress: Callable[[int, int], None] | None = None
) -> Multiplicities:
    """Multiplicities of every l in Sym^k(V_0 + .. + V_L) (``upto``) or Sym^k(V_L) (``exact``), k = 0..d.

    >>> multiplicities(2, 2).total
    (5, 3, 5, 1, 1)
    """
    require_instance(L, d, features)
    counts = [*weight_counts(L, features).values()]
    numbers = weight_numbers(counts, range(d + 1), d * L + 1, progress)
    by_power = tuple(_differences(row[: k * L + 1])[::-1] for k, row in enumerate(numbers))
    dims = tuple(comb(sum(counts) + k - 1, k) for k in range(d + 1))
    return Multiplicities(L, d, features, by_power, dims)


def total_multiplicities(
    L: int,
    d: int,
    features: Features = "upto",
    progress: Callable[[int, int], None] | None = None,
) -> TotalMultiplicities:
    """Multiplicities of every l in all powers together: far quicker than power by power.

    >>> total_multiplicities(2, 2).total
    (5, 3, 5, 1, 1)
    """
    total = _top_of_total(L, d, features, d * L + 1, progress)[::-1]
    return TotalMultiplicities(L, total, polynomial_count(L, d, features))


def multiplicity_in_total(L: int, d: int, l: int, features: Features = "upto") -> int:
    """Multiplicity of one l <= dL in all powers together; the quicker the nearer l is to dL.

    >>> multiplicity_in_total(2, 2, 2)
    5
    """
    return _top_of_total(L, d, features, d * L - l + 1, None)[-1]


def _top_of_total(
    L: int, d: int, features: Features, length: int, progress: Callable[[int, int], None] | None
) -> tuple[int, ...]:
    """Multiplicities of l = dL, dL - 1, ... (``length`` of them) in Sym^{<=d}(V) = Sym^d(V + constants)."""
    require_instance(L, d, features)
    counts = weight_counts(L, features)
    counts[0] += 1
    (numbers,) = weight_numbers([*counts.values()], [d], length, progress)
    return _differences(numbers)


def _differences(numbers: list[int]) -> tuple[int, ...]:
    """Multiplicities of l = kL, kL - 1, ... from the numbers of monomials of these weights."""
    return tuple(n - above for n, above in zip(numbers, [0, *numbers], strict=False))


def weight_counts(L: int, features: Features) -> dict[int, int]:
    """How many features have each weight m = -L..L.

    >>> weight_counts(1, "upto")
    {-1: 1, 0: 2, 1: 1}
    """
    return {m: L - abs(m) + 1 if features == "upto" else 1 for m in range(-L, L + 1)}


def feature_count(L: int, features: Features) -> int:
    """Number of features: (L+1)² for ``upto``, 2L + 1 for ``exact``."""
    return (L + 1) ** 2 if features == "upto" else 2 * L + 1


def polynomial_count(L: int, d: int, features: Features = "upto") -> int:
    """Number of monomials of degree <= d in the features: the dimension of Sym^{<=d}.

    >>> polynomial_count(2, 2)
    55
    """
    return comb(feature_count(L, features) + d, d)
