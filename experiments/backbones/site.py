"""Background: the diagnostic reads one atom, the site; most of a network's work concerns other atoms.

Question: what is the least that has to be computed for the site's features and their derivative? After k layers
of message passing the site sees only the edges into atoms at most k - 1 steps away, one step fewer layer by layer.
Measured for a shipped L = 2 backbone at layer 1: a Jacobian four times as fast as through the whole molecule
(`python -m benchmarks features`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from experiments.backbones.protocol import Backbone
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor


Module = Callable[[dict[str, Any]], dict[str, Any]]
"""A named part of a network: takes the graph's tensors by name and gives them back with its own added."""


class NoDerivative(InputError):
    """A backbone's features have no derivative by the positions: force figures cannot be had."""


@dataclass(frozen=True)
class EdgeKeys:
    """Names in a network.

    Attributes:
        index: of the (2, n_edges) edge index, receiving atoms first.
        convolution: how the names of the modules that pass messages end.
    """

    index: str
    convolution: str


@runtime_checkable
class Local(Protocol):
    """A backbone that can compute one atom's features for less than every atom's."""

    def site_features(self, numbers: "Tensor", positions: "Tensor", site: int) -> "Tensor":
        """The same as ``features(numbers, positions)[:, site]``: (n_frames, irreps.dim)."""
        ...


def site_features(backbone: Backbone, numbers: "Tensor", positions: "Tensor", site: int) -> "Tensor":
    """Features of one atom, (n_frames, irreps.dim), the cheapest way the backbone has."""
    if isinstance(backbone, Local):
        return backbone.site_features(numbers, positions, site)
    return backbone.features(numbers, positions)[:, site]


def site_jacobian(
    backbone: Backbone, numbers: "Tensor", positions: "Tensor", site: int
) -> "tuple[Tensor, Tensor]":
    """Features of one atom and their derivative: the backbone's own ``site_jacobian`` if it has one, otherwise
    one backward pass per component.

    Args:
        backbone: see :class:`experiments.backbones.protocol.Backbone`.
        numbers: (n_atoms,) int64.
        positions: (n_frames, n_atoms, 3), Å.
        site: index of the atom.

    Returns:
        (n_frames, dim) and (n_frames, dim, n_atoms, 3) per Å, in the features' precision.

    Raises:
        NoDerivative: the features do not depend on the positions in a way that torch could follow.
    """
    import torch

    if hasattr(backbone, "site_jacobian"):
        return backbone.site_jacobian(numbers, positions, site)
    with torch.enable_grad():
        x = positions.detach().clone().requires_grad_()
        features = site_features(backbone, numbers, x, site)
        if not features.requires_grad:
            raise NoDerivative(
                f"the features of backbone {backbone.name} are not differentiable in the positions"
            )
        columns = []
        for component in range(features.shape[1]):
            # frames do not see one another, so the gradient of the sum holds every frame's own
            (gradient,) = torch.autograd.grad(
                features[:, component].sum(), x, retain_graph=True, allow_unused=True
            )
            columns.append(torch.zeros_like(x) if gradient is None else gradient)
        return features.detach(), torch.stack(columns, dim=1).to(features.dtype)


def edges_that_matter(
    centre: "Tensor", neighbour: "Tensor", sites: "Tensor", n_atoms: int, n_layers: int
) -> "list[Tensor]":
    """For every layer, which edges can still reach the sites through the layers after it.

    Args:
        centre: (n_edges,) the atom that receives along the edge.
        neighbour: (n_edges,) the atom that sends.
        sites: indices of the atoms whose features are read after the last layer.
        n_atoms: number of atoms, all frames together.
        n_layers: number of message-passing layers.

    Returns:
        One (n_edges,) mask a layer, first layer first; each contains the next.
    """
    import torch

    needed = torch.zeros(n_atoms, dtype=torch.bool, device=centre.device)
    needed[sites] = True
    masks = []
    for _ in range(n_layers):
        mask = needed[centre]
        masks.append(mask)
        needed = needed.clone()
        needed[neighbour[mask]] = True
    return masks[::-1]


def modules_up_to(modules: Mapping[str, Module], last: str) -> dict[str, Module]:
    """The named modules of a network from the first to ``last``, in the network's order."""
    names = list(modules)
    return {name: modules[name] for name in names[: names.index(last) + 1]}


def run_for_site(
    modules: Mapping[str, Module],
    data: dict[str, Any],
    shape: tuple[int, int],
    site: int,
    keys: EdgeKeys,
) -> dict[str, Any]:
    """Run named modules one after another, dropping before each convolution the edges that no longer matter.

    Args:
        modules: in the network's order, up to the layer that is read.
        data: the graph; tensors of edges have names that begin with "edge" and one row an edge.
        shape: (n_frames, n_atoms).
        site: index of the atom that is read in every frame.
        keys: how the network names its edges and its convolutions.
    """
    import torch

    n_frames, n_atoms = shape
    centre, neighbour = data[keys.index]
    sites = site + n_atoms * torch.arange(n_frames, device=centre.device)
    convolutions = [name for name in modules if name.endswith(keys.convolution)]
    masks = edges_that_matter(centre, neighbour, sites, n_frames * n_atoms, len(convolutions))
    kept = masks[0]
    _keep_edges(data, kept, keys.index)
    for name, module in modules.items():
        if name in convolutions[1:]:
            mask = masks[convolutions.index(name)]
            _keep_edges(data, mask[kept], keys.index)
            kept = mask
        data = module(data)
    return data


def _keep_edges(data: dict[str, Any], keep: "Tensor", index_key: str) -> None:
    for key, value in data.items():
        if key == index_key:
            data[key] = value[:, keep]
        elif key.startswith("edge") and len(value) == len(keep):
            data[key] = value[keep]
