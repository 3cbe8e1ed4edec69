"""The files of a trained backbone: weights as plain arrays, configuration and card as JSON, never a pickle.

`NAME.npz` holds the parameters by name, `NAME.config.json` the arguments of its model builder, and
`NAME.card.json` the model card, which carries the SHA-256 of the other two and is written last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import to_builtins

from experiments.archive import read_archive
from experiments.backbones.shipped.model_card import ModelCard
from experiments.backbones.shipped.model_config import check_config
from span_theorem.checked import checked
from span_theorem.errors import InputError
from span_theorem.output import replacing, write_json
from span_theorem.reading import read_json, sha256, visible

FOLDER = Path(__file__).parent
CARD_SUFFIX = ".card.json"


@dataclass(frozen=True)
class Shipped:
    """One trained backbone as read from its three files.

    Attributes:
        name: file name without suffixes.
        config: arguments of the model builder, those of the architecture's configuration only.
        parameters: trained parameters by their name in the model.
        card: the model card.
    """

    name: str
    config: Mapping[str, Any]
    parameters: Mapping[str, np.ndarray]
    card: ModelCard


def names(folder: Path = FOLDER) -> list[str]:
    """Names of the backbones in ``folder``, sorted."""
    return sorted(path.name.removesuffix(CARD_SUFFIX) for path in visible(folder, CARD_SUFFIX))


def paths(folder: Path, name: str) -> tuple[Path, Path, Path]:
    """Weights, configuration and card of backbone ``name`` in ``folder``."""
    return folder / f"{name}.npz", folder / f"{name}.config.json", folder / f"{name}{CARD_SUFFIX}"


def read_card(name: str, folder: Path = FOLDER) -> ModelCard:
    """The model card alone.

    Raises:
        InputError: the card is missing, not JSON, or a field of it is missing, unknown or unfit.
    """
    path = paths(folder, name)[2]
    return checked(read_json(path, "a model card"), ModelCard, path)


def read(name: str, folder: Path = FOLDER) -> Shipped:
    """Read backbone ``name`` and check its files against the card's checksums.

    Raises:
        InputError: a file is missing, unreadable or other than the one the card was written for, or the configuration
            is none, or asks for more parameters than there are.
    """
    weights, config_path, _ = paths(folder, name)
    card = read_card(name, folder)
    for path, stated in ((weights, card.weights_sha256), (config_path, card.config_sha256)):
        found = sha256(path)
        if found != stated:
            raise InputError(
                f"{path} does not match its model card: SHA-256 {found}, expected {stated or 'one'}"
            )
    config = read_json(config_path, "a model configuration")
    parameters = read_archive(weights, expected="a weights file")
    fewest = check_config(config, config_path, card.architecture).fewest_parameters()
    present = sum(values.size for values in parameters.values())
    if fewest > present:
        raise InputError(
            f"{config_path} describes a model of at least {fewest:,} parameters, expected no more than the {present:,} "
            f"in {weights}"
        )
    return Shipped(name, config, parameters, card)


def write(backbone: Shipped, folder: Path) -> Path:
    """Write the three files into ``folder`` and return the path of the card.

    The card is completed with ``weights_sha256`` and ``config_sha256``.

    Raises:
        InputError: ``folder`` is missing or cannot be written, or the files would not be read back.
    """
    weights, config, card_path = paths(folder, backbone.name)
    check_config(backbone.config, config, backbone.card.architecture)
    checked(to_builtins(backbone.card), ModelCard, card_path)
    arrays: dict[str, Any] = dict(backbone.parameters)
    with replacing(weights) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    write_json(config, dict(backbone.config))
    card = replace(backbone.card, weights_sha256=sha256(weights), config_sha256=sha256(config))
    write_json(card_path, to_builtins(card))
    return card_path
