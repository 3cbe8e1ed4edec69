"""The controls by name. A new control is one file and one line here."""

import ast
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from span_theorem.errors import InputError

CONTROLS = {
    "calibration": "experiments.controls.calibration",
    "activation": "experiments.controls.activation",
    "capacity": "experiments.controls.capacity",
    "dose": "experiments.controls.dose",
    "architecture": "experiments.controls.architecture",
    "where": "experiments.controls.where",
    "molecule": "experiments.controls.molecule",
    "training": "experiments.controls.training",
    "transfer": "experiments.controls.transfer",
}


def require_control(name: str) -> None:
    """Refuse a name that no control has.

    Raises:
        InputError: with the names that there are.
    """
    if name not in CONTROLS:
        raise InputError(f"unknown control '{name}': expected all or one of {', '.join(CONTROLS)}")


def load(name: str) -> Any:
    """The module of a control (see :class:`experiments.controls.protocol.Control`).

    Raises:
        InputError: no such control.
    """
    require_control(name)
    return import_module(CONTROLS[name])


def source(name: str) -> Path:
    """The file of a control, found without running it."""
    found = find_spec(CONTROLS[name])
    if found is None or found.origin is None:
        raise InputError(f"control {name}: there is no module {CONTROLS[name]}")
    return Path(found.origin)


def statement(name: str) -> str:
    """Background and question: the first paragraph of the control's docstring, in one line."""
    text = ast.get_docstring(ast.parse(source(name).read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def question(name: str) -> str:
    """What the control asks, for lists of controls.

    >>> question("transfer").endswith("?")
    True
    """
    asked = re.search(r"Question: (.*?\?)", statement(name))
    return asked[1] if asked else statement(name)
