"""The law: which degrees l polynomials of degree at most d in spherical-harmonic features span, in one place.

Nothing here computes a rank: :mod:`span_theorem.exact` and :mod:`span_theorem.numeric` do, without the law,
and :mod:`span_theorem.instance` compares.
"""

from typing import Literal, get_args

from span_theorem.errors import InputError

Features = Literal["upto", "exact"]
FEATURES: tuple[Features, ...] = get_args(Features)

SCOPE = (
    "Scope: degree-bounded probes of one direction; no function-class bound on a message-passing network "
    "with many atoms."
)

SWEPT_SCOPE = (
    "Scope: polynomials in the features of one convolution, one neighbour moved and all else fixed; no bound on "
    "features of deeper layers or on readouts that are no polynomials."
)


def require_instance(L: int, d: int, features: Features = "upto") -> None:
    """Refuse what is no instance of the theorem.

    Raises:
        InputError: negative or fractional L or d, or unknown features.
    """
    for name, value in (("L", L), ("d", d)):
        if not hasattr(value, "__index__") or value < 0:
            raise InputError(f"{name} = {value!r}: expected an integer >= 0")
    if features not in FEATURES:
        raise InputError(f"features = {features!r}: expected one of {', '.join(FEATURES)}")


def boundary(L: int, d: int) -> int:
    """The largest degree that polynomials of degree at most ``d`` in the Y_lm, l <= L, contain: dL.

    Raises:
        InputError: see :func:`require_instance`.

    >>> boundary(2, 2)
    4
    """
    require_instance(L, d)
    return d * L


def degrees_of_products(L: int, k: int, features: Features) -> tuple[int, ...]:
    """The degrees l, ascending, whose H_l the products of exactly ``k`` features span.

    ``upto``: all l <= kL. ``exact``: l = 0 for k = 0, l = L for k = 1, and for k >= 2 the l <= kL with
    l = kL (mod 2).

    >>> degrees_of_products(3, 2, "exact")
    (0, 2, 4, 6)
    """
    if k == 0 or L == 0:
        return (0,)
    if features == "upto":
        return tuple(range(k * L + 1))
    if k == 1:
        return (L,)
    return tuple(range(k * L % 2, k * L + 1, 2))


def expected_degrees(L: int, d: int, features: Features = "upto") -> tuple[int, ...]:
    """The degrees l, ascending, whose H_l the polynomials of degree at most ``d`` span.

    Raises:
        InputError: see :func:`require_instance`.

    >>> expected_degrees(2, 2, "upto"), expected_degrees(3, 2, "exact")
    ((0, 1, 2, 3, 4), (0, 2, 3, 4, 6))
    """
    require_instance(L, d, features)
    if features == "upto" or L == 0:
        return degrees_of_products(L, d, features)
    reached: set[int] = set()
    # the products of k factors lie among those of k + 2: the two highest k say it all
    for k in {max(0, d - 1), d}:
        reached.update(degrees_of_products(L, k, features))
    return tuple(sorted(reached))


def expected_dim(L: int, d: int, features: Features = "upto") -> int:
    """Dimension of the expected span: the sum of 2l + 1; (dL+1)² for ``upto``.

    >>> expected_dim(2, 2, "upto")
    25
    """
    return sum(2 * l + 1 for l in expected_degrees(L, d, features))


def sentence(L: int, d: int, features: Features = "upto") -> str:
    """The law for this instance, in words.

    >>> sentence(2, 2, "upto")
    'Polynomials of degree <= 2 in Y_lm, l <= 2, span exactly the degrees l <= 4.'
    """
    if features == "upto":
        head = f"Polynomials of degree <= {d} in Y_lm, l <= {L}, span exactly"
    else:
        head = f"Polynomials of degree <= {d} in Y_{L}m span exactly"
    if L == 0 or d == 0:
        return f"{head} the degree l = 0."
    if features == "upto":
        return f"{head} the degrees l <= {boundary(L, d)}."
    if d == 1:
        return f"{head} the degrees l = 0 and l = {L}."
    if L % 2 == 0:
        return f"{head} the even degrees l <= {boundary(L, d)}."
    even, odd = L * (d - d % 2), L * (d - 1 + d % 2)
    odd_part = f"l = {L}" if d == 2 else f"the odd degrees l <= {odd}"
    return f"{head} the even degrees l <= {even} and {odd_part}."


def swept_degrees(L: int, d: int, output_degree: int = 0) -> tuple[int, ...]:
    """The degrees l in *one neighbour's* direction that occur in outputs of degree ``output_degree``.

    Polynomials of degree at most d in A_nlm = Σ_j R_n(r_j) Y_lm(u_j), l <= L, equivariant with values in V_λ,
    λ = ``output_degree``, as functions of u_1 alone. It takes k = ⌈l/L⌉ factors from neighbour 1 to make l, and what is
    left of the degree must couple with it to λ: l occurs if and only if |l - λ| <= L(d - ⌈l/L⌉) (docs/theory.md).
    Invariants are λ = 0: all l <= L⌊d/2⌋. Empty where no output of that degree exists, λ > dL.

    Raises:
        InputError: see :func:`require_instance`; or a negative output degree.

    >>> swept_degrees(2, 4), swept_degrees(2, 2, 4), swept_degrees(2, 2, 3)
    ((0, 1, 2, 3, 4), (0, 2, 4), (0, 1, 2, 3))
    """
    require_instance(L, d)
    _require_output(output_degree)
    if L == 0:
        return () if output_degree else (0,)
    return tuple(l for l in range(d * L + 1) if abs(l - output_degree) <= L * (d + -l // L))


def swept_boundary(L: int, d: int, output_degree: int = 0) -> int:
    """The largest of :func:`swept_degrees`: max_k min(kL, λ + (d - k)L); L⌊d/2⌋ for invariants, dL for λ = dL.

    Raises:
        InputError: as there, or no output of that degree exists.

    >>> swept_boundary(2, 4), swept_boundary(2, 5), swept_boundary(2, 2, 4)
    (4, 4, 4)
    """
    _require_output(output_degree)
    if output_degree > boundary(L, d):
        raise InputError(
            f"output degree = {output_degree}: expected at most dL = {d * L}, nothing of a higher degree exists"
        )
    if L == 0:
        return 0
    # kL rises and the other falls: the largest minimum is beside the crossing
    crossing = (output_degree + d * L) // (2 * L)
    return max(min(k * L, output_degree + (d - k) * L) for k in (min(crossing, d), min(crossing + 1, d)))


def _require_output(output_degree: int) -> None:
    if not hasattr(output_degree, "__index__") or output_degree < 0:
        raise InputError(f"output degree = {output_degree!r}: expected an integer >= 0")
