"""What a frozen backbone gives, computed once: features of one site, their Jacobian, energies and forces.

Background: every fit reads the same numbers again and again, and the Jacobian ∂h/∂x costs minutes. This module
computes them in parts of :data:`PART` frames and keeps each part in the user's cache as soon as it is done, so a run
that is killed continues where it was. A part is read back only if its inputs are the same, to the bit, and its
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
from experiments.backbones.protocol import Backbone, Potential, card_of
from experiments.backbones.site import site_features, site_jacobian
from experiments.data.frames import Frames
from experiments.versions import versions
from span_theorem.errors import InputError
from span_theorem.output import replacing, write_text

if TYPE_CHECKING:
    from torch import Tensor

Progress = Callable[[int], None]
"""Called with the number of frames just done."""

Compute = Callable[["Tensor", "Tensor"], "dict[str, Tensor]"]
"""Arrays by name of some frames, from atomic numbers (n_atoms,) and positions (n_frames, n_atoms, 3), Å."""

PART = 100
FORMAT = 3  # raised whenever what a part holds changes its meaning


@dataclass(frozen=True, eq=False)
class SiteFeatures:
    """Features of one atom for many frames.

    Attributes:
        values: (n_frames, dim) float64.
        jacobian: (n_frames, dim, n_atoms, 3) float32, per Å; ``None`` if it was not asked for.
    """

    values: NDArray[np.float64]
    jacobian: NDArray[np.float32] | None


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

    def read(self, backbone: Backbone, frames: Frames, site: int, jacobian: bool = False) -> SiteFeatures:
        """Features of ``site`` for every frame.

        Raises:
            InputError: a feature that is not a finite number, or a cache that cannot be written.
        """
        parts = self._parts(
            backbone,
            frames,
            {
                "layer": card_of(backbone).layer,
                "irreps": str(backbone.irreps),
                "site": site,
                "jacobian": jacobian,
            },
            lambda numbers, positions: _features(backbone, numbers, positions, site, jacobian),
        )
        return SiteFeatures(parts["values"].astype(np.float64), parts.get("jacobian"))

    def predict(self, backbone: Potential, frames: Frames) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The backbone's own energies (n_frames,), eV, and forces (n_frames, n_atoms, 3), eV/Å.

        Raises:
            InputError: as :meth:`read`.
        """
        parts = self._parts(
            backbone,
            frames,
            {"predictions": True},
            lambda numbers, positions: dict(
                zip(("energies", "forces"), backbone.energy_forces(numbers, positions), strict=True)
            ),
        )
        return parts["energies"].astype(np.float64), parts["forces"].astype(np.float64)

    def _parts(
        self, backbone: Backbone, frames: Frames, what: dict[str, Any], compute: Compute
    ) -> dict[str, NDArray[Any]]:
        """Arrays of all frames, each part read back or computed and kept."""
        import torch

        store = self._store(backbone, frames, what)
        numbers = torch.tensor(frames.numbers)
        parts = []
        for start in range(0, len(frames), PART):
            positions = torch.tensor(frames.positions[start : start + PART])
            path = store / f"{start:07d}.npz" if store else None
            part = _load(path) if path else None
            if part is None:
                part = {
                    key: value.detach().cpu().numpy() for key, value in compute(numbers, positions).items()
                }
                _require_finite(part, backbone, frames)
                if path:
                    _save(path, part)
            parts.append(part)
            self.progress(len(positions))
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}

    def _store(self, backbone: Backbone, frames: Frames, what: dict[str, Any]) -> Path | None:
        """The folder of these inputs, with their description in it; ``None`` if they are not cached."""
        card = card_of(backbone)
        if self.folder is None or not {"weights_sha256", "checkpoint_sha256"} & set(card.settings):
            return None
        inputs = {
            "format": FORMAT,
            "backbone": backbone.name,
            "weights": dict(card.settings),
            **what,
            "frames": frames.checksum,
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


def _features(
    backbone: Backbone, numbers: "Tensor", positions: "Tensor", site: int, jacobian: bool
) -> "dict[str, Tensor]":
    import torch

    if jacobian:
        values, derivative = site_jacobian(backbone, numbers, positions, site)
        return {"values": values, "jacobian": derivative.to(torch.float32)}
    with torch.no_grad():
        return {"values": site_features(backbone, numbers, positions, site)}


def _require_finite(part: dict[str, NDArray[Any]], backbone: Backbone, frames: Frames) -> None:
    for key, array in part.items():
        if not np.isfinite(array).all():
            what = "features" if key in ("values", "jacobian") else key
            raise InputError(
                f"backbone {backbone.name} gives {what} that are not finite on frames of {frames.source}"
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
    # the folder's name is the digest of the inputs, the file's the first frame: a part counts in its place only
    digest = hashlib.sha256(f"{path.parent.name}/{path.name}\n".encode())
    for key in sorted(part):
        digest.update(f"{key} {part[key].dtype} {part[key].shape}\n".encode())
        digest.update(np.ascontiguousarray(part[key]).tobytes())
    return digest.hexdigest()
