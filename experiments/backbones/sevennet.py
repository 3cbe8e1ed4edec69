"""SevenNet: pretrained potentials of the `sevenn` wheel and the user's own checkpoints.

SevenNet-0 and l3i5 were trained with `is_parity: False`: every spherical harmonic is labelled even, so the
labels `1e`, `2e`, `3e` name the degree only and the features are equivariant under rotations, not reflections.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.backbones.batch import Batch
from experiments.backbones.graph import Graph, MessagePassingBackbone
from experiments.backbones.layers import choose_branch
from experiments.backbones.message_passing import Keys, MessagePassing
from experiments.backbones.options import Options
from experiments.backbones.trust import users_file
from experiments.neighbours import Edges
from span_theorem.errors import InputError
from span_theorem.reading import sha256

if TYPE_CHECKING:
    from torch import Tensor

PRETRAINED = ("7net-0", "7net-l3i5", "7net-mf-0")

CHUNK = 100
"""Atoms that pass through the network at once on a CPU. The messages of a chunk stay in the processor's
cache: with 21 atoms a frame, chunks of 5 frames took about half the time of 50."""

JACOBIAN_CHUNK = 500
"""The same for Jacobians, where most passes go through the last layers' few edges."""


class SevenNet(MessagePassingBackbone):
    """Adapter of one SevenNet model at one layer (see :class:`experiments.backbones.protocol.Backbone`).

    Args:
        name: how results refer to it.
        model: ``sevenn.nn.sequential.AtomGraphSequential``.
        options: layer, modality and device.
        source: where the weights come from.
        licence: licence of the weights.
        settings: what identifies the weights.

    Raises:
        InputError: no such layer or modality.
    """

    at_once = CHUNK
    jacobian_at_once = JACOBIAN_CHUNK

    def __init__(
        self,
        name: str,
        model: Any,
        options: Options,
        source: str,
        licence: str = "unknown",
        settings: Mapping[str, Any] | None = None,
    ):
        from e3nn.o3 import Irreps
        from sevenn import _keys as keys

        self._model = model.to(options.device).eval().requires_grad_(False)
        self._cutoff = float(self._model.cutoff)
        self._device = options.device
        modules = dict(self._model.named_children())
        layers = {
            key.removesuffix("_equivariant_gate"): str(module.gate.irreps_out)
            for key, module in modules.items()
            if key.endswith("_equivariant_gate")
        }
        modalities = self._model.modal_map or {}
        branch = choose_branch(list(modalities), options.branch, name)
        self._modality = modalities[branch["branch"]] if branch else None
        # without parity every irrep is even, vectors too
        parity = any(irrep.p == -1 for irreps in layers.values() for _, irrep in Irreps(irreps))
        self.name = name
        self._read_layer(
            layers,
            options.layer,
            labels="parity as labelled"
            if parity
            else "degree only (SO(3) equivariance): every degree is labelled e, whatever its parity",
            parameters=sum(parameter.numel() for parameter in self._model.parameters()),
            source=source,
            licence=licence,
            elements=frozenset(int(z) for z in self._model.type_map),
            settings={**(settings or {}), **branch},
        )
        self._network = MessagePassing.of_modules(
            modules,
            [f"{number}_" for number in list(layers)[: list(layers).index(self.card.layer) + 1]],
            lambda prefix: modules[f"{prefix}convolution"],
            Keys(keys.EDGE_IDX, keys.ATOMIC_NUMBERS, keys.EDGE_VEC, features=keys.NODE_FEATURE),
        )

    def _graph(self, batch: Batch, pairs: Edges) -> Graph:
        import torch
        from sevenn import _keys as keys

        numbers = batch.numbers.to(self._device)
        modality = (
            {}
            if self._modality is None
            else {keys.MODAL_TYPE: torch.full((len(batch),), self._modality, device=self._device)}
        )
        return {
            **modality,
            keys.NODE_FEATURE: self._model._atomic_numbers_to_onehot(numbers),
            keys.ATOMIC_NUMBERS: numbers,
            keys.EDGE_IDX: pairs.index,
            keys.EDGE_VEC: pairs.vectors(batch.positions).to(torch.float32),
            keys.BATCH: self._structure_of(batch),
            keys.NUM_ATOMS: batch.sizes.to(self._device),
        }

    def _energies(self, graph: Graph) -> "Tensor":
        from sevenn import _keys as keys

        for key, module in self._model.named_children():
            if key == "force_output":
                break
            graph = module(graph)
        return graph[keys.PRED_TOTAL_ENERGY].reshape(-1)


def _of_file(name: str, checkpoint: Path, options: Options, kind: str, licence: str) -> SevenNet:
    """From a checkpoint, which is a pickle and can run code."""
    from sevenn.checkpoint import SevenNetCheckpoint

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SevenNetCheckpoint(str(checkpoint)).build_model()
    settings = {"checkpoint_sha256": sha256(checkpoint)}
    return SevenNet(f"sevennet:{name}", model, options, f"{kind}, {checkpoint.name}", licence, settings)


def names() -> tuple[str, ...]:
    """Pretrained potentials of the wheel."""
    return PRETRAINED


def open_named(name: str, options: Options) -> SevenNet:
    """Open one of :data:`PRETRAINED`, such as `sevennet:7net-0`, or `sevennet:PATH` of a checkpoint.

    Raises:
        InputError: the name is unknown, or the checkpoint is not trusted or readable.
    """
    from sevenn.util import pretrained_name_to_path

    if name in PRETRAINED:
        return _of_file(name, Path(pretrained_name_to_path(name)), options, "sevenn wheel", "MIT")
    expected = f"{', '.join(PRETRAINED)} or an existing checkpoint file"
    path = users_file(name, options.trust, f"unknown SevenNet potential '{name}': expected {expected}")
    try:
        return _of_file(path.name, path, options, "file", "unknown")
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path} is not a SevenNet checkpoint: {type(error).__name__}: {error}") from error
