"""What a frozen backbone gives, computed once: features of one site, their Jacobian, energies and forces.

Background: every fit reads the same numbers again and again, and the Jacobian ∂h/∂x costs minutes. This module
computes them in parts of :data:`PART` structures and keeps each part in the user's cache as soon as it is done, so a
run that is killed continues where it was. A part is read back only if its inputs are the same, to the bit, and its
checksum holds; otherwise it is computed again.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.archive import UnreadableArchive, read_archive
from experiments.backbones.batch import Batch
from experiments.backbones.edge import Ends, edge_jacobian, of_edges
from experiments.backbones.protocol import Backbone, Potential, card_of
from experiments.backbones.site import site_features, site_jacobian
from experiments.structures import Structures
from experiments.versions import versions
from span_theorem.errors import InputError
from span_theorem.output import replacing, write_text

if TYPE_CHECKING:
    from torch import Tensor

Progress = Callable[[int], None]
"""Called with the number of structures just done."""

Compute = Callable[[Batch, int], "dict[str, Tensor]"]
"""Arrays by name of some structures, from these and the index of the first among all."""

PART = 100
FORMAT = 4  # raised whenever what a part holds changes its meaning


@dataclass(frozen=True, eq=False)
class SiteFeatures:
    """Features of one atom for many structures, or of several atoms of each.

    Attributes:
        values: (m, dim) float64.
        jacobian: (m, dim, largest n_atoms, 3) float32, per Å, zero behind the atoms of a smaller structure; ``None`` if
            it was not asked for.
    """

    values: NDArray[np.float64]
    jacobian: NDArray[np.float32] | None


@dataclass(frozen=True, eq=False)
class Sites:
    """Atoms that are read, or edges, those of one structure together, in the order of the structures.

    Attributes:
        structure: (m,) index of the structure.
        atom: (m,) index among its atoms.
        edge: (m, 4) of each edge the other atom and the cell vectors to its image; ``None`` to read atoms.
    """

    structure: NDArray[np.int64]
    atom: NDArray[np.int64]
    edge: NDArray[np.int64] | None = None

    @classmethod
    def same(cls, structures: Structures, atom: int) -> "Sites":
        """The same atom of every structure."""
        return cls(np.arange(len(structures)), np.full(len(structures), atom))

    @classmethod
    def every(cls, structures: Structures) -> "Sites":
        """All atoms."""
        structure = structures.structure_of
        return cls(structure, np.arange(len(structure)) - structures.first[structure])

    def within(self, start: int, stop: int) -> "Sites":
        """Those of structures ``start`` to ``stop`` - 1, counted from there."""
        rows = (self.structure >= start) & (self.structure < stop)
        edge = None if self.edge is None else self.edge[rows]
        return Sites(self.structure[rows] - start, self.atom[rows], edge)

    @property
    def key(self) -> int | str:
        """What tells these sites apart: the atom, if it is the same one of every structure."""
        if self.edge is not None:
            columns = np.column_stack([self.structure, self.atom, self.edge])
            return "edges " + hashlib.sha256(columns.astype("<i8").tobytes()).hexdigest()
        if len(np.unique(self.atom)) == 1 and (self.structure == np.arange(len(self.structure))).all():
            return int(self.atom[0])
        return hashlib.sha256(np.stack([self.structure, self.atom]).astype("<i8").tobytes()).hexdigest()


@dataclass(frozen=True)
class FeatureReader:
    """Computes site features and predictions, or reads them back.

    Attributes:
        folder: of the cache; ``None`` keeps nothing. A backbone whose card names no checksum of its weights is
            never cached, because nothing tells it from another.
        progress: called while parts are done.
    """

    folder: Path | None = None
    progress: Progress = field(default=lambda done: None)

    def read(
        self, backbone: Backbone, structures: Structures, sites: Sites, jacobian: bool = False
    ) -> SiteFeatures:
        """Features of every site.

        Raises:
            InputError: a feature that is not a finite number, or a cache that cannot be written.
        """

        # the widest of all, so that parts fit together; none if derivatives are not wanted
        widest = int(structures.sizes.max()) if jacobian else None
        parts = self._parts(
            backbone,
            structures,
            {
                "layer": card_of(backbone).layer,
                "irreps": str(backbone.irreps),
                "site": sites.key,
                "jacobian": jacobian,
            },
            lambda batch, start: features_at(
                backbone, batch, sites.within(start, start + len(batch)), widest
            ),
        )
        jacobian_of = parts.get("jacobian")
        return SiteFeatures(
            parts["values"].astype(np.float64),
            None if jacobian_of is None else jacobian_of.astype(np.float32),
        )

    def predict(
        self, backbone: Potential, structures: Structures
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The backbone's own energies (n,), eV, and forces (N, 3), eV/Å.

        Raises:
            InputError: as :meth:`read`.
        """
        parts = self._parts(
            backbone,
            structures,
            {"predictions": True},
            lambda batch, start: dict(
                zip(("energies", "forces"), backbone.energy_forces(batch), strict=True)
            ),
        )
        return parts["energies"].astype(np.float64), parts["forces"].astype(np.float64)

    def _parts(
        self, backbone: Backbone, structures: Structures, what: dict[str, Any], compute: Compute
    ) -> dict[str, NDArray[Any]]:
        """Arrays of all structures, each part read back or computed and kept."""
        store = self._store(backbone, structures, what)
        parts = []
        for start in range(0, len(structures), PART):
            shown = structures.subset(range(start, min(start + PART, len(structures))))
            path = store / f"{start:07d}.npz" if store else None
            part = _load(path) if path else None
            if part is None:
                computed = compute(Batch.of(shown), start)
                part = {key: value.detach().cpu().numpy() for key, value in computed.items()}
                _require_finite(part, backbone, structures)
                if path:
                    _save(path, part)
            parts.append(part)
            self.progress(len(shown))
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}

    def _store(self, backbone: Backbone, structures: Structures, what: dict[str, Any]) -> Path | None:
        """The folder of these inputs, with their description in it; ``None`` if they are not cached."""
        card = card_of(backbone)
        if self.folder is None or not {"weights_sha256", "checkpoint_sha256"} & set(card.settings):
            return None
        inputs = {
            "format": FORMAT,
            "backbone": backbone.name,
            "weights": dict(card.settings),
            **what,
            "structures": structures.checksum,
            "part": PART,
            "versions": versions(),
        }
        text = json.dumps(inputs, indent=2, sort_keys=True)
        store = self.folder / "features" / hashlib.sha256(text.encode()).hexdigest()[:32]
        try:
            store.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot make the cache folder {store}: {error.strerror}; expected a writable folder",
                "no-cache",
            ) from error
        if not (store / "inputs.json").exists():
            write_text(store / "inputs.json", text)
        return store


