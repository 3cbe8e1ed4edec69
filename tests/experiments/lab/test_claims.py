"""A claim holds, does not hold or is open as its figures say, and its sentence names what decides."""

import json

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.lab import claims
from experiments.lab.claims import (
    Absent,
    Agreement,
    Crossed,
    Found,
    Reached,
    Statement,
    bounds_sentence,
    is_there,
    outcome,
    require_tests,
    to_dict,
    together,
)

BOUNDS = st.floats(-1, 1)


def bounds(*ends):
    return pandas.DataFrame(
        [{"name": f"test {i}", "lower": low, "upper": high} for i, (low, high) in enumerate(ends)]
    )


def absent(*ends):
    return Absent.of("Above dL", bounds(*ends), lambda row: row["name"])


@given(BOUNDS, BOUNDS)
def test_a_figure_is_there_absent_or_open(one, other):
    low, high = sorted((one, other))
    assert is_there(low, high, 0.05) is (True if low > 0.05 else False if high < 0.05 else None)


@pytest.mark.parametrize(
    ("ends", "holds", "words"),
    [
        (
            [(-0.1, 0.01), (-0.2, 0.04)],
            True,
            "nothing above 0.05 in 2 tests; the largest upper bound is 0.040, test 1.",
        ),
        ([(-0.1, 0.01)], True, "in 1 test;"),
        ([(-0.1, 0.3), (-0.2, 0.04)], None, "is 0.300, test 0; open are test 0."),
        ([(-0.1, 0.3), (0.06, 0.2)], False, "something was recovered in test 1 (2 tests)."),
    ],
)
def test_absence_is_claimed_of_all_tests_together(ends, holds, words):
    claim = absent(*ends)
    assert claim.holds is holds
    assert words in claim.words()
    assert claim.tests == len(ends)


def test_absence_without_a_test_is_no_claim():
    with pytest.raises(ValueError, match="Above dL: there is no test"):
        Absent.of("Above dL", bounds((0, 0)).iloc[:0], str)


@pytest.mark.parametrize(
    ("claim", "holds", "words"),
    [
        (Reached("dL is reached", 3), True, "dL is reached: in all 3 cases."),
        (Reached("dL is reached", 3, ("b",)), False, "in 2 of 3 cases; not b."),
        (Reached("dL is reached", 0), None, "0 cases"),
        (Found("l = 3", 100.0, 50.0, 200.0, "structures"), True, "l = 3: found from 100 structures on."),
        (
            Found("l = 3", 50.0, 50.0, 200.0, "structures"),
            True,
            "found from the least tried, 50 structures on.",
        ),
        (Found("l = 5", None, 50.0, 200.0, "structures"), False, "l = 5: not found with 200 structures."),
        (Crossed("tanh", 2, 4), True, "tanh: 2 of 4."),
        (Crossed("tanh", 0, 4), False, "0 of 4."),
        (Crossed("tanh", 0, 0), None, "0 of 0."),
        (Agreement("free", 22, 22), True, "free: 22 of 22 verdicts as exact arithmetic has them."),
        (Agreement("free", 21, 22, "at n = 5"), False, "has them; at n = 5."),
        (Agreement("free", 0, 0), None, "0 of 0"),
        (Statement("So it is."), None, "So it is."),
        (Statement("So it is.", False), False, "So it is."),
    ],
)
def test_every_kind_of_claim(claim, holds, words):
    assert claim.holds is holds
    assert words in claim.words()


@given(st.lists(st.sampled_from([True, False, None])))
def test_all_hold_or_one_does_not_or_it_is_open(answers):
    expected = False if False in answers else True if answers and all(answers) else None
    assert together(answers) is expected


def test_what_claims_nothing_does_not_count():
    holding, failing = Reached("x", 1), Reached("x", 1, ("y",))
    said = Statement("By the way.")
    assert outcome([holding, said]) is True
    assert outcome([holding, failing, said]) is False
    assert outcome([holding, Reached("x", 0)]) is None
    assert outcome([said]) is None
    assert outcome([holding, Statement("It fails.", False)]) is False


def test_more_tests_than_resamples_can_tell_are_refused():
    assert require_tests(0) == 1
    assert require_tests(200) == 200
    with pytest.raises(
        ValueError, match="201 tests cannot be bounded by 20000 resamples: expected at most 200"
    ):
        require_tests(201)


def test_what_bounds_rest_on_is_said():
    assert "95% (7 tests, Bonferroni) over clusters" in bounds_sentence(7)
    assert "certain beforehand" in bounds_sentence(7)


@pytest.mark.parametrize(
    "claim", [absent((-0.1, 0.3)), Reached("x", 2, ("y",)), Found("x", None, 1, 2, "u"), Statement("x", True)]
)
def test_a_claim_in_a_result_file_has_its_kind_answer_and_figures(claim):
    written = json.loads(json.dumps(to_dict(claim)))
    assert getattr(claims, type(claim).__name__)
    assert written["kind"] == type(claim).__name__.lower()
    assert written["holds"] is claim.holds
    assert written["sentence"] == claim.words()
    assert set(written["figures"]) == set(type(claim).__dataclass_fields__)
