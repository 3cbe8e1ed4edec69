"""Feature files: features of a backbone that ran elsewhere, read back for exactly the frames they belong to.

The file is an npz archive of plain arrays, never a pickle. Every frame is known by the SHA-256 of its atomic
numbers and positions, so features are found for a frame wherever it comes from, and for no other.
"""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.archive import read_archive
from experiments.backbones.extraction import Extraction
from experiments.backbones.options import Options
from experiments.backbones.protocol import Card
from experiments.backbones.site import NoDerivative
from experiments.backbones.verification import Verification
from experiments.versions import versions
from span_theorem.errors import InputError
from span_theorem.output import replacing
from span_theorem.reading import parse_json

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = "span-theorem features 1"
SUFFIX = ".npz"
ARRAYS = ("numbers", "frame_keys", "atoms", "features")
OPTIONAL = ("jacobian", "energies", "forces")
EXPECTED = "a feature file as 'python -m experiments extract' writes one"


class FeatureFile:
    """Backbone of stored features (see :class:`experiments.backbones.protocol.Backbone`).

    It keeps the name and card of the backbone that made the features. Atoms that are not stored have NaN
    features. With a stored Jacobian the features are differentiable, once, at the stored frames.

    Args:
        path: where the file is, for messages.
        metadata: what the file says of its backbone.
        arrays: its arrays, checked.
        device: torch device of the features handed out.

    Attributes:
        verification: what was measured of the backbone on these frames.
        atoms: atoms whose features are stored.
    """

    def __init__(
        self, path: Path, metadata: dict[str, Any], arrays: dict[str, NDArray[Any]], device: str = "cpu"
    ):
        from e3nn.o3 import Irreps

        self.name: str = metadata["backbone"]
        self.irreps = Irreps(metadata["irreps"])
        card = Card.from_dict(metadata["card"])
        # what identifies these features is the file, which says in turn where they come from
        self.card = replace(
            card, settings={"feature_file": metadata["checksum"], "backbone": dict(card.settings)}
        )
        self.verification = Verification(**metadata["verification"])
        self.atoms = frozenset(arrays["atoms"].tolist())
        self._path = path
        self._sources = ", ".join(source["source"] for source in metadata["frames"])
        self._arrays = arrays
        self._device = device
        self._row = {key.tobytes(): row for row, key in enumerate(arrays["frame_keys"])}

    def features(self, numbers: "Tensor", positions: "Tensor") -> "Tensor":
        """Stored features (n_frames, n_atoms, irreps.dim); NaN at atoms that are not stored.

        Raises:
            InputError: a frame that is not in the file, or a derivative where it holds no Jacobian.
        """
        import torch

        rows = self._rows(numbers, positions)
        stored = torch.from_numpy(self._arrays["features"][rows]).to(self._device)
        if positions.requires_grad and torch.is_grad_enabled():
            # zero in value, the Jacobian in derivative
            jacobian = self._jacobian(rows)
            step = (positions - positions.detach()).to(self._device, jacobian.dtype)
            stored = stored + torch.einsum("fcax,fax->fc", jacobian, step)[:, None]
        shape = (*positions.shape[:2], self.irreps.dim)
        features = torch.full(shape, torch.nan, dtype=stored.dtype, device=self._device)
        return features.index_copy(1, torch.from_numpy(self._arrays["atoms"]).to(self._device), stored)

    def site_features(self, numbers: "Tensor", positions: "Tensor", site: int) -> "Tensor":
        """Stored features of one atom, (n_frames, irreps.dim).

        Raises:
            InputError: as ``features``, or the atom is not stored.
        """
        self._require_stored(site)
        return self.features(numbers, positions)[:, site]

    def site_jacobian(self, numbers: "Tensor", positions: "Tensor", site: int) -> "tuple[Tensor, Tensor]":
        """Stored features of one atom and their derivative (see :func:`experiments.backbones.site.site_jacobian`).

        Raises:
            InputError: as ``features``, or the atom is not stored.
        """
        import torch

        self._require_stored(site)
        rows = self._rows(numbers, positions)
        column = self._arrays["atoms"].tolist().index(site)
        features = torch.from_numpy(self._arrays["features"][rows, column]).to(self._device)
        return features, self._jacobian(rows)

    def _jacobian(self, rows: list[int]) -> "Tensor":
        import torch

        if "jacobian" not in self._arrays:
            raise NoDerivative(
                f"feature file {self._path} holds no Jacobian, which force figures need: "
                "extract it again with --jacobian"
            )
        return torch.from_numpy(self._arrays["jacobian"][rows]).to(self._device)

    def _require_stored(self, site: int) -> None:
        if site not in self.atoms:
            stored = ", ".join(map(str, sorted(self.atoms)))
            raise InputError(
                f"feature file {self._path} holds the features of atom {stored}, not of atom {site}: "
                f"extract it again with --site {site} or without --site"
            )

    def _rows(self, numbers: "Tensor", positions: "Tensor") -> list[int]:
        keys = frame_keys(numbers.detach().cpu().numpy(), positions.detach().cpu().numpy())
        rows = [self._row.get(key.tobytes(), -1) for key in keys]
        if -1 in rows:
            raise InputError(
                f"feature file {self._path} belongs to other frames: frame {rows.index(-1)} of those asked "
                f"for is not among its {len(self._row)} (from {self._sources})"
            )
        return rows


