"""Feature files: features of a backbone that ran elsewhere, read back for exactly the structures they belong to.

Every structure is known by the SHA-256 of its atomic numbers, positions, cell and periods, so features are found for a
structure wherever it comes from, and for no other.
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

    from experiments.backbones.batch import Batch

SHIPPED = Path(__file__).parents[1] / "studies"
"""Folder of the feature files that come with the project, named by their stems."""


class FeatureFile:
    """Backbone of stored features (see :class:`experiments.backbones.protocol.Backbone`).

    It keeps the name and card of the backbone that made the features. Atoms that are not stored have NaN
    features. With a stored Jacobian the features are differentiable, once, at the stored structures.

    Args:
        path: where the file is, for messages.
        metadata: what the file says of its backbone.
        arrays: its arrays.
        device: torch device of the features handed out.

    Attributes:
        verification: what was measured of the backbone on these structures.
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
        self._path = path
        self._sources = ", ".join(one.source for one in metadata.frames)
        self._arrays = arrays
        self._device = device
        self._index = {key.tobytes(): index for index, key in enumerate(arrays["frame_keys"])}
        sites = zip(arrays["structure"].tolist(), arrays["atoms"].tolist(), strict=True)
        self._row = {site: row for row, site in enumerate(sites)}

    def features(self, batch: "Batch") -> "Tensor":
        """Stored features (N, irreps.dim); NaN at atoms that are not stored.

        Raises:
            InputError: a structure that is not in the file, or a derivative where it holds no Jacobian.
        """
        import torch

        known = self._structures(batch)
        local = torch.arange(len(batch.numbers)) - batch.first[batch.structure_of]
        sites = zip(known[batch.structure_of.numpy()].tolist(), local.tolist(), strict=True)
        rows = np.array([self._row.get(site, -1) for site in sites])
        atoms = np.flatnonzero(rows >= 0)
        stored = self._values(batch, torch.from_numpy(atoms), rows[atoms])
        shape = (len(rows), self.irreps.dim)
        features = torch.full(shape, torch.nan, dtype=stored.dtype, device=self._device)
        return features.index_copy(0, torch.from_numpy(atoms).to(self._device), stored)

    def site_features(self, batch: "Batch", sites: "Tensor") -> "Tensor":
        """Stored features of some atoms, (n_sites, irreps.dim).

        Raises:
            InputError: as ``features``, or an atom is not stored.
        """
        return self._values(batch, sites, self._rows(batch, sites))

    def site_jacobian(self, batch: "Batch", sites: "Tensor") -> "tuple[Tensor, Tensor]":
        """Stored features of one atom a structure and their derivative
        (see :func:`experiments.backbones.site.site_jacobian`).

        Raises:
            InputError: as ``features``, or an atom is not stored.
        """
        import torch

        rows = self._rows(batch, sites)
        local = torch.arange(len(batch.numbers)) - batch.first[batch.structure_of]
        jacobian = self._jacobian(rows)[batch.structure_of, :, local]
        return torch.from_numpy(self._arrays["features"][rows]).to(self._device), jacobian

    def _values(self, batch: "Batch", atoms: "Tensor", rows: NDArray[np.int64]) -> "Tensor":
        """Stored features of atoms whose rows are known; differentiable where the positions ask for it."""
        import torch

        stored = torch.from_numpy(self._arrays["features"][rows]).to(self._device)
        if not (batch.positions.requires_grad and torch.is_grad_enabled()):
            return stored
        # zero in value, the Jacobian in derivative
        jacobian = self._jacobian(rows)
        moved = (batch.positions - batch.positions.detach()).to(self._device, jacobian.dtype)
        local = torch.arange(len(batch.numbers)) - batch.first[batch.structure_of]
        step = moved.new_zeros(len(batch), jacobian.shape[2], 3)
        step = step.index_put((batch.structure_of, local), moved)
        return stored + torch.einsum("rcax,rax->rc", jacobian, step[batch.structure_of[atoms]])

    def _jacobian(self, rows: NDArray[np.int64]) -> "Tensor":
        import torch

        if "jacobian" not in self._arrays:
            raise NoDerivative(
                f"feature file {self._path} holds no Jacobian, which force figures need: "
                "extract it again with its Jacobian"
            )
        return torch.from_numpy(self._arrays["jacobian"][rows]).to(self._device)

    def _rows(self, batch: "Batch", sites: "Tensor") -> NDArray[np.int64]:
        """Where the sites are stored."""
        known = self._structures(batch)
        structure = batch.structure_of[sites]
        local = (sites - batch.first[structure]).tolist()
        wanted = list(zip(known[structure.numpy()].tolist(), local, strict=True))
        missing = [site for site in wanted if site not in self._row]
        if missing:
            stored = sorted(atom for index, atom in self._row if index == missing[0][0])
            raise InputError(
                f"feature file {self._path} holds the features of atom {', '.join(map(str, stored)) or 'none'}, not of "
                f"atom {missing[0][1]}: extract it again at atom {missing[0][1]} or at every atom"
            )
        return np.array([self._row[site] for site in wanted])

    def _structures(self, batch: "Batch") -> NDArray[np.int64]:
        """(n,) index in the file of every structure of the batch."""
        found = np.array([self._index.get(key.tobytes(), -1) for key in structure_keys(batch)])
        if -1 in found:
            raise InputError(
                f"feature file {self._path} belongs to other frames: frame {found.tolist().index(-1)} of those asked "
                f"for is not among its {len(self._index)} (from {self._sources})"
            )
        return found


class PotentialFile(FeatureFile):
    """A feature file that also holds the backbone's predictions."""

    def energy_forces(self, batch: "Batch") -> "tuple[Tensor, Tensor]":
        """Stored energies (n,) in eV and forces (N, 3) in eV/Å."""
        import torch

        known = self._structures(batch)
        first = self._arrays["first"]
        forces = np.concatenate([self._arrays["forces"][first[index] : first[index + 1]] for index in known])
        energies = torch.from_numpy(self._arrays["energies"][known])
        return energies.to(self._device), torch.from_numpy(forces).to(self._device)


def structure_keys(batch: "Batch") -> NDArray[np.uint8]:
    """(n, 32) SHA-256 of each structure's atomic numbers, float64 positions, and cell and periods if it has any."""
    numbers = batch.numbers.detach().cpu().numpy().astype("<i8")
    # adding zero turns -0.0, which equals 0.0, into 0.0
    positions = batch.positions.detach().cpu().numpy().astype("<f8") + 0.0
    cells = batch.cell.detach().cpu().numpy().astype("<f8") + 0.0
    first, periods = batch.first.tolist(), batch.pbc.cpu().numpy()
    digests = []
    for index, cell in enumerate(cells):
        atoms = slice(first[index], first[index + 1])
        content = numbers[atoms].tobytes() + positions[atoms].tobytes()
        if periods[index].any():
            content += cell.tobytes() + periods[index].tobytes()
        digests.append(hashlib.sha256(content).digest())
    return np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, 32)


def write_features(path: Path, extraction: Extraction) -> None:
    """Write a feature file, whole or not at all.

    Raises:
        InputError: the name does not end in .npz, or the file cannot be written.
    """
    require_suffix(path)
    sites = extraction.sites
    arrays: dict[str, Any] = {
        "numbers": extraction.batch.numbers.numpy(),
        "first": extraction.batch.first.numpy(),
        "frame_keys": structure_keys(extraction.batch),
        "structure": sites.structure,
        "atoms": sites.atom,
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
        "site": sites.key if isinstance(sites.key, int) else None,
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
