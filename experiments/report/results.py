"""Reading result files back."""

import json
from pathlib import Path
from typing import Any

from span_theorem.errors import InputError

NEEDED = frozenset(
    {"backbone", "L", "d", "solver", "predicted_boundary", "threshold", "degrees", "settings", "card"}
)


def read_diagnosis(path: Path) -> dict[str, Any]:
    """A diagnosis as :meth:`experiments.diagnosis.Diagnosis.to_dict` gives it.

    Raises:
        InputError: the file is missing, is not JSON, or is not a diagnosis.
    """
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path} is not a JSON file: {error}") from error
    if not isinstance(result, dict) or result.get("kind") != "diagnosis":
        raise InputError(f"{path} is not a diagnosis: expected a file written by `diagnose --json`")
    missing = sorted(NEEDED - result.keys())
    if missing:
        raise InputError(f"{path} lacks {', '.join(missing)}: expected a file written by `diagnose --json`")
    return result
