"""The spectral-injection diagnostic: which angular frequencies a trained network's features carry.

>>> import experiments
>>> sorted(experiments.__all__)[-4:]
['diagnose', 'load', 'open_backbone', 'study']
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.backbones import Backbone, Card, Options, open_backbone
    from experiments.data import Reading
    from experiments.diagnosis import Diagnosis
    from experiments.interface import diagnose, load, study
    from experiments.report.study import StudyFolder
    from experiments.structures import Structures
    from span_theorem.errors import InputError

__all__ = [
    "Backbone",
    "Card",
    "Diagnosis",
    "InputError",
    "Options",
    "Reading",
    "Structures",
    "StudyFolder",
    "diagnose",
    "load",
    "open_backbone",
    "study",
]

_HOMES = {
    "Backbone": "experiments.backbones",
    "Card": "experiments.backbones",
    "Diagnosis": "experiments.diagnosis",
    "InputError": "span_theorem.errors",
    "Options": "experiments.backbones",
    "Reading": "experiments.data",
    "Structures": "experiments.structures",
    "StudyFolder": "experiments.report.study",
    "diagnose": "experiments.interface",
    "load": "experiments.interface",
    "open_backbone": "experiments.backbones",
    "study": "experiments.interface",
}


def __getattr__(name: str) -> Any:
    # torch comes only with the names that need it: the command line's help starts in an instant
    if name not in _HOMES:
        raise AttributeError(f"module 'experiments' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
