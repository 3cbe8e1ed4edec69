"""What networks built with the framework nequip share, NequIP itself and Allegro: graphs, files, the state to build in.

Irreps carry true parities there: `1o` is a vector, `1e` a pseudovector. The project's recipes set `parity: false`,
which keeps one parity (-1)^l for each l: 0e, 1o, 2e, ...
"""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.backbones import shipped
from experiments.backbones.batch import Batch
from experiments.backbones.graph import Graph, GraphBackbone
from experiments.backbones.options import Options
from experiments.backbones.trust import require_open, require_trust
from experiments.neighbours import Edges
from span_theorem.errors import InputError
from span_theorem.reading import sha256

if TYPE_CHECKING:
    from torch import Tensor

LABELS = "parity as labelled (O(3) equivariance)"


class FrameworkBackbone(GraphBackbone):
    """Adapter of one ``nequip.nn.GraphModel`` at one layer (see :class:`experiments.backbones.protocol.Backbone`).

    Args:
        name: how results refer to it.
        model: ``nequip.nn.GraphModel``, or its like from a package.
        options: layer and device.
        source: where the weights come from.
        licence: licence of the weights.
        settings: what identifies the weights.

    Raises:
        InputError: the model is of another kind, a type is no chemical element, or there is no such layer.
    """

    def __init__(
        self,
        name: str,
        model: Any,
        options: Options,
        source: str,
        licence: str = "unknown",
        settings: Mapping[str, Any] | None = None,
    ):
        import torch

        parameters = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
        self._model = model.to(options.device).eval().requires_grad_(False)
        # the model is a wrapper of dtypes around a wrapper of derivatives around a sequence of named modules
        self._modules = dict(model.model.func.named_children())
        layers = self._layers(name)
        elements = _atomic_numbers(model.metadata["type_names"].split(), name)
        self._types = torch.full((max(elements) + 1,), -1, device=options.device)
        self._types[elements] = torch.arange(len(elements), device=options.device)
        self._cutoff = float(model.metadata["r_max"])
        self._device = options.device
        self.name = name
        self._read_layer(
            layers,
            options.layer,
            labels=LABELS,
            parameters=parameters,
            source=source,
            licence=licence,
            elements=frozenset(elements),
            settings=dict(settings or {}),
        )

    def _layers(self, name: str) -> dict[str, str]:
        """Irreps of the layers by name, from ``_modules``; :class:`InputError` if these are of another network."""
        raise NotImplementedError

    def _graph(self, batch: Batch, pairs: Edges) -> Graph:
        import torch
        from nequip.data import AtomicDataDict as keys

        # nequip computes distances and harmonics in float64 and casts them to the model's dtype
        positions = batch.positions.to(torch.float64)
        return {
            keys.POSITIONS_KEY: positions,
            # nequip's edge_index is (centre, neighbour), its edge vectors point from centre to neighbour
            keys.EDGE_INDEX_KEY: pairs.index,
            keys.EDGE_VECTORS_KEY: pairs.vectors(positions),
            keys.ATOM_TYPE_KEY: self._types[batch.numbers.to(self._device)],
            keys.BATCH_KEY: self._structure_of(batch),
            keys.NUM_NODES_KEY: batch.sizes.to(self._device),
        }

    def _energies(self, graph: Graph) -> "Tensor":
        from nequip.data import AtomicDataDict as keys

        for module in self._modules.values():
            graph = module(graph)
        return graph[keys.TOTAL_ENERGY_KEY].reshape(-1)


def load_parameters(model: Any, parameters: Mapping[str, Any], name: str) -> None:
    """Copy ``parameters`` into ``model``; every parameter once, none left over, shapes and dtypes equal.

    Raises:
        InputError: the parameters are those of another model, or not finite.
    """
    import torch

    own = trainable(model)
    for key in sorted(own.keys() ^ parameters.keys()):
        problem = "lack" if key in own else "hold the unexpected"
        raise InputError(
            f"weights of backbone {name} {problem} parameter '{key}': expected its configuration's"
        )
    with torch.no_grad():
        for key, parameter in own.items():
            given = torch.as_tensor(parameters[key])
            if given.shape != parameter.shape or given.dtype != parameter.dtype or not given.isfinite().all():
                raise InputError(
                    f"weights of backbone {name}: parameter '{key}' is {given.dtype} {tuple(given.shape)}, "
                    f"expected finite {parameter.dtype} {tuple(parameter.shape)}"
                )
            parameter.copy_(given)


def trainable(model: Any) -> dict[str, Any]:
    """Parameters of a model by name; e3nn's empty placeholders are left out."""
    return {key: parameter for key, parameter in model.named_parameters() if parameter.numel()}


