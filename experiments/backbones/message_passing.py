"""A message-passing network run for one atom of each frame, the site: its features and their derivative.

After k layers the site sees only the edges into atoms at most k - 1 steps away, one step fewer layer by layer: edges
and atoms are dropped as soon as nothing later needs them.

The derivative is the chain rule, cut where the network is sparse. In a layer, atom i sums the messages m_e of its
edges, S_i = Σ_e m_e, and then mixes them: h_i = f(S_i). In the first layer m_e depends on its own edge vector r_e
alone, so three passes in forward mode, one a direction, give ∂h_i/∂r_e = f'(S_i) ∂m_e/∂r_e of all edges at once.
From the site back to there is one backward pass a component, through the later layers alone, which have few edges:

    ∂h/∂r_e = (∂h/∂h_i) (∂h_i/∂r_e) + Σ_t (∂h/∂t_e) (∂t_e/∂r_e),

t_e the tensors (harmonics, radial functions) that later layers read from edge e.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

Graph = dict[str, Any]
"""Tensors by name. Those of edges have "edge" in their names and one row an edge, those of atoms one row an atom."""

Module = Callable[[Graph], Graph]
"""A named part of a network: takes a graph and gives it back with its own tensors added."""

BLOCK = 2**24
"""Numbers held at once while derivatives are multiplied: 64 MiB of float32."""


@dataclass(frozen=True)
class Keys:
    """Names of tensors in a network's graph.

    Attributes:
        index: (2, n_edges), receiving atoms first.
        atoms: (n_atoms,) the kind of each.
        vector: (n_edges, 3), from the receiving atom to the sending one; nothing else depends on positions.
        features: (n_atoms, dim).
    """

    index: str
    atoms: str
    vector: str
    features: str


@dataclass(frozen=True)
class Layer:
    """One layer of message passing.

    Attributes:
        modules: run one after another.
        convolution: the ``torch.nn.Module`` among them, or inside them, whose output is each atom's sum of messages:
            a tensor, or a graph with it as the features.
    """

    modules: Sequence[Module]
    convolution: Any


class _Reached(Exception):
    """The sums of messages are known: nothing behind them has to be computed."""


@dataclass(frozen=True)
class MessagePassing:
    """A network up to the layer that is read.

    Attributes:
        embedding: modules before the first layer; each sees one edge or one atom at a time.
        layers: at least one.
        keys: names of tensors.
    """

    embedding: Sequence[Module]
    layers: Sequence[Layer]
    keys: Keys

    @classmethod
    def of_modules(
        cls,
        modules: Mapping[str, Module],
        prefixes: Sequence[str],
        convolution: Callable[[str], Any],
        keys: Keys,
    ) -> "MessagePassing":
        """A network that is a sequence of named modules.

        Args:
            modules: in the network's order.
            prefixes: how the names of each layer's modules begin, up to the layer that is read.
            convolution: from a layer's prefix to its convolution.
            keys: names of tensors.
        """
        names = list(modules)
        start = next(i for i, name in enumerate(names) if name.startswith(prefixes[0]))
        layers = [
            Layer([modules[name] for name in names if name.startswith(prefix)], convolution(prefix))
            for prefix in prefixes
        ]
        return cls([modules[name] for name in names[:start]], layers, keys)

    def features(self, graph: Graph) -> "Tensor":
        """Features of every atom after the last layer: (n_atoms, dim)."""
        for modules in (self.embedding, *(layer.modules for layer in self.layers)):
            graph = _through(modules, graph)
        return graph[self.keys.features]

    def site_features(self, graph: Graph, sites: "Tensor") -> "Tensor":
        """Features of the atoms ``sites``, given in increasing order: (n_sites, dim)."""
        plan = self._plan(graph, sites)
        graph = _through(self.embedding, self._with_edges(graph, plan[0].edges))
        return self._finish(0, graph, plan)

    def site_jacobian(self, graph: Graph, sites: "Tensor") -> "tuple[Tensor, Tensor]":
        """Features of the atoms ``sites`` and their derivative.

        Args:
            graph: of any number of frames.
            sites: in increasing order, at most one a frame.

        Returns:
            (n_sites, dim), and (n_atoms, dim, 3): by each atom's position, the derivative of its frame's site.

        Raises:
            NotImplementedError: torch has no forward mode for something in the embedding or the first layer.
        """
        import torch

        plan = self._plan(graph, sites)
        with torch.no_grad():
            graph = self._with_edges(graph, plan[0].edges)
            embedded = _through(self.embedding, graph)
            sums = self._sums(0, embedded)
            after = self._advance(0, embedded, plan, sums)
        leaves = {
            key: value.requires_grad_()
            for key, value in after.items()
            if (_is_of_edges(key) and value.is_floating_point()) or key == self.keys.features
        }
        with torch.enable_grad():
            features = self._finish(1, {**after, **leaves}, plan)
        leaves = {key: leaves[key] for key in _used(features, leaves)}
        first = leaves.pop(self.keys.features)
        later = plan[1].edges if len(plan) > 1 else None
        by_first, *by_read = self._tangents(graph, sums, list(leaves), later)

        centre, neighbour = graph[self.keys.index]
        groups = _Groups.of((plan[0].atoms.cumsum(0) - 1)[centre], len(first))
        padded = groups.pad(by_first)
        derivative = features.new_zeros(len(plan[0].atoms), features.shape[1], 3)
        for block in torch.arange(features.shape[1]).split(max(1, BLOCK // max(1, first.numel()))):
            of_first, *of_read = _cotangents(features, block.tolist(), [first, *leaves.values()])
            by_vector = groups.unpad(torch.einsum("cam,amx->acx", of_first, padded))
            for cotangent, tangent in zip(of_read, by_read, strict=True):
                by_vector[later] += torch.einsum("cet,etx->ecx", cotangent, tangent)
            part = torch.zeros_like(derivative[:, block])
            part.index_add_(0, neighbour, by_vector).index_add_(0, centre, by_vector, alpha=-1)
            derivative[:, block] = part
        return features.detach(), derivative

    def _plan(self, graph: Graph, sites: "Tensor") -> "list[Needed]":
        """What each layer needs, counted in what the layer before it left."""
        centre, neighbour = graph[self.keys.index]
        needed = what_matters(centre, neighbour, sites, len(graph[self.keys.atoms]), len(self.layers))
        return needed[:1] + [
            Needed(now.edges[before.edges], now.atoms[before.atoms]) for before, now in pairwise(needed)
        ]

    def _finish(self, start: int, graph: Graph, plan: "list[Needed]") -> "Tensor":
        """The sites' features, from the graph in front of layer ``start``."""
        for number in range(start, len(self.layers)):
            graph = self._advance(number, graph, plan, self._sums(number, graph))
        return graph[self.keys.features]

    def _sums(self, number: int, graph: Graph) -> "Tensor":
        """Every atom's sum of messages."""
        layer, outputs = self.layers[number], []

        def stop(module: Any, inputs: Any, output: Any) -> None:
            outputs.append(output)
            raise _Reached

        with _hook(layer.convolution, stop), suppress(_Reached):
            _through(layer.modules, graph)
        (output,) = outputs
        return output[self.keys.features] if isinstance(output, dict) else output

    def _advance(self, number: int, graph: Graph, plan: "list[Needed]", sums: "Tensor") -> Graph:
        """The graph behind a layer, with what later layers need."""
        atoms = plan[number].atoms
        mixed = self._mix(number, graph, sums[atoms], atoms)
        last = number + 1 == len(plan)
        behind = self._with_edges(graph, slice(0, 0) if last else plan[number + 1].edges)
        behind[self.keys.index] = (atoms.cumsum(0) - 1)[behind[self.keys.index]]
        return {key: behind[key] if _is_of_edges(key) else value for key, value in mixed.items()}

    def _mix(self, number: int, graph: Graph, sums: "Tensor", atoms: "Tensor | slice") -> Graph:
        """The atoms' tensors behind a layer, from their sums of messages; an atom may be given more than once."""
        selected = self._with_atoms(graph, atoms)
        # messages are known, but a layer wants to see an edge
        selected = self._with_edges(selected, slice(0, 1))
        selected[self.keys.index] = selected[self.keys.index] * 0

        def give(module: Any, inputs: Any, output: Any) -> Any:
            return {**output, self.keys.features: sums} if isinstance(output, dict) else sums

        with _hook(self.layers[number].convolution, give):
            return _through(self.layers[number].modules, selected)

    def _with_atoms(self, graph: Graph, atoms: "Tensor | slice") -> Graph:
        """The graph with some of its atoms, perhaps repeated; edges stay as they are."""
        n_atoms = len(graph[self.keys.atoms])
        return {
            key: value[atoms] if not _is_of_edges(key) and len(value) == n_atoms else value
            for key, value in graph.items()
        }

    def _with_edges(self, graph: Graph, edges: "Tensor | slice") -> Graph:
        """The graph with some of its edges."""
        index = {self.keys.index: graph[self.keys.index][:, edges]}
        rest = {key: value for key, value in graph.items() if key != self.keys.index}
        return {key: value[edges] if _is_of_edges(key) else value for key, value in rest.items()} | index

    def _tangents(
        self, graph: Graph, sums: "Tensor", read: Sequence[str], later: "Tensor | None"
    ) -> "list[Tensor]":
        """Derivatives by each edge's vector, (n_edges, dim, 3): of the receiving atom's features behind the first
        layer, and of the tensors that ``later`` edges are read by."""
        import torch
        from torch.autograd import forward_ad

        index, vector = graph[self.keys.index], graph[self.keys.vector]
        # every edge with two atoms of its own, so that a sum of messages is one message
        apart = self._with_atoms(graph, index.flatten())
        apart[self.keys.index] = torch.arange(index.numel(), device=index.device).reshape(2, -1)
        columns = []
        for direction in torch.eye(3, dtype=vector.dtype, device=vector.device):
            with torch.no_grad(), forward_ad.dual_level():
                moved = forward_ad.make_dual(vector, direction.expand_as(vector).contiguous())
                embedded = _through(self.embedding, {**apart, self.keys.vector: moved})
                message = _tangent(self._sums(0, embedded)[: len(vector)])
                mixed = self._mix(
                    0, embedded, forward_ad.make_dual(sums[index[0]], message), slice(len(vector))
                )
                values = [mixed[self.keys.features], *(embedded[key][later] for key in read)]
                columns.append([_tangent(value) for value in values])
        return [torch.stack(column, dim=-1) for column in zip(*columns, strict=True)]


