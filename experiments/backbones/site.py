"""Background: the diagnostic reads one atom, the site; most of a network's work concerns other atoms.

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


class NoDerivative(InputError):
    """A backbone's features have no derivative by the positions: force figures cannot be had."""


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
    if hasattr(backbone, "site_jacobian"):
        with suppress(NotImplementedError):  # an operation without a forward mode
            return backbone.site_jacobian(numbers, positions, site)
    try:
        return backward_jacobian(lambda moved: site_features(backbone, numbers, moved, site), positions)
    except NoDerivative as error:
        raise NoDerivative(
            f"the features of backbone {backbone.name} are not differentiable in the positions"
        ) from error


def backward_jacobian(
    features_of: "Callable[[Tensor], Tensor]", positions: "Tensor"
) -> "tuple[Tensor, Tensor]":
    """Features and their derivative, one backward pass a component.

    Args:
        features_of: from positions to (n_frames, dim); no frame's depend on another frame.
        positions: (n_frames, n_atoms, 3), Å.

    Returns:
        As :func:`site_jacobian`.

    Raises:
        NoDerivative: as :func:`site_jacobian`.
    """
    import torch

    with torch.enable_grad():
        x = positions.detach().clone().requires_grad_()
        features = features_of(x)
        if not features.requires_grad:
            raise NoDerivative("features that are not differentiable in the positions")
        columns = []
        for component in range(features.shape[1]):
            # frames do not see one another, so the gradient of the sum holds every frame's own
            (gradient,) = torch.autograd.grad(
                features[:, component].sum(), x, retain_graph=True, materialize_grads=True
            )
            columns.append(gradient)
        return features.detach(), torch.stack(columns, dim=1).to(features.dtype)


def site_indices(positions: "Tensor", site: int) -> "Tensor":
    """Where the site of every frame stands among the atoms of all frames: (n_frames,)."""
    import torch

    n_frames, n_atoms, _ = positions.shape
    return site + n_atoms * torch.arange(n_frames)
