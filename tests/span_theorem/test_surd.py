"""Numbers q·sqrt(n) against sympy."""

from fractions import Fraction

import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from span_theorem.surd import Surd

squares = st.fractions(min_value=Fraction(1, 500), max_value=500, max_denominator=500)
rationals = st.fractions(min_value=-50, max_value=50, max_denominator=50)


@settings(max_examples=50, deadline=None)
@given(squares, squares, rationals)
def test_arithmetic_and_text_agree_with_sympy(first, second, factor):
    product = Surd.root(first) * Surd.root(second) * Surd(factor, 1)
    expected = sympy.sqrt(sympy.Rational(first)) * sympy.sqrt(sympy.Rational(second)) * sympy.Rational(factor)
    assert sympy.expand(product.sympy() - expected) == 0
    assert sympy.expand(sympy.sympify(str(product)) - expected) == 0
    assert abs(float(product) - float(expected)) <= 1e-12 * max(1.0, abs(float(expected)))


@settings(max_examples=50, deadline=None)
@given(squares)
def test_the_inverse_undoes_and_the_radicand_is_squarefree(square):
    root = Surd.root(square)
    assert root * root.inverse() == Surd(Fraction(1), 1)
    assert root * root == Surd(square, 1)
    assert all(exponent == 1 for exponent in sympy.factorint(root.radicand).values())
