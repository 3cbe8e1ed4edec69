"""Frozen features at one site, and their Jacobian, computed once per backbone, layer, site and frames.

Background: every fit reads the same numbers again and again, and the Jacobian ∂h/∂x costs minutes. This module
computes them in parts of :data:`PART` frames and keeps each part in the user's cache as soon as it is done, so a run
that is killed continues where it was. A part is read back only if its inputs are the same, to the bit, and its
checksum holds; otherwise it is computed again.
"""

import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.protocol import Backbone, card_of
from experiments.backbones.site import site_features, site_jacobian
from experiments.data.frames import Frames
from experiments.versions import versions
from span_theorem.errors import InputError
from span_theorem.output import replacing, write_text

Progress = Callable[[int], None]
"""Called with the number of frames just done."""

PART = 50
# what zipfile and numpy raise on damaged archives, the flag of an encrypted one among them
UNREADABLE = (OSError, ValueError, EOFError, KeyError, RuntimeError, BadZipFile, zlib.error)
FORMAT = 2  # raised whenever what a part holds changes its meaning


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
    """Computes site features, or reads them back.

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
        store = self._store(backbone, frames, site, jacobian)
        parts = []
        for start in range(0, len(frames), PART):
            positions = frames.positions[start : start + PART]
            path = store / f"{start:07d}.npz" if store else None
            part = _load(path) if path else None
            if part is None:
                part = _compute(backbone, frames, positions, site, jacobian)
                if path:
                    _save(path, part)
            parts.append(part)
            self.progress(len(positions))
        return SiteFeatures(
            values=np.concatenate([part["values"] for part in parts]).astype(np.float64),
            jacobian=np.concatenate([part["jacobian"] for part in parts]) if jacobian else None,
        )

    def _store(self, backbone: Backbone, frames: Frames, site: int, jacobian: bool) -> Path | None:
        """The folder of these inputs, with their description in it; ``None`` if they are not cached."""
        card = card_of(backbone)
        if self.folder is None or not {"weights_sha256", "checkpoint_sha256"} & set(card.settings):
            return None
        inputs = {
            "format": FORMAT,
            "backbone": backbone.name,
            "weights": dict(card.settings),
            "layer": card.layer,
            "irreps": str(backbone.irreps),
            "site": site,
            "jacobian": jacobian,
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
                f"cannot make the cache folder {store}: {error.strerror}; expected a writable folder or --no-cache"
            ) from error
        if not (store / "inputs.json").exists():
            write_text(store / "inputs.json", text)
        return store


def _compute(
    backbone: Backbone, frames: Frames, positions: NDArray[np.float64], site: int, jacobian: bool
) -> dict[str, NDArray[Any]]:
    import torch

    numbers, moved = torch.tensor(frames.numbers), torch.tensor(positions)
    if jacobian:
        features, derivative = site_jacobian(backbone, numbers, moved, site)
        part = {"values": features.cpu().numpy(), "jacobian": derivative.to("cpu", torch.float32).numpy()}
    else:
        with torch.no_grad():
            part = {"values": site_features(backbone, numbers, moved, site).cpu().numpy()}
    if not all(np.isfinite(array).all() for array in part.values()):
        raise InputError(
            f"backbone {backbone.name} gives features that are not finite on frames of {frames.source}"
        )
    return part


def _save(path: Path, part: dict[str, NDArray[Any]]) -> None:
    with replacing(path) as temporary:
        np.savez(temporary, checksum=np.array(_checksum(path, part)), **part)  # type: ignore[arg-type]


def _load(path: Path) -> dict[str, NDArray[Any]] | None:
    """A part, or ``None`` if it is not there or not what was written."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            part = {key: stored[key] for key in stored.files}
    except UNREADABLE:
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
