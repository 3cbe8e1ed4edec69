"""The format of feature files: which arrays and metadata, of which types and shapes, under one checksum.

The file is an npz archive of plain arrays, never a pickle. Its checksum covers the metadata as well as the arrays:
irreps, layer and verification decide what the features mean.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from experiments.archive import archive_keys, read_archive
from experiments.backbones.protocol import Card
from experiments.backbones.verification import Verification
from span_theorem.checked import Natural, Positive, Sha256, Text, checked
from span_theorem.errors import InputError
from span_theorem.output import replacing
from span_theorem.reading import parse_json

FORMAT = "span-theorem features 3"
SUFFIX = ".npz"
ARRAYS = ("numbers", "first", "frame_keys", "structure", "atoms", "features")
INTEGERS = ("numbers", "first", "structure", "atoms")
OPTIONAL = ("jacobian", "energies", "forces")
METADATA = "metadata"
WHAT = "a feature file, as 'python -m experiments extract' writes"

Number = Annotated[int, Meta(ge=1, le=118)]


@dataclass(frozen=True)
class Origin:
    """One set of structures whose features are stored (see :meth:`experiments.structures.Structures.to_dict`)."""

    source: Text
    n_frames: Positive
    n_atoms: Positive
    numbers: tuple[Number, ...]
    checksum: Sha256
    periodic: Natural = 0


@dataclass(frozen=True)
class Metadata:
    """What a feature file says of its features.

    Attributes:
        format: version of the format.
        backbone: name of the network.
        irreps: of the features of one atom.
        parity: as verified.
        layer: that was read.
        site: the only atom whose features are stored, the same of every structure; None if others are.
        card: of the network.
        verification: what was measured of the network on these structures.
        frames: where they come from, in the order of the rows.
        versions: of the packages that computed the features.
        checksum: SHA-256 of the arrays and of everything above.
    """

    format: Literal["span-theorem features 3"]
    backbone: Annotated[Text, Meta(min_length=1)]
    irreps: Text
    parity: Literal["o3", "so3"]
    layer: Text
    site: Natural | None
    card: Card
    verification: Verification
    frames: Annotated[tuple[Origin, ...], Meta(min_length=1, max_length=10_000)]
    versions: Annotated[dict[Text, Text], Meta(max_length=100)]
    checksum: Sha256


def read(path: Path) -> tuple[Metadata, dict[str, NDArray[Any]]]:
    """Metadata and arrays of a feature file, each checked and all of them in agreement.

    Raises:
        InputError: the file is absent, damaged, of another format, or contradicts itself.
    """
    unknown = set(archive_keys(path, WHAT)) - {*ARRAYS, *OPTIONAL, METADATA}
    if unknown:
        raise InputError(f"{path} holds the unknown array {min(unknown)!r}, expected {WHAT}")
    arrays = read_archive(path, (*ARRAYS, *OPTIONAL, METADATA), WHAT)
    text = arrays.pop(METADATA, None)
    if text is None or text.shape != () or text.dtype.kind != "U":
        raise InputError(f"{path} has no metadata, expected {WHAT}")
    values = parse_json(str(text), path, WHAT)
    if values.get("format") != FORMAT:
        raise InputError(f"{path} has format {values.get('format')!r}, expected {FORMAT!r}: extract it again")
    metadata = checked(values, Metadata, path)
    _check_arrays(path, metadata, arrays)
    if _checksum(values, arrays) != metadata.checksum:
        raise InputError(f"{path} is damaged: its content does not have the checksum written with it")
    return metadata, arrays


def write(path: Path, metadata: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    """Write a feature file, whole or not at all.

    Args:
        path: ends in .npz.
        metadata: of :class:`Metadata`, without ``format`` and ``checksum``.
        arrays: those of ``ARRAYS`` and any of ``OPTIONAL``.

    Raises:
        InputError: the file cannot be written, or would not be read back.
    """
    values = {"format": FORMAT, **metadata}
    values = json.loads(json.dumps(values, allow_nan=False))
    values["checksum"] = _checksum(values, arrays)
    _check_arrays(path, checked(values, Metadata, path), arrays)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **{METADATA: np.array(json.dumps(values))}, **arrays)  # type: ignore[arg-type]


def _check_arrays(path: Path, metadata: Metadata, arrays: dict[str, NDArray[Any]]) -> None:
    def require(right: bool, what: str) -> None:
        if not right:
            raise InputError(f"{path} is damaged: {what}")

    missing = [key for key in ARRAYS if key not in arrays]
    require(not missing, f"it lacks {', '.join(missing)}")
    require(
        ("energies" in arrays) == ("forces" in arrays), "it has energies or forces, expected both or none"
    )
    for key, values in arrays.items():
        exact = "uint8" if key == "frame_keys" else "int64" if key in INTEGERS else None
        types = (exact,) if exact else ("float16", "float32", "float64")
        require(
            values.dtype.isnative and values.dtype.name in types,
            f"{key} has type {values.dtype.str}, expected {' or '.join(types)}",
        )
    dim = _dimension(path, metadata)
    first, structure, atoms = (arrays[key] for key in ("first", "structure", "atoms"))
    n, n_atoms, n_sites = sum(one.n_frames for one in metadata.frames), arrays["numbers"].size, atoms.size
    require(first.shape == (n + 1,), f"first has shape {first.shape}, expected {(n + 1,)}")
    sizes = np.diff(first)
    require(
        first[0] == 0 and first[-1] == n_atoms and bool((sizes > 0).all()),
        f"first goes from {first[0]} to {first[-1]}, expected to rise from 0 to {n_atoms}",
    )
    shapes = {
        "numbers": (n_atoms,),
        "first": (n + 1,),
        "frame_keys": (n, 32),
        "structure": (n_sites,),
        "atoms": (n_sites,),
        "features": (n_sites, dim),
        "jacobian": (n_sites, dim, int(sizes.max()), 3),
        "energies": (n,),
        "forces": (n_atoms, 3),
    }
    for key, values in arrays.items():
        require(values.shape == shapes[key], f"{key} has shape {values.shape}, expected {shapes[key]}")
        require(bool(np.isfinite(values).all()), f"{key} has values that are not finite")
    start = 0
    for one in metadata.frames:
        own = arrays["numbers"][first[start] : first[start + one.n_frames]]
        require(
            set(own.tolist()) == set(one.numbers), f"frames of {one.source} have other atoms than its numbers"
        )
        start += one.n_frames
    require(
        n_sites > 0
        and structure.min() >= 0
        and structure.max() < n
        and atoms.min() >= 0
        and bool((atoms < sizes[structure]).all())
        and bool((np.diff(structure * int(sizes.max()) + atoms) > 0).all()),
        f"its atoms are {atoms[:10].tolist()}, expected increasing indices of atoms of increasing structures",
    )
    same = n_sites == n and bool((structure == np.arange(n)).all() and (atoms == atoms[0]).all())
    require(
        metadata.site == (int(atoms[0]) if same else None),
        f"its site is {metadata.site}, expected that of its atoms",
    )


def _dimension(path: Path, metadata: Metadata) -> int:
    """Components of the features, of irreps on which all of the metadata agree."""
    from e3nn.o3 import Irreps

    card = metadata.card
    for place, text in {"irreps": metadata.irreps, **card.layers}.items():
        try:
            Irreps(text)
        except Exception as error:  # e3nn lets through whatever its parsing meets
            raise InputError(f"{path}: {place}: {text!r} are no irreps of e3nn, such as 8x0e+8x1o") from error
    for what, found, expected in (
        ("layer", metadata.layer, card.layer),
        ("irreps", metadata.irreps, card.layers.get(card.layer)),
        ("parity", metadata.parity, metadata.verification.parity),
        ("default_layer", card.default_layer in card.layers, True),
    ):
        if found != expected:
            raise InputError(f"{path} is damaged: {what} is {found!r}, but {expected!r} elsewhere in it")
    return int(Irreps(metadata.irreps).dim)


def _checksum(metadata: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> str:
    rest = {key: value for key, value in metadata.items() if key != "checksum"}
    digest = hashlib.sha256(json.dumps(rest, sort_keys=True).encode() + b"\n")
    for key in sorted(arrays):
        values = np.ascontiguousarray(arrays[key])
        digest.update(f"{key}:{values.dtype.str}:{values.shape}\n".encode())
        digest.update(values.data)
    return digest.hexdigest()
