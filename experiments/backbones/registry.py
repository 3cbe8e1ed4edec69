"""How a backbone is named on the command line and opened: `family:name`, or `path/to/file.py:factory`.

A new family is one adapter file, which offers ``names()`` and ``open_named(name, options)``, and one entry in
:data:`FAMILIES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.backbones.old_e3nn import allow_constants
from experiments.backbones.options import Options
from experiments.backbones.protocol import Backbone
from span_theorem.errors import InputError, MissingPackage

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

    from experiments.environments import Pair


@dataclass(frozen=True)
class Family:
    """Backbones of one kind of network.

    Attributes:
        module: the adapter; it offers ``names()`` and ``open_named(name, options)``.
        usage: what a user may give after `FAMILY:`, beside a name.
        package: what has to be importable, ``None`` if nothing more than this project.
        install: how to get it.
    """

    module: str
    usage: str
    package: str | None = None
    install: str = ""

    @property
    def installed(self) -> bool:
        return self.package is None or find_spec(self.package) is not None

    def names(self) -> tuple[str, ...]:
        """Backbones of this family that have a name of their own."""
        return tuple(self._adapter().names())

    def require(self) -> None:
        """Refuse to go on without the package.

        Raises:
            MissingPackage: it is not installed; the message says how to get it.
        """
        if not self.installed:
            raise MissingPackage(f"this backbone needs the package {self.package}: {self.install}")

    def open(self, name: str, options: "Options") -> Backbone:
        """Open a backbone of this family.

        Raises:
            MissingPackage: the package is missing or broken.
            InputError: whatever the adapter refuses.
        """
        self.require()
        try:
            return self._adapter().open_named(name, options)
        except ImportError as error:
            raise MissingPackage(
                f"package {self.package} cannot be imported: {error} ({self.install})"
            ) from error

    def _adapter(self) -> Any:
        return import_module(self.module)


FAMILIES = {
    "nequip": Family(
        "experiments.backbones.nequip",
        "FILE.ckpt, FILE.nequip.zip or NAME.card.json",
        package="nequip",
        install="pip install 'span-theorem[nequip]'",
    ),
    "allegro": Family(
        "experiments.backbones.allegro",
        "FILE.ckpt, FILE.nequip.zip or NAME.card.json",
        package="allegro",
        install="pip install 'span-theorem[allegro]'",
    ),
    "sevennet": Family(
        "experiments.backbones.sevennet",
        "CHECKPOINT",
        package="sevenn",
        install="pip install 'span-theorem[sevennet]'",
    ),
    "so3lr": Family(
        "experiments.backbones.so3lr",
        "FILE.model",
        package="so3krates_torch",
        install="pip install 'span-theorem[so3lr]'",
    ),
    "mace": Family(
        "experiments.backbones.mace",
        "FILE.model",
        package="mace",
        install="an environment of its own, see docs/backbones.md",
    ),
    "painn": Family(
        "experiments.backbones.painn",
        "FILE",
        package="schnetpack",
        install="an environment of its own, see docs/backbones.md",
    ),
    "features": Family("experiments.backbones.feature_file", "FILE.npz"),
    "density": Family("experiments.backbones.density", "L"),
}


def open_backbone(
    spec: "str | Calculator",
    options: Options | None = None,
    pair: "Pair | None" = None,
    opened: "Callable[[str, Options], Backbone] | None" = None,
) -> Backbone:
    """Open the backbone that ``spec`` names, behind the wrappers that its suffixes name.

    Args:
        spec: `family:name` or `path/to/file.py:factory`, and any suffixes of :mod:`experiments.backbones.wrappers`;
            or the ASE calculator of SevenNet, NequIP or MACE, whose network is copied.
        options: how it is opened.
        pair: the marked direction, for the suffix that needs one.
        opened: gives the network without its suffixes; by default it is opened anew.

    Raises:
        InputError: unknown family, name or suffix, missing package, unreadable or untrusted file.
    """
    from experiments.backbones.wrappers import open_suffixed

    options = options or Options()
    require_device(options.device)
    allow_constants()
    if not isinstance(spec, str):
        from experiments.backbones.calculators import open_calculator

        return open_calculator(spec, options)
    return open_suffixed(spec, options, opened or open_plain, pair)


def open_plain(spec: str, options: Options) -> Backbone:
    """Open a backbone named without suffix (see :func:`open_backbone`)."""
    family, _, name = spec.partition(":")
    if family in FAMILIES and name:
        return FAMILIES[family].open(name, options)
    path, _, factory = spec.rpartition(":")
    if path.endswith(".py"):
        from experiments.backbones.user_file import open_factory

        return open_factory(Path(path), factory, options)
    known = ", ".join(f"{family}:…" for family in FAMILIES)
    raise InputError(f"unknown backbone '{spec}': expected {known}, or path/to/file.py:factory")


def require_device(device: str) -> None:
    """Refuse a torch device that is not there.

    Raises:
        InputError: the device's name is unknown, or nothing can be put on it.
    """
    import torch

    try:
        torch.zeros(1, device=device)
    except Exception as error:  # torch raises RuntimeError, AssertionError or its own kinds
        reason = str(error).splitlines()[0]
        raise InputError(
            f"device {device} cannot be used: {reason} (expected cpu, or cuda with a GPU)", "device"
        ) from error
