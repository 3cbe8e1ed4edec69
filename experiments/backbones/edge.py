"""Features of an edge: of networks such as Allegro, whose features belong to a site and one of its neighbours."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from experiments.backbones.protocol import Backbone, card_of
from experiments.backbones.site import backward_jacobian
from experiments.neighbours import Edges
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from e3nn.o3 import Irreps
    from torch import Tensor

    from experiments.backbones.batch import Batch


@dataclass(frozen=True, eq=False)
class Ends:
    """Edges by the atoms at their ends.

    Attributes:
        site, toward: (m,) int64 indices into a batch's atoms.
        shift: (m, 3) int64, cell vectors between the second atom and the image meant.
    """

    site: "Tensor"
    toward: "Tensor"
    shift: "Tensor"

    def select(self, rows: "Tensor") -> "Ends":
        """Some of the edges."""
        return Ends(self.site[rows], self.toward[rows], self.shift[rows])

    def behind(self, atoms: int) -> "Ends":
        """The same in a batch that lacks the first ``atoms`` atoms."""
        return Ends(self.site - atoms, self.toward - atoms, self.shift)

    def lengths(self, batch: "Batch") -> "Tensor":
        """(m,), Å."""
        import torch

        positions = batch.positions.detach().cpu()
        offset = torch.einsum("mi,mij->mj", self.shift.double(), batch.cell[batch.structure_of[self.site]])
        return (positions[self.toward] + offset - positions[self.site]).norm(dim=1)

    def places(self, pairs: Edges) -> list[int]:
        """Where each stands among pairs; -1 for one that is not there."""
        shift = pairs.shifts(self.shift.dtype)
        listed = zip(pairs.centre.tolist(), pairs.neighbour.tolist(), map(tuple, shift.tolist()), strict=True)
        place = {edge: index for index, edge in enumerate(listed)}
        wanted = zip(self.site.tolist(), self.toward.tolist(), map(tuple, self.shift.tolist()), strict=True)
        return [place.get(edge, -1) for edge in wanted]


@runtime_checkable
class OfEdges(Protocol):
    """A backbone with features of edges, of the same irreps as those of its atoms."""

    def edge_features(self, batch: "Batch", ends: Ends) -> "Tensor":
        """Features (m, irreps.dim) of edges, sites in increasing order, differentiable in the batch's positions.

        Raises:
            InputError: an edge that is longer than the network's cutoff.
        """
        ...


def of_edges(backbone: Backbone) -> Any:
    """The backbone, if it has features of edges.

    Raises:
        InputError: it has none.
    """
    if not isinstance(backbone, OfEdges):
        raise InputError(
            f"backbone {backbone.name} has features of atoms, none of edges: expected to read them at the site"
        )
    return backbone


def edge_jacobian(backbone: Backbone, batch: "Batch", ends: Ends) -> "tuple[Tensor, Tensor]":
    """Features of one edge a structure, (n, dim), and their derivative, (N, dim, 3), see :func:`backward_jacobian`."""
    return backward_jacobian(lambda moved: of_edges(backbone).edge_features(moved, ends), batch)


class NearestEdge:
    """Every atom's edge to its nearest neighbour as its features: edges in a form that can be verified like atoms.

    Args:
        backbone: has features of edges, of every edge up to ``reach``.
        reach: Å; an atom without a neighbour closer than that has zeros for its features.
    """

    def __init__(self, backbone: Backbone, reach: float):
        self._backbone, self._reach = of_edges(backbone), reach
        self.name: str = backbone.name
        self.irreps: Irreps = backbone.irreps
        self.card = card_of(backbone)

    def features(self, batch: "Batch") -> "Tensor":
        import torch

        from experiments.neighbours import edges

        pairs = edges(batch, self._reach)
        lengths = pairs.vectors(batch.positions).detach().norm(dim=1)
        # by centre, and within one the shortest first
        order = lengths.argsort(stable=True)
        order = order[pairs.centre[order].argsort(stable=True)]
        sites, counts = pairs.centre[order].unique_consecutive(return_counts=True)
        nearest = order[counts.cumsum(0) - counts]
        ends = Ends(sites, pairs.neighbour[nearest], pairs.shifts(torch.int64)[nearest])
        found = self._backbone.edge_features(batch, ends)
        every = found.new_zeros(len(batch.numbers), self.irreps.dim)
        return every.index_copy(0, sites.to(found.device), found)
