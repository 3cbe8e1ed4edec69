"""Data from a file as a typed, frozen dataclass: every field there, of its type, in its range, and no other.

A type is declared once, as the dataclass that the code uses, with bounds where they matter (:data:`Positive`,
``Annotated[int, Meta(ge=0, le=8)]``). Nothing is converted: a string is no number, 1.0 no integer, true no 1.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from span_theorem.errors import InputError

T = TypeVar("T")

_LARGEST = 1.7976931348623157e308

Positive = Annotated[int, Meta(ge=1, le=2**53)]
Natural = Annotated[int, Meta(ge=0, le=2**53)]
Finite = Annotated[float, Meta(ge=-_LARGEST, le=_LARGEST)]
Size = Annotated[float, Meta(ge=0, le=_LARGEST)]
"""A number that is finite and not negative, such as an error."""

_TEXT, _SHA256 = r"^[^\x00-\x1f\x7f-\x9f]*\Z", r"^[0-9a-f]{64}\Z"
Text = Annotated[str, Meta(pattern=_TEXT, max_length=1000)]
Sha256 = Annotated[str, Meta(pattern=_SHA256)]
_IN_WORDS = {_TEXT: "text without control characters", _SHA256: "a SHA-256 in hexadecimal"}

_PLACE = re.compile(r"^(.*?)(?: - at `(?:key in )?\$(.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_LONGEST_SHOWN = 60


def checked(value: Any, kind: type[T], source: str | Path, others: bool = False) -> T:
    """``value``, as JSON gives it, as a ``kind``.

    Args:
        value: objects, lists and scalars.
        kind: a dataclass, or any type made of dataclasses, containers, scalars and ``Annotated`` bounds.
        source: where the value comes from, for the message.
        others: whether fields that ``kind`` does not declare are passed over, instead of being an error.

    Raises:
        InputError: in one line ``source: place: what was expected, and what was found``.

    >>> checked({"epochs": "x"}, dict[str, Positive], "a.json")
    Traceback (most recent call last):
        ...
    span_theorem.errors.InputError: a.json: [...]: expected int, found str
    """
    try:
        result = msgspec.convert(value, kind)
        kept = value if others else msgspec.to_builtins(result)
    except msgspec.ValidationError as error:
        raise InputError(f"{source}: {_sentence(str(error), value)}") from error
    except OverflowError as error:
        raise InputError(f"{source}: a number is out of range: {error}") from error
    # msgspec passes over a dataclass's unknown fields; a misspelt one must not be taken for one that is absent
    unknown = _unknown(value, kept, "")
    if unknown is not None:
        raise InputError(f"{source}: {unknown}: unknown field")
    return result


def _sentence(message: str, value: Any) -> str:
    match = _PLACE.match(message)
    assert match is not None
    what, place = match[1], match[2] or ""
    what = what.replace("`", "").replace("Object missing", "missing").replace(", got ", ", found ")
    for pattern, words in _IN_WORDS.items():
        what = what.replace(f"str matching regex {pattern!r}", words)
    what = what[:1].lower() + what[1:]
    if "..." not in place and "missing" not in what:
        for name, index in _STEP.findall(place):
            value = value[int(index)] if index else value[name]
        what = f"{what.partition(', found ')[0]}, found {_shown(value)}"
    return f"{place.lstrip('.')}: {what}" if place else what


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _unknown(given: Any, kept: Any, place: str) -> str | None:
    """Place of the first field of ``given`` that ``kept`` lacks."""
    if isinstance(given, Mapping) and isinstance(kept, Mapping):
        for key, inner in given.items():
            here = f"{place}.{key}".lstrip(".")
            if key not in kept:
                return here
            found = _unknown(inner, kept[key], here)
            if found is not None:
                return found
    elif isinstance(given, list | tuple) and isinstance(kept, list | tuple):
        for index, (inner, same) in enumerate(zip(given, kept, strict=False)):
            found = _unknown(inner, same, f"{place}[{index}]")
            if found is not None:
                return found
    return None
