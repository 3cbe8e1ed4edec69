"""Which SPNs count: those that reach what their degree allows."""

import pandas
import pytest

from experiments.lab.claims import Absent, outcome
from experiments.studies import capacity


def rung(d, parameters, **lower):
    """An SPN with bounds 0.02 around ρ at the frequencies given, and around zero at the others."""
    rho = {2: 0.9, 4: 0.0, 5: 0.0} | {int(name[1:]): value for name, value in lower.items()}
    return {
        "features": "site",
        "kind": f"{capacity.KINDS[d]}, mlp",
        "d": d,
        "parameters": parameters,
        **{f"lower_{l}": value - 0.02 for l, value in rho.items()},
        **{f"upper_{l}": value + 0.02 for l, value in rho.items()},
    }


def claims(*rungs):
    return capacity.claims(pandas.DataFrame(rungs))


def test_degree_decides_where_a_large_linear_spn_stays_below_a_small_quadratic_one():
    assert outcome(claims(rung(1, 10**6), rung(2, 100, l4=0.5))) is True


@pytest.mark.parametrize(
    "rungs",
    [
        (rung(1, 10**6, l4=0.3), rung(2, 100, l4=0.5)),
        (rung(1, 10**6), rung(2, 100, l4=0.5, l5=0.3)),
        (rung(1, 10), rung(2, 100, l4=0.5)),
    ],
    ids=["linear above its boundary", "quadratic above its boundary", "no linear one is larger"],
)
def test_degree_does_not_decide(rungs):
    assert outcome(claims(*rungs)) is False


def test_an_spn_that_learned_nothing_does_not_count():
    with_failure = claims(rung(1, 10**6), rung(1, 10**7, l2=0.0), rung(2, 100, l4=0.5), rung(2, 50))
    absent = [claim for claim in with_failure if isinstance(claim, Absent)]
    assert [claim.tests for claim in absent] == [1, 1]
    assert "1,000,000 parameters" in with_failure[-1].words()
    assert outcome(with_failure) is True


def test_without_any_that_reach_nothing_is_compared():
    assert outcome(claims(rung(1, 10, l2=0.0), rung(2, 50))) is False