@dataclass(frozen=True)
class Needed:
    """What can still reach the sites.

    Attributes:
        edges: mask of the edges whose messages a layer needs.
        atoms: mask of the atoms whose features are read behind it.
    """

    edges: "Tensor"
    atoms: "Tensor"


def what_matters(
    centre: "Tensor", neighbour: "Tensor", sites: "Tensor", n_atoms: int, n_layers: int
) -> list[Needed]:
    """What can still reach the sites through the layers after each.

    Args:
        centre: (n_edges,) the atom that receives along the edge.
        neighbour: (n_edges,) the atom that sends.
        sites: indices of the atoms whose features are read after the last layer.
        n_atoms: number of atoms, all frames together.
        n_layers: number of message-passing layers.

    Returns:
        (n_edges,) and (n_atoms,) masks of every layer, first layer first; each contains the next.
    """
    import torch

    atoms = torch.zeros(n_atoms, dtype=torch.bool, device=centre.device)
    atoms[sites] = True
    needed = []
    for _ in range(n_layers):
        edges = atoms[centre]
        needed.append(Needed(edges, atoms))
        atoms = atoms.clone()
        atoms[neighbour[edges]] = True
    return needed[::-1]


@dataclass(frozen=True)
class _Groups:
    """Edges put together by the atom that receives, padded to the most that one receives.

    Attributes:
        atom: (n_edges,).
        slot: (n_edges,) place of the edge among its atom's.
        shape: number of atoms, largest number of edges.
    """

    atom: "Tensor"
    slot: "Tensor"
    shape: tuple[int, int]

    @classmethod
    def of(cls, atom: "Tensor", n_atoms: int) -> "_Groups":
        import torch

        counts = torch.bincount(atom, minlength=n_atoms)
        order = atom.argsort(stable=True)
        slot = torch.empty_like(atom)
        slot[order] = torch.arange(len(atom), device=atom.device) - (counts.cumsum(0) - counts)[atom[order]]
        return cls(atom, slot, (n_atoms, int(counts.max())))

    def pad(self, values: "Tensor") -> "Tensor":
        """(n_edges, dim, 3) to (n_atoms, dim, largest number of edges * 3)."""
        padded = values.new_zeros(*self.shape, *values.shape[1:])
        padded[self.atom, self.slot] = values
        return padded.transpose(1, 2).flatten(2)

    def unpad(self, padded: "Tensor") -> "Tensor":
        """(n_atoms, dim, largest number of edges * 3) to (n_edges, dim, 3)."""
        return padded.unflatten(2, (self.shape[1], 3))[self.atom, :, self.slot]


