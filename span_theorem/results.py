"""Reading result files back: JSON whose top-level field ``kind`` says which command wrote it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from span_theorem.errors import InputError
from span_theorem.reading import read_json, visible


@dataclass(frozen=True)
class Record:
    """A JSON object of a result file, with its place for error messages.

    Attributes:
        path: the file.
        place: where in it, as in ``instances[3]``; empty at the top level.
        fields: the object.
    """

    path: Path
    place: str
    fields: dict[str, Any]

    def integer(self, name: str) -> int:
        """An integer field."""
        value = self._get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            self._refuse(name, value, "an integer")
        return value

    def number(self, name: str) -> float | None:
        """A number field, None where it is null."""
        value = self._get(name)
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
            self._refuse(name, value, "a number or null")
        return value

    def interval(self, name: str) -> tuple[float, float] | None:
        """A field of two numbers, lower and upper end, None where it is null."""
        value = self._get(name)
        if value is None:
            return None
        if (
            not isinstance(value, list)
            or len(value) != 2
            or not all(type(end) in (int, float) for end in value)
        ):
            self._refuse(name, value, "two numbers or null")
        return value[0], value[1]

    def boolean(self, name: str) -> bool:
        """A true or false field."""
        value = self._get(name)
        if not isinstance(value, bool):
            self._refuse(name, value, "true or false")
        return value

    def text(self, name: str) -> str:
        """A string field."""
        value = self._get(name)
        if not isinstance(value, str):
            self._refuse(name, value, "a string")
        return value

    def values(self, name: str) -> list[Any]:
        """A list field."""
        value = self._get(name)
        if not isinstance(value, list):
            self._refuse(name, value, "a list")
        return value

    def integers(self, name: str) -> list[int]:
        """A field that is a list of integers."""
        values = self.values(name)
        for index, value in enumerate(values):
            if type(value) is not int:
                self._refuse(f"{name}[{index}]", value, "an integer")
        return values

    def record(self, name: str) -> Record | None:
        """An object field, None where it is null."""
        value = self._get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self._refuse(name, value, "an object or null")
        return Record(self.path, self._where(name), value)

    def records(self, name: str) -> Iterator[Record]:
        """A field that is a list of objects."""
        for index, value in enumerate(self.values(name)):
            if not isinstance(value, dict):
                self._refuse(f"{name}[{index}]", value, "an object")
            yield Record(self.path, self._where(f"{name}[{index}]"), value)

    def _where(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name

    def _get(self, name: str) -> Any:
        if name not in self.fields:
            raise InputError(f"{self.path}: field {self._where(name)} is missing")
        return self.fields[name]

    def _refuse(self, name: str, value: Any, expected: str) -> NoReturn:
        shown = json.dumps(value)
        shown = shown if len(shown) <= 60 else f"{shown[:60]}…"
        raise InputError(f"{self.path}: field {self._where(name)} is {shown}, expected {expected}")


def read_result(path: Path) -> Record:
    """Read one result file.

    Raises:
        InputError: unreadable, not JSON, not an object, or without ``kind``.
    """
    content = read_json(path, "a result file")
    if not isinstance(content.get("kind"), str):
        raise InputError(f"{path} is not a result file: expected a JSON object with a field 'kind'")
    return Record(path, "", content)


@contextmanager
def showing(path: Path) -> Iterator[None]:
    """What is shown inside comes from a result file, so what cannot be shown is a damaged file.

    Raises:
        InputError: something inside raised that a missing or odd field can raise.
    """
    try:
        yield
    except InputError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        why = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path} does not hold what its kind of result has: {type(error).__name__}: {why}"
        ) from error


def read_results(folder: Path) -> list[Record]:
    """Read every ``*.json`` file in a folder, in order of their names.

    Raises:
        InputError: the folder cannot be read, or one of the files (see :func:`read_result`).
    """
    return [read_result(path) for path in visible(folder, ".json")]
