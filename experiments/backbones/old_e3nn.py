"""Work with e3nn 0.4.4, which mace-torch pins, under the torch of today."""


def allow_constants() -> None:
    """Let e3nn 0.4.4 read its own constants; call before e3nn is imported, harmless with a newer e3nn.

    They are in a pickle that holds slices, and since torch 2.6 ``torch.load`` refuses what it was not told of.
    """
    import torch

    torch.serialization.add_safe_globals([slice])
