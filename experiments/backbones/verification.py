"""Background: the diagnostic rotates features by Wigner D matrices instead of running the network again.

Question: may it, for this network on these structures? Measured: equivariance under rotations and under inversion
with the labelled parities, cells turning with their atoms, translation invariance, determinism, and agreement between
batch sizes; of periodic structures also that a cell repeated once, and atoms put into other cells, change nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from experiments.backbones.batch import Batch
from experiments.backbones.conventions import Map, explanation
from experiments.backbones.elements import require_elements
from experiments.backbones.free_molecule import of_batches
from experiments.backbones.protocol import Backbone
from experiments.structures import Structures
from numerics.harmonics import random_rotation, wigner_d
from span_theorem.checked import Natural, Positive, Size, Text
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from e3nn.o3 import Irreps
    from numpy.random import Generator
    from torch import Tensor

FRAMES = 3
ROTATIONS = 4
TRANSLATION = 2.0
SMALLEST_SHARE = 1 / 30
TOLERANCE = 1e-4

__all__ = ["Verification", "require_elements", "require_verified", "verify"]


@dataclass(frozen=True)
class Verification:
    """What was measured of a backbone's features h; an error is ‖difference‖ / ‖h‖ over all structures and atoms.

    Attributes:
        rotation: largest of ‖h(Rx) − D(R)h(x)‖/‖h(x)‖ over the rotations R.
        rotation_by_irrep: the same of every kind of irrep alone, by its label. A kind that carries less than
            a thirtieth of ‖h‖ is divided by that thirtieth: its own norm may be all rounding.
        inversion: ‖h(−x) − D(−1)h(x)‖/‖h(x)‖ with the labelled parities.
        parity: ``o3`` if the labels e and o hold under inversion, ``so3`` if they only name the degree.
        translation: ‖h(x + t) − h(x)‖/‖h(x)‖.
        determinism: ‖h(x) − h(x)'‖/‖h(x)‖ of the same input twice.
        batch: the same of several structures in one batch and one at a time.
        repetition: the same of a periodic structure and itself repeated once along its first period; ``None`` where
            none is periodic, or where that was not measured.
        wrapping: the same with every atom moved by cell vectors.
        tolerance: what every error but ``inversion`` had to stay below.
        n_frames: structures measured on.
        n_rotations: Haar-random rotations, each applied to every structure.
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
    repetition: Size | None = None
    wrapping: Size | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def verify(
    backbone: Backbone, structures: Structures, seed: int = 0, tolerance: float = TOLERANCE
) -> Verification:
    """Measure a backbone on at most three of the structures, spread evenly over them.

    A backbone whose features were computed elsewhere (a feature file) cannot be shown turned structures: it
    carries the verification measured there as its ``verification``, and that one is checked and returned.

    Args:
        backbone: also one that takes free molecules only.
        structures: of any kind.
        seed: of rotations, translations and shifts.
        tolerance: largest relative error.

    Raises:
        InputError: an unknown element; features of the wrong shape or type, or not finite; an error above the
            tolerance, with the measured value.
    """
    import numpy as np
    import torch

    backbone = of_batches(backbone)
    require_elements(backbone, structures.numbers)
    carried = getattr(backbone, "verification", None)
    if isinstance(carried, Verification):
        require_verified(backbone, carried, tolerance)
        return carried
    chosen = np.unique(np.linspace(0, len(structures) - 1, FRAMES).round().astype(int))
    shown = Batch.of(structures.subset(chosen))
    x = shown.positions
    generator = np.random.default_rng(seed)
    rotations = torch.as_tensor(np.stack([random_rotation(generator) for _ in range(ROTATIONS)]))
    shift = torch.as_tensor(generator.normal(scale=TRANSLATION, size=(len(shown), 3)))

    def h(batch: Batch) -> "Tensor":
        return _features(backbone, batch)

    reference = h(shown)
    moved = [h(shown.moved(x @ matrix.T, shown.cell @ matrix.T)) for matrix in rotations]

    def error_of(change: Map) -> float:
        """Equivariance error of the features behind a map of their components."""
        changed = change(reference)
        differences = [
            change(one) - turned(changed, backbone.irreps, matrix)
            for one, matrix in zip(moved, rotations, strict=True)
        ]
        return max(_ratio(difference, changed) for difference in differences)

    kinds = _kinds(backbone.irreps)
    by_kind = dict.fromkeys(kinds, 0.0)
    rotation = 0.0
    for one, matrix in zip(moved, rotations, strict=True):
        difference = one - turned(reference, backbone.irreps, matrix)
        rotation = max(rotation, _ratio(difference, reference))
        for kind, index in kinds.items():
            floor = SMALLEST_SHARE * float(reference.norm())
            error = _ratio(difference[..., index], reference[..., index], floor)
            by_kind[kind] = max(by_kind[kind], error)
    through_origin = -torch.eye(3, dtype=torch.float64)
    inversion = _ratio(
        h(shown.moved(-x, -shown.cell)) - turned(reference, backbone.irreps, through_origin), reference
    )
    # one structure more, so that a single one too meets a batch of another size
    every = torch.arange(len(shown))
    alone = torch.cat([h(shown.select(index[None])) for index in every])
    batch = alone - h(shown.select(torch.cat([every, every[:1]])))[: len(alone)]
    result = Verification(
        rotation=rotation,
        rotation_by_irrep=by_kind,
        inversion=inversion,
        parity="o3" if inversion <= tolerance else "so3",
        translation=_ratio(h(shown.moved(x + shift[shown.structure_of])) - reference, reference),
        determinism=_ratio(h(shown) - reference, reference),
        batch=_ratio(batch, reference),
        tolerance=tolerance,
        n_frames=len(shown),
        n_rotations=len(rotations),
        seed=seed,
        **_of_cells(h, shown, reference, generator),
    )
    known = max(rotation, *by_kind.values()) > tolerance and result.determinism <= tolerance
    require_verified(
        backbone, result, tolerance, explanation(backbone.irreps, error_of, tolerance) if known else None
    )
    return result


