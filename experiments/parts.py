"""Finished parts of a long computation, one file each, so that a killed run continues where it was."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from span_theorem.errors import InputError
from span_theorem.output import make_folder, write_json
from span_theorem.reading import read_json


@dataclass(frozen=True)
class Parts:
    """A folder of finished parts.

    Attributes:
        folder: where they lie; ``None`` keeps nothing.
        common: what the keys of all parts share: the control, its code, the versions of what computes.
    """

    folder: Path | None = None
    common: Mapping[str, Any] = field(default_factory=dict)

    def get(self, key: Mapping[str, Any], compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The part that ``key`` describes: read back if it is there, otherwise computed and kept.

        Args:
            key: everything that the part depends on and that may change: settings, seeds, checksums; JSON.
            compute: makes the part, a JSON object.

        Returns:
            The part as JSON gives it back, whether read or just computed: lists for tuples, text for keys.

        Raises:
            InputError: the folder or the file cannot be written.
        """
        description = _through_json({**self.common, **key})
        path = self._path(description)
        part = _read(path, description) if path else None
        if part is None:
            part = _through_json(compute())
            if path:
                make_folder(path.parent)
                write_json(path, {"key": description, "checksum": _digest(part), "part": part})
        return part

    def _path(self, description: dict[str, Any]) -> Path | None:
        return None if self.folder is None else self.folder / f"{_digest(description)[:32]}.json"


def _read(path: Path, description: dict[str, Any]) -> dict[str, Any] | None:
    """A part, or ``None`` if it is not there, damaged, or another's."""
    try:
        stored = read_json(path)
        part, whole = stored["part"], stored["key"] == description
        return part if whole and stored["checksum"] == _digest(part) else None
    except (InputError, KeyError, TypeError):
        return None


def _through_json(value: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(value, allow_nan=False))


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
