"""Trained backbones of this project: for each NAME.npz (weights), NAME.config.json and NAME.card.json."""

from experiments.backbones.shipped.format import CARD_SUFFIX, FOLDER, Shipped, names, read, read_card, write

__all__ = ["CARD_SUFFIX", "FOLDER", "Shipped", "names", "read", "read_card", "write"]
