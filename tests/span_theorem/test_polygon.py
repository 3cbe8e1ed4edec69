"""The n-gon's orientation: exact ranks against the law, under rotations, and against least squares in floats."""

import subprocess
import sys
from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import sph_harm_y

from span_theorem import polygon as module
from span_theorem.errors import InputError
from span_theorem.polygon import (
    POLYGON_FEATURES,
    frequencies,
    polygon_grid,
    polygon_spans,
    recovered,
)

features_of = st.sampled_from(POLYGON_FEATURES)


@pytest.mark.parametrize("n", range(2, 11))
def test_the_orientation_is_recovered_as_stated(n):
    grid = polygon_grid(n, 6, 5)
    assert len(grid) == 60
    for span in grid:
        assert span.proved
        assert span.verified
        assert span.recovered == (span.d * span.L >= n if span.features == "marked" else n <= span.L)


@given(st.integers(2, 7), st.integers(0, 5), st.integers(0, 4), features_of, st.integers(1, 25))
@settings(deadline=None, max_examples=60)
def test_every_frequency_follows_the_law(n, L, d, features, k):
    assert recovered(n, L, d, features, k) == (k in frequencies(n, L, d, features))


rationals = st.integers(-6, 6)


@st.composite
def rational_frames(draw):
    """The first two rows of a rational rotation, from an integer quaternion: any plane, any start angle."""
    a, b, c, d = draw(st.tuples(rationals, rationals, rationals, rationals).filter(any))
    s = a * a + b * b + c * c + d * d
    rows = (
        (a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)),
        (2 * (b * c + a * d), a * a - b * b + c * c - d * d, 2 * (c * d - a * b)),
    )
    return tuple(tuple(Fraction(entry, s) for entry in row) for row in rows)


@given(st.integers(2, 6), st.integers(1, 5), features_of, rational_frames())
@settings(deadline=None, max_examples=40)
def test_neither_plane_nor_start_angle_matter(n, L, features, frame):
    assert polygon_spans(n, L, 2, features, frame=frame) == polygon_spans(n, L, 2, features)


@given(st.integers(2, 6), st.integers(1, 5), st.integers(1, 3), st.integers(1, 20))
@settings(deadline=None, max_examples=40)
def test_what_the_density_sees_one_vertex_sees(n, L, d, k):
    marked, density = (polygon_spans(n, L, d, features, k)[d] for features in ("marked", "density"))
    assert density.rank <= marked.rank
    assert marked.recovered or not density.recovered


@given(st.integers(2, 6), st.integers(0, 5), st.integers(0, 3), features_of)
@settings(deadline=None, max_examples=30)
def test_monotone_in_L_and_d(n, L, d, features):
    span = polygon_spans(n, L, d, features)[d]
    for larger in (polygon_spans(n, L + 1, d, features)[d], polygon_spans(n, L, d + 1, features)[d + 1]):
        assert larger.rank >= span.rank
        assert larger.recovered or not span.recovered


def test_a_grid_is_its_instances():
    for span in polygon_grid(3, 4, 2, k=6):
        alone = polygon_spans(3, span.L, span.d, span.features, 6)[span.d]
        assert (alone.rank, alone.added) == (span.rank, span.added)


def features_in_floats(n, L, features, alpha):
    """Real harmonics of scipy, which is not what the exact route evaluates; shape (functions, angles)."""
    vertices = alpha[:, None] + 2 * np.pi * np.arange(1 if features == "marked" else n) / n
    rows = []
    for l in range(L + 1):
        for m in range(l + 1):
            values = sph_harm_y(l, m, np.pi / 2, vertices).sum(axis=1)
            rows += [values.real, values.imag]
    return np.array(rows)


@pytest.mark.parametrize("features", POLYGON_FEATURES)
@pytest.mark.parametrize(
    ("n", "L", "d", "k"),
    [
        (2, 1, 1, 2),
        (2, 1, 2, 2),
        (3, 2, 2, 3),
        (4, 3, 1, 4),
        (4, 4, 1, 4),
        (3, 3, 2, 6),
        (3, 3, 2, 4),
        (5, 2, 3, 5),
    ],
)
def test_least_squares_in_floats(n, L, d, k, features):
    alpha = np.random.default_rng(0).uniform(0, 2 * np.pi, 120)
    rows = features_in_floats(n, L, features, alpha)
    columns = [np.ones_like(alpha)]
    for degree in range(1, d + 1):
        columns += [
            rows[list(c)].prod(axis=0) for c in combinations_with_replacement(range(len(rows)), degree)
        ]
    design = np.array(columns).T
    assert np.linalg.matrix_rank(design, rtol=1e-9) == polygon_spans(n, L, d, features, k)[d].rank
    for target in (np.cos(k * alpha), np.sin(k * alpha)):
        fitted = design @ np.linalg.lstsq(design, target, rcond=1e-9)[0]
        left = np.mean((target - fitted) ** 2) / np.mean(target**2)
        assert left < 1e-16 if recovered(n, L, d, features, k) else left > 0.9


def test_an_orientation_below_n_is_hidden_from_every_function():
    alpha = np.linspace(0, 1, 7)
    rows = features_in_floats(7, 6, "density", alpha)
    assert np.ptp(rows, axis=1).max() < 1e-13
    assert [span.rank for span in polygon_spans(7, 6, 4, "density")] == [1] * 5


def test_what_cannot_be_proved_is_not_answered(monkeypatch):
    monkeypatch.setattr(module, "frequencies", lambda *arguments: range(3))
    module._cached_spans.cache_clear()
    with pytest.raises(ArithmeticError, match="not proved"):
        recovered(5, 2, 2, "marked")
    assert not any(span.verified for span in polygon_grid(5, 2, 2) if span.L * span.d > 2)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((1, 2, 2, "marked"), "n = 1"),
        ((5.0, 2, 2, "marked"), "n = 5.0"),
        ((5, -1, 2, "marked"), "L = -1"),
        ((5, 2, 0.5, "marked"), "d = 0.5"),
        ((5, 2, 2, "sum"), "features = 'sum'"),
        ((5, 2, 2, "marked", 0), "k = 0"),
    ],
)
def test_what_is_no_instance_is_refused(arguments, named):
    with pytest.raises(InputError, match=named):
        recovered(*arguments)
    with pytest.raises(InputError, match=named):
        polygon_spans(*arguments)


def test_it_imports_nothing_heavy():
    command = "import sys; from span_theorem.cli import main; "
    command += (
        "main(['polygon', '--n', '5', '--max-L', '2', '--max-d', '2']); main(['folds', '--max-n', '3']); "
    )
    command += "print(sorted({'torch', 'e3nn', 'sympy', 'numpy', 'scipy'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"
