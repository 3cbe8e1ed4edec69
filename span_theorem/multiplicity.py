"""How often each irreducible representation l occurs in the features' symmetric powers, from characters.

The character of Sym^k(V) at a rotation by φ is the coefficient of t^k in Π_j 1/(1 - t q^j), q = e^{iφ}, over
the weights j of V (Cayley-Sylvester). The multiplicity of l is the number of weight vectors of weight l less
that of weight l + 1. All in integers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb
from typing import Any

from flint import fmpz_poly

from span_theorem.law import Features, require_instance


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


def multiplicities(L: int, d: int, features: Features = "upto") -> Multiplicities:
    """Multiplicities of every l in Sym^k(V_0 + .. + V_L) (``upto``) or Sym^k(V_L) (``exact``), k = 0..d.

    >>> multiplicities(2, 2).total
    (5, 3, 5, 1, 1)
    """
    require_instance(L, d, features)
    counts = weight_counts(L, features)
    by_power = []
    for k, series in enumerate(symmetric_powers(counts, L, d)):
        # the coefficient of q^(kL + w) counts the weight vectors of weight w
        weights = [int(series[k * L + w]) for w in range(k * L + 2)]
        by_power.append(tuple(weights[l] - weights[l + 1] for l in range(k * L + 1)))
    size = sum(counts.values())
    dims = tuple(comb(size + k - 1, k) for k in range(d + 1))
    return Multiplicities(L, d, features, tuple(by_power), dims)


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


def symmetric_powers(counts: Mapping[int, int], L: int, d: int) -> list[fmpz_poly]:
    """Coefficients of t^0 .. t^d in Π_m 1/(1 - t q^(m+L))^counts[m], polynomials in q."""
    powers = [fmpz_poly([1])] + [fmpz_poly([])] * d
    for m, count in counts.items():
        step = m + L
        if count <= d:
            for _ in range(count):
                for k in range(1, d + 1):
                    powers[k] = powers[k] + powers[k - 1].left_shift(step)
        else:  # 1/(1 - x)^c = Σ_i C(c+i-1, i) x^i
            powers = [
                sum(
                    (powers[k - i].left_shift(i * step) * comb(count + i - 1, i) for i in range(k + 1)),
                    fmpz_poly([]),
                )
                for k in range(d + 1)
            ]
    return powers
