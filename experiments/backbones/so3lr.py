"""SO3LR: the pretrained potential of the `so3krates-torch` wheel, and the user's own SO3krates models.

A layer's features are invariants and one copy of every degree l of the Euclidean variables. The latter are
sums of Y_l(r̂_ij) over neighbours j with invariant weights, so their parity is (-1)^l and the irreps are
`128x0e+1x1o+1x2e+1x3o+1x4e` with true parities. SO3krates writes Y_lm with z as the polar axis, e3nn with y:
with P the rotation (x, y, z) -> (y, z, x), Y^so3krates(r) = Y^e3nn(P r) = D(P) Y^e3nn(r), undone here.
"""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.backbones.batch import Batch
from experiments.backbones.graph import Graph, GraphBackbone
from experiments.backbones.options import Options
from experiments.backbones.trust import load_pickled, users_file
from experiments.neighbours import Edges, edges
from numerics.harmonics import wigner_d
from span_theorem.errors import InputError
from span_theorem.reading import sha256

if TYPE_CHECKING:
    from torch import Tensor

PRETRAINED = ("so3lr",)
ELEMENTS = frozenset({1, 6, 7, 8, 9, 15, 16, 17})
"""What SO3LR was trained on; the rows of its embedding for other elements kept their initial values."""

LONG_RANGE = {"r_max_lr": 12.0, "dispersion_energy_cutoff_lr_damping": 2.0}
"""Long-range settings in Å of the package's own SO3LR calculator; features do not depend on them."""


class SO3krates(GraphBackbone):
    """Adapter of one SO3krates model at one layer (see :class:`experiments.backbones.protocol.Backbone`).

    Molecules are taken as neutral singlets.

    Args:
        name: how results refer to it.
        model: ``so3krates_torch.modules.models.So3krates``.
        options: layer and device.
        source: where the weights come from.
        licence: licence of the weights.
        checksum: SHA-256 of the file.
        elements: atomic numbers the network was trained on, ``None`` if unknown.
    """

    def __init__(
        self,
        name: str,
        model: Any,
        options: Options,
        source: str,
        licence: str,
        checksum: str,
        elements: frozenset[int] | None,
    ):
        from e3nn.o3 import Irreps

        degrees = list(model.degrees)
        if degrees != sorted(degrees) or model.euclidean_transformers is None:
            raise InputError(f"backbone {name} has degrees {degrees}: expected them in increasing order")
        equivariant = Irreps([(1, (l, (-1) ** l)) for l in degrees])
        irreps = Irreps(f"{model.num_features}x0e") + equivariant
        self.name = name
        self._read_layer(
            {str(index): str(irreps) for index in range(model.num_layers)},
            options.layer,
            labels="parity as labelled (O(3) equivariance)",
            parameters=sum(parameter.numel() for parameter in model.parameters()),
            source=source,
            licence=licence,
            elements=elements,
            settings={"checkpoint_sha256": checksum},
        )
        self._model = model.to(options.device).eval().requires_grad_(False)
        for key, value in LONG_RANGE.items():
            setattr(self._model, key, value)
        # the same weights up to the layer read: nothing behind it has to be computed
        self._read = copy.copy(self._model)
        self._read._modules = dict(self._model._modules)
        self._read.euclidean_transformers = self._model.euclidean_transformers[: int(self.card.layer) + 1]
        self._read.use_lr = False
        self._cutoff = float(model.r_max)
        self._device = options.device
        self._dtype = next(model.parameters()).dtype
        self._to_e3nn = polar_axis_matrix(degrees).to(options.device, self._dtype)

    def _graph(self, batch: Batch, pairs: Edges) -> Graph:
        import torch
        from torch.nn.functional import one_hot

        n = len(batch)
        atoms = batch.numbers.to(self._device)
        graph: Graph = {
            "positions": batch.positions.to(self._dtype),
            "atomic_numbers": atoms,
            "node_attrs": one_hot(atoms - 1, self._model.num_elements).to(self._dtype),
            "batch": self._structure_of(batch),
            "ptr": batch.first.to(self._device),
            "head": torch.zeros(n, dtype=torch.int64, device=self._device),
            "cell": batch.cell.reshape(3 * n, 3).to(self._device, self._dtype),
            "total_charge": torch.zeros(n, dtype=self._dtype, device=self._device),
            "total_spin": torch.zeros(n, dtype=self._dtype, device=self._device),
        }
        # one list of pairs for the network, a longer one for electrostatics and dispersion
        for suffix, own in (("", pairs), ("_lr", edges(batch, LONG_RANGE["r_max_lr"]))):
            graph[f"edge_index{suffix}"] = own.index
            graph[f"shifts{suffix}"] = own.offsets(self._dtype)
        return graph

    def _node_features(self, graph: Graph) -> "Tensor":
        import torch

        invariant, euclidean = self._read.get_representation(graph)
        # y = D(P) x in every atom, so x = D(P)^T y: with y as rows, y D(P)
        return torch.cat([invariant, euclidean @ self._to_e3nn], dim=-1)

    def _energies(self, graph: Graph) -> "Tensor":
        return self._model(graph, compute_force=False)["energy"]


def polar_axis_matrix(degrees: Sequence[int]) -> "Tensor":
    """(dim, dim) block-diagonal D(P), float64: Y of SO3krates (column) = D(P) Y of e3nn, for the given degrees."""
    import torch

    z_to_y = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    return torch.block_diag(*[torch.from_numpy(wigner_d(l, z_to_y)) for l in degrees])


def names() -> tuple[str, ...]:
    """Pretrained potentials of the wheel."""
    return PRETRAINED


def open_named(name: str, options: Options) -> SO3krates:
    """Open `so3lr:so3lr`, or `so3lr:PATH` of a user's SO3krates model file.

    Raises:
        InputError: the name is unknown, or the file is not trusted or not readable.
    """
    import so3krates_torch
    from so3krates_torch.modules.models import So3krates

    if name in PRETRAINED:
        path = Path(so3krates_torch.__path__[0]) / "pretrained" / name / f"{name}.model"
        source, licence, elements = f"so3krates-torch wheel, {path.name}", "MIT", ELEMENTS
    else:
        expected = f"{', '.join(PRETRAINED)} or an existing model file"
        path = users_file(name, options.trust, f"unknown SO3krates potential '{name}': expected {expected}")
        source, licence, elements = f"file, {path.name}", "unknown", None
    return SO3krates(
        f"so3lr:{path.name if path == Path(name) else name}",
        load_pickled(path, So3krates, "SO3krates model"),
        options,
        source,
        licence,
        sha256(path),
        elements,
    )
