"""Backbones: one adapter a file behind one protocol, opened by name through one registry."""

from experiments.backbones.options import Options
from experiments.backbones.protocol import Backbone, Card, Potential, card_of
from experiments.backbones.registry import open_backbone

__all__ = ["Backbone", "Card", "Options", "Potential", "card_of", "open_backbone"]