def load_saved(path: Path) -> Any:
    """The evaluation model of a checkpoint (averaged weights if it has them) or package; runs its code.

    Raises:
        InputError: the file holds no nequip model.
    """
    with builder_state(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nequip.model.saved_models import load_saved_model

        try:
            return load_saved_model(str(path.resolve()))
        except Exception as error:
            raise InputError(
                f"{path} is not a nequip checkpoint or package: {type(error).__name__}: {error}"
            ) from error


@contextmanager
def builder_state() -> Iterator[None]:
    """The global state in which nequip builds models, undone afterwards.

    nequip refuses to build before its set_global_state(), whose first call reseeds every random generator,
    makes float64 torch's default and changes how e3nn generates code. Only what nothing else here reads
    stays changed: TorchScript's fusion strategy, and how torch.compile treats dynamic shapes.
    """
    import e3nn
    import torch
    from lightning.pytorch.utilities.seed import isolate_rng

    code_generation = {"specialized_code": True, "optimize_einsums": True, "jit_mode": "eager"}
    dtype = torch.get_default_dtype()
    defaults = {key: e3nn.get_optimization_defaults()[key] for key in code_generation}
    environment = dict(os.environ)
    with isolate_rng():
        try:
            from nequip.utils.global_state import set_global_state

            set_global_state()
            torch.set_default_dtype(torch.float64)
            e3nn.set_optimization_defaults(**code_generation)
            yield
        finally:
            torch.set_default_dtype(dtype)
            e3nn.set_optimization_defaults(**defaults)
            for key in os.environ.keys() - environment.keys():
                del os.environ[key]


def checked_build(
    config: Mapping[str, Any], make: "Callable[[dict[str, Any]], Any]", architecture: str
) -> Any:
    """An untrained ``nequip.nn.GraphModel``: the initial weights that ``config['seed']`` draws.

    Args:
        config: those arguments of the model builder that :mod:`shipped` knows.
        make: calls the builder.
        architecture: whose arguments they are.

    Raises:
        InputError: another argument or an unfit value, or nequip cannot build a model from ``config``.
    """
    # nequip runs what a nested mapping names, so whatever comes here is checked, from wherever it comes
    shipped.check_config(config, "model configuration", architecture)
    with builder_state():
        try:
            return make({**config, "compile_mode": "eager"})
        except ImportError:
            raise
        except Exception as error:
            raise InputError(
                f"nequip cannot build this model: {type(error).__name__}: {error}, expected the arguments of "
                f"its builder of {architecture}"
            ) from error


@dataclass(frozen=True)
class Adapter:
    """How the networks of one architecture are opened.

    Attributes:
        architecture: as model cards name it; also the family in the names of backbones.
        title: as people write it.
        build: from a configuration to an untrained model.
        adapt: from a model to a backbone.
    """

    architecture: shipped.Architecture
    title: str
    build: Callable[[Mapping[str, Any]], Any]
    adapt: Callable[..., FrameworkBackbone]

    def names(self) -> tuple[str, ...]:
        """Names of the shipped backbones."""
        return tuple(
            name for name in shipped.names() if shipped.read_card(name).architecture == self.architecture
        )

    def open_shipped(self, name: str, options: Options, folder: Path = shipped.FOLDER) -> FrameworkBackbone:
        """Open one of the project's trained backbones from its plain files; nothing in them can run code.

        Raises:
            InputError: a file is missing, damaged, or does not belong to the others, or is of another architecture.
        """
        files = shipped.read(name, folder)
        if files.card.architecture != self.architecture:
            raise InputError(
                f"{name} has the architecture {files.card.architecture}, expected {self.architecture}: name it "
                f"{files.card.architecture}:{name}"
            )
        model = self.build(files.config)
        load_parameters(model, files.parameters, name)
        backbone = self.adapt(
            f"{self.architecture}:{name}",
            model,
            options,
            source=f"trained by this project, recipe {files.card.recipe}",
            licence=files.card.licence,
            settings={"weights_sha256": files.card.weights_sha256},
        )
        stated, found = dict(files.card.layers), dict(backbone.card.layers)
        if stated != found:
            raise InputError(
                f"the model card of {name} has the layers {stated}, expected {found} of its configuration"
            )
        return backbone

    def open_named(self, name: str, options: Options) -> FrameworkBackbone:
        """Open a shipped backbone, the `.card.json` of an exported one, or the user's `.ckpt` or `.nequip.zip`.

        Raises:
            InputError: the name is unknown, or the file is not trusted or not readable.
        """
        if name in shipped.names():
            return self.open_shipped(name, options)
        path = Path(name)
        if path.name.endswith(shipped.CARD_SUFFIX):
            return self.open_shipped(path.name.removesuffix(shipped.CARD_SUFFIX), options, path.parent)
        if not path.is_file():
            raise InputError(
                f"unknown {self.title} backbone '{name}': expected {', '.join(self.names())}, or an existing "
                ".ckpt, .nequip.zip or .card.json file"
            )
        require_open(path)
        require_trust(path, options.trust, _kind(path))
        return self.adapt(
            f"{self.architecture}:{path.name}",
            load_saved(path),
            options,
            source=f"file {path.name}",
            settings={"checkpoint_sha256": sha256(path)},
        )


def _kind(path: Path) -> str:
    return "a package of Python code" if path.name.endswith(".nequip.zip") else "a pickled checkpoint"


def _atomic_numbers(type_names: list[str], name: str) -> list[int]:
    from ase.data import atomic_numbers

    for type_name in type_names:
        if type_name not in atomic_numbers:
            raise InputError(
                f"backbone {name} has the atom type '{type_name}': expected chemical symbols only"
            )
    return [atomic_numbers[type_name] for type_name in type_names]
