"""Background: some networks cannot live in one environment with the others, or need a machine of their own.

Question: what must be taken along so that the diagnostic can run without the network? Answer: the features of
every structure, their Jacobian at its sites if force figures are wanted, the predictions, and what was measured of
the network on these very structures.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.batch import Batch
from experiments.backbones.free_molecule import of_batches
from experiments.backbones.protocol import Backbone, Card, Potential, card_of
from experiments.backbones.verification import Verification, verify
from experiments.environments import Rule
from experiments.features import Sites, features_at
from experiments.structures import Structures
from span_theorem.errors import InputError

BATCH = 10


@dataclass(frozen=True, eq=False)
class Extraction:
    """Features of a backbone for given structures.

    Attributes:
        name: of the backbone.
        irreps: of the features, as a string.
        card: of the backbone.
        verification: what was measured of the backbone on these structures.
        sources: what the result file says of every set of structures.
        batch: all of the structures.
        sites: atoms whose features are stored, in increasing order.
        features: (n_sites, dim), in the backbone's precision.
        jacobian: (n_sites, dim, largest n_atoms, 3) derivative of every site's features by all positions of its
            structure, per Å, or None.
        energies: (n,) predictions in eV, or None.
        forces: (N, 3) predictions in eV/Å, or None.
    """

    name: str
    irreps: str
    card: Card
    verification: Verification
    sources: tuple[dict[str, Any], ...]
    batch: Batch
    sites: Sites
    features: NDArray[np.floating]
    jacobian: NDArray[np.floating] | None
    energies: NDArray[np.floating] | None
    forces: NDArray[np.floating] | None


def extract(
    backbone: Backbone,
    sets: Sequence[Structures],
    site: int | Rule | None = None,
    jacobian: bool = False,
    seed: int = 0,
    progress: Callable[[int], None] = lambda done: None,
) -> Extraction:
    """Run a backbone over structures.

    Args:
        backbone: see :class:`experiments.backbones.protocol.Backbone`.
        sets: one or more.
        site: atom whose features are kept, the same of every structure, or a rule that marks sites; None keeps every
            atom's.
        jacobian: also the derivative of the sites' features by all positions.
        seed: of the verification.
        progress: called with the number of structures just done.

    Raises:
        InputError: a site out of range, a Jacobian asked for without a site, a rule that marks nothing, or a backbone
            that fails the verification.
    """
    import torch

    every = Structures.joined(sets)
    require_extractable(every, site, jacobian)
    sites = _sites(every, site)
    backbone = of_batches(backbone)
    verification = verify(backbone, every, seed=seed)
    widest = int(every.sizes.max()) if jacobian else None
    parts: dict[str, list[Any]] = {}
    for start in range(0, len(every), BATCH):
        stop = min(start + BATCH, len(every))
        batch = Batch.of(every.subset(range(start, stop)))
        computed = features_at(backbone, batch, sites.within(start, stop), widest)
        if isinstance(backbone, Potential):
            computed |= zip(("energies", "forces"), backbone.energy_forces(batch), strict=True)
        for key, values in computed.items():
            parts.setdefault(key, []).append(values)
        progress(stop - start)
    arrays = {key: torch.cat(part).detach().cpu().numpy() for key, part in parts.items()}
    for key, array in arrays.items():
        if not np.isfinite(array).all():
            what = "features" if key == "values" else key
            raise InputError(f"backbone {backbone.name} gives {what} that are not finite")
    return Extraction(
        name=backbone.name,
        irreps=str(backbone.irreps),
        card=card_of(backbone),
        verification=verification,
        sources=tuple(one.to_dict() for one in sets),
        batch=Batch.of(every),
        sites=sites,
        features=arrays["values"],
        jacobian=arrays.get("jacobian"),
        energies=arrays.get("energies"),
        forces=arrays.get("forces"),
    )


def require_extractable(structures: Structures, site: int | Rule | None, jacobian: bool) -> None:
    """Fail before the network runs.

    Raises:
        InputError: a site out of range, or a Jacobian asked for without a site.
    """
    smallest = int(structures.sizes.min())
    if isinstance(site, int) and not 0 <= site < smallest:
        raise InputError(f"the site {site} is out of range: expected 0 to {smallest - 1}", "site")
    if jacobian and site is None:
        raise InputError("a Jacobian is kept for one atom's features: expected a site", "site")


def _sites(structures: Structures, site: int | Rule | None) -> Sites:
    if site is None:
        return Sites.every(structures)
    if isinstance(site, int):
        return Sites.same(structures, site)
    marked = site(structures)
    pairs = np.unique(np.stack([marked.structure, marked.site], axis=1), axis=0)
    return Sites(pairs[:, 0], pairs[:, 1])
