"""The files of a trained backbone: weights as plain arrays, configuration and card as JSON, never a pickle.

`NAME.npz` holds the parameters by name, `NAME.config.json` the arguments of nequip's model builder, and
`NAME.card.json` the model card, which carries the SHA-256 of the other two and is written last.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.archive import read_archive
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
        config: arguments of ``nequip.model.NequIPGNNModel``.
        parameters: trained parameters by their name in the model.
        card: the model card.
    """

    name: str
    config: Mapping[str, Any]
    parameters: Mapping[str, np.ndarray]
    card: Mapping[str, Any]


def names(folder: Path = FOLDER) -> list[str]:
    """Names of the backbones in ``folder``, sorted."""
    return sorted(path.name.removesuffix(CARD_SUFFIX) for path in visible(folder, CARD_SUFFIX))


def paths(folder: Path, name: str) -> tuple[Path, Path, Path]:
    """Weights, configuration and card of backbone ``name`` in ``folder``."""
    return folder / f"{name}.npz", folder / f"{name}.config.json", folder / f"{name}{CARD_SUFFIX}"


def read_card(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """The model card alone.

    Raises:
        InputError: the card is missing or not JSON.
    """
    return read_json(paths(folder, name)[2])


def read(name: str, folder: Path = FOLDER) -> Shipped:
    """Read backbone ``name`` and check its files against the card's checksums.

    Raises:
        InputError: a file is missing, unreadable or other than the one the card was written for.
    """
    weights, config, card_path = paths(folder, name)
    card = read_json(card_path)
    for path, key in ((weights, "weights_sha256"), (config, "config_sha256")):
        found = sha256(path)
        if found != card.get(key):
            raise InputError(
                f"{path} does not match its model card: SHA-256 {found}, expected {card.get(key, 'one')}"
            )
    return Shipped(name, read_json(config), read_archive(weights, expected="a weights file"), card)


def write(backbone: Shipped, folder: Path) -> Path:
    """Write the three files into ``folder`` and return the path of the card.

    The card is completed with ``weights_sha256`` and ``config_sha256``.

    Raises:
        InputError: ``folder`` is missing or cannot be written.
    """
    weights, config, card_path = paths(folder, backbone.name)
    arrays: dict[str, Any] = dict(backbone.parameters)
    with replacing(weights) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    write_json(config, dict(backbone.config))
    checksums = {"weights_sha256": sha256(weights), "config_sha256": sha256(config)}
    write_json(card_path, {**backbone.card, **checksums})
    return card_path
