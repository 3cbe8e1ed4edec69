"""Allegro, of the package `nequip-allegro`: its features belong to edges, from a site to each neighbour.

Layer 0 is the embedding of a pair, layer k what follows the k-th tensor product; all see the neighbours of one centre
alone. The features of a layer are its scalars, then its tensors degree by degree. Where features of an atom are asked
for, they are the sum over its edges; :meth:`Allegro.edge_features` gives those of an edge. Allegro keeps tensors
channel by channel, (channels, dim), which is put into e3nn's order here.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from experiments.backbones.batch import Batch
from experiments.backbones.edge import Ends
from experiments.backbones.graph import Graph
from experiments.backbones.nequip_framework import Adapter, FrameworkBackbone, checked_build
from experiments.neighbours import Edges, edges
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from e3nn.o3 import Irreps
    from torch import Tensor

EMBEDDING = "allegro.nn.TwoBodyBesselScalarEmbed"
EMBEDDED = ("num_bessels", "bessel_trainable", "polynomial_cutoff_p")
"""Arguments of the radial embedding, which stand beside the others in a configuration."""


class Allegro(FrameworkBackbone):
    """Adapter of one Allegro model at one layer (see :class:`experiments.backbones.protocol.Backbone`)."""

    def _layers(self, name: str) -> dict[str, str]:
        if "allegro" not in self._modules:
            raise InputError(
                f"backbone {name} has the modules {', '.join(list(self._modules)[:4])}, …: expected an Allegro network "
                "with a module allegro"
            )
        layers = range(len(self._modules["allegro"].tps) + 1)
        return {str(layer): str(self._irreps_of(layer)) for layer in layers}

    def _irreps_of(self, layer: int) -> "Irreps":
        from e3nn.o3 import Irreps

        module = self._modules["allegro"]
        return Irreps([(module.num_scalar_features, (0, 1))]) + Irreps(
            [(module.num_tensor_features, irrep) for _, irrep in self._tensors(layer)]
        )

    def _tensors(self, layer: int) -> "Irreps":
        """Of one channel."""
        module = self._modules["allegro"]
        return module.tps[0].irreps_in1 if layer == 0 else module.tps[layer - 1].irreps_out

    def site_features(self, batch: Batch, sites: "Tensor") -> "Tensor":
        """Features of some atoms (see :class:`experiments.backbones.site.Local`): of their own edges alone."""
        import torch

        found, start = [], 0
        for part in self._parts(batch, self.at_once):
            stop = start + len(part.numbers)
            own = sites[(sites >= start) & (sites < stop)] - start
            if len(own):
                found.append(self._node_features(self._graph(*self._around(part, own)))[own.to(self._device)])
            start = stop
        return torch.cat(found)

    def edge_features(self, batch: Batch, ends: Ends) -> "Tensor":
        """Features of some edges (see :class:`experiments.backbones.edge.OfEdges`)."""
        import torch

        found, start = [], 0
        for part in self._parts(batch, self.at_once):
            stop = start + len(part.numbers)
            own = ends.select((ends.site >= start) & (ends.site < stop)).behind(start)
            if len(own.site):
                moved, pairs = self._around(part, own.site)
                places = own.places(pairs)
                if -1 in places:
                    longest = float(own.lengths(part).max())
                    raise InputError(
                        f"backbone {self.name} has no edge between atoms {longest:.2f} Å apart: expected at most its "
                        f"cutoff, {self._cutoff:g} Å, or features read at the site"
                    )
                found.append(self._edges(self._graph(moved, pairs))[places])
            start = stop
        return torch.cat(found)

    def _around(self, batch: Batch, sites: "Tensor") -> tuple[Batch, Edges]:
        """The batch on the device, and the edges of some atoms: no other reaches these."""
        import torch

        moved = batch.moved(batch.positions.to(self._device))
        pairs = edges(moved, self._cutoff)
        wanted = torch.zeros(len(batch.numbers), dtype=torch.bool, device=self._device)
        wanted[sites.to(self._device)] = True
        return moved, pairs.select(wanted[pairs.centre])

    def _node_features(self, graph: Graph) -> "Tensor":
        from nequip.data import AtomicDataDict as keys

        features = self._edges(graph)
        sums = features.new_zeros(len(graph[keys.ATOM_TYPE_KEY]), self.irreps.dim)
        return sums.index_add(0, graph[keys.EDGE_INDEX_KEY][0], features)

    def _edges(self, graph: Graph) -> "Tensor":
        """(n_edges, irreps.dim) after the layer that is read."""
        import torch
        from nequip.data import AtomicDataDict as keys

        layer, allegro = int(self.card.layer), self._modules["allegro"]
        scalars = allegro.latents[layer - 1] if layer else allegro.first_layer_env_embed_projection
        graph = dict(graph)  # modules write into what they are given
        with _outputs(scalars) as of_scalars, _outputs(allegro.tps[max(layer - 1, 0)]) as of_tensors:
            for name, module in self._modules.items():
                graph = module(graph)
                if name == "tensor_embed" and not layer:
                    embedded = graph[keys.EDGE_FEATURES_KEY]
                if name == "allegro":
                    break
        tensors = of_tensors[0] if layer else embedded
        irreps = self._tensors(layer)
        blocks = [tensors[:, :, columns].flatten(1) for columns in irreps.slices()]
        return torch.cat([of_scalars[0][:, : allegro.num_scalar_features], *blocks], dim=1)


@contextmanager
def _outputs(module: Any) -> "Iterator[list[Tensor]]":
    """What a module gives, call by call."""
    outputs: list[Tensor] = []
    handle = module.register_forward_hook(lambda called, inputs, output: outputs.append(output))
    try:
        yield outputs
    finally:
        handle.remove()


def build(config: Mapping[str, Any]) -> Any:
    """An untrained ``nequip.nn.GraphModel``: the initial weights that ``config['seed']`` draws.

    Args:
        config: those of :class:`shipped.AllegroConfig` only.

    Raises:
        InputError: another argument or an unfit value, or allegro cannot build a model from ``config``.
    """

    def make(arguments: dict[str, Any]) -> Any:
        from allegro.model import AllegroModel

        embedding = {name: arguments.pop(name) for name in EMBEDDED if name in arguments}
        return AllegroModel(radial_chemical_embed={"_target_": EMBEDDING, **embedding}, **arguments)

    return checked_build(config, make, "allegro")


def flat(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration from the arguments of ``allegro.model.AllegroModel``, whose embedding is nested.

    Raises:
        InputError: another embedding than the one that a configuration stands for.
    """
    values = dict(arguments)
    embedding = dict(values.pop("radial_chemical_embed"))
    if (target := embedding.pop("_target_", None)) != EMBEDDING:
        raise InputError(f"the radial embedding of the model is {target}: expected {EMBEDDING}")
    return values | embedding


ADAPTER = Adapter("allegro", "Allegro", build, Allegro)
names, open_named = ADAPTER.names, ADAPTER.open_named
