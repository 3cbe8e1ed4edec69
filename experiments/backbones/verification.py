"""Background: the diagnostic rotates features by Wigner D matrices instead of running the network again.

Question: may it, for this network on these frames? Measured: equivariance under rotations and under inversion
with the labelled parities, translation invariance, determinism, and agreement between batch sizes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from experiments.backbones.elements import require_elements
from experiments.backbones.protocol import Backbone
from numerics.harmonics import random_rotation, wigner_d
from span_theorem.checked import Natural, Positive, Size, Text
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from e3nn.o3 import Irreps
    from numpy.typing import ArrayLike
    from torch import Tensor

FRAMES = 3
ROTATIONS = 4
TRANSLATION = 2.0
SMALLEST_SHARE = 1 / 30
TOLERANCE = 1e-4

__all__ = ["Verification", "require_elements", "require_verified", "verify"]


@dataclass(frozen=True)
class Verification:
    """What was measured of a backbone's features h; an error is ‖difference‖ / ‖h‖ over all frames and atoms.

    Attributes:
        rotation: largest of ‖h(Rx) − D(R)h(x)‖/‖h(x)‖ over the rotations R.
        rotation_by_irrep: the same of every kind of irrep alone, by its label. A kind that carries less than
            a thirtieth of ‖h‖ is divided by that thirtieth: its own norm may be all rounding.
        inversion: ‖h(−x) − D(−1)h(x)‖/‖h(x)‖ with the labelled parities.
        parity: ``o3`` if the labels e and o hold under inversion, ``so3`` if they only name the order.
        translation: ‖h(x + t) − h(x)‖/‖h(x)‖.
        determinism: ‖h(x) − h(x)'‖/‖h(x)‖ of the same input twice.
        batch: the same of several frames in one batch and one at a time.
        tolerance: what every error but ``inversion`` had to stay below.
        n_frames: frames measured on.
        n_rotations: Haar-random rotations, each applied to every frame.
        seed: of the rotations and translations.
    """

    rotation: Size
    rotation_by_irrep: Annotated[Mapping[Text, Size], Meta(min_length=1, max_length=100)]
    inversion: Size
    parity: Literal["o3", "so3"]
    translation: Size
    determinism: Size
    batch: Size
    tolerance: Size
    n_frames: Positive
    n_rotations: Positive
    seed: Natural

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def verify(
    backbone: Backbone,
    numbers: "ArrayLike",
    positions: "ArrayLike",
    seed: int = 0,
    tolerance: float = TOLERANCE,
) -> Verification:
    """Measure a backbone on at most three of the frames, spread evenly over them.

    A backbone whose features were computed elsewhere (a feature file) cannot be shown rotated frames: it
    carries the verification measured there as its ``verification``, and that one is checked and returned.

    Args:
        numbers: (n_atoms,) atomic numbers.
        positions: (n_frames, n_atoms, 3), Å.
        tolerance: largest relative error.

    Raises:
        InputError: an unknown element; features of the wrong shape or type, or not finite; an error above the
            tolerance, with the measured value.
    """
    import numpy as np
    import torch

    require_elements(backbone, numbers)
    carried = getattr(backbone, "verification", None)
    if isinstance(carried, Verification):
        require_verified(backbone, carried, tolerance)
        return carried
    atoms = torch.as_tensor(np.array(numbers, dtype=np.int64))
    every = np.asarray(positions, dtype=np.float64)
    chosen = np.unique(np.linspace(0, len(every) - 1, FRAMES).round().astype(int))
    x = torch.as_tensor(every[chosen])
    generator = np.random.default_rng(seed)
    rotations = torch.as_tensor(np.stack([random_rotation(generator) for _ in range(ROTATIONS)]))
    shift = torch.as_tensor(generator.normal(scale=TRANSLATION, size=(len(x), 1, 3)))

    def h(moved: "Tensor") -> "Tensor":
        return _features(backbone, atoms, moved)

    reference = h(x)
    kinds = _kinds(backbone.irreps)
    by_kind = dict.fromkeys(kinds, 0.0)
    rotation = 0.0
    for matrix in rotations:
        difference = h(x @ matrix.T) - turned(reference, backbone.irreps, matrix)
        rotation = max(rotation, _ratio(difference, reference))
        for kind, index in kinds.items():
            floor = SMALLEST_SHARE * float(reference.norm())
            error = _ratio(difference[..., index], reference[..., index], floor)
            by_kind[kind] = max(by_kind[kind], error)
    through_origin = -torch.eye(3, dtype=torch.float64)
    inversion = _ratio(h(-x) - turned(reference, backbone.irreps, through_origin), reference)
    # one frame more, so that a single frame too meets a batch of another size
    batch = torch.cat([h(frame[None]) for frame in x]) - h(torch.cat([x, x[:1]]))[: len(x)]
    result = Verification(
        rotation=rotation,
        rotation_by_irrep=by_kind,
        inversion=inversion,
        parity="o3" if inversion <= tolerance else "so3",
        translation=_ratio(h(x + shift) - reference, reference),
        determinism=_ratio(h(x) - reference, reference),
        batch=_ratio(batch, reference),
        tolerance=tolerance,
        n_frames=len(x),
        n_rotations=len(rotations),
        seed=seed,
    )
    require_verified(backbone, result, tolerance)
    return result


def require_verified(backbone: Backbone, measured: Verification, tolerance: float = TOLERANCE) -> None:
    """Refuse a backbone whose measured errors, here or where its features were computed, are too large.

    A tolerance that the measurement itself names counts only where it is the smaller one.

    Raises:
        InputError: the measurement is not of the backbone's irreps, contradicts itself, or has an error above the
            tolerance.
    """
    tolerance = min(tolerance, measured.tolerance)
    kinds = sorted({str(irrep) for multiplicity, irrep in backbone.irreps if multiplicity})
    if sorted(measured.rotation_by_irrep) != kinds:
        raise InputError(
            f"backbone {backbone.name} was verified for {', '.join(sorted(measured.rotation_by_irrep))}, expected "
            f"{', '.join(kinds)}"
        )
    if measured.parity != ("o3" if measured.inversion <= measured.tolerance else "so3"):
        raise InputError(
            f"backbone {backbone.name} has parity {measured.parity} and an error of {measured.inversion:.2g} under "
            f"inversion, expected o3 exactly where it is at most {measured.tolerance:.2g}"
        )
    # determinism first: an error of the others says nothing while the same input gives different features
    kind, worst = max(measured.rotation_by_irrep.items(), key=lambda item: item[1])
    for error, what in (
        (measured.determinism, "is not deterministic: the same frames twice give features that differ by"),
        (
            measured.batch,
            "depends on the batch: frames together and one by one give features that differ by",
        ),
        (measured.translation, "is not invariant under translations: its features change by"),
        (measured.rotation, "is not equivariant under rotations: ‖h(Rx) − D(R)h(x)‖/‖h(x)‖ is"),
        (worst, f"is not equivariant under rotations: the relative error of its {kind} features is"),
    ):
        if error > tolerance:
            raise InputError(f"backbone {backbone.name} {what} {error:.2g}, expected at most {tolerance:.2g}")


def _features(backbone: Backbone, numbers: "Tensor", positions: "Tensor") -> "Tensor":
    """Features as float64 on the CPU, checked for shape and finite values."""
    import torch

    with torch.no_grad():
        given = backbone.features(numbers, positions)
    if not isinstance(given, torch.Tensor) or not given.is_floating_point():
        kind = given.dtype if isinstance(given, torch.Tensor) else type(given).__name__
        raise InputError(f"backbone {backbone.name} gives features of type {kind}, expected a float tensor")
    expected = (*positions.shape[:2], backbone.irreps.dim)
    if tuple(given.shape) != expected:
        raise InputError(
            f"backbone {backbone.name} gives features of shape {tuple(given.shape)}, expected {expected} "
            f"(n_frames, n_atoms, dimension of {backbone.irreps})"
        )
    values = given.detach().to("cpu", torch.float64)
    if not torch.isfinite(values).all():
        frame, atom, component = (~torch.isfinite(values)).nonzero()[0].tolist()
        raise InputError(
            f"backbone {backbone.name} gives the feature {values[frame, atom, component]} at atom {atom}, "
            f"component {component}, expected finite numbers"
        )
    return values


def turned(features: "Tensor", irreps: "Irreps", matrix: "Tensor") -> "Tensor":
    """D(matrix) applied to features (..., irreps.dim) of any leading shape, float64.

    Args:
        features: float64.
        irreps: of the features.
        matrix: (3, 3) orthogonal; with determinant -1 the labelled parities come in.
    """
    import torch

    sign = int(torch.linalg.det(matrix).sign())
    blocks = []
    for (channels, irrep), part in zip(irreps, irreps.slices(), strict=True):
        action = torch.from_numpy(wigner_d(irrep.l, (sign * matrix).numpy()))
        if sign < 0:
            action = irrep.p * action
        block = features[..., part].unflatten(-1, (channels, irrep.dim))
        blocks.append((block @ action.T).flatten(-2))
    return torch.cat(blocks, dim=-1)


def _kinds(irreps: "Irreps") -> "dict[str, Tensor]":
    """Component indices of every irrep that occurs, all its copies together, by its label."""
    import torch

    kinds: dict[str, list[Tensor]] = {}
    for (multiplicity, irrep), part in zip(irreps, irreps.slices(), strict=True):
        if multiplicity:
            kinds.setdefault(str(irrep), []).append(torch.arange(part.start, part.stop))
    return {label: torch.cat(parts) for label, parts in kinds.items()}


def _ratio(difference: "Tensor", reference: "Tensor", floor: float = 0.0) -> float:
    """‖difference‖ / max(‖reference‖, floor), zero if nothing differs."""
    error = float(difference.norm())
    return error / max(float(reference.norm()), floor, 1e-300) if error else 0.0
