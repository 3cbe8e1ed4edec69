"""PaiNN of SchNetPack: a model file of the user's, read after any of its interactions.

PaiNN (Schütt, Unke, Gastegger, ICML 2021) carries scalars and Cartesian vectors, and combines vectors only by scalar
products and scaling: its features are n scalars and n true vectors, L = 1. SchNetPack asks for an older SymPy than this
project, so it has an environment of its own, where `python -m experiments extract` writes a feature file for the other
commands. Energies are taken to be in eV: SchNetPack's models do not name their unit.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from experiments.backbones.batch import Batch
from experiments.backbones.graph import Graph, GraphBackbone, shortened
from experiments.backbones.options import Options
from experiments.backbones.trust import load_pickled, users_file
from experiments.neighbours import Edges
from span_theorem.errors import InputError
from span_theorem.reading import sha256

if TYPE_CHECKING:
    from torch import Tensor


class PaiNN(GraphBackbone):
    """Adapter of one PaiNN at one layer (see :class:`experiments.backbones.protocol.Backbone`).

    A layer is an interaction with its mixing, counted from 0.

    Args:
        name: how results refer to it.
        model: ``schnetpack.model.NeuralNetworkPotential`` with a PaiNN as its representation.
        options: layer and device.
        source: where the weights come from.
        settings: what identifies the weights.

    Raises:
        InputError: no such layer.
    """

    def __init__(self, name: str, model: Any, options: Options, source: str, settings: Mapping[str, Any]):
        self.name = name
        whole = model.representation
        channels = int(whole.n_atom_basis)
        self._read_layer(
            {str(index): f"{channels}x0e+{channels}x1o" for index in range(whole.n_interactions)},
            options.layer,
            labels="parity as labelled (O(3) equivariance)",
            parameters=sum(parameter.numel() for parameter in model.parameters()),
            source=source,
            licence="unknown",
            settings=settings,
        )
        self._model = model.to(options.device).eval().requires_grad_(False)
        self._read = shortened(whole, int(self.card.layer) + 1, "interactions", "mixing")
        self._cutoff = float(whole.cutoff)
        self._device = options.device
        self._dtype = next(model.parameters()).dtype

    def _graph(self, batch: Batch, pairs: Edges) -> Graph:
        import torch
        from schnetpack import properties

        graph = {
            properties.R: batch.positions.to(self._dtype),
            properties.Z: batch.numbers.to(self._device),
            properties.idx_i: pairs.centre,
            properties.idx_j: pairs.neighbour,
            properties.offsets: pairs.offsets(self._dtype),
            properties.idx_m: self._structure_of(batch),
            properties.n_atoms: torch.as_tensor(batch.first).diff().to(self._device),
        }
        for module in self._model.input_modules:
            graph = module(graph)
        return graph

    def _node_features(self, graph: Graph) -> "Tensor":
        import torch

        found = self._read(graph)
        vectors = found["vector_representation"]  # (N, 3, channels)
        return torch.cat([found["scalar_representation"], vectors.transpose(1, 2).flatten(1)], dim=1)

    def _energies(self, graph: Graph) -> "Tensor":
        from schnetpack.atomistic import Forces

        modules = list(self._model.output_modules)
        key = next((one.energy_key for one in modules if isinstance(one, Forces)), "energy")
        found = self._model.representation(graph)
        for module in modules:
            if not isinstance(module, Forces):
                found = module(found)
        return self._model.postprocess(found)[key]


def names() -> tuple[str, ...]:
    """None: no PaiNN weights come with the package."""
    return ()


def open_named(name: str, options: Options) -> PaiNN:
    """Open `painn:PATH` of a model file, SchNetPack's ``best_model``.

    Raises:
        InputError: the file is absent, not trusted or not readable, or its network is no PaiNN.
    """
    from schnetpack.model import NeuralNetworkPotential
    from schnetpack.representation import PaiNN as Representation

    missing = f"there is no PaiNN model {name}: expected painn:PATH of an existing model file"
    path = users_file(name, options.trust, missing)
    model = load_pickled(path, NeuralNetworkPotential, "SchNetPack model")
    if not isinstance(model.representation, Representation):
        raise InputError(f"{path} holds a {type(model.representation).__name__}, expected a PaiNN")
    return PaiNN(
        f"painn:{path.name}", model, options, f"file, {path.name}", {"checkpoint_sha256": sha256(path)}
    )
