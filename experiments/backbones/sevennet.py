"""SevenNet: pretrained potentials of the `sevenn` wheel and the user's own checkpoints.

SevenNet-0 and l3i5 were trained with `is_parity: False`: every spherical harmonic is labelled even, so the
labels `1e`, `2e`, `3e` name the degree only and the features are equivariant under rotations, not reflections.
"""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.backbones.batch import Batch
from experiments.backbones.graph import Graph, MessagePassingBackbone
from experiments.backbones.layers import choose_branch
from experiments.backbones.message_passing import Keys, MessagePassing
from experiments.backbones.options import Options
from experiments.backbones.trust import require_open, require_trust
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
        checkpoint: path of a SevenNet checkpoint; it is a pickle, so it can run code.
        options: layer and device.
    """

    at_once = CHUNK
    jacobian_at_once = JACOBIAN_CHUNK

    def __init__(self, name: str, checkpoint: Path, options: Options):
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
        modalities = self._model.modal_map or {}
        branch = choose_branch(list(modalities), options.branch, name)
        self._modality = modalities[branch["branch"]] if branch else None
        shipped = name.removeprefix("sevennet:") in PRETRAINED
        self.name = name
        self._read_layer(
            layers,
            options.layer,
            labels="parity as labelled"
            if loaded.config.get("is_parity")
            else "degree only (SO(3) equivariance): every degree is labelled e, whatever its parity",
            parameters=sum(parameter.numel() for parameter in self._model.parameters()),
            source=f"{'sevenn wheel' if shipped else 'file'}, {checkpoint.name}",
            licence="MIT" if shipped else "unknown",
            elements=frozenset(int(z) for z in self._model.type_map),
            settings={"checkpoint_sha256": sha256(checkpoint), **branch},
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
        return SevenNet(f"sevennet:{name}", Path(pretrained_name_to_path(name)), options)
    path = Path(name)
    if not path.is_file():
        raise InputError(
            f"unknown SevenNet potential '{name}': "
            f"expected {', '.join(PRETRAINED)} or an existing checkpoint file"
        )
    require_open(path)
    require_trust(path, options.trust)
    try:
        return SevenNet(f"sevennet:{path.name}", path, options)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path} is not a SevenNet checkpoint: {type(error).__name__}: {error}") from error