def _through(modules: Sequence[Module], graph: Graph) -> Graph:
    graph = dict(graph)  # modules write into what they are given
    for module in modules:
        graph = module(graph)
    return graph


@contextmanager
def _hook(module: Any, hook: Callable[[Any, Any, Any], Any]) -> Iterator[None]:
    handle = module.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _is_of_edges(key: str) -> bool:
    return "edge" in key


def _used(features: "Tensor", tensors: "Mapping[str, Tensor]") -> list[str]:
    """Names of the tensors that the features depend on."""
    import torch

    found = torch.autograd.grad(features.sum(), list(tensors.values()), retain_graph=True, allow_unused=True)
    return [key for key, gradient in zip(tensors, found, strict=True) if gradient is not None]


def _cotangents(features: "Tensor", components: Sequence[int], tensors: "Sequence[Tensor]") -> "list[Tensor]":
    """For each tensor, (n_rows, dim), the derivative of these components: (n_components, n_rows, dim)."""
    import torch

    # frames do not see one another, so the gradient of the sum holds every frame's own
    rows = [
        torch.autograd.grad(features[:, component].sum(), tensors, retain_graph=True, materialize_grads=True)
        for component in components
    ]
    return [torch.stack(column) for column in zip(*rows, strict=True)]


def _tangent(value: "Tensor") -> "Tensor":
    import torch
    from torch.autograd import forward_ad

    primal, tangent = forward_ad.unpack_dual(value)
    return torch.zeros_like(primal) if tangent is None else tangent
