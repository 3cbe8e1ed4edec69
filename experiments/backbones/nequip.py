"""NequIP: the backbones trained by this project, and the user's own nequip checkpoints and packages."""

from collections.abc import Mapping
from typing import Any

from experiments.backbones.graph import MessagePassingBackbone
from experiments.backbones.message_passing import Keys, MessagePassing
from experiments.backbones.nequip_framework import Adapter, FrameworkBackbone, checked_build
from span_theorem.errors import InputError


class NequIP(FrameworkBackbone, MessagePassingBackbone):
    """Adapter of one NequIP model at one layer: :class:`FrameworkBackbone` with NequIP's convolutions."""

    def __init__(self, *arguments: Any, **named: Any):
        super().__init__(*arguments, **named)
        from nequip.data import AtomicDataDict as keys

        layers = list(self.card.layers)
        self._network = MessagePassing.of_modules(
            self._modules,
            [f"layer{number}_" for number in layers[: layers.index(self.card.layer) + 1]],
            lambda prefix: self._modules[f"{prefix}convnet"].conv.tp_scatter,
            Keys(
                keys.EDGE_INDEX_KEY,
                keys.ATOM_TYPE_KEY,
                keys.EDGE_VECTORS_KEY,
                features=keys.NODE_FEATURES_KEY,
            ),
        )

    def _layers(self, name: str) -> dict[str, str]:
        from nequip.data import AtomicDataDict as keys

        layers = {
            key.removeprefix("layer").removesuffix("_convnet"): str(module.irreps_out[keys.NODE_FEATURES_KEY])
            for key, module in self._modules.items()
            if key.startswith("layer") and key.endswith("_convnet")
        }
        if not layers:
            found = "an Allegro network: name it allegro:…" if "allegro" in self._modules else "none"
            raise InputError(
                f"backbone {name} has the modules {', '.join(list(self._modules)[:4])}, …: expected a NequIP network "
                f"with a module layer0_convnet, found {found}"
            )
        return layers


def build(config: Mapping[str, Any]) -> Any:
    """An untrained ``nequip.nn.GraphModel``: the initial weights that ``config['seed']`` draws.

    Args:
        config: arguments of ``nequip.model.NequIPGNNModel``, those of :class:`shipped.ModelConfig` only.

    Raises:
        InputError: another argument or an unfit value, or nequip cannot build a model from ``config``.
    """

    def make(arguments: dict[str, Any]) -> Any:
        from nequip.model import NequIPGNNModel

        return NequIPGNNModel(**arguments)

    return checked_build(config, make, "nequip")


ADAPTER = Adapter("nequip", "NequIP", build, NequIP)
names, open_shipped, open_named = ADAPTER.names, ADAPTER.open_shipped, ADAPTER.open_named
