"""The studies by name. A new one is one file and one line here."""

import ast
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from experiments.lab.statement import question
from span_theorem.errors import InputError

STUDIES = {
    "aspirin": "experiments.studies.aspirin",
    "calibration": "experiments.studies.calibration",
    "capacity": "experiments.studies.capacity",
    "activation": "experiments.studies.activation",
    "training": "experiments.studies.training",
    "architecture": "experiments.studies.architecture",
    "sensitivity": "experiments.studies.sensitivity",
    "where": "experiments.studies.where",
    "molecule": "experiments.studies.molecule",
    "leakage": "experiments.studies.leakage",
    "coverage": "experiments.studies.coverage",
    "crystals": "experiments.studies.crystals",
    "angles": "experiments.studies.angles",
    "angles-trained": "experiments.studies.angles_trained",
}
FORMER_NAMES = {"dose": "sensitivity", "transfer": "leakage"}


def study_name(name: str) -> str:
    """The study that a name means, former names too.

    Raises:
        InputError: with the names that there are.
    """
    current = FORMER_NAMES.get(name, name)
    if current not in STUDIES:
        raise InputError(f"unknown study '{name}': expected all or one of {', '.join(STUDIES)}")
    return current


def load(name: str) -> Any:
    """The module of a study (see :class:`experiments.lab.study.Study`)."""
    return import_module(STUDIES[study_name(name)])


def questions() -> dict[str, str]:
    """What every study asks."""
    return {name: question(module) for name, module in STUDIES.items()}


def description(name: str) -> str:
    """All that a study says of itself, a line a paragraph, read without running it."""
    found = find_spec(STUDIES[study_name(name)])
    assert found is not None
    assert found.origin is not None
    text = ast.get_docstring(ast.parse(Path(found.origin).read_text(encoding="utf-8"))) or ""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
