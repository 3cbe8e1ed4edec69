"""Which code measures: a digest of the modules that a measurement imports, directly or through others.

Comments, docstrings and formatting do not count, nor does anything that only tables, figures or commands import: what
they change costs no measurement.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

MEASURE_VERSION = 1
"""Raised by hand when what a measurement means changes and its code does not show it."""

ROOT = Path(__file__).parents[2]
PACKAGES = ("numerics", "span_theorem", "experiments")
START = "experiments.lab.measure"
ADAPTERS = "experiments/backbones"
"""Opened by name, so no import leads to them."""


@cache
def measuring_modules(start: str = START) -> tuple[str, ...]:
    """Names of this project's modules that measure, sorted."""
    adapters = [_name(path) for path in sorted((ROOT / ADAPTERS).rglob("*.py"))]
    reached: set[str] = set()
    waiting = [start, *adapters]
    while waiting:
        module = waiting.pop()
        if module not in reached and (path := _path(module)) is not None:
            reached.add(module)
            waiting += _imports(path)
    return tuple(sorted(reached))


@cache
def measuring_code(start: str = START) -> str:
    """SHA-256 of the modules that measure, as parsed: free of comments, docstrings and layout."""
    digest = hashlib.sha256(str(MEASURE_VERSION).encode())
    for module in measuring_modules(start):
        path = _path(module)
        assert path is not None
        digest.update(f"{module}\n{code_alone(path.read_text(encoding='utf-8'))}\n".encode())
    return digest.hexdigest()


def code_alone(source: str) -> str:
    """The syntax tree of a module without its docstrings.

    >>> code_alone("x = 1  # one") == code_alone("'''About x.'''\\nx = 1")
    True
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [part for part in node.body if not _is_text(part)]
    return ast.dump(tree)


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _imports(path: Path) -> list[str]:
    """Modules named in the import statements of a file, those inside functions too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
    return [name for name in found if name.split(".")[0] in PACKAGES]


def _path(module: str) -> Path | None:
    stem = ROOT.joinpath(*module.split("."))
    for path in (stem.with_suffix(".py"), stem / "__init__.py"):
        if path.is_file():
            return path
    return None


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
