"""How a backbone is opened, whatever its family."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How to open a backbone.

    Attributes:
        layer: name of the layer to read; ``None`` for the adapter's default.
        branch: which of several a network was trained for: SevenNet's modality, MACE's head; ``None`` for the first.
        trust: the user vouches for files that can run code when loaded.
        device: torch device.
    """

    layer: str | None = None
    branch: str | None = None
    trust: bool = False
    device: str = "cpu"
