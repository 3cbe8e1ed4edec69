"""Reading result files back, checked as far as tables and figures rest on them."""

from pathlib import Path
from typing import Any, NotRequired, TypedDict

from experiments.crosscheck import Verdict
from experiments.report.study import StudyResult, read_study
from span_theorem.checked import Finite, Natural, Positive, checked
from span_theorem.errors import InputError
from span_theorem.reading import read_json

Interval = tuple[Finite, Finite]


class _Degree(TypedDict):
    """Figures of one frequency; without force figures those of forces are null."""

    l: Positive
    path: bool
    rho: Finite
    rho_ci: Interval
    null_gain: Finite
    r2_injected: NotRequired[Finite | None]
    r2_injected_ci: NotRequired[Interval | None]
    raw_gain: NotRequired[Finite | None]


class _Direction(TypedDict):
    """Site and end of a pair, or the rule that marks more."""

    site: NotRequired[Natural]
    toward: NotRequired[Natural]
    rule: NotRequired[str]


class _Pair(_Direction):
    measured_boundary: Natural
    degrees: list[_Degree]
    environments: NotRequired[list[Natural]]


class _Settings(TypedDict):
    pairs: list[_Direction]


class _Card(TypedDict):
    layer: str


class _Verification(TypedDict):
    rotation: Finite
    inversion: Finite
    parity: str


class _Structures(TypedDict):
    n_frames: Natural
    source: str


class _Diagnosis(TypedDict):
    """What tables, figures and pages take from :meth:`experiments.diagnosis.Diagnosis.to_dict`."""

    backbone: str
    solver: str
    L: Natural
    d: Positive
    predicted_boundary: Natural
    measured_boundary: Natural
    l_max: Positive
    threshold: Finite
    above_by_algebra: bool
    cliff: Finite | None
    cliff_lower: Finite | None
    contrast: Finite | None
    contrast_ci: Interval | None
    degrees: list[_Degree]
    pairs: list[_Pair]
    settings: _Settings
    card: _Card
    verification: _Verification
    training_frames: _Structures
    test_frames: _Structures
    scope: list[str]
    notes: list[str]
    force: Finite
    # what earlier versions did not write, and what they wrote instead of a verdict
    polynomial: NotRequired[bool]
    drop: NotRequired[Finite | None]
    drop_ci: NotRequired[Interval | None]
    verdict: NotRequired[Verdict]
    agrees: NotRequired[bool | None]


def read_any(path: Path) -> StudyResult | dict[str, Any]:
    """A study, or else a diagnosis (see :func:`experiments.report.study.read_study` and :func:`read_diagnosis`)."""
    return read_study(path) or read_diagnosis(path)


def read_diagnosis(path: Path) -> dict[str, Any]:
    """A diagnosis as :meth:`experiments.diagnosis.Diagnosis.to_dict` gives it, its verdict in one word.

    Raises:
        InputError: the file is missing, is not JSON, is not a diagnosis, or a field is missing or not what it should
            be.
    """
    content = read_json(path, "a result file")
    if content.get("kind") != "diagnosis":
        raise InputError(f"{path} is not a diagnosis: expected a file written by `diagnose --json`")
    found = checked(content, _Diagnosis, path, others=True)
    for name, directions in (("settings.pairs", found["settings"]["pairs"]), ("pairs", found["pairs"])):
        if not directions:
            raise InputError(f"{path}: {name}: expected at least one marked pair")
        for index, one in enumerate(directions):
            if "rule" not in one and not one.keys() >= {"site", "toward"}:
                raise InputError(f"{path}: {name}[{index}]: expected site and toward, or rule")
    forces = _has_forces(found["degrees"])
    for name, degrees in [
        ("degrees", found["degrees"]),
        *((f"pairs[{index}].degrees", one["degrees"]) for index, one in enumerate(found["pairs"])),
    ]:
        if not degrees:
            raise InputError(f"{path}: {name}: expected one entry a frequency")
        if any(_has_forces([one]) != forces for one in degrees):
            raise InputError(f"{path}: {name}: expected force figures of every frequency, or of none")
    return content | {"verdict": _verdict(found, path)}


def _has_forces(degrees: list[_Degree]) -> bool:
    return any(one.get(name) is not None for one in degrees for name in ("r2_injected", "r2_injected_ci"))


def _verdict(found: _Diagnosis, path: Path) -> Verdict:
    if "verdict" in found:
        return found["verdict"]
    if "agrees" not in found:
        raise InputError(f"{path}: missing required field verdict")
    if found["agrees"] is None:
        return Verdict.UNDECIDED
    if found["agrees"]:
        return Verdict.REACHED
    above = found["measured_boundary"] > found["predicted_boundary"]
    return Verdict.CROSSED if above else Verdict.BELOW
