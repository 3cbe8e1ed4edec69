"""MACE: a model file of the user's, or a small one of random weights, read after any of its product blocks.

MACE's irreps carry true parities and are laid out as e3nn's. The package pins e3nn 0.4.4, so it usually has
an environment of its own, where `python -m experiments extract` writes a feature file for the other commands.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from experiments.backbones.batch import Batch
from experiments.backbones.graph import Graph, GraphBackbone, shortened
from experiments.backbones.layers import choose_branch
from experiments.backbones.options import Options
from experiments.backbones.trust import load_pickled, users_file
from experiments.neighbours import Edges
from span_theorem.reading import sha256

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

UNTRAINED = "untrained"


class MACE(GraphBackbone):
    """Adapter of one MACE model at one layer (see :class:`experiments.backbones.protocol.Backbone`).

    A layer is an interaction with its product basis, counted from 0.

    Args:
        name: how results refer to it.
        model: ``mace.modules.MACE`` or ``ScaleShiftMACE``.
        options: layer and device.
        source: where the weights come from.
        settings: what identifies the weights.

    Raises:
        InputError: no such layer.
    """

    def __init__(self, name: str, model: Any, options: Options, source: str, settings: Mapping[str, Any]):
        import torch

        self.name = name
        heads = list(getattr(model, "heads", None) or [])
        branch = choose_branch(heads, options.branch, name)
        self._head = heads.index(branch["branch"]) if branch else 0
        elements = [int(z) for z in model.atomic_numbers]
        self._read_layer(
            {str(index): str(product.linear.irreps_out) for index, product in enumerate(model.products)},
            options.layer,
            labels="parity as labelled (O(3) equivariance)",
            parameters=sum(parameter.numel() for parameter in model.parameters()),
            source=source,
            licence="unknown",
            elements=frozenset(elements),
            settings={**settings, **branch, **_degrees(model)},
        )
        self._model = model.to(options.device).eval().requires_grad_(False)
        self._read = shortened(self._model, int(self.card.layer) + 1, "interactions", "products")
        self._read.readouts = torch.nn.ModuleList()
        self._cutoff = float(model.r_max)
        self._device = options.device
        self._dtype = next(model.parameters()).dtype
        self._types = torch.zeros(max(elements) + 1, len(elements), dtype=self._dtype, device=options.device)
        self._types[elements, torch.arange(len(elements))] = 1

    def _graph(self, batch: Batch, pairs: Edges) -> Graph:
        import torch

        return {
            "positions": batch.positions.to(self._dtype),
            "node_attrs": self._types[batch.numbers.to(self._device)],
            "edge_index": pairs.index,
            "shifts": pairs.offsets(self._dtype),
            "unit_shifts": pairs.shifts(self._dtype),
            "batch": self._structure_of(batch),
            "ptr": batch.first.to(self._device),
            "head": torch.full((len(batch),), self._head, device=self._device),
            "cell": batch.cell.reshape(-1, 3).to(self._device, self._dtype),
        }

    def _node_features(self, graph: Graph) -> "Tensor":
        # node_feats is the features of all layers, one after the other
        return self._read(graph, compute_force=False)["node_feats"][:, -self.irreps.dim :]

    def _energies(self, graph: Graph) -> "Tensor":
        return self._model(graph, compute_force=False)["energy"]


def _degrees(model: Any) -> dict[str, int]:
    """Degree of the harmonics on edges, and how many densities the first layer multiplies."""
    first = model.products[0].symmetric_contractions.contractions[0]
    return {"max_ell": model.spherical_harmonics.irreps_out.lmax, "correlation": int(first.correlation)}


def untrained(seed: int = 0) -> "Module":
    """Random weights for H, C and O: two interactions, correlation 2, L = 2 after the first, then scalars.

    Args:
        seed: of the weights.
    """
    import numpy as np
    import torch
    from e3nn.o3 import Irreps
    from mace import modules

    torch.manual_seed(seed)
    dtype = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    interaction = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
    try:
        return modules.ScaleShiftMACE(
            r_max=5.0,
            num_bessel=8,
            num_polynomial_cutoff=5,
            max_ell=3,
            interaction_cls=interaction,
            interaction_cls_first=interaction,
            num_interactions=2,
            num_elements=3,
            hidden_irreps=Irreps("16x0e+16x1o+16x2e"),
            MLP_irreps=Irreps("16x0e"),
            gate=torch.nn.functional.silu,
            atomic_energies=np.array([-1.0, -2.0, -3.0]),
            avg_num_neighbors=8.0,
            atomic_numbers=[1, 6, 8],
            correlation=2,
            radial_type="bessel",
            atomic_inter_scale=1.0,
            atomic_inter_shift=0.0,
        )
    finally:
        torch.set_default_dtype(dtype)


def names() -> tuple[str, ...]:
    """Random weights: no trained ones come with the package."""
    return (UNTRAINED,)


def open_named(name: str, options: Options) -> MACE:
    """Open `mace:untrained`, or `mace:PATH` of a model file.

    Raises:
        InputError: the file is absent, not trusted or not readable.
    """
    from mace.modules.models import MACE as Model

    if name == UNTRAINED:
        model, source = untrained(), "random weights, double precision"
        return MACE(f"mace:{name}", model, options, source, {"weights_sha256": "untrained, seed 0"})
    missing = (
        f"there is no MACE model {name}: expected mace:{UNTRAINED}, or mace:PATH of an existing model file"
    )
    path = users_file(name, options.trust, missing)
    model = load_pickled(path, Model, "MACE model")
    return MACE(
        f"mace:{path.name}", model, options, f"file, {path.name}", {"checkpoint_sha256": sha256(path)}
    )
