"""The model card: where a trained backbone's weights come from, what made them and how good they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from span_theorem.checked import Natural, Positive, Sha256, Size, Text

Scalar = bool | int | float | Text | None
Architecture = Literal["nequip", "allegro"]
Range = tuple[Natural, Natural]
Small = Annotated[dict[Text, Text], Meta(max_length=100)]


@dataclass(frozen=True)
class FrameSet:
    """Frames that a training or a test used.

    Attributes:
        source: as ``experiments.data.load`` takes it.
        n_frames: how many.
        sha256: checksum of their content.
        selection: half-open ranges of the source's frames, all of them if empty.
    """

    source: Text
    n_frames: Positive
    sha256: Sha256
    selection: Annotated[tuple[Range, ...], Meta(max_length=1000)] = ()


@dataclass(frozen=True)
class CardData:
    """What it was trained and tested on."""

    training: FrameSet
    test: FrameSet


@dataclass(frozen=True)
class TrainingRecord:
    """What the training was; where the weights are the initial ones, ``epochs`` is 0 and most is None."""

    epochs: Natural
    steps: Natural
    versions: Small
    kept_epoch: Natural | None = None
    kept_step: Natural | None = None
    batch_size: Positive | None = None
    compile_mode: Text | None = None
    wall_seconds: Size | None = None
    cpu: Text | None = None
    threads: Positive | None = None


@dataclass(frozen=True)
class Errors:
    """Errors on a set of frames.

    Attributes:
        n_frames: how many frames.
        energy_mae: mean absolute error of the total energy, eV.
        energy_mae_per_atom: the same of the energy divided by the number of atoms, eV.
        force_mae: mean absolute error of a force component, meV/Å.
        force_rmse: root-mean-square error of a force component, meV/Å.
    """

    n_frames: Positive
    energy_mae: Size
    energy_mae_per_atom: Size
    force_mae: Size
    force_rmse: Size


@dataclass(frozen=True)
class ModelCard:
    """A model card.

    Attributes:
        name: of the backbone.
        recipe: configuration of the training.
        overrides: what was set in it.
        seed: of the initial weights.
        l_max: highest degree of the features.
        layers: irreps of every layer's features.
        n_parameters: trainable parameters.
        data: frames trained and tested on.
        training: what the training was.
        test: errors on the test frames.
        test_units: units of the errors.
        licence: of the weights.
        weights_sha256: of the weights' file; None until it is written.
        config_sha256: of the configuration's file; None until it is written.
        architecture: what kind of network it is.
    """

    name: Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]{1,200}$")]
    recipe: Text
    overrides: Annotated[Mapping[Text, Scalar], Meta(max_length=100)]
    seed: Natural
    l_max: Natural
    layers: Small
    n_parameters: Natural
    data: CardData
    training: TrainingRecord
    test: Errors
    test_units: Small
    licence: Text
    weights_sha256: Sha256 | None = None
    config_sha256: Sha256 | None = None
    architecture: Architecture = "nequip"
