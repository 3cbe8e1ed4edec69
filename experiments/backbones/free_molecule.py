"""A user's object that knows free molecules only: ``features(numbers, positions)`` in place of ``features(batch)``.

``numbers`` are (n_atoms,) and ``positions`` (n, n_atoms, 3); it returns (n, n_atoms, irreps.dim). Where it has them,
``energy_forces(numbers, positions)`` returns (n,) and (n, n_atoms, 3), and ``site_features(numbers, positions, site)``
(n, irreps.dim) of one atom for less work.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from experiments.backbones.protocol import Backbone
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from experiments.backbones.batch import Batch


class OfFreeMolecules:
    """Such an object as a backbone; molecules that differ are shown to it one by one.

    Args:
        inner: with methods of ``numbers`` and ``positions``.
    """

    def __init__(self, inner: Any):
        self.inner = inner
        self.name, self.irreps = inner.name, inner.irreps
        for name in ("card", "verification"):
            if hasattr(inner, name):
                setattr(self, name, getattr(inner, name))
        if hasattr(inner, "energy_forces"):
            self.energy_forces = self._energy_forces
        if hasattr(inner, "site_features"):
            self.site_features = self._site_features

    def features(self, batch: "Batch") -> "Tensor":
        """Features of all atoms: (N, irreps.dim).

        Raises:
            InputError: a structure is periodic, or what the object returns has another shape.
        """
        return _joined(self._features(part) for part in self._molecules(batch))

    def _features(self, batch: "Batch") -> "Tensor":
        import torch

        numbers, positions = _stacked(batch)
        given = self.inner.features(numbers, positions)
        expected = (*positions.shape[:2], self.irreps.dim)
        if isinstance(given, torch.Tensor) and tuple(given.shape) != expected:
            raise InputError(
                f"backbone {self.name} gives features of shape {tuple(given.shape)}, expected {expected} "
                f"(n_frames, n_atoms, dimension of {self.irreps})"
            )
        return given.flatten(0, 1) if isinstance(given, torch.Tensor) else given

    def _site_features(self, batch: "Batch", sites: "Tensor") -> "Tensor":
        local = sites - batch.first[:-1] if len(sites) == len(batch) else sites
        if batch.one_molecule and bool((local == local[0]).all()):
            return self.inner.site_features(*_stacked(batch), int(local[0]))
        return self.features(batch)[sites]

    def _energy_forces(self, batch: "Batch") -> "tuple[Tensor, Tensor]":
        found = [self.inner.energy_forces(*_stacked(part)) for part in self._molecules(batch)]
        energies, forces = zip(*found, strict=True)
        return _joined(energies), _joined(one.flatten(0, 1) for one in forces)

    def _molecules(self, batch: "Batch") -> "Iterator[Batch]":
        """Batches of one molecule each."""
        if batch.periodic:
            index = int(batch.pbc.any(dim=1).nonzero()[0])
            raise InputError(
                f"structure {index} is periodic, and backbone {self.name} takes numbers and positions alone: expected "
                "free molecules, or a backbone whose features(batch) knows cells"
            )
        return iter([batch]) if batch.one_molecule else batch.parts(0)


def of_batches(backbone: Any) -> Backbone:
    """The backbone itself, or behind :class:`OfFreeMolecules` if its ``features`` takes more than one argument."""
    return OfFreeMolecules(backbone) if _arguments(backbone.features) > 1 else backbone


def _arguments(method: Callable[..., Any]) -> int:
    """How many positional arguments a method cannot do without."""
    try:
        parameters = inspect.signature(method).parameters.values()
    except (TypeError, ValueError):
        return 1
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(one.kind in kinds and one.default is one.empty for one in parameters)


def _stacked(batch: "Batch") -> "tuple[Tensor, Tensor]":
    n_atoms = int(batch.sizes[0])
    return batch.numbers[:n_atoms], batch.positions.reshape(-1, n_atoms, 3)


def _joined(parts: Any) -> Any:
    import torch

    every = list(parts)
    return every[0] if len(every) == 1 else torch.cat(every)
