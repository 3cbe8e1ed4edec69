"""Background: a backbone that nobody can train again is an anecdote. Question: none; this is the list of what
each shipped backbone was trained on, with which seed, degree and length. Provides: `RECIPES`, one line each.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

from span_theorem.errors import InputError


@dataclass(frozen=True)
class Recipe:
    """What trains one backbone.

    Attributes:
        training: frames to train on, as ``experiments.data.load`` takes them.
        test: frames to test on.
        seed: seed of the initial weights, of the training/validation split and of the batches.
        l_max: highest degree of the features.
        config: name of the `nequip-train` configuration beside this file, without `.yaml`.
        epochs: length of training, with the learning rate's cosine schedule; 0 leaves the initial weights.
        schedule: length of the cosine schedule where training stops before its end, as a look at the way there.
        selection: half-open ranges of the training frames that are used; all of them if empty.
        validation_frames: how many of those, sampled by ``seed``, only choose the epoch whose weights are kept.
    """

    training: str
    test: str
    seed: int
    l_max: int = 2
    config: str = "small"
    epochs: int = 60
    schedule: int | None = None
    selection: tuple[tuple[int, int], ...] = ()
    validation_frames: int = 50

    def indices(self, n_frames: int) -> list[int]:
        """Which of ``n_frames`` training frames are used.

        Raises:
            InputError: a range ends beyond the frames, or too few are left to train on.
        """
        ranges = self.selection or ((0, n_frames),)
        end = max(stop for _, stop in ranges)
        if end > n_frames:
            raise InputError(f"{self.training} has {n_frames} frames, expected at least {end}")
        chosen = [index for start, stop in ranges for index in range(start, stop)]
        if len(chosen) <= self.validation_frames:
            raise InputError(
                f"{self.validation_frames} validation frames of {len(chosen)} frames of {self.training}, "
                "expected some left to train on"
            )
        return chosen

    def overrides(self, n_frames: int) -> dict[str, Any]:
        """What the recipe sets in its configuration file to train on ``n_frames``."""
        return {
            "seed": self.seed,
            "l_max": self.l_max,
            "epochs": self.epochs,
            "training_frames": n_frames - self.validation_frames,
            "validation_frames": self.validation_frames,
            **({} if self.schedule is None else {"schedule": self.schedule}),
        }

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def _rmd17(split: int, seed: int, l_max: int = 2, epochs: int = 60) -> Recipe:
    return Recipe(
        f"rmd17:aspirin/train_{split:02d}", f"rmd17:aspirin/test_{split:02d}", seed, l_max, epochs=epochs
    )


def _gfn2(seed: int, *selection: tuple[int, int]) -> Recipe:
    return Recipe("embedded:train", "embedded:test", seed, selection=selection)


def _metals(seed: int, l_max: int) -> Recipe:
    return Recipe(
        "metals:train", "metals:test", seed, l_max, config="metals", epochs=20, validation_frames=30
    )


def _stopped(recipe: Recipe, epochs: int) -> Recipe:
    """The same training, ended early: the learning rate is on its way down the whole schedule."""
    return replace(recipe, epochs=epochs, schedule=recipe.epochs)


RECIPES = {
    "aspirin-rmd17-0": _rmd17(split=1, seed=1, epochs=200),
    "aspirin-rmd17-1": _rmd17(split=2, seed=2),
    "aspirin-rmd17-2": _rmd17(split=3, seed=3, epochs=80),
    "aspirin-rmd17-3": _rmd17(split=4, seed=4, epochs=80),
    "aspirin-rmd17-l1": _rmd17(split=1, seed=1, l_max=1),
    "aspirin-rmd17-l3": _rmd17(split=1, seed=1, l_max=3),
    # replicates of one length for every L; aspirin-rmd17-1 is that of L = 2 on split 2
    **{
        f"aspirin-rmd17-l{l_max}-{split - 1}": _rmd17(split=split, seed=split, l_max=l_max)
        for l_max in (1, 3)
        for split in (2, 3)
    },
    "aspirin-rmd17-l2-0": _rmd17(split=1, seed=1),
    "aspirin-rmd17-l2-2": _rmd17(split=3, seed=3),
    # each on half of the eight trajectories of 250 frames; 0 and 1 share none, nor do 2 and 3
    "aspirin-gfn2-0": _gfn2(1, (0, 1000)),
    "aspirin-gfn2-1": _gfn2(2, (1000, 2000)),
    "aspirin-gfn2-2": _gfn2(3, (0, 500), (1000, 1500)),
    "aspirin-gfn2-3": _gfn2(4, (500, 1000), (1500, 2000)),
    # stations of the training of aspirin-gfn2-0
    **{f"aspirin-gfn2-0-epoch{epochs}": _stopped(_gfn2(1, (0, 1000)), epochs) for epochs in (1, 3, 10)},
    # short trainings, meant to have something of each kind to read
    "aspirin-gfn2-allegro": Recipe(
        "embedded:train",
        "embedded:test",
        seed=1,
        config="allegro",
        epochs=6,
        selection=((0, 250),),
        validation_frames=20,
    ),
    # three trainings of every L
    **{
        f"metals-emt{degree}{number}": _metals(seed, l_max)
        for degree, l_max in (("", 2), ("-l1", 1), ("-l3", 3))
        for number, seed in (("", 1), ("-1", 2), ("-2", 3))
    },
    "aspirin-random": _rmd17(split=1, seed=5, epochs=0),
    # for a GPU; not trained by this project
    "aspirin-rmd17-large": Recipe(
        "rmd17:aspirin/train_01", "rmd17:aspirin/test_01", seed=1, config="large", epochs=1000
    ),
}


def find(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises:
        InputError: there is none.
    """
    if name not in RECIPES:
        raise InputError(f"unknown recipe '{name}': expected one of {', '.join(RECIPES)}")
    return RECIPES[name]
