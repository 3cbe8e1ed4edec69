"""`python -m experiments backbones`: which backbones there are, with their layers, sources and licences."""

from pathlib import Path
from typing import Annotated

import typer

from span_theorem.output import require_writable, write_json


def backbones(
    full: Annotated[
        bool, typer.Option("--full", help="Irreps of every layer, parameters and source too.")
    ] = False,
    json: Annotated[Path | None, typer.Option(help="Write the list here.")] = None,
) -> int:
    """List every backbone with its degree L, the default layer and its irreps, and the licence.

    Examples:

      python -m experiments backbones
    """
    from rich.table import Column, Table
    from rich.text import Text

    from experiments.backbones import catalogue
    from experiments.backbones.layers import DEFAULT_REASON
    from experiments.progress import progress_bar
    from experiments.versions import versions
    from span_theorem.console import console

    require_writable(json)
    with progress_bar("opening", len(catalogue.named())) as bar:
        task = bar.task_ids[0]

        def progress(spec: str) -> None:
            bar.update(task, description=f"opening {spec}")
            bar.advance(task)

        found = catalogue.entries(progress)
    columns: list[Column | str] = [
        Column("backbone", overflow="fold"),
        "L",
        Column("irreps", overflow="fold", ratio=1),
        "licence",
    ]
    if full:
        columns = [
            Column("backbone", no_wrap=True),
            "L",
            Column("layer: irreps", overflow="fold", ratio=1),
            "default",
            Column("parameters", justify="right"),
            Column("source", overflow="fold", ratio=1),
            "licence",
        ]
    table = Table(*columns)
    for entry in found:
        if not entry["available"]:
            table.add_row(entry["backbone"], "", Text(entry["reason"]))
            continue
        layers = "\n".join(f"{names}: {irreps}" for names, irreps in catalogue.grouped(entry["layers"]))
        default = entry["default_layer"]
        cells = [layers, default, f"{entry['parameters']:,}", entry["source"]]
        shown = cells if full else [f"{default}: {entry['layers'][default]}"]
        table.add_row(entry["backbone"], str(entry["L"]), *shown, entry["licence"])
    out = console()
    out.print(table)
    out.print(f"Default layer: {DEFAULT_REASON}; a feature file has its own alone.")
    out.print("\nYour own network:")
    out.print("  path/to/file.py:factory (needs --trust)")
    for family in catalogue.families():
        missing = "" if family["installed"] else f" (not installed: {family['install']})"
        out.print(f"  {family['usage']}{missing}")
    if json is not None:
        write_json(json, {"backbones": found, "families": catalogue.families(), "versions": versions()})
        out.print(f"list: {json}")
    return 0
