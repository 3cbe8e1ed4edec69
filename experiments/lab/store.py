"""Finished measurements in one SQLite file: safe against kill -9 and against several writers."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from experiments.lab.cell import Cell
from experiments.lab.code import measuring_code
from experiments.lab.measurement import Measurement
from experiments.lab.sources import Sources
from experiments.versions import versions
from span_theorem.errors import InputError
from span_theorem.output import make_folder

PATIENCE = 60.0
"""Seconds to wait for another writer."""


@dataclass(frozen=True)
class Store:
    """Measurements by key. Rows carry a checksum: what does not hold is measured again.

    Attributes:
        path: of the file, made when something is put into it; ``None`` keeps nothing.
    """

    path: Path | None = None

    def get(self, key: str | None) -> Measurement | None:
        """What was measured under a key, ``None`` if nothing was or it is damaged.

        Raises:
            InputError: the file is no store, or cannot be read.
        """
        if key is None or self.path is None or not self.path.exists():
            return None
        with self._open() as connection:
            query = "SELECT described, sums, checksum FROM measurements WHERE key = ?"
            found = connection.execute(query, (key,)).fetchone()
        if found is None:
            return None
        described, sums, checksum = found
        # a damaged record may hold values of any type
        if not (isinstance(described, bytes) and isinstance(sums, bytes)):
            return None
        if checksum != _checksum(key, described, sums):
            return None
        try:
            return unpacked(described, sums)
        except (ValueError, KeyError, TypeError, AttributeError):  # whole, but of another program
            return None

    def put(self, key: str | None, cell: Cell, measurement: Measurement) -> None:
        """Keep a measurement (see :meth:`put_all`)."""
        self.put_all([(key, cell, measurement)])

    def put_all(self, measured: Iterable[tuple[str | None, Cell, Measurement]]) -> None:
        """Keep measurements, all of them or none; on the disk when this returns.

        Raises:
            InputError: the file is no store, or cannot be written.
        """
        rows = []
        for key, cell, measurement in measured:
            if key is not None:
                described, sums = packed(measurement)
                checksum = _checksum(key, described, sums)
                rows.append((key, json.dumps(cell.to_dict()), described, sums, checksum))
        if self.path is None or not rows:
            return
        with self._open() as connection:
            connection.executemany("INSERT OR REPLACE INTO measurements VALUES (?, ?, ?, ?, ?)", rows)

    def count(self) -> int:
        """Number of measurements, damaged ones too."""
        if self.path is None or not self.path.exists():
            return 0
        with self._open() as connection:
            return int(connection.execute("SELECT COUNT(*) FROM measurements").fetchone()[0])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        assert self.path is not None
        make_folder(self.path.parent)
        connection = None
        try:
            connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level="IMMEDIATE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            with connection:
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS measurements "
                    "(key TEXT PRIMARY KEY, cell TEXT, described BLOB, sums BLOB, checksum TEXT) STRICT"
                )
                yield connection
        except sqlite3.Error as error:
            raise InputError(
                f"{self.path} cannot be used as a store: {error}; expected one of this program, or no file"
            ) from error
        finally:
            if connection is not None:
                connection.close()


def key_of(cell: Cell, sources: Sources) -> str | None:
    """Digest of a cell, of the content of what it names, and of the code and packages that measure.

    Returns:
        ``None`` where nothing tells the backbone's weights from others: such a cell is never kept.

    Raises:
        InputError: whatever opening what the cell names refuses.
    """
    identity = sources.identity(cell)
    if identity is None or not sources.portable:
        return None
    described = {
        "cell": cell.to_dict(),
        "content": identity,
        "code": measuring_code(),
        "versions": versions(),
    }
    return _digest(json.dumps(described, sort_keys=True, default=str).encode())


def packed(measurement: Measurement) -> tuple[bytes, bytes]:
    """A measurement as two byte strings: JSON, and the sums one after another as little-endian float64."""
    described = {
        "frequencies": list(measurement.frequencies),
        "structures": measurement.structures,
        "facts": measurement.facts,
        "places": None if measurement.places is None else measurement.places.tolist(),
        "sums": {name: list(values.shape) for name, values in measurement.sums.items()},
    }
    sums = b"".join(
        np.ascontiguousarray(values, dtype="<f8").tobytes() for values in measurement.sums.values()
    )
    return json.dumps(described).encode(), sums


def unpacked(described: bytes, sums: bytes) -> Measurement:
    """What :func:`packed` made, to the bit."""
    fields = json.loads(described)
    values, arrays, start = np.frombuffer(sums, dtype="<f8").astype(np.float64), {}, 0
    for name, shape in fields["sums"].items():
        arrays[name] = values[start : start + prod(shape)].reshape(shape)
        start += prod(shape)
    places = None if fields["places"] is None else np.array(fields["places"], dtype=np.int64)
    return Measurement(tuple(fields["frequencies"]), arrays, fields["structures"], fields["facts"], places)


def _checksum(key: str, described: bytes, sums: bytes) -> str:
    return _digest(key.encode() + b"\n" + described + b"\n" + sums)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