def features_at(
    backbone: Backbone, batch: Batch, sites: Sites, widest: int | None = None
) -> "dict[str, Tensor]":
    """Features at sites of a batch, in the backbone's precision.

    Args:
        backbone: see :class:`experiments.backbones.protocol.Backbone`.
        batch: any structures.
        sites: in any order.
        widest: atoms to which derivatives are padded; ``None`` if none are wanted.

    Returns:
        ``values`` (m, dim), and where ``widest`` is given ``jacobian`` (m, dim, widest, 3), 1/Å.
    """
    import torch

    if sites.edge is not None:
        return _of_edges(backbone, batch, sites, widest)
    # each site once, in increasing order
    every = batch.first[torch.from_numpy(sites.structure)] + torch.from_numpy(sites.atom)
    atoms, row = torch.unique(every, return_inverse=True)
    if widest is None:
        with torch.no_grad():
            return {"values": site_features(backbone, batch, atoms)[row]}
    # a derivative sees one site a structure: each is shown as often as it has sites
    structure = batch.structure_of[atoms]
    shown = batch.select(structure)
    values, derivative = site_jacobian(backbone, shown, shown.first[:-1] + atoms - batch.first[structure])
    return {"values": values[row], "jacobian": _padded(shown, derivative, widest)[row]}


def _of_edges(backbone: Backbone, batch: Batch, sites: Sites, widest: int | None) -> "dict[str, Tensor]":
    """The same as :func:`features_at`, of edges."""
    import torch

    assert sites.edge is not None
    structure, edge = torch.from_numpy(sites.structure), torch.from_numpy(sites.edge)
    shown = batch if widest is None else batch.select(structure)
    first = shown.first[structure] if widest is None else shown.first[:-1]
    ends = Ends(first + torch.from_numpy(sites.atom), first + edge[:, 0], edge[:, 1:])
    if widest is not None:
        values, derivative = edge_jacobian(backbone, shown, ends)
        return {"values": values, "jacobian": _padded(shown, derivative, widest)}
    order = ends.site.argsort(stable=True)
    with torch.no_grad():
        found = of_edges(backbone).edge_features(shown, ends.select(order))
    return {"values": torch.empty_like(found).index_copy(0, order.to(found.device), found)}


def _padded(shown: Batch, derivative: "Tensor", widest: int) -> "Tensor":
    """(N, dim, 3) by structure: (n, dim, widest, 3)."""
    import torch

    local = torch.arange(len(derivative)) - shown.first[shown.structure_of]
    padded = derivative.new_zeros(len(shown), widest, *derivative.shape[1:])
    padded[shown.structure_of, local] = derivative
    return padded.transpose(1, 2)


def _require_finite(part: dict[str, NDArray[Any]], backbone: Backbone, structures: Structures) -> None:
    for key, array in part.items():
        if not np.isfinite(array).all():
            what = "features" if key in ("values", "jacobian") else key
            raise InputError(
                f"backbone {backbone.name} gives {what} that are not finite on structures of {structures.source}"
            )


def _save(path: Path, part: dict[str, NDArray[Any]]) -> None:
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, checksum=np.array(_checksum(path, part)), **part)  # type: ignore[arg-type]


def _load(path: Path) -> dict[str, NDArray[Any]] | None:
    """A part, or ``None`` if it is not there or not what was written."""
    try:
        part = read_archive(path)
    except UnreadableArchive:
        return None
    checksum = part.pop("checksum", None)
    return part if checksum is not None and str(checksum) == _checksum(path, part) else None


def _checksum(path: Path, part: dict[str, NDArray[Any]]) -> str:
    # the folder's name is the digest of the inputs, the file's the first structure: a part counts in its place only
    digest = hashlib.sha256(f"{path.parent.name}/{path.name}\n".encode())
    for key in sorted(part):
        digest.update(f"{key} {part[key].dtype} {part[key].shape}\n".encode())
        digest.update(np.ascontiguousarray(part[key]).tobytes())
    return digest.hexdigest()
