"""A network of the user's own: `path/to/file.py:factory`, where `factory()` returns a protocol object.

The file is run, so it needs the user's trust. What goes wrong inside it, when it is loaded or later when
it is asked for features, is reported in one line with the exception and the line of the user's file.
"""

import functools
import hashlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.backbones.free_molecule import of_batches
from experiments.backbones.options import Options
from experiments.backbones.protocol import Backbone, Card, card_of
from span_theorem.errors import InputError
from span_theorem.reading import sha256

if TYPE_CHECKING:
    from torch import Tensor


OPTIONAL_METHODS = ("energy_forces", "site_features")


class UserBackbone:
    """A user's object whose errors name the line of the user's file.

    It has ``energy_forces`` and ``site_features`` where the user's object has them, with the arguments that these take.

    Args:
        backbone: the object the factory returned, already checked.
        path: the user's file.
    """

    features: Callable[..., "Tensor"]

    def __init__(self, backbone: Backbone, path: Path):
        self.name = backbone.name
        self.irreps = backbone.irreps
        self.card = _card(backbone, path)
        for method in ("features", *OPTIONAL_METHODS):
            if hasattr(backbone, method):
                setattr(self, method, _reporting(getattr(backbone, method), path))


def open_factory(path: Path, factory: str, options: Options) -> Backbone:
    """Run the user's file and call its factory, with ``layer`` and ``device`` where its signature takes them.

    Raises:
        InputError: the file is absent or not trusted, it fails, it has no such factory, or what the factory
            returns lacks something of the protocol.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}: expected path/to/file.py:factory")
    if not options.trust:
        raise InputError(f"{path} is Python code and runs when loaded: expected your trust", "trust")
    with _reported(path):
        module = _run(path)
    make = getattr(module, factory, None)
    if not callable(make):
        found = [key for key, value in vars(module).items() if _is_own_function(value, module)]
        raise InputError(
            f"{path} has no function '{factory}': "
            f"expected {', '.join(found) or 'one that returns a backbone'}"
        )
    arguments = _arguments(make, options, f"{path}:{factory}")
    with _reported(path):
        backbone = make(**arguments)
    _require_protocol(backbone, f"{path}:{factory}")
    return of_batches(UserBackbone(backbone, path))


def _run(path: Path) -> Any:
    # its own folder is importable, as for a script; last, so that it cannot shadow an installed package
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)
    name = f"span_theorem_user_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} is not a Python file: expected path/to/file.py:factory")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickling look their module up here
    spec.loader.exec_module(module)
    return module


def _is_own_function(value: Any, module: Any) -> bool:
    return inspect.isfunction(value) and value.__module__ == module.__name__ and value.__name__[0] != "_"


def _arguments(make: Callable[..., Any], options: Options, where: str) -> dict[str, str]:
    try:
        parameters = inspect.signature(make).parameters
    except ValueError:
        parameters = inspect.signature(lambda: None).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    arguments = {}
    for key, value, default in (("layer", options.layer, None), ("device", options.device, "cpu")):
        if key in parameters or takes_any:
            # an unasked layer is left to the factory's own default
            if value is not None:
                arguments[key] = value
        elif value != default:
            raise InputError(f"{key} {value} was asked for, but {where} takes no argument '{key}'")
    return arguments


def _require_protocol(backbone: Any, where: str) -> None:
    from e3nn.o3 import Irreps

    kind = type(backbone).__name__
    for attribute in ("name", "irreps", "features"):
        if not hasattr(backbone, attribute):
            raise InputError(
                f"{where} returned a {kind} without '{attribute}': expected name, irreps, features"
            )
    if not isinstance(backbone.name, str) or not backbone.name:
        raise InputError(f"{where}: name is {backbone.name!r}, expected a non-empty string")
    if not isinstance(backbone.irreps, Irreps):
        raise InputError(
            f"{where}: irreps is a {type(backbone.irreps).__name__}, expected an e3nn.o3.Irreps such as "
            "Irreps('8x0e+8x1o')"
        )
    if not backbone.irreps.dim:
        raise InputError(f"{where}: irreps are empty, expected at least one feature")
    for attribute in ("features", *OPTIONAL_METHODS):
        if not callable(getattr(backbone, attribute, len)):
            raise InputError(f"{where}: {attribute} is no method")


def _card(backbone: Backbone, path: Path) -> Card:
    given = card_of(backbone)
    checksum = {"file_sha256": sha256(path, "a Python file")}
    source = given.source if isinstance(getattr(backbone, "card", None), Card) else f"file, {path.name}"
    return replace(given, source=source, settings={**given.settings, **checksum})


def _reporting(method: Callable[..., Any], path: Path) -> Callable[..., Any]:
    @functools.wraps(method)
    def reporting(*arguments: Any) -> Any:
        with _reported(path):
            return method(*arguments)

    return reporting


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    """Turn whatever the user's file raises into one line that names the deepest line of that file."""
    try:
        yield
    except InputError:
        raise
    except SyntaxError as error:
        raise InputError(
            f"{error.filename or path}, line {error.lineno}: SyntaxError: {error.msg}"
        ) from error
    except (Exception, SystemExit) as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if _same(frame, path)]
        place = f"{path}, line {lines[-1]}" if lines else str(path)
        message = " ".join(str(error).split())
        raise InputError(f"{place}: {type(error).__name__}: {message}") from error


def _same(frame: traceback.FrameSummary, path: Path) -> bool:
    return Path(frame.filename).resolve() == path.resolve()
