"""The network of an ASE calculator as a backbone: for those who have the calculator in hand, not the file."""

import copy
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from experiments.backbones.options import Options
from experiments.backbones.protocol import Backbone
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

SOURCE = "a calculator's network"


def open_calculator(calculator: "Calculator", options: Options) -> Backbone:
    """A copy of the network of SevenNet's, NequIP's or MACE's ASE calculator; the calculator stays as it is.

    Args:
        calculator: an instance of ``SevenNetCalculator``, ``NequIPCalculator`` or ``MACECalculator``.
        options: layer and device; a modality is the calculator's own unless another is named.

    Raises:
        InputError: another calculator, or one whose network is compiled.
    """
    kind = type(calculator).__name__
    opened = {"SevenNetCalculator": _sevennet, "NequIPCalculator": _nequip, "MACECalculator": _mace}.get(kind)
    if opened is None:
        raise InputError(
            f"no backbone is known for the calculator {kind}: expected SevenNet's, NequIP's or MACE's, or a backbone "
            "by name"
        )
    return opened(calculator, options)


def _sevennet(calculator: Any, options: Options) -> Backbone:
    from sevenn.nn.sequential import AtomGraphSequential

    from experiments.backbones.sevennet import SevenNet

    model = _copied(calculator.model, AtomGraphSequential, "a checkpoint")
    model.set_is_batch_data(True)
    options = replace(options, branch=options.branch or calculator.modal)
    return SevenNet("sevennet:calculator", model, options, SOURCE, settings=_identity(model))


def _nequip(calculator: Any, options: Options) -> Backbone:
    from nequip.nn import GraphModel

    from experiments.backbones.allegro import Allegro
    from experiments.backbones.nequip import NequIP

    model = _copied(calculator.model, GraphModel, "a checkpoint or package")
    allegro = "allegro" in dict(model.model.func.named_children())
    name, adapt = ("allegro", Allegro) if allegro else ("nequip", NequIP)
    return adapt(f"{name}:calculator", model, options, SOURCE, settings=_identity(model))


def _mace(calculator: Any, options: Options) -> Backbone:
    from mace.modules.models import MACE as Model

    from experiments.backbones.mace import MACE

    if len(calculator.models) != 1:
        raise InputError(f"the calculator holds {len(calculator.models)} networks: expected one")
    model = _copied(calculator.models[0], Model, "a model file")
    options = replace(options, branch=options.branch or getattr(calculator, "head", None))
    return MACE("mace:calculator", model, options, SOURCE, _identity(model))


def _copied(model: Any, kind: type, file: str) -> Any:
    if not isinstance(model, kind):
        raise InputError(
            f"the calculator's network is a {type(model).__name__}, as compiled ones are: expected one made from {file}"
        )
    return copy.deepcopy(model)


def _identity(model: Any) -> dict[str, str]:
    """A digest of the weights, so that features can be kept."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return {"weights_sha256": digest.hexdigest()}
