"""Reading result files back, checked as far as tables and figures rest on them."""

from pathlib import Path
from typing import Any

from experiments.crosscheck import CrossCheck, Verdict
from experiments.report.study import StudyResult, read_study
from span_theorem.errors import InputError
from span_theorem.results import Record, read_result


def read_any(path: Path) -> StudyResult | dict[str, Any]:
    """A study, or else a diagnosis (see :func:`experiments.report.study.read_study` and :func:`read_diagnosis`)."""
    return read_study(path) or read_diagnosis(path)


def read_diagnosis(path: Path) -> dict[str, Any]:
    """A diagnosis as :meth:`experiments.diagnosis.Diagnosis.to_dict` gives it.

    Raises:
        InputError: the file is missing, is not JSON, is not a diagnosis, or lacks a field.
    """
    record = read_result(path)
    if record.fields["kind"] != "diagnosis":
        raise InputError(f"{path} is not a diagnosis: expected a file written by `diagnose --json`")
    for name in ("backbone", "solver"):
        record.text(name)
    for name in ("L", "d", "predicted_boundary", "measured_boundary", "l_max"):
        record.integer(name)
    optional = {"verdict", "drop", "drop_ci"}
    for name in (*(set(CrossCheck.__dataclass_fields__) - optional), "scope", "notes", "force"):
        if name not in record.fields:
            raise InputError(f"{path}: field {name} is missing")
    for name in ("drop_ci", "contrast_ci"):
        if record.fields.get(name) is not None and len(record.values(name)) != 2:
            raise InputError(f"{path}: field {name} needs two numbers")
    settings = Record(path, "settings", _object(record, "settings"))
    marked = list(settings.records("pairs"))
    for pair in marked:
        _require_direction(pair)
    if not marked:
        raise InputError(f"{path}: field settings.pairs is empty, expected at least one marked pair")
    Record(path, "card", _object(record, "card")).text("layer")
    verification = _object(record, "verification")
    if not all(isinstance(verification.get(name), float | int) for name in ("rotation", "inversion")):
        raise InputError(f"{path}: field verification needs the numbers rotation and inversion")
    Record(path, "verification", verification).text("parity")
    for part in ("training_frames", "test_frames"):
        frames = Record(path, part, _object(record, part))
        frames.integer("n_frames")
        frames.text("source")
    _require_degrees(record)
    for result in record.records("pairs"):
        _require_direction(result)
        result.integer("measured_boundary")
        _require_degrees(result)
    return record.fields | {"verdict": boundary_verdict(record)}


def _require_direction(record: Record) -> None:
    """Site and end of a pair, or a rule."""
    if "rule" in record.fields:
        record.text("rule")
    else:
        record.integer("site")
        record.integer("toward")


def _require_degrees(record: Record) -> None:
    degrees = list(record.records("degrees"))
    if not degrees:
        raise InputError(f"{record.path}: field degrees is empty, expected one entry a frequency")
    forces = degrees[0].fields.get("r2_injected") is not None
    for degree in degrees:
        degree.integer("l")
        degree.boolean("path")
        figures = ("rho", "r2_injected") if forces else ("rho",)
        values = [
            degree.fields.get(name) for name in (*figures, "null_gain", *(("raw_gain",) if forces else ()))
        ]
        for name in figures:
            ends = degree.values(f"{name}_ci")
            values += ends
            if len(ends) != 2:
                raise InputError(f"{record.path}: field {degree.place}.{name}_ci needs two numbers")
        if not all(isinstance(value, int | float) for value in values):
            raise InputError(
                f"{record.path}: field {degree.place} needs numbers {', '.join(figures)} and null_gain"
            )


def _object(record: Record, *names: str) -> dict[str, Any]:
    value: Any = record.fields
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        raise InputError(f"{record.path}: field {'.'.join(names)} is not an object")
    return value


def boundary_verdict(record: Record) -> str:
    """One of :class:`experiments.crosscheck.Verdict`: how a measured boundary stands to dL.

    Files from before there were these words say ``agrees``, true, false or null, and both boundaries.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    if "verdict" in record.fields:
        verdict = record.text("verdict")
        if verdict not in [*Verdict]:
            place = f"{record.place}.verdict" if record.place else "verdict"
            raise InputError(f"{record.path}: field {place} is {verdict!r}, expected {', '.join(Verdict)}")
        return verdict
    if "agrees" in record.fields and record.fields["agrees"] is None:
        return "undecided"
    if record.boolean("agrees"):
        return "reached"
    above = record.integer("measured_boundary") > record.integer("predicted_boundary")
    return "crossed" if above else "below"
