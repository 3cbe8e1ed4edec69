"""MACE: a model file of the user's, read after any of its product blocks.

MACE's irreps carry true parities and are laid out as e3nn's. The package pins e3nn 0.4.4, so it usually has
an environment of its own, where `python -m experiments extract` writes a feature file for the other commands.
"""

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.backbones.layers import DEFAULT_REASON, choose_layer, default_layer
from experiments.backbones.neighbours import neighbour_pairs
from experiments.backbones.options import Options
from experiments.backbones.protocol import Card
from experiments.backbones.trust import load_pickled, require_trust
from span_theorem.errors import InputError
from span_theorem.reading import sha256

if TYPE_CHECKING:
    from torch import Tensor


class MACE:
    """Adapter of one MACE model at one layer (see :class:`experiments.backbones.protocol.Backbone`).

    A layer is an interaction with its product basis, counted from 0; energies are those of the model's first
    head.

    Args:
        name: how results refer to it.
        model: ``mace.modules.MACE`` or ``ScaleShiftMACE``.
        options: layer and device.
        checksum: SHA-256 of the model file.

    Raises:
        InputError: no such layer.
    """

    def __init__(self, name: str, model: Any, options: Options, checksum: str):
        import torch
        from e3nn.o3 import Irreps

        layers = {str(index): str(product.linear.irreps_out) for index, product in enumerate(model.products)}
        layer = choose_layer(layers, options.layer, name)
        self._model = model.to(options.device).eval().requires_grad_(False)
        # the same weights up to the layer read: nothing behind it has to be computed
        self._read = copy.copy(self._model)
        self._read._modules = dict(self._model._modules)
        kept = int(layer) + 1
        self._read.interactions = self._model.interactions[:kept]
        self._read.products = self._model.products[:kept]
        self._read.readouts = torch.nn.ModuleList()
        self._cutoff = float(model.r_max)
        self._device = options.device
        self._dtype = next(model.parameters()).dtype
        elements = [int(z) for z in model.atomic_numbers]
        self._types = torch.zeros(max(elements) + 1, len(elements), dtype=self._dtype, device=options.device)
        self._types[elements, torch.arange(len(elements))] = 1
        self.name = name
        self.irreps = Irreps(layers[layer])
        self.card = Card(
            layers=layers,
            layer=layer,
            default_layer=default_layer(layers),
            default_reason=DEFAULT_REASON,
            labels="parity as labelled (O(3) equivariance)",
            parameters=sum(parameter.numel() for parameter in model.parameters()),
            source=f"file, {name.removeprefix('mace:')}",
            licence="unknown",
            elements=frozenset(elements),
            settings={"checkpoint_sha256": checksum},
        )

    def _graph(self, numbers: "Tensor", positions: "Tensor") -> dict[str, Any]:
        import torch

        n_frames, n_atoms, _ = positions.shape
        positions = positions.to(self._device)
        pairs = torch.stack(neighbour_pairs(positions, self._cutoff))
        shifts = torch.zeros(pairs.shape[1], 3, dtype=self._dtype, device=self._device)
        return {
            "positions": positions.reshape(-1, 3).to(self._dtype),
            "node_attrs": self._types[numbers.to(self._device)].repeat(n_frames, 1),
            "edge_index": pairs,
            "shifts": shifts,
            "unit_shifts": shifts,
            "batch": torch.arange(n_frames, device=self._device).repeat_interleave(n_atoms),
            "ptr": torch.arange(n_frames + 1, device=self._device) * n_atoms,
            "head": torch.zeros(n_frames, dtype=torch.int64, device=self._device),
            "cell": torch.zeros(3 * n_frames, 3, dtype=self._dtype, device=self._device),
        }

    def features(self, numbers: "Tensor", positions: "Tensor") -> "Tensor":
        """Node features after the chosen product: (n_frames, n_atoms, irreps.dim), the model's dtype."""
        found = self._read(self._graph(numbers, positions), compute_force=False)["node_feats"]
        # node_feats is the features of all layers, one after the other
        return found[:, -self.irreps.dim :].reshape(*positions.shape[:2], -1)

    def energy_forces(self, numbers: "Tensor", positions: "Tensor") -> "tuple[Tensor, Tensor]":
        """Energies (n_frames,) in eV and forces (n_frames, n_atoms, 3) in eV/Å, the model's dtype."""
        import torch

        with torch.enable_grad():
            moved = positions.detach().to(self._device, self._dtype).requires_grad_()
            found = self._model(self._graph(numbers, moved), compute_force=True)
        return found["energy"].detach(), found["forces"].detach().reshape(positions.shape)


def names() -> tuple[str, ...]:
    """None: no MACE weights come with the package."""
    return ()


def open_named(name: str, options: Options) -> MACE:
    """Open `mace:PATH` of a model file.

    Raises:
        InputError: the file is absent, not trusted or not readable.
    """
    from mace.modules.models import MACE as Model

    path = Path(name)
    if not path.is_file():
        raise InputError(f"there is no MACE model {path}: expected mace:PATH of an existing model file")
    require_trust(path, options.trust)
    return MACE(f"mace:{path.name}", load_pickled(path, Model, "MACE model"), options, sha256(path))
