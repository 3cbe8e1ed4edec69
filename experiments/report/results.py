"""Reading result files back, checked as far as tables and figures rest on them."""

from pathlib import Path
from typing import Any

from span_theorem.errors import InputError
from span_theorem.results import Record, read_result


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
    for name in ("agrees", "direction", "above_by_algebra", "threshold", "scope"):
        if name not in record.fields:
            raise InputError(f"{path}: field {name} is missing")
    pair = Record(path, "settings.pair", _object(record, "settings", "pair"))
    pair.integer("site")
    pair.integer("toward")
    Record(path, "card", _object(record, "card")).text("layer")
    verification = _object(record, "verification")
    if not all(isinstance(verification.get(name), float | int) for name in ("rotation", "inversion")):
        raise InputError(f"{path}: field verification needs the numbers rotation and inversion")
    Record(path, "verification", verification).text("parity")
    for part in ("training_frames", "test_frames"):
        frames = Record(path, part, _object(record, part))
        frames.integer("n_frames")
        frames.text("source")
    degrees = list(record.records("degrees"))
    if not degrees:
        raise InputError(f"{path}: field degrees is empty, expected one entry a frequency")
    for degree in degrees:
        degree.integer("l")
        interval = degree.values("r2_ci")
        values = [degree.fields.get("r2"), *interval]
        if len(interval) != 2 or not all(isinstance(value, int | float) for value in values):
            raise InputError(f"{path}: field {degree.place} needs a number r2 and two numbers r2_ci")
        if "path" not in degree.fields or (degree.fields["path"] and not degree.fields.get("strength")):
            raise InputError(f"{path}: field {degree.place} needs path, and a strength where there is one")
    return record.fields


def _object(record: Record, *names: str) -> dict[str, Any]:
    value: Any = record.fields
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        raise InputError(f"{record.path}: field {'.'.join(names)} is not an object")
    return value
