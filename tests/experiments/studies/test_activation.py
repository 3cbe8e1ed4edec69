"""What is claimed of activations: polynomials end, others cross, and from which size on."""

import pandas
import pytest

from experiments.lab.claims import outcome
from experiments.spn.mlp import POLYNOMIAL_DEGREE
from experiments.studies import activation

QUADRATIC = 4


def table(**crossing):
    """Bounds 0.02 around ρ: that of cases given by name and width above the quadratic boundary, else zero above dL."""
    cases = [(name, activation.WIDTH) for name in POLYNOMIAL_DEGREE]
    cases += [(name, width) for name in activation.GROWING for width in (4, 16, 512)]
    rows = []
    for name, width in cases:
        degree = POLYNOMIAL_DEGREE[name]
        d = degree or activation.QUADRATIC
        for l in range(1, activation.L_MAX + 1):
            above = crossing.get(f"{name}_{width}", 0.0) if l == max(2 * d, QUADRATIC) + 1 else 0.0
            rho = 0.9 if l <= 2 * d else above
            rows.append(
                {"activation": name, "polynomial": degree is not None, "L": 2, "d": d, "l": l}
                | {"width": width, "steps": activation.STEPS, "lower": rho - 0.02, "upper": rho + 0.02}
            )
    return pandas.DataFrame(rows)


CROSSING = {"silu_128": 0.5, "silu_512": 0.6, "tanh_128": 0.7, "tanh_512": 0.8}


def test_polynomials_end_and_others_cross_from_a_width_on():
    ends, crossed, silu, *_ = claims = activation.claims(table(silu_4=0.9, **CROSSING), QUADRATIC)
    assert outcome(claims) is True
    # five frequencies above the linear boundary, three above the quadratic one, one above the cubic one
    assert ends.tests == 5 + 3 + 1
    assert (crossed.crossing, crossed.number) == (5, 9)
    # with four units it is there, but not with sixteen
    assert (silu.level, silu.least, silu.most) == (128, 4, 512)


@pytest.mark.parametrize("name", ["square", "cube"])
def test_a_polynomial_above_its_boundary_is_a_contradiction(name):
    ends, *_ = activation.claims(table(**CROSSING, **{f"{name}_{activation.WIDTH}": 0.3}), QUADRATIC)
    assert ends.holds is False


def test_nothing_crosses():
    _, crossed, silu, *_ = activation.claims(table(), QUADRATIC)
    assert crossed.holds is False
    assert silu.level is None
