"""The one reader of npz archives: plain arrays only, nothing allocated that the file does not hold.

An archive may come from anyone, or be damaged. What its directory and each array's header declare is compared before
memory is taken, and everything that goes wrong on the way is one kind of error.
"""

import math
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from span_theorem.budget import available_memory
from span_theorem.reading import UnreadableFile, open_regular

LIMIT = 2**35  # bytes of all arrays of one archive together; less where the machine has less
MAX_MEMBERS = 10_000
# what deflate gains at most, and a little for members that are nearly empty
MAX_COMPRESSION, SLACK = 1032, 1024
BLOCK = 2**22
DESCRIPTOR = 24  # bytes that may follow a member's data
KINDS = "biufcUS"  # numpy's letters of numbers and fixed-width text: no objects, no records, no dates


class UnreadableArchive(UnreadableFile):
    """An archive that is absent, damaged, too large, or holds something else than plain arrays."""


def read_archive(
    path: Path, keys: Collection[str] | None = None, expected: str = "an npz file"
) -> dict[str, NDArray[Any]]:
    """Arrays of an npz archive by key, each complete and of the checksum that the archive has of it.

    Args:
        path: a regular file.
        keys: of the arrays to load, where the archive has them; the others are not touched. All unless given.
        expected: what kind of file, for messages.

    Raises:
        UnreadableArchive: whatever keeps these arrays from being read.
    """
    with _opened(path, expected) as members:
        wanted = {key: member for key, member in members.items() if keys is None or key in keys}
        _require_affordable(path, sum(member.size for member in wanted.values()), expected)
        return {key: member.read() for key, member in wanted.items()}


def archive_keys(path: Path, expected: str = "an npz file") -> list[str]:
    """Names of the arrays in an npz archive, sorted (see :func:`read_archive` for errors)."""
    with _opened(path, expected) as members:
        return sorted(members)