def _of_cells(
    h: "Callable[[Batch], Tensor]", shown: Batch, reference: "Tensor", generator: "Generator"
) -> dict[str, float]:
    """Errors of ``repetition`` and ``wrapping``, where a structure is periodic."""
    import torch

    if not shown.periodic:
        return {}
    own = shown.pbc.any(dim=1)[shown.structure_of]
    copies, originals = [], []
    for index in shown.pbc.any(dim=1).nonzero():
        copies.append(h(_repeated(shown.select(index))))
        originals.append(reference[shown.structure_of == index].repeat(2, 1))
    steps = generator.integers(-2, 3, size=(len(shown.numbers), 3)) * shown.pbc[shown.structure_of].numpy()
    by = torch.einsum("ai,aij->aj", torch.from_numpy(steps).double(), shown.cell[shown.structure_of])
    wrapped = h(shown.moved(shown.positions + by))
    return {
        "repetition": _ratio(torch.cat(copies) - torch.cat(originals), torch.cat(originals)),
        "wrapping": _ratio((wrapped - reference)[own], reference[own]),
    }


def _repeated(one: Batch) -> Batch:
    """A single periodic structure repeated once along its first period: the atoms, then their copies."""
    import torch

    axis = int(one.pbc[0].int().argmax())
    step = one.cell[0, axis]
    cell = one.cell.clone()
    cell[0, axis] += step
    return Batch(
        one.numbers.repeat(2), torch.cat([one.positions, one.positions + step]), 2 * one.first, cell, one.pbc
    )


def require_verified(
    backbone: Backbone, measured: Verification, tolerance: float = TOLERANCE, convention: str | None = None
) -> None:
    """Refuse a backbone whose measured errors, here or where its features were computed, are too large.

    A tolerance that the measurement itself names counts only where it is the smaller one.

    Args:
        backbone: whose features they are.
        measured: the errors.
        tolerance: largest error.
        convention: under which the features do turn as declared, where that is known.

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
    for error, what in (
        (measured.determinism, "is not deterministic: the same frames twice give features that differ by"),
        (
            measured.batch,
            "depends on the batch: frames together and one by one give features that differ by",
        ),
        (
            measured.wrapping or 0.0,
            "depends on the cell that an atom is written in: atoms moved by cell vectors change its features by",
        ),
        (
            measured.repetition or 0.0,
            "knows a cell from its repetition: the same crystal in a cell twice as long changes its features by",
        ),
        (measured.translation, "is not invariant under translations: its features change by"),
    ):
        if error > tolerance:
            raise InputError(f"backbone {backbone.name} {what} {error:.2g}, expected at most {tolerance:.2g}")
    by_kind = measured.rotation_by_irrep
    if max(measured.rotation, *by_kind.values()) > tolerance:
        failing = {kind: error for kind, error in by_kind.items() if error > tolerance}
        each = ", ".join(f"{kind} by {error:.2g}" for kind, error in failing.items())
        right = [kind for kind in by_kind if kind not in failing]
        also = f"; {', '.join(right)} as declared" if failing and right else ""
        cause = (
            f"read as {convention} they are equivariant: reorder them as e3nn has them"
            if convention
            else _likely_cause(failing)
        )
        raise InputError(
            f"backbone {backbone.name} is not equivariant under rotations: ‖h(Rx) − D(R)h(x)‖/‖h(x)‖ is "
            f"{measured.rotation:.2g}, expected at most {tolerance:.2g}"
            + (f" (wrong: {each}{also})" if failing else "")
            + f"; {cause}"
        )


def _likely_cause(failing: Mapping[str, float]) -> str:
    """What most often makes irreps, by their labels, turn otherwise than declared."""
    if any(kind.startswith("0") for kind in failing):
        return (
            "where scalars change, positions or a fixed frame usually enter the network, or the irreps are declared "
            "in another order than the features are stored in"
        )
    return (
        "where scalars hold, the components within an irrep usually have another order, sign or normalisation than "
        "e3nn's (m = -l … l; x, y, z for l = 1), or two irreps are declared in each other's place"
    )


def _features(backbone: Backbone, batch: Batch) -> "Tensor":
    """Features as float64 on the CPU, checked for shape and finite values."""
    import torch

    with torch.no_grad():
        given = backbone.features(batch)
    if not isinstance(given, torch.Tensor) or not given.is_floating_point():
        kind = given.dtype if isinstance(given, torch.Tensor) else type(given).__name__
        raise InputError(f"backbone {backbone.name} gives features of type {kind}, expected a float tensor")
    expected = (len(batch.numbers), backbone.irreps.dim)
    if tuple(given.shape) != expected:
        raise InputError(
            f"backbone {backbone.name} gives features of shape {tuple(given.shape)}, expected {expected} "
            f"(atoms, dimension of {backbone.irreps})"
        )
    values = given.detach().to("cpu", torch.float64)
    if not torch.isfinite(values).all():
        atom, component = (~torch.isfinite(values)).nonzero()[0].tolist()
        atom_of = atom - int(batch.first[batch.structure_of[atom]])
        raise InputError(
            f"backbone {backbone.name} gives the feature {values[atom, component]} at atom {atom_of}, "
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
