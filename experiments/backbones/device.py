"""Where a network runs: the name of a torch device, checked before anything is loaded."""

from span_theorem.errors import InputError


def require_device(name: str) -> None:
    """Refuse a device that torch does not know or this machine does not have.

    Raises:
        InputError: names the device and those that can be used.
    """
    import torch

    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        usable = ["cpu"] + ["cuda"] * torch.cuda.is_available() + ["mps"] * torch.backends.mps.is_available()
        raise InputError(f"cannot use --device {name}: expected one of {', '.join(usable)}") from error