class _Member:
    """One array of an open archive."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, expected: str):
        self._path, self._archive, self._entry, self._expected = path, archive, entry, expected
        self.size = entry.file_size

    def read(self) -> NDArray[Any]:
        key = self._entry.filename.removesuffix(".npy")
        if key == self._entry.filename:
            raise UnreadableArchive(
                f"{self._path}: {key!r} is not an array, expected an npz file made by numpy"
            )
        try:
            with self._archive.open(self._entry) as file:
                return self._array(file, key)
        except UnreadableArchive:
            raise
        # the header is Python text, the data compressed: numpy, ast, tokenize, zipfile, zlib each raise their own
        except Exception as error:
            raise UnreadableArchive(
                f"{self._path} is truncated or damaged at key {key!r} ({_one_line(error)}), expected {self._expected}"
            ) from None

    def _array(self, file: IO[bytes], key: str) -> NDArray[Any]:
        header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        version = npy.read_magic(file)
        if version not in header:
            raise ValueError(f"npy version {version[0]}.{version[1]}")
        shape, fortran_order, dtype = header[version](file)
        if dtype.hasobject:
            raise UnreadableArchive(
                f"{self._path}: key {key!r} contains pickled objects, which are not loaded; expected plain arrays"
            )
        if dtype.kind not in KINDS:
            raise UnreadableArchive(f"{self._path}: key {key!r} has type {dtype}, expected numbers or text")
        declared, present = math.prod(shape) * dtype.itemsize, self.size - file.tell()
        if min(shape, default=0) < 0 or declared != present:
            raise ValueError(f"an array of shape {shape} and type {dtype} does not have {present} bytes")
        flat = np.empty(declared, dtype=np.uint8)
        rest = memoryview(flat.data)
        while len(rest):
            block = file.read(min(len(rest), BLOCK))
            if not block:
                raise ValueError(f"{len(rest)} bytes are missing")
            rest[: len(block)] = block
            rest = rest[len(block) :]
        if file.read(1):  # reading to the end is what has zipfile compare the checksum
            raise ValueError("there are more bytes than declared")
        if dtype.kind == "U":
            _require_characters(flat.view(np.dtype("u4").newbyteorder(dtype.byteorder)))
        return np.ndarray(shape, dtype, flat, order="F" if fortran_order else "C")


@contextmanager
def _opened(path: Path, expected: str) -> Iterator[dict[str, _Member]]:
    """Members of an archive by key, while it is open."""
    path = Path(path)
    try:
        with open_regular(path, expected) as file:
            _require_zip(path, file.read(6), expected)
            length = file.seek(0, 2)
            with _zip(path, file, expected) as archive:
                _check_directory(path, archive.infolist(), length, expected)
                if not _is_whole(file, archive):
                    raise UnreadableArchive(
                        f"{path} is truncated or damaged (its directory leaves something out), expected {expected}"
                    )
                yield {
                    entry.filename.removesuffix(".npy"): _Member(path, archive, entry, expected)
                    for entry in archive.infolist()
                }
    except UnreadableArchive:
        raise
    except UnreadableFile as error:
        raise UnreadableArchive(str(error)) from None


def _zip(path: Path, file: IO[bytes], expected: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except Exception as error:  # BadZipFile, but struct, Unicode, memory and other errors as well
        raise UnreadableArchive(
            f"{path} is truncated or damaged ({_one_line(error)}), expected {expected}"
        ) from None


def _require_zip(path: Path, head: bytes, expected: str) -> None:
    if head[:1] == b"\x80":
        raise UnreadableArchive(
            f"{path} contains pickled objects, which are not loaded; expected {expected} of plain arrays"
        )
    if head == b"\x93NUMPY":
        raise UnreadableArchive(f"{path} is a single npy array, expected {expected} with several keys")
    if not head:
        raise UnreadableArchive(f"{path} is empty, expected {expected}")
    if head[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
        raise UnreadableArchive(
            f"{path} is not an npz file (it does not begin like one), expected {expected}"
        )


def _check_directory(path: Path, entries: list[zipfile.ZipInfo], length: int, expected: str) -> None:
    """Refuse a directory that promises more than the file can hold, names a key twice, or needs another reader."""

    def damaged(why: str) -> UnreadableArchive:
        return UnreadableArchive(f"{path} is truncated or damaged ({why}), expected {expected}")

    if len(entries) > MAX_MEMBERS:
        raise damaged(f"it has {len(entries)} members")
    if len({entry.filename.removesuffix(".npy") for entry in entries}) < len(entries):
        raise damaged("a key stands in it twice")
    if sum(entry.compress_size for entry in entries) > length:
        raise damaged("its members are larger than the file")
    for entry in entries:
        stored = entry.compress_type == zipfile.ZIP_STORED
        most = entry.compress_size if stored else MAX_COMPRESSION * entry.compress_size + SLACK
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & 0x1:
            raise damaged(f"{entry.filename!r} is packed in a way that numpy does not write")
        if entry.file_size > most:
            raise damaged(f"{entry.filename!r} cannot have the size that is declared")


def _is_whole(file: IO[bytes], archive: zipfile.ZipFile) -> bool:
    """Whether members, each with its name, follow one another from the beginning of the file to the directory.

    Nothing guards the directory itself: damaged, it may lack a member, whose array would then silently be absent.
    """
    end = 0
    for entry in sorted(archive.infolist(), key=lambda entry: entry.header_offset):
        if not end <= entry.header_offset <= end + DESCRIPTOR * (end > 0):
            return False
        file.seek(entry.header_offset + 26)
        name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
        encoding = "utf-8" if entry.flag_bits & 0x800 else "cp437"
        if file.read(name) != entry.orig_filename.encode(encoding):
            return False
        end = entry.header_offset + 30 + name + extra + entry.compress_size
    return end <= archive.start_dir <= end + DESCRIPTOR * (end > 0)


def _require_affordable(path: Path, size: int, expected: str) -> None:
    limit = min(LIMIT, available_memory())
    if size > limit:
        raise UnreadableArchive(
            f"{path} holds {size / 2**30:.1f} GiB of arrays, at most {limit / 2**30:.1f} GiB can be loaded; "
            f"expected {expected} with fewer frames"
        )


def _require_characters(codes: NDArray[np.uint32]) -> None:
    """Refuse numbers that are no Unicode: numpy would raise when such text is looked at."""
    if ((codes > 0x10FFFF) | ((codes >= 0xD800) & (codes < 0xE000))).any():
        raise ValueError("its text is not Unicode")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
