"""Background: some networks cannot live in one environment with the others, or need a machine of their own.

Question: what must be taken along so that the diagnostic can run without the network? Answer: the features of
every frame, their Jacobian at one site if force figures are wanted, the predictions, and what was measured of
the network on these very frames.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.protocol import Backbone, Card, Potential, card_of
from experiments.backbones.site import site_features, site_jacobian
from experiments.backbones.verification import Verification, verify
from experiments.data.frames import Frames
from span_theorem.errors import InputError

BATCH = 10


@dataclass(frozen=True, eq=False)
class Extraction:
    """Features of a backbone for given frames.

    Attributes:
        name: of the backbone.
        irreps: of the features, as a string.
        card: of the backbone.
        verification: what was measured of the backbone on these frames.
        sources: what the result file says of every set of frames.
        numbers: (n_atoms,) atomic numbers.
        positions: (n_frames, n_atoms, 3), Å.
        atoms: (n_stored,) atoms whose features are stored, in increasing order.
        features: (n_frames, n_stored, dim), in the backbone's precision.
        jacobian: (n_frames, dim, n_atoms, 3) derivative of the features of the only stored atom by all
            positions, per Å, or None.
        energies: (n_frames,) predictions in eV, or None.
        forces: (n_frames, n_atoms, 3) predictions in eV/Å, or None.
    """

    name: str
    irreps: str
    card: Card
    verification: Verification
    sources: tuple[dict[str, Any], ...]
    numbers: NDArray[np.int64]
    positions: NDArray[np.float64]
    atoms: NDArray[np.int64]
    features: NDArray[np.floating]
    jacobian: NDArray[np.floating] | None
    energies: NDArray[np.floating] | None
    forces: NDArray[np.floating] | None


def extract(
    backbone: Backbone,
    frames: Sequence[Frames],
    site: int | None = None,
    jacobian: bool = False,
    seed: int = 0,
    progress: Callable[[int], None] = lambda done: None,
) -> Extraction:
    """Run a backbone over frames of one molecule.

    Args:
        backbone: see :class:`experiments.backbones.protocol.Backbone`.
        frames: one or more sets of frames with the same atoms.
        site: atom whose features are kept; None keeps every atom's.
        jacobian: also the derivative of the site's features by all positions.
        seed: of the verification.
        progress: called with the number of frames just done.

    Raises:
        InputError: sets of different molecules, a site out of range, a Jacobian asked for without a site, or
            a backbone that fails the verification.
    """
    import torch

    numbers = frames[0].numbers
    for other in frames[1:]:
        if not np.array_equal(other.numbers, numbers):
            raise InputError(
                f"{other.source} holds another molecule than {frames[0].source}: expected the same atoms"
            )
    require_extractable(len(numbers), site, jacobian)
    positions = np.concatenate([one.positions for one in frames])
    verification = verify(backbone, numbers, positions, seed=seed)
    atoms = np.arange(len(numbers)) if site is None else np.array([site])
    known = torch.from_numpy(np.array(numbers))
    parts: dict[str, list[Any]] = {"features": [], "jacobian": [], "energies": [], "forces": []}
    for start in range(0, len(positions), BATCH):
        x = torch.from_numpy(positions[start : start + BATCH])
        if jacobian:
            features, derivative = site_jacobian(backbone, known, x, int(atoms[0]))
            parts["features"].append(features[:, None])
            parts["jacobian"].append(derivative)
        else:
            with torch.no_grad():
                if site is None:
                    parts["features"].append(backbone.features(known, x))
                else:
                    parts["features"].append(site_features(backbone, known, x, site)[:, None])
        if isinstance(backbone, Potential):
            energies, forces = backbone.energy_forces(known, x)
            parts["energies"].append(energies)
            parts["forces"].append(forces)
        progress(len(x))
    arrays = {key: torch.cat(part).detach().cpu().numpy() for key, part in parts.items() if part}
    for key, values in arrays.items():
        if not np.isfinite(values).all():
            frame = int(np.argwhere(~np.isfinite(values))[0][0])
            raise InputError(f"backbone {backbone.name} gives {key} that are not finite for frame {frame}")
    return Extraction(
        name=backbone.name,
        irreps=str(backbone.irreps),
        card=card_of(backbone),
        verification=verification,
        sources=tuple(one.to_dict() for one in frames),
        numbers=numbers,
        positions=positions,
        atoms=atoms,
        features=arrays["features"],
        jacobian=arrays.get("jacobian"),
        energies=arrays.get("energies"),
        forces=arrays.get("forces"),
    )


def require_extractable(n_atoms: int, site: int | None, jacobian: bool) -> None:
    """Fail before the network runs.

    Raises:
        InputError: a site out of range, or a Jacobian asked for without a site.
    """
    if site is not None and not 0 <= site < n_atoms:
        raise InputError(f"the site {site} is out of range: expected 0 to {n_atoms - 1}", "site")
    if jacobian and site is None:
        raise InputError("a Jacobian is kept for one atom's features: expected a site", "site")
