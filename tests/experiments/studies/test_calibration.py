"""Verdicts on polygons: each wave of an instance counts, and features that carry too much disagree."""

import pandas
import pytest

from experiments.lab import polygons
from experiments.lab.store import Store
from experiments.lab.study import Lab
from experiments.studies import calibration


@pytest.fixture
def lab(monkeypatch):
    monkeypatch.setattr(calibration, "HARMONICS", {3: 3, 2: 1})
    monkeypatch.setattr(calibration, "ORDERS", 3)
    monkeypatch.setattr(calibration, "NETWORKS", {})
    monkeypatch.setattr(calibration, "NETWORK_ORDERS", 0)
    return Lab(store=Store())


def waves(**low):
    """Both waves of the pentagon's marked vertex at L = 3, d = 2, which exact arithmetic recovers."""
    return pandas.DataFrame(
        [
            {"source": "bare", "n": 5, "L": 3, "d": 2, "features": "marked", "rule": rule}
            | {"r2": 0.9, "r2_low": value, "r2_high": 1.0}
            for rule, value in low.items()
        ]
    )


@pytest.mark.parametrize(
    ("cos", "sin", "agrees"), [(0.9, 0.8, True), (0.9, 0.0, False), (0.0, 0.9, False), (-0.1, 0.04, False)]
)
def test_one_wave_of_two_does_not_agree(cos, sin, agrees):
    _, instances = calibration.verdicts(waves(cos=cos, sin=sin))
    assert list(instances["agrees"]) == [agrees]


def test_every_verdict_is_that_of_exact_arithmetic(lab):
    report = calibration.report(lab, lab.measure(calibration.cells(lab)))
    assert report.holds is True
    agreement, density = report.claims
    assert (agreement.agreeing, agreement.number) == (2 * (3 * 3 + 3), 24)
    assert density.number == 3 + 1


def test_features_that_carry_more_than_they_should_disagree(lab, monkeypatch):
    honest = polygons.harmonic_features
    monkeypatch.setattr(polygons, "harmonic_features", lambda polygon, L, kind: honest(polygon, L, "marked"))
    report = calibration.report(lab, lab.measure(calibration.cells(lab)))
    agreement, density = report.claims
    # the density of a triangle at L = 1 with d = 3, and at L = 2 with d = 2 and 3
    assert agreement.number - agreement.agreeing == 3
    assert len(density.short) == 2
