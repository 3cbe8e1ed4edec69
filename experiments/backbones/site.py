"""Background: the diagnostic reads one atom a structure, the site; most of a network's work concerns other atoms.

Provides: a site's features and their derivative, the cheapest way that a backbone has. For message passing that is
:mod:`experiments.backbones.message_passing`; for any other network one backward pass a component. For those tried,
batching the passes (``is_grads_batched``) took 1.3 to 4 times as long on a CPU, and forward mode through the whole
network, one pass a coordinate, took from half as long (256 components) to more than twice as long.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from experiments.backbones.protocol import Backbone
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from experiments.backbones.batch import Batch


class NoDerivative(InputError):
    """A backbone's features have no derivative by the positions: force figures cannot be had."""


@runtime_checkable
class Local(Protocol):
    """A backbone that can compute some atoms' features for less than every atom's."""

    def site_features(self, batch: "Batch", sites: "Tensor") -> "Tensor":
        """The same as ``features(batch)[sites]``, the indices in increasing order: (n_sites, irreps.dim)."""
        ...


def site_features(backbone: Backbone, batch: "Batch", sites: "Tensor") -> "Tensor":
    """Features of some atoms, (n_sites, irreps.dim), the cheapest way the backbone has.

    Args:
        backbone: see :class:`experiments.backbones.protocol.Backbone`.
        batch: of any structures.
        sites: (n_sites,) int64 indices into its atoms, in increasing order.
    """
    if isinstance(backbone, Local):
        return backbone.site_features(batch, sites)
    return backbone.features(batch)[sites]


def site_jacobian(backbone: Backbone, batch: "Batch", sites: "Tensor") -> "tuple[Tensor, Tensor]":
    """Features of one atom a structure and their derivative: the backbone's own ``site_jacobian`` if it has one,
    otherwise one backward pass per component.

    Args:
        backbone: see :class:`experiments.backbones.protocol.Backbone`.
        batch: of any structures.
        sites: (n,) int64 indices into its atoms, one of every structure.

    Returns:
        (n, dim), and (N, dim, 3) per Å in the features' precision: by each atom's position, the derivative of the
        features of its structure's site.

    Raises:
        NoDerivative: the features do not depend on the positions in a way that torch could follow.
    """
    if hasattr(backbone, "site_jacobian"):
        with suppress(NotImplementedError):  # an operation without a forward mode
            return backbone.site_jacobian(batch, sites)
    try:
        return backward_jacobian(lambda moved: site_features(backbone, moved, sites), batch)
    except NoDerivative as error:
        raise NoDerivative(
            f"the features of backbone {backbone.name} are not differentiable in the positions"
        ) from error


def backward_jacobian(features_of: "Callable[[Batch], Tensor]", batch: "Batch") -> "tuple[Tensor, Tensor]":
    """Features and their derivative, one backward pass a component.

    Args:
        features_of: from a batch to (n, dim); no structure's depend on another one.
        batch: of any structures.

    Returns:
        As :func:`site_jacobian`.

    Raises:
        NoDerivative: as :func:`site_jacobian`.
    """
    import torch

    with torch.enable_grad():
        x = batch.positions.detach().clone().requires_grad_()
        features = features_of(batch.moved(x))
        if not features.requires_grad:
            raise NoDerivative("features that are not differentiable in the positions")
        columns = []
        for component in range(features.shape[1]):
            # structures do not see one another, so the gradient of the sum holds every structure's own
            (gradient,) = torch.autograd.grad(
                features[:, component].sum(), x, retain_graph=True, materialize_grads=True
            )
            columns.append(gradient)
        return features.detach(), torch.stack(columns, dim=1).to(features.dtype)
