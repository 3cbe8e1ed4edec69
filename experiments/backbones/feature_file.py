"""Feature files: features of a backbone that ran elsewhere, read back for exactly the frames they belong to.

Every frame is known by the SHA-256 of its atomic numbers and positions, so features are found for a frame wherever it
comes from, and for no other.
"""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.extraction import Extraction
from experiments.backbones.feature_format import OPTIONAL, SUFFIX, Metadata, read, write
from experiments.backbones.options import Options
from experiments.backbones.site import NoDerivative
from experiments.backbones.verification import require_verified
from experiments.versions import versions
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

SHIPPED = Path(__file__).parents[1] / "studies"
"""Folder of the feature files that come with the project, named by their stems."""


class FeatureFile:
    """Backbone of stored features (see :class:`experiments.backbones.protocol.Backbone`).

    It keeps the name and card of the backbone that made the features. Atoms that are not stored have NaN
    features. With a stored Jacobian the features are differentiable, once, at the stored frames.

    Args:
        path: where the file is, for messages.
        metadata: what the file says of its backbone.
        arrays: its arrays.
        device: torch device of the features handed out.

    Attributes:
        verification: what was measured of the backbone on these frames.
        atoms: atoms whose features are stored.
    """

    def __init__(self, path: Path, metadata: Metadata, arrays: dict[str, NDArray[Any]], device: str = "cpu"):
        from e3nn.o3 import Irreps

        self.name = metadata.backbone
        self.irreps = Irreps(metadata.irreps)
        # what identifies these features is the file, which says in turn where they come from
        self.card = replace(
            metadata.card,
            settings={"feature_file": metadata.checksum, "backbone": dict(metadata.card.settings)},
        )
        self.verification = metadata.verification
        self.atoms = frozenset(arrays["atoms"].tolist())
        self._path = path
        self._sources = ", ".join(one.source for one in metadata.frames)
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
                "extract it again with its Jacobian"
            )
        return torch.from_numpy(self._arrays["jacobian"][rows]).to(self._device)

    def _require_stored(self, site: int) -> None:
        if site not in self.atoms:
            stored = ", ".join(map(str, sorted(self.atoms)))
            raise InputError(
                f"feature file {self._path} holds the features of atom {stored}, not of atom {site}: "
                f"extract it again at atom {site} or at every atom"
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
        "backbone": extraction.name,
        "irreps": extraction.irreps,
        "parity": extraction.verification.parity,
        "layer": extraction.card.layer,
        "site": int(extraction.atoms[0]) if len(extraction.atoms) == 1 else None,
        "card": extraction.card.to_dict(),
        "verification": extraction.verification.to_dict(),
        "frames": list(extraction.sources),
        "versions": versions(),
    }
    write(path, metadata, arrays)


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
        InputError: the file is absent, damaged, no feature file, or its backbone failed the verification.
    """
    metadata, arrays = read(path)
    kind = PotentialFile if "energies" in arrays else FeatureFile
    backbone = kind(path, metadata, arrays, device)
    require_verified(backbone, backbone.verification)
    return backbone


def names() -> tuple[str, ...]:
    """The feature files that come with the project; all others are the user's."""
    return tuple(sorted(path.stem for path in SHIPPED.glob(f"*{SUFFIX}")))


def open_named(name: str, options: Options) -> FeatureFile:
    """Open `features:FILE`, or one that comes with the project by its name.

    Raises:
        InputError: see :func:`read_features`; or the file holds another layer than the one asked for.
    """
    path = SHIPPED / f"{name}{SUFFIX}" if name in names() else Path(name)
    backbone = read_features(path, options.device)
    if options.layer not in (None, backbone.card.layer):
        raise InputError(
            f"feature file {name} holds layer '{backbone.card.layer}', not '{options.layer}': "
            "extract it again"
        )
    return backbone
