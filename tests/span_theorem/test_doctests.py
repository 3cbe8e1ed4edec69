"""The examples in the docstrings run."""

import doctest
from importlib import import_module

import pytest

MODULES = [
    "span_theorem",
    "span_theorem.check",
    "span_theorem.exact",
    "span_theorem.law",
    "span_theorem.multiplicity",
    "span_theorem.numeric",
    "span_theorem.requirement",
    "numerics.harmonics",
    "numerics.quadrature",
    "numerics.rank",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    result = doctest.testmod(import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
