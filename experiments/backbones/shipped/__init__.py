"""Trained backbones of this project: for each NAME.npz (weights), NAME.config.json and NAME.card.json."""

from experiments.backbones.shipped.format import CARD_SUFFIX, FOLDER, Shipped, names, read, read_card, write
from experiments.backbones.shipped.model_card import (
    Architecture,
    CardData,
    Errors,
    FrameSet,
    ModelCard,
    TrainingRecord,
)
from experiments.backbones.shipped.model_config import ModelConfig, check_config

__all__ = [
    "CARD_SUFFIX",
    "FOLDER",
    "Architecture",
    "CardData",
    "Errors",
    "FrameSet",
    "ModelCard",
    "ModelConfig",
    "Shipped",
    "TrainingRecord",
    "check_config",
    "names",
    "read",
    "read_card",
    "write",
]
