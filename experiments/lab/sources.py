"""What cells name, opened once in a process: backbones, structures, features."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from experiments.backbones import Backbone, Options, card_of, open_backbone
from experiments.backbones.free_molecule import of_batches
from experiments.backbones.registry import open_plain
from experiments.backbones.verification import Verification, verify
from experiments.data import Reading, read_structures
from experiments.data.reading import Say, silent
from experiments.features import FeatureReader, Progress
from experiments.lab.cell import Cell
from experiments.split import divide, sample, without_shared
from experiments.structures import Structures

CHECKSUMS = ("weights_sha256", "checkpoint_sha256", "feature_file")
"""What tells weights apart: one of these in the settings of a card. A user's Python file may read others, so its
backbone has none and is measured anew every time."""


@dataclass(frozen=True)
class Access:
    """How the things that cells name are opened; goes to workers with the cells.

    Attributes:
        options: of backbones, but for the layer, which the cell names.
        reading: of files of structures.
        cache: folder of features; ``None`` keeps none.
        drop_shared: whether test structures that are also training structures are left out; they are refused otherwise.
    """

    options: Options = field(default_factory=Options)
    reading: Reading = field(default_factory=Reading)
    cache: Path | None = None
    drop_shared: bool = False


class Sources:
    """Opens what cells name.

    Args:
        access: see :class:`Access`.
        backbones: objects by the name that cells use, for backbones that no file holds.
        structures: the same of structures.
        progress: called with the number of structures whose features were just made.
        say: told what a user should know about files.
    """

    def __init__(
        self,
        access: Access | None = None,
        backbones: Mapping[str, Backbone] | None = None,
        structures: Mapping[str, Structures] | None = None,
        progress: Progress = lambda done: None,
        say: Say = silent,
    ):
        self.access = access or Access()
        self.given_backbones = {name: of_batches(one) for name, one in (backbones or {}).items()}
        self.given_structures = dict(structures or {})
        self.say = say
        self.reader = FeatureReader(self.access.cache, progress)
        self._backbones: dict[Any, Backbone] = {}
        self._structures: dict[Any, Any] = {}
        self._verified: dict[Any, tuple[Backbone, Verification]] = {}

    @property
    def portable(self) -> bool:
        """Whether a worker elsewhere could open the same."""
        return not (self.given_backbones or self.given_structures)

    def backbone(self, cell: Cell) -> Backbone:
        """The cell's backbone at its layer.

        Raises:
            InputError: whatever opening refuses.
        """
        key = cell.backbone, cell.layer, cell.rule if "|planted" in cell.backbone else None
        if key not in self._backbones:
            if cell.backbone in self.given_backbones:
                return self.given_backbones[cell.backbone]
            marked = cell.pair if key[2] else None
            options = replace(self.access.options, layer=cell.layer)
            self._backbones[key] = open_backbone(cell.backbone, options, marked, self._plain)
        return self._backbones[key]

    def _plain(self, spec: str, options: Options) -> Backbone:
        """A network without suffixes: several wrappers share one."""
        key = spec, options
        if key not in self._backbones:
            network = self._backbones[key] = open_plain(spec, options)
            # the default layer by its name is the same network again
            self._backbones[spec, replace(options, layer=card_of(network).layer)] = network
        return self._backbones[key]

    def structures(self, cell: Cell) -> tuple[Structures, Structures]:
        """Training and test structures, sampled.

        Raises:
            InputError: whatever reading refuses.
        """
        seed = cell.seed if cell.sample_seed is None else cell.sample_seed
        key = cell.training, cell.test, cell.n_train, cell.n_test, seed
        if key not in self._structures:
            if cell.test is None:
                training, test = divide(self._load(cell.training), cell.n_train, cell.n_test, seed)
            else:
                training = self._sample(cell.training, cell.n_train, seed)
                test = self._sample(cell.test, cell.n_test, seed)
            if self.access.drop_shared:
                before, test = len(test), without_shared(training, test)
                if len(test) < before:
                    self.say(
                        f"{before - len(test)} test structures of {test.source} are training structures: left out"
                    )
            self._structures[key] = training, test
        return self._structures[key]

    def verification(self, backbone: Backbone, structures: Structures, seed: int) -> Verification:
        """See :func:`experiments.backbones.verification.verify`."""
        key = id(backbone), structures.checksum, seed
        if key not in self._verified:
            # the backbone is kept, for its id is its own only as long as it is there
            self._verified[key] = backbone, verify(backbone, structures, seed=seed)
        return self._verified[key][1]

    def identity(self, cell: Cell) -> dict[str, Any] | None:
        """What identifies the content of everything the cell names; ``None`` if nothing tells the weights apart.

        Raises:
            InputError: whatever opening refuses.
        """
        from experiments.lab.measure import MEASURES

        return MEASURES[cell.measure].identity(cell, self)

    def contents(self, cell: Cell) -> dict[str, Any] | None:
        """The identity of a cell that names one backbone and two sets of structures."""
        card = card_of(self.backbone(replace(cell, layer=None)))
        layer = cell.layer or card.layer
        if layer not in card.layers:  # another layer behind a wrapper, or none that there is
            card = card_of(self.backbone(cell))
        if not set(CHECKSUMS) & set(card.settings):
            return None
        return {
            "weights": dict(card.settings),
            "layer": layer,
            "irreps": card.layers[layer],
            **self.structures_contents(cell),
        }

    def structures_contents(self, cell: Cell) -> dict[str, Any]:
        """The identity of a cell that names structures alone."""
        training, test = self.structures(cell)
        return {
            "training": training.checksum,
            "test": test.checksum,
            **{
                f"clusters of {name}": one.cluster.tolist()
                for name, one in (("training", training), ("test", test))
                if one.cluster is not None
            },
            "places": None if test.places is None else sha256(test.places.tobytes()).hexdigest(),
        }

    def _sample(self, name: str, number: int, seed: int) -> Structures:
        key = name, number, seed
        if key not in self._structures:
            self._structures[key] = sample(self._load(name), number, seed)
        return self._structures[key]

    def _load(self, name: str) -> Structures:
        if name in self.given_structures:
            return self.given_structures[name]
        key = "whole", name
        if key not in self._structures:
            self._structures[key] = read_structures(name, self.access.reading, self.say)
        return self._structures[key]


@cache
def sources_of(access: Access) -> Sources:
    """The sources of this process, so that what one task opened serves the next."""
    return Sources(access)
