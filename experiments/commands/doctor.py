"""`python -m experiments doctor`: what is installed, what can be opened, what is missing and how to get it."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from shutil import which

from span_theorem.extras import extra_of

PACKAGES = {
    "e3nn": "networks' features, the numeric route",
    "torch": "the same",
    "ase": "reading structures",
    "tblite": "generating reference data",
    "pandas": "tables of measurements",
    "matplotlib": "figures",
    "jinja2": "the HTML page",
    "distributed": "studies on a cluster",
}
PROGRAMS = {"coqc": "the general proof", "pdflatex": "LaTeX tables as a document"}


def doctor() -> int:
    """What is installed, which networks can be opened, where the cache lies, what is missing and the command for it.

    Examples:

      python -m experiments doctor
    """
    from experiments.backbones.registry import FAMILIES
    from experiments.data.cache import cache_folder
    from experiments.data.cached import parts, size
    from span_theorem.console import console, table

    out = console()
    out.print(f"span-theorem {version('span-theorem')}, Python {platform.python_version()}, {sys.executable}")
    rows = table("", ("<what", "<for", "<state"))
    for package, purpose in PACKAGES.items():
        rows.add_row(package, purpose, _state(package, f"pip install 'span-theorem[{extra_of(package)}]'"))
    for name, family in FAMILIES.items():
        state = "installed" if family.package is None else _state(family.package, family.install)
        rows.add_row(f"{name}:…", "networks", state)
    for program, purpose in PROGRAMS.items():
        rows.add_row(program, purpose, which(program) or "missing: from your system's packages")
    out.print(rows)
    folder = cache_folder()
    out.print(
        f"cache: {folder}, {size(sum(part.size for part in parts(folder)))} (cache list shows its parts)"
    )
    return 0


def _state(package: str, install: str) -> str:
    if find_spec(package) is None:
        return f"missing: {install}"
    for name in (package, package.replace("_", "-"), f"{package}-torch"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "installed"
