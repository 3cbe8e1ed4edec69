"""SevenNet: pretrained potentials of the `sevenn` wheel and the user's own checkpoints.

SevenNet-0 and l3i5 were trained with `is_parity: False`: every spherical harmonic is labelled even, so the
labels `1e`, `2e`, `3e` name the order only and the features are equivariant under rotations, not reflections.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.backbones.layers import DEFAULT_REASON, choose_layer, default_layer
from experiments.backbones.message_passing import Keys, MessagePassing
from experiments.backbones.neighbours import neighbour_pairs
from experiments.backbones.options import Options
from experiments.backbones.protocol import Card
from experiments.backbones.site import site_indices
from experiments.backbones.trust import require_trust
from span_theorem.errors import InputError
from span_theorem.reading import sha256

if TYPE_CHECKING:
    from torch import Tensor

PRETRAINED = ("7net-0", "7net-l3i5")

CHUNK = 100
"""Atoms that pass through the network at once on a CPU. The messages of a chunk stay in the processor's
cache: with 21 atoms a frame, chunks of 5 frames took about half the time of 50."""

JACOBIAN_CHUNK = 500
"""The same for Jacobians, where most passes go through the last layers' few edges."""


class SevenNet:
    """Adapter of one SevenNet model at one layer (see :class:`experiments.backbones.protocol.Backbone`).

    Args:
        name: how results refer to it.
        checkpoint: path of a SevenNet checkpoint; it is a pickle, so it can run code.
        options: layer and device.
    """

    def __init__(self, name: str, checkpoint: Path, options: Options):
        from e3nn.o3 import Irreps
        from sevenn import _keys as keys
        from sevenn.checkpoint import SevenNetCheckpoint

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = SevenNetCheckpoint(str(checkpoint))
            self._model = loaded.build_model()
        self._model.to(options.device).eval().requires_grad_(False)
        self._cutoff = float(self._model.cutoff)
        self._device = options.device
        modules = dict(self._model.named_children())
        layers = {
            key.removesuffix("_equivariant_gate"): str(module.gate.irreps_out)
            for key, module in modules.items()
            if key.endswith("_equivariant_gate")
        }
        layer = choose_layer(layers, options.layer, name)
        self._network = MessagePassing.of_modules(
            modules,
            [f"{number}_" for number in list(layers)[: list(layers).index(layer) + 1]],
            lambda prefix: modules[f"{prefix}convolution"],
            Keys(keys.EDGE_IDX, keys.ATOMIC_NUMBERS, keys.EDGE_VEC, features=keys.NODE_FEATURE),
        )
        shipped = name.removeprefix("sevennet:") in PRETRAINED
        self.name = name
        self.irreps = Irreps(layers[layer])
        self.card = Card(
            layers=layers,
            layer=layer,
            default_layer=default_layer(layers),
            default_reason=DEFAULT_REASON,
            labels="parity as labelled"
            if loaded.config.get("is_parity")
            else "order only (SO(3) equivariance): every order is labelled e, whatever its parity",
            parameters=sum(parameter.numel() for parameter in self._model.parameters()),
            source=f"{'sevenn wheel' if shipped else 'file'}, {checkpoint.name}",
            licence="MIT" if shipped else "unknown",
            elements=frozenset(int(z) for z in self._model.type_map),
            settings={"checkpoint_sha256": sha256(checkpoint)},
        )

    def _graph(self, numbers: "Tensor", positions: "Tensor") -> dict[str, Any]:
        import torch
        from sevenn import _keys as keys

        n_frames, n_atoms, _ = positions.shape
        positions = positions.to(self._device)
        source, target = neighbour_pairs(positions, self._cutoff)
        flat = positions.reshape(-1, 3)
        known = self._model._atomic_numbers_to_onehot(numbers.to(self._device))
        return {
            keys.NODE_FEATURE: known.repeat(n_frames),
            keys.ATOMIC_NUMBERS: numbers.to(self._device).repeat(n_frames),
            keys.EDGE_IDX: torch.stack([source, target]),
            keys.EDGE_VEC: (flat[target] - flat[source]).to(torch.float32),
            keys.BATCH: torch.arange(n_frames, device=self._device).repeat_interleave(n_atoms),
            keys.NUM_ATOMS: torch.full((n_frames,), n_atoms, device=self._device),
        }

    def features(self, numbers: "Tensor", positions: "Tensor") -> "Tensor":
        """Node features after the gate of the chosen layer: (n_frames, n_atoms, irreps.dim) float32."""
        import torch

        return torch.cat([self._chunk_features(numbers, part) for part in self._chunks(positions, CHUNK)])

    def _chunks(self, positions: "Tensor", atoms: int) -> "Sequence[Tensor]":
        chunk = max(1, atoms // positions.shape[1]) if self._device == "cpu" else max(1, len(positions))
        return positions.split(chunk)

    def _chunk_features(self, numbers: "Tensor", positions: "Tensor") -> "Tensor":
        features = self._network.features(self._graph(numbers, positions))
        return features.reshape(*positions.shape[:2], -1)

    def site_features(self, numbers: "Tensor", positions: "Tensor", site: int) -> "Tensor":
        """Features of one atom (see :class:`experiments.backbones.site.Local`)."""
        import torch

        return torch.cat(
            [
                self._network.site_features(self._graph(numbers, part), site_indices(part, site))
                for part in self._chunks(positions, CHUNK)
            ]
        )

    def site_jacobian(self, numbers: "Tensor", positions: "Tensor", site: int) -> "tuple[Tensor, Tensor]":
        """Features of one atom and their derivative (see :func:`experiments.backbones.site.site_jacobian`)."""
        import torch

        parts = [
            self._network.site_jacobian(self._graph(numbers, part), site_indices(part, site))
            for part in self._chunks(positions, JACOBIAN_CHUNK)
        ]
        features, derivative = (torch.cat(arrays) for arrays in zip(*parts, strict=True))
        return features, derivative.unflatten(0, positions.shape[:2]).transpose(1, 2)

    def energy_forces(self, numbers: "Tensor", positions: "Tensor") -> "tuple[Tensor, Tensor]":
        """Energies (n_frames,) in eV and forces (n_frames, n_atoms, 3) in eV/Å, float32."""
        import torch
        from sevenn import _keys as keys

        with torch.enable_grad():
            moved = positions.detach().requires_grad_()
            data = self._graph(numbers, moved)
            for key, module in self._model.named_children():
                if key == "force_output":
                    break
                data = module(data)
            energies = data[keys.PRED_TOTAL_ENERGY].reshape(-1)
            (gradient,) = torch.autograd.grad(energies.sum(), moved)
        return energies.detach(), -gradient


def names() -> tuple[str, ...]:
    """Pretrained potentials of the wheel."""
    return PRETRAINED


def open_named(name: str, options: Options) -> SevenNet:
    """Open `sevennet:7net-0`, `sevennet:7net-l3i5` or `sevennet:PATH` of a checkpoint.

    Raises:
        InputError: the name is unknown, or the checkpoint is not trusted or readable.
    """
    from sevenn.util import pretrained_name_to_path

    if name in PRETRAINED:
        return SevenNet(f"sevennet:{name}", Path(pretrained_name_to_path(name)), options)
    path = Path(name)
    if not path.is_file():
        raise InputError(
            f"unknown SevenNet potential '{name}': "
            f"expected {', '.join(PRETRAINED)} or an existing checkpoint file"
        )
    require_trust(path, options.trust)
    try:
        return SevenNet(f"sevennet:{path.name}", path, options)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path} is not a SevenNet checkpoint: {type(error).__name__}: {error}") from error
