"""The circle over F_p: its trigonometry is that of the real one."""

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from span_theorem.circle import circle
from span_theorem.errors import InputError

sizes = st.integers(1, 60).map(lambda quarter: 4 * quarter)


@given(sizes, st.integers(0, 500), st.integers(0, 500))
def test_addition_theorem(size, a, b):
    points = circle(size)
    p, c, s = points.prime, points.cosines, points.sines
    a, b = a % size, b % size
    assert c[(a + b) % size] == (c[a] * c[b] - s[a] * s[b]) % p
    assert s[(a + b) % size] == (s[a] * c[b] + c[a] * s[b]) % p
    assert (c[a] ** 2 + s[a] ** 2) % p == 1


@given(sizes)
def test_the_angles_are_distinct_and_the_prime_is_one(size):
    points = circle(size)
    assert sympy.isprime(points.prime)
    assert points.prime % size == 1
    assert len(set(zip(points.cosines, points.sines, strict=True))) == size
    assert (points.cosines[0], points.sines[0], points.sines[size // 4]) == (1, 0, 1)


@pytest.mark.parametrize("size", [8, 12, 20, 60])
def test_cosines_are_conjugates_of_the_real_ones(size):
    x = sympy.Symbol("x")
    polynomial = sympy.minimal_polynomial(2 * sympy.cos(2 * sympy.pi / size), x)
    points = circle(size)
    assert int(polynomial.subs(x, 2 * points.cosines[1])) % points.prime == 0


def test_waves_are_the_circle_run_through_k_times():
    points = circle(20)
    wave = points.wave(3).entries()
    for j in range(20):
        c, s = points.cosines[j], points.sines[j]
        assert int(wave[j]) == (4 * c**3 - 3 * c) % points.prime
        assert int(wave[20 + j]) == (3 * s - 4 * s**3) % points.prime


def test_directions_lie_on_the_sphere():
    points = circle(12)
    first, second = (
        (Fraction(2, 3), Fraction(1, 3), Fraction(2, 3)),
        (Fraction(-2, 3), Fraction(2, 3), Fraction(1, 3)),
    )
    directions = points.directions((first, second))
    for x, y, z in directions:
        assert (x * x + y * y + z * z) % points.prime == 1
        assert (x - 2 * z + 2 * y) % points.prime == 0  # the plane's normal is (1, 2, -2)/3
    assert [3 * c % points.prime for c in directions[3]] == [points.prime - 2, 2, 1]


@pytest.mark.parametrize("size", [0, -4, 2, 6, 9])
def test_sizes_without_i_are_refused(size):
    with pytest.raises(InputError, match="multiple of 4"):
        circle(size)


@pytest.mark.parametrize(
    "frame",
    [((1, 0, 0), (1, 0, 0)), ((1, 0, 0), (0, 2, 0)), ((1, 1, 0), (0, 0, 1)), ((1, 0), (0, 1))],
)
def test_frames_that_are_not_orthonormal_are_refused(frame):
    with pytest.raises(InputError, match="orthonormal"):
        circle(4).directions(frame)
