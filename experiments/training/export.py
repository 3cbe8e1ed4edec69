"""Background: nequip's checkpoints are pickles that can run code; what the project ships are arrays and JSON.
Question: which weights came out of this training, and what made them? Provides: `export`, from a checkpoint
and its recipe to the shipped files, and `untrained` for the backbone left at its initial weights.
"""

import os
import platform
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from experiments.backbones import allegro, nequip, shipped
from experiments.backbones.nequip_framework import Adapter, load_saved, trainable
from experiments.backbones.options import Options
from experiments.structures import Structures
from experiments.training.evaluate import errors
from experiments.training.recipes import Recipe
from span_theorem.errors import InputError

LICENCE = "MIT"
# arguments of the builder that say how to train or compile, not what the model is
NOT_THE_MODEL = ("_target_", "compile_mode")
# `aspirin-random` is what this recipe starts from, with another seed
NORMALISED_LIKE = "aspirin-rmd17-0"
ADAPTERS = {"nequip.model.NequIPGNNModel": nequip.ADAPTER, "allegro.model.AllegroModel": allegro.ADAPTER}
"""By the model builder that a checkpoint names."""


@dataclass(frozen=True)
class Data:
    """Frames a backbone was trained and is tested on; ``training`` are exactly those given to nequip."""

    training: Structures
    test: Structures


def cpu() -> str:
    """The processor this runs on, in words."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{model or platform.processor() or platform.machine()}, {os.cpu_count()} cores"


@dataclass(frozen=True)
class Effort:
    """What the training took.

    Attributes:
        wall_seconds: duration, resumed parts added up; None if it was not recorded.
        threads: CPU threads.
        cpu: the machine.
    """

    wall_seconds: float | None = None
    threads: int = 1
    cpu: str = field(default_factory=cpu)


def export(name: str, recipe: Recipe, checkpoint: Path, data: Data, effort: Effort) -> shipped.Shipped:
    """The evaluation weights of a finished training, with their model card. The checkpoint can run code.

    Args:
        checkpoint: nequip's checkpoint of the best epoch; `last.ckpt` beside it tells the whole length.

    Raises:
        InputError: no nequip checkpoint, one of another recipe, or frames without energies and forces.
    """
    import torch

    model = load_saved(checkpoint)
    best = torch.load(checkpoint, map_location="cpu", weights_only=False)
    last_path = checkpoint.with_name("last.ckpt")
    last = torch.load(last_path, map_location="cpu", weights_only=False) if last_path.is_file() else best
    hyper = best["hyper_parameters"]
    expected = {"schedule": recipe.epochs, **recipe.overrides(len(data.training))}
    _require_same(checkpoint, _given(hyper), expected)
    builder = hyper["model"]["_target_"]
    if builder not in ADAPTERS:
        raise InputError(f"{checkpoint} is a model of {builder}: expected {' or '.join(ADAPTERS)}")
    config = {key: value for key, value in hyper["model"].items() if key not in NOT_THE_MODEL}
    if ADAPTERS[builder] is allegro.ADAPTER:
        config = allegro.flat(config)
    training = shipped.TrainingRecord(
        epochs=last["epoch"] + 1,
        steps=last["global_step"],
        kept_epoch=best["epoch"] + 1,
        kept_step=best["global_step"],
        batch_size=hyper["info_dict"]["data"]["train_dataloader"]["batch_size"],
        compile_mode=hyper["model"].get("compile_mode", "eager"),
        wall_seconds=effort.wall_seconds,
        cpu=effort.cpu,
        threads=effort.threads,
        versions={**_versions(), **hyper["info_dict"]["versions"]},
    )
    return _with_card(name, recipe, config, model, data, training, ADAPTERS[builder])


def untrained(name: str, recipe: Recipe, data: Data) -> shipped.Shipped:
    """The initial weights that ``recipe.seed`` draws, normalised like the trained backbones.

    Raises:
        InputError: the backbone whose normalisation is taken is not shipped.
    """
    config = {**shipped.read(NORMALISED_LIKE).config, "seed": recipe.seed, "l_max": recipe.l_max}
    training = shipped.TrainingRecord(epochs=0, steps=0, versions=_versions())
    return _with_card(name, recipe, config, nequip.build(config), data, training, nequip.ADAPTER)


def _given(hyper: dict[str, Any]) -> dict[str, Any]:
    """What a training was given of the settings that recipes set, read from its checkpoint."""
    model, info = hyper["model"], hyper["info_dict"]
    split = info["data"]["split_dataset"]
    return {
        "seed": model["seed"],
        "l_max": model["l_max"],
        "epochs": info["trainer"]["max_epochs"],
        "schedule": hyper["lr_scheduler"]["scheduler"]["T_max"],
        "training_frames": split["train"],
        "validation_frames": split["val"],
    }


def _require_same(checkpoint: Path, given: dict[str, Any], recipe: dict[str, Any]) -> None:
    """Refuse to write a card that tells of another training than the checkpoint's."""
    for key, value in recipe.items():
        if given[key] != value:
            raise InputError(f"{checkpoint} was trained with {key} {given[key]}, the recipe says {value}")


def _with_card(
    name: str,
    recipe: Recipe,
    config: dict[str, Any],
    model: Any,
    data: Data,
    training: shipped.TrainingRecord,
    adapter: Adapter,
) -> shipped.Shipped:
    backbone = adapter.adapt(f"{adapter.architecture}:{name}", model, Options(), source="", licence=LICENCE)
    parameters = {key: value.detach().cpu().numpy() for key, value in trainable(model).items()}
    card = shipped.ModelCard(
        name=name,
        recipe=recipe.config,
        overrides=recipe.overrides(len(data.training)),
        seed=recipe.seed,
        l_max=recipe.l_max,
        layers=dict(backbone.card.layers),
        n_parameters=sum(value.size for value in parameters.values()),
        data=shipped.CardData(
            training=replace(_frames(recipe.training, data.training), selection=recipe.selection),
            test=_frames(recipe.test, data.test),
        ),
        training=training,
        test=errors(backbone, data.test),
        test_units={"energy": "eV", "force": "meV/Å"},
        licence=LICENCE,
        architecture=adapter.architecture,
    )
    return shipped.Shipped(name, config, parameters, card)


def _frames(source: str, frames: Structures) -> shipped.FrameSet:
    return shipped.FrameSet(source, len(frames), frames.checksum)


def _versions() -> dict[str, str]:
    packages = ("nequip", "e3nn", "torch", "lightning")
    return {"python": platform.python_version(), **{package: version(package) for package in packages}}
