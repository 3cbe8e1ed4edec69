"""What a study asks: the first paragraph of its docstring, read without running it."""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

from span_theorem.errors import InputError


def statement(file: str) -> str:
    """Background, question and result of a study's file, in one line."""
    text = ast.get_docstring(ast.parse(Path(file).read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def question(module: str) -> str:
    """What the study in a module asks.

    Raises:
        InputError: there is no such module.
    """
    found = find_spec(module)
    if found is None or found.origin is None:
        raise InputError(f"there is no study {module}")
    text = statement(found.origin)
    asked = re.search(r"Question: (.*?\?)", text)
    return asked[1] if asked else text