class PotentialFile(FeatureFile):
    """A feature file that also holds the backbone's predictions."""

    def energy_forces(self, numbers: "Tensor", positions: "Tensor") -> "tuple[Tensor, Tensor]":
        """Stored energies (n_frames,) in eV and forces (n_frames, n_atoms, 3) in eV/Å."""
        import torch

        rows = self._rows(numbers, positions)
        energies, forces = (torch.from_numpy(self._arrays[key][rows]) for key in ("energies", "forces"))
        return energies.to(self._device), forces.to(self._device)


def frame_keys(numbers: NDArray[Any], positions: NDArray[Any]) -> NDArray[np.uint8]:
    """(n_frames, 32) SHA-256 of each frame's atomic numbers and float64 positions."""
    atoms = np.ascontiguousarray(numbers, dtype="<i8").tobytes()
    # adding zero turns -0.0, which equals 0.0, into 0.0
    frames = np.ascontiguousarray(np.asarray(positions, dtype="<f8") + 0.0)
    digests = [hashlib.sha256(atoms + frame.tobytes()).digest() for frame in frames]
    return np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, 32)


def write_features(path: Path, extraction: Extraction) -> None:
    """Write a feature file, whole or not at all.

    Raises:
        InputError: the name does not end in .npz, or the file cannot be written.
    """
    require_suffix(path)
    arrays: dict[str, Any] = {
        "numbers": extraction.numbers,
        "frame_keys": frame_keys(extraction.numbers, extraction.positions),
        "atoms": extraction.atoms,
        "features": extraction.features,
    }
    for key in OPTIONAL:
        if getattr(extraction, key) is not None:
            arrays[key] = getattr(extraction, key)
    metadata = {
        "format": FORMAT,
        "backbone": extraction.name,
        "irreps": extraction.irreps,
        "parity": extraction.verification.parity,
        "layer": extraction.card.layer,
        "site": int(extraction.atoms[0]) if len(extraction.atoms) == 1 else None,
        "card": extraction.card.to_dict(),
        "verification": extraction.verification.to_dict(),
        "frames": list(extraction.sources),
        "versions": versions(),
        "checksum": _checksum(arrays),
    }
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, metadata=np.array(json.dumps(metadata)), **arrays)


def require_suffix(path: Path) -> None:
    """Refuse an output name that is not of this format.

    Raises:
        InputError: the name does not end in .npz.
    """
    if path.suffix != SUFFIX:
        raise InputError(f"cannot write {path}: a feature file's name ends in {SUFFIX}")


def read_features(path: Path, device: str = "cpu") -> FeatureFile:
    """Open a feature file.

    Raises:
        InputError: the file is absent, damaged, or no feature file.
    """
    metadata, arrays = _read(path)
    _check(path, metadata, arrays)
    kind = PotentialFile if "energies" in arrays else FeatureFile
    try:
        backbone = kind(path, metadata, arrays, device)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is damaged: its metadata are incomplete ({error})") from error
    if backbone.irreps.dim != arrays["features"].shape[2]:
        raise InputError(
            f"{path} is damaged: its features have {arrays['features'].shape[2]} components, "
            f"expected {backbone.irreps.dim} of {backbone.irreps}"
        )
    return backbone


def names() -> tuple[str, ...]:
    """None: a feature file is the user's."""
    return ()


def open_named(name: str, options: Options) -> FeatureFile:
    """Open `features:FILE`.

    Raises:
        InputError: see :func:`read_features`; or the file holds another layer than the one asked for.
    """
    backbone = read_features(Path(name), options.device)
    if options.layer not in (None, backbone.card.layer):
        raise InputError(
            f"feature file {name} holds layer '{backbone.card.layer}', not '{options.layer}': "
            "extract it again"
        )
    return backbone


def _read(path: Path) -> tuple[Any, dict[str, NDArray[Any]]]:
    arrays = read_archive(path, ("metadata", *ARRAYS, *OPTIONAL), EXPECTED)
    if "metadata" not in arrays:
        raise InputError(f"{path} is no feature file, expected {EXPECTED}")
    return parse_json(str(arrays.pop("metadata")), path, EXPECTED), arrays


def _check(path: Path, metadata: Any, arrays: dict[str, NDArray[Any]]) -> None:
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        found = metadata.get("format") if isinstance(metadata, dict) else None
        raise InputError(f"{path} has format {found!r}, expected {FORMAT!r}")
    missing = [key for key in ARRAYS if key not in arrays]
    if missing:
        raise InputError(f"{path} is damaged: it lacks {', '.join(missing)}")
    n_frames, n_atoms, n_stored = (len(arrays[key]) for key in ("frame_keys", "numbers", "atoms"))
    dim = arrays["features"].shape[-1]
    shapes = {
        "features": (n_frames, n_stored, dim),
        "jacobian": (n_frames, dim, n_atoms, 3),
        "energies": (n_frames,),
        "forces": (n_frames, n_atoms, 3),
    }
    for key, shape in shapes.items():
        if key in arrays and arrays[key].shape != shape:
            raise InputError(f"{path} is damaged: {key} has shape {arrays[key].shape}, expected {shape}")
    if "jacobian" in arrays and n_stored != 1:
        raise InputError(f"{path} is damaged: it holds a Jacobian and {n_stored} atoms, expected one atom")
    if _checksum(arrays) != metadata.get("checksum"):
        raise InputError(f"{path} is damaged: its arrays do not have the checksum written with them")


def _checksum(arrays: dict[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for key in sorted(arrays):
        values = np.ascontiguousarray(arrays[key])
        digest.update(f"{key}:{values.dtype.str}:{values.shape}\n".encode())
        digest.update(values.data)
    return digest.hexdigest()
