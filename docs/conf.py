"""Sphinx: the Markdown pages as they are, commands from the programs, the interface from its docstrings."""

import subprocess
import sys
from importlib.metadata import version as installed
from pathlib import Path

HERE = Path(__file__).parent

project = "span-theorem"
version = release = installed("span-theorem")
copyright = "span-theorem contributors, MIT"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "span-theorem"
exclude_patterns = ["_build"]
myst_heading_anchors = 4
autodoc_typehints = "description"
# names in docstrings are those of the code, not all of which has a page
nitpicky = False
suppress_warnings = ["ref.python"]


def commands(app) -> None:
    """One page a program, from its own help, so that it cannot say anything else."""
    folder = HERE / "reference" / "_commands"
    folder.mkdir(exist_ok=True)
    for program in ("span_theorem", "experiments"):
        words = [sys.executable, "-m", "docs.commands", program]
        page = subprocess.run(words, cwd=HERE.parent, check=True, capture_output=True, text=True).stdout
        (folder / f"{program}.md").write_text(page, encoding="utf-8")


def setup(app) -> None:
    app.connect("builder-inited", commands)
