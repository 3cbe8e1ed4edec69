"""The studies by name. A new one is one file and one line here."""

from importlib import import_module
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
    "angles": "experiments.studies.angles",
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
