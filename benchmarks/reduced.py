"""e3nn's own route to multiplicities: ReducedTensorProducts, what the theorem's benchmark is set beside."""

import sys


def reduced_multiplicities(L: int, d: int) -> dict[int, int]:
    """How often each l occurs in Sym^d(V_0 + .. + V_L)."""
    from e3nn.o3 import ReducedTensorProducts

    letters = "ijkmnpqr"[:d]
    # a transposition and a cycle generate all permutations
    formula = f"{letters}={letters[1] + letters[0] + letters[2:]}={letters[1:] + letters[0]}"
    irreps = "+".join(f"{l}e" for l in range(L + 1))
    found: dict[int, int] = {}
    for multiplicity, irrep in ReducedTensorProducts(formula, i=irreps).irreps_out:
        found[irrep.l] = found.get(irrep.l, 0) + multiplicity
    return found


if __name__ == "__main__":
    L, d = int(sys.argv[1]), int(sys.argv[2])
    found = reduced_multiplicities(L, d)
    from span_theorem.multiplicity import multiplicities

    expected = multiplicities(L, d).by_power[d]
    sys.exit(found != {l: m for l, m in enumerate(expected) if m})
