"""Which order sees the orientation of an n-fold structure."""

from dataclasses import replace

import pytest

from span_theorem.errors import InputError
from span_theorem.folds import folds


def test_seen_if_and_only_if_the_order_reaches_n():
    found = folds(10, 10, 2)
    assert [(fold.n, fold.L) for fold in found] == [(n, L) for n in range(2, 11) for L in range(1, 11)]
    for fold in found:
        assert fold.verified
        assert fold.identified == (fold.n <= fold.L)
        assert fold.constant == (fold.n > fold.L)


def test_an_orientation_seen_below_n_would_not_be_verified():
    seen = next(fold for fold in folds(3, 3) if fold.n == fold.L == 3)
    assert seen.verified
    assert not replace(seen, L=2).verified
    hidden = next(fold for fold in folds(3, 3) if (fold.n, fold.L) == (3, 2))
    assert hidden.verified
    assert not replace(hidden, L=3).verified


@pytest.mark.parametrize("d", [1, 2, 5])
def test_the_degree_does_not_help(d):
    assert [fold.identified for fold in folds(4, 5, d)] == [fold.identified for fold in folds(4, 5, 1)]


@pytest.mark.parametrize(
    ("arguments", "named"), [((1, 5, 2), "max_n = 1"), ((5, 0, 2), "max_L = 0"), ((5, 5, 0), "max_d = 0")]
)
def test_empty_tables_are_refused(arguments, named):
    with pytest.raises(InputError, match=named):
        folds(*arguments)
