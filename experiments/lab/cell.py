"""A cell: one measurement, and everything it depends on. Whoever reads a cell knows what was measured."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import product
from math import isfinite
from typing import Any

from experiments.environments import Pair, Rule, parse_rule
from experiments.spn import Probe
from numerics.harmonics import E3NN_MAX_L
from span_theorem.errors import InputError

FEWEST_TRAINING = 20
EDGE = "edge"


@dataclass(frozen=True)
class Cell:
    """One measurement. Equal cells have equal results.

    Attributes:
        backbone: as :func:`experiments.backbones.open_backbone` takes it, wrappers by suffix.
        training, test: structures, as :func:`experiments.data.load` takes them; without ``test`` the training
            structures are divided.
        rule: which directions are marked, as :func:`experiments.environments.parse_rule` reads it, such as
            `pair(12, 11)`, from the site to the other atom.
        environments: of a set of structures, sampled, at most; ``None`` for all that the rule gives.
        layer: of the backbone; ``None`` for its default one.
        read: where features are read: `site`, `atom(7)`, or `edge`, that from the site to the other atom.
        probe: the SPN.
        n_train, n_test: structures sampled.
        l_max: highest angular frequency injected, from 1 on.
        assumed_L: L that the prediction assumes; ``None`` for the highest degree of the layer's irreps.
        orientations: of a training structure, for SPNs that are shown a fixed number.
        test_orientations: the same of a test structure.
        spread: of the orientations about those that the structures have, see
            :func:`experiments.samples.random_rotations`; ``None`` for all orientations alike.
        validation_share: share of the training structures on which the regularisation is chosen.
        amplitude: root mean square of the injected force components, eV/Å; ``None`` for half that of the training
            structures' forces, 1 eV/Å where they have none.
        scale: factor on that amplitude.
        labels: whether the structures' energies and forces are used; without them the injected field is all that is
            left to fit.
        forces: whether forces are fitted too.
        force_structures: training structures that force fits use at most; each gives 3 n_atoms equations.
        shuffled: negative control, marked directions of other structures: nothing can be recovered.
        sample_seed: of the sample of structures; ``None`` for ``seed``.
        seed: of everything random.
        measure: what is measured, a name in :data:`experiments.lab.measure.MEASURES`.

    Raises:
        InputError: a value out of range.
    """

    backbone: str
    training: str = "embedded:train"
    test: str | None = "embedded:test"
    rule: str = "pair(12, 11)"
    environments: int | None = None
    layer: str | None = None
    read: str = "site"
    probe: Probe = field(default_factory=Probe)
    n_train: int = 300
    n_test: int = 150
    l_max: int = 6
    assumed_L: int | None = None
    orientations: int = 20
    test_orientations: int = 10
    spread: float | None = None
    validation_share: float = 0.2
    amplitude: float | None = None
    scale: float = 1.0
    labels: bool = True
    forces: bool = True
    force_structures: int = 200
    shuffled: bool = False
    sample_seed: int | None = None
    seed: int = 0
    measure: str = "recovery"

    def __post_init__(self) -> None:
        for name in ("n_train", "n_test", "orientations", "test_orientations", "environments"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} is {value}: expected at least 1")
        if not 1 <= self.l_max <= E3NN_MAX_L:
            raise InputError(f"l_max is {self.l_max}: expected 1 to {E3NN_MAX_L}")
        if self.assumed_L is not None and self.assumed_L < 0:
            raise InputError(f"the assumed degree L is {self.assumed_L}: expected 0 or more")
        for name in ("amplitude", "scale"):
            value = getattr(self, name)
            if value is not None and not (isfinite(value) and 0 < value < 1e6):
                raise InputError(
                    f"the {name} is {value}: expected a positive number, in eV/Å if it is a force"
                )
        if self.force_structures < FEWEST_TRAINING:
            raise InputError(
                f"force_structures is {self.force_structures}: expected at least {FEWEST_TRAINING}"
            )
        if self.spread is not None:
            if not (isfinite(self.spread) and 0 <= self.spread <= 100):
                raise InputError(f"the spread of orientations is {self.spread}: expected 0 to 100, in rad")
            if self.probe.solver == "equivariant":
                raise InputError(
                    "the solver equivariant averages over all orientations: expected no spread, or another solver"
                )
        if not 0 < self.validation_share < 1:
            raise InputError(
                f"the share of validation structures is {self.validation_share}: expected more than 0, less than 1, "
                "so that a training structure is left"
            )

    @property
    def marks(self) -> Rule:
        """The rule itself.

        Raises:
            InputError: there is no such rule.
        """
        return parse_rule(self.rule)

    @property
    def pair(self) -> Pair:
        """The marked atoms.

        Raises:
            InputError: the rule is no pair.
        """
        match = re.fullmatch(r"pair\(\s*([0-9]+)\s*,\s*([0-9]+)\s*\)", self.rule)
        if match is None:
            raise InputError(f"the rule is '{self.rule}': expected a pair of atoms such as pair(12, 11)")
        return Pair(int(match[1]), int(match[2]))

    @property
    def atom(self) -> int | None:
        """The atom whose features are read, ``None`` for the site of every environment, whichever it is, or its edge.

        Raises:
            InputError: neither `site`, `edge` nor an atom.
        """
        if self.read == EDGE:
            return None
        if self.read == "site":
            rule = self.marks
            return rule.site if isinstance(rule, Pair) else None
        match = re.fullmatch(r"atom\(\s*([0-9]+)\s*\)", self.read)
        if match is None:
            raise InputError(
                f"features are to be read at '{self.read}': expected site, edge, or an atom such as atom(7)"
            )
        return int(match[1])

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    def row(self) -> dict[str, Any]:
        """As a tidy table holds it: the SPN's fields beside the cell's own."""
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "probe"}
        training = self.probe.training
        return values | {
            "solver": self.probe.solver,
            "d": self.probe.degree,
            "activation": self.probe.activation,
            "width": training.width if self.probe.solver == "mlp" else None,
            "steps": training.steps if self.probe.solver == "mlp" else None,
        }


def pair(site: int, toward: int) -> str:
    """The rule that marks the direction from one atom to another."""
    return str(Pair(site, toward))


def grid(base: Cell, **axes: Iterable[Any]) -> list[Cell]:
    """Every combination of values in place of the base's, the last axis fastest.

    >>> [cell.l_max for cell in grid(Cell("nequip:x"), l_max=[4, 5])]
    [4, 5]
    """
    values: list[Sequence[Any]] = [tuple(axis) for axis in axes.values()]
    return [replace(base, **dict(zip(axes, chosen, strict=True))) for chosen in product(*values)]
