"""A model's configuration as data: scalars and lists of scalars under known names, each in a range.

nequip instantiates whatever a nested mapping names (hydra's ``_target_``), so none gets there from a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from span_theorem.checked import Finite, checked
from span_theorem.errors import InputError

Width = Annotated[int, Meta(ge=1, le=4096)]
Depth = Annotated[int, Meta(ge=0, le=16)]
MAX_TYPES = 118
Nonlinearity = Literal["silu", "mish", "gelu"] | None
PerType = Finite | Annotated[list[Finite], Meta(max_length=MAX_TYPES)] | None


@dataclass(frozen=True, kw_only=True)
class CommonConfig:
    """What a file may set of any network of nequip's framework, by nequip's own names.

    None stands for nequip's default.
    """

    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    model_dtype: Literal["float32", "float64"]
    type_names: Annotated[
        list[Annotated[str, Meta(pattern="^[A-Za-z0-9]{1,8}$")]], Meta(min_length=1, max_length=MAX_TYPES)
    ]
    r_max: Annotated[float, Meta(gt=0, le=100)]
    l_max: Annotated[int, Meta(ge=0, le=8)]
    num_layers: Annotated[int, Meta(ge=1, le=32)]
    parity: bool = True
    num_bessels: Annotated[int, Meta(ge=1, le=256)] = 8
    bessel_trainable: bool = False
    polynomial_cutoff_p: Annotated[float, Meta(ge=2, le=100)] = 6
    avg_num_neighbors: Annotated[float, Meta(gt=0, le=1e6)] | None = None
    per_type_energy_scales: PerType = None
    per_type_energy_shifts: PerType = None
    per_type_energy_scales_trainable: bool = False
    per_type_energy_shifts_trainable: bool = False

    def fewest_parameters(self) -> int:
        """A lower bound of the trainable parameters, before anything is allocated for them."""
        raise NotImplementedError

    def check(self, source: str | Path) -> None:
        """Compare values with one another.

        Raises:
            InputError: two that do not go together; the message names ``source``.
        """
        for name in ("per_type_energy_scales", "per_type_energy_shifts"):
            given = getattr(self, name)
            if isinstance(given, list) and len(given) != len(self.type_names):
                raise InputError(
                    f"{source}: {name}: expected {len(self.type_names)} numbers, one for every type, found "
                    f"{len(given)}"
                )


@dataclass(frozen=True, kw_only=True)
class ModelConfig(CommonConfig):
    """Arguments of ``nequip.model.NequIPGNNModel`` that a file may set."""

    num_features: Width | Annotated[list[Width], Meta(min_length=1, max_length=9)]
    type_embed_num_features: Width | None = None
    radial_mlp_depth: Annotated[int, Meta(ge=1, le=16)] = 1
    radial_mlp_width: Width = 128
    readout_mlp_hidden_layers_depth: Depth = 0
    readout_mlp_hidden_layers_width: Width | None = None
    readout_mlp_nonlinearity: Nonlinearity = "silu"
    convnet_sc: bool = True
    convnet_resnet: bool = False
    learnable_shift: bool = False

    def check(self, source: str | Path) -> None:
        super().check(source)
        if len(self.multiplicities) != self.l_max + 1:
            raise InputError(
                f"{source}: num_features: expected {self.l_max + 1} numbers, one for every l up to l_max, found "
                f"{len(self.multiplicities)}"
            )

    @property
    def multiplicities(self) -> list[int]:
        """Channels of every degree 0 to ``l_max``."""
        if isinstance(self.num_features, int):
            return [self.num_features] * (self.l_max + 1)
        return self.num_features

    def fewest_parameters(self) -> int:
        """A lower bound: see :meth:`CommonConfig.fewest_parameters`.

        Counted are the linear maps and radial networks of every convolution with natural parities: a path
        l1 × l2 -> l3 has l1's channels, as many columns in the radial network, and its map to l3's.
        """
        channels, orders = self.multiplicities, range(self.l_max + 1)
        embedded = self.type_embed_num_features or channels[0]
        given, count = [embedded], embedded * len(self.type_names)
        for layer in range(self.num_layers):
            kept = channels[:1] if layer == self.num_layers - 1 else channels
            paths = [
                (given[l1], kept[l3])
                for l1 in range(len(given))
                for l2 in orders
                for l3 in range(len(kept))
                if abs(l1 - l2) <= l3 <= l1 + l2 and (l1 + l2 + l3) % 2 == 0
            ]
            width = self.radial_mlp_width
            count += sum(number**2 for number in given) + sum(first * last for first, last in paths)
            count += self.num_bessels * width + (self.radial_mlp_depth - 1) * width**2
            count += width * sum(first for first, _ in paths)
            given = kept
        width = self.readout_mlp_hidden_layers_width or channels[0]
        return count + max(self.readout_mlp_hidden_layers_depth - 1, 0) * width**2


@dataclass(frozen=True, kw_only=True)
class AllegroConfig(CommonConfig):
    """Arguments of ``allegro.model.AllegroModel`` that a file may set, those of its radial embedding beside them."""

    radial_chemical_embed_dim: Width | None = None
    scalar_embed_mlp_hidden_layers_depth: Depth = 1
    scalar_embed_mlp_hidden_layers_width: Width = 64
    scalar_embed_mlp_nonlinearity: Nonlinearity = "silu"
    num_scalar_features: Width = 64
    num_tensor_features: Width = 16
    allegro_mlp_hidden_layers_depth: Depth = 1
    allegro_mlp_hidden_layers_width: Width = 64
    allegro_mlp_nonlinearity: Nonlinearity = "silu"
    tp_path_channel_coupling: bool = True
    readout_mlp_hidden_layers_depth: Depth = 1
    readout_mlp_hidden_layers_width: Width = 32
    readout_mlp_nonlinearity: Nonlinearity = "silu"

    def fewest_parameters(self) -> int:
        """A lower bound: see :meth:`CommonConfig.fewest_parameters`.

        Counted are the perceptrons, without biases: of the embedding, of every layer, whose input holds the scalars of
        all layers before it, and of the readout.
        """
        scalars, tensors = self.num_scalar_features, self.num_tensor_features
        embedded = self.radial_chemical_embed_dim or scalars
        count = embedded * (len(self.type_names) + self.num_bessels) + scalars**2
        count += _perceptron(
            embedded,
            self.scalar_embed_mlp_hidden_layers_depth,
            self.scalar_embed_mlp_hidden_layers_width,
            scalars,
        )
        for layer in range(self.num_layers):
            count += _perceptron(
                scalars * (layer + 1) + tensors,
                self.allegro_mlp_hidden_layers_depth,
                self.allegro_mlp_hidden_layers_width,
                scalars,
            )
        return count + _perceptron(
            scalars * (self.num_layers + 1),
            self.readout_mlp_hidden_layers_depth,
            self.readout_mlp_hidden_layers_width,
            1,
        )


def _perceptron(given: int, depth: int, width: int, result: int) -> int:
    """Weights of a perceptron with ``depth`` hidden layers."""
    return given * width + (depth - 1) * width**2 + width * result if depth else given * result


CONFIGS: dict[str, type[CommonConfig]] = {"nequip": ModelConfig, "allegro": AllegroConfig}
"""What is in a configuration, by architecture."""


def check_config(values: Mapping[str, Any], source: str | Path, architecture: str = "nequip") -> CommonConfig:
    """``values`` as a configuration; ``source`` is named in messages.

    Raises:
        InputError: a name that is not of the architecture's, or a value of another type or out of range.
    """
    config = checked(values, CONFIGS[architecture], source)
    config.check(source)
    return config
