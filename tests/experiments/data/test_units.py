import pytest
import scipy.constants as constants

from experiments.data.units import UNITS, in_ev
from span_theorem.errors import InputError


@pytest.mark.parametrize(
    ("unit", "joule"),
    [
        ("eV", constants.e),
        ("meV", constants.milli * constants.e),
        ("kcal/mol", constants.kilo * constants.calorie / constants.N_A),
        ("kJ/mol", constants.kilo / constants.N_A),
    ],
)
def test_agrees_with_codata(unit: str, joule: float) -> None:
    # ASE's table is CODATA 2014, scipy's newer: they differ in the eighth digit
    assert in_ev(unit) == pytest.approx(joule / constants.e, rel=1e-7)


def test_every_unit_offered_is_known() -> None:
    assert all(in_ev(unit) > 0 for unit in UNITS)


def test_unknown_unit() -> None:
    with pytest.raises(InputError, match="unknown unit of energy 'furlong', expected one of eV"):
        in_ev("furlong")
