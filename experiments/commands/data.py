"""`python -m experiments data`: make, fetch, list and verify the frames that the diagnostic reads."""

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.reading import Units, warn
from span_theorem.command import application
from span_theorem.errors import InputError

app = application(
    "Molecular frames with energies and forces: the embedded aspirin set, rMD17, and what is cached."
)


@app.callback()
def group() -> None:
    """Molecular frames with energies and forces: the embedded aspirin set, rMD17, and what is cached."""


class DataSet(StrEnum):
    """Data sets that can be fetched."""

    RMD17 = "rmd17"


class LabelSource(StrEnum):
    """Where the energies and forces of crystals come from."""

    NONE = "none"
    EMT = "emt"


@app.command("generate")
def generate_set(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the two files and the card.")],
    training: Annotated[int, typer.Option(help="Training trajectories.")] = 8,
    test: Annotated[int, typer.Option(help="Test trajectories, from other seeds.")] = 4,
    frames: Annotated[int, typer.Option(help="Frames of each trajectory.")] = 250,
    interval: Annotated[int, typer.Option(help="Steps of 0.5 fs between frames.")] = 100,
    equilibration: Annotated[int, typer.Option(help="Steps before the first frame.")] = 2000,
    temperature: Annotated[float, typer.Option(help="Kelvin.")] = 500.0,
    seed: Annotated[int, typer.Option(help="Seed of the whole set.")] = 0,
    jobs: Annotated[int, typer.Option("-j", "--jobs", help="Processes, one core each.")] = 1,
) -> int:
    """Generate an aspirin set by GFN2-xTB Langevin dynamics; run again to continue after an interruption.

    Examples:

      python -m experiments data generate -o results/aspirin-gfn2 --jobs 2
    """
    from experiments.data.dynamics import Dynamics
    from experiments.data.generate import Plan, generate

    dynamics = Dynamics(
        temperature=temperature, equilibration=equilibration, interval=interval, frames=frames, seed=seed
    )
    for path in generate(Plan(dynamics, training, test), output, jobs):
        typer.echo(path)
    return 0


@app.command("crystals")
def make_crystals(
    output: Annotated[Path, typer.Option("-o", "--output", help="extxyz file to write.")],
    each: Annotated[int, typer.Option(min=1, help="Structures of every crystal.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Seed of strains and displacements.")] = 0,
    metals: Annotated[
        bool, typer.Option("--metals", help="Cu, Ni3Al and Pd on Ag(100) in place of the six crystals.")
    ] = False,
    labels: Annotated[
        LabelSource,
        typer.Option(help="Energies and forces; emt: ASE's effective-medium theory, of metals alone."),
    ] = LabelSource.NONE,
) -> int:
    r"""Write rattled crystals made with ASE: of six compositions without labels, or metals, with labels or without.

    `crystals:train` and `crystals:test` are such sets by name, with 50 and 25 of each and seeds 0 and 1; so are
    `metals:train` and `metals:test`, labelled, with 100 and 50 of each.

    Examples:

      python -m experiments data crystals -o crystals.extxyz

      python -m experiments data crystals --metals --labels emt --each 100 \
          -o metals.extxyz
    """
    from experiments.data.crystals import rattled, with_emt
    from experiments.data.extxyz import require_suffix, write_extxyz

    require_suffix(output)
    structures = rattled("metals" if metals else "crystals", each, seed)
    write_extxyz(with_emt(structures) if labels == LabelSource.EMT else structures, output)
    typer.echo(output)
    return 0


@app.command("fetch")
def fetch(
    dataset: Annotated[DataSet, typer.Argument(help="rmd17")],
    molecule: Annotated[
        str, typer.Option(help="aspirin or ethanol; any rMD17 molecule with --from.")
    ] = "aspirin",
    split: Annotated[str, typer.Option(help="1 to 5, or all.")] = "all",
    base_url: Annotated[
        str | None, typer.Option(help="Address of the folder of split files; also $SPAN_THEOREM_RMD17_URL.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--from", help="Import from this folder (split files or the figshare archive) instead."),
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that one file may take.")] = 300.0,
) -> int:
    r"""Bring rMD17 files, checked against pinned checksums, into the user's cache.

    Examples:

      python -m experiments data fetch rmd17 --molecule aspirin

      python -m experiments data fetch rmd17 --molecule ethanol \
          --from downloads/rmd17
    """
    number = _split(split)
    if folder is not None:
        return _import(folder, molecule, number)
    if not 0 < timeout < float("inf"):
        raise InputError(f"--timeout is {timeout:g}, expected a positive number of seconds")
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from experiments.data.download import DEFAULT_URL, URL_VARIABLE, download
    from experiments.data.rmd17 import published_names
    from span_theorem.console import PrintingConsole

    address = base_url or os.environ.get(URL_VARIABLE) or DEFAULT_URL
    names = published_names(molecule, number)
    console = PrintingConsole(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        paths = [download(name, address, timeout, progress=progress) for name in names]
    for path in paths:
        typer.echo(path)
    return 0


@app.command("atoms")
def list_atoms(
    structures: Annotated[
        str, typer.Argument(metavar="STRUCTURES", help="A file, or a set such as embedded:train.")
    ],
    index: Annotated[int, typer.Option("--structure", min=0, help="Which structure, from 0.")] = 0,
    units: Units = None,
    json: Annotated[Path | None, typer.Option("--json", help="Also write the table to this file.")] = None,
) -> int:
    """List the atoms of a structure with their bonds: the indices that --site and --toward of diagnose take.

    Two atoms are bonded below 1.3 times the sum of their covalent radii, through cell faces too.

    Examples:

      python -m experiments data atoms embedded:train

      python -m experiments data atoms crystals.extxyz --structure 3
    """
    from experiments.data import Reading, read_structures
    from experiments.environments import bonded
    from span_theorem.console import console, table
    from span_theorem.output import require_writable, write_json

    require_writable(json)
    given = read_structures(structures, Reading(units, labels=False), warn)
    if index >= len(given):
        raise InputError(
            f"{structures} has {len(given)} structures: there is no structure {index}", "structure"
        )
    atoms = bonded(given, index)
    shown = table(f"{structures}, structure {index}: {len(atoms)} atoms", ["atom", "<name", "<bonded to, Å"])
    for atom in atoms:
        bonds = ", ".join(f"{name} {length:.2f}" for name, length in atom.bonds)
        shown.add_row(str(atom.index), atom.name, bonds or "none")
    console().print(shown)
    if json is not None:
        rows = [{"atom": one.index, "name": one.name, "bonds": one.bonds} for one in atoms]
        write_json(json, {"kind": "atoms", "structures": structures, "structure": index, "atoms": rows})
        typer.echo(f"Written: {json}")
    return 0


@app.command("list")
def list_sets() -> int:
    """Show the frames at hand: embedded and in the user's cache.

    Examples:

      python -m experiments data list
    """
    from rich.table import Table

    from experiments.data.inventory import at_hand, cached_folder_text
    from span_theorem.console import console

    table = Table("frames of", "count", "atoms", "source")
    for entry in at_hand():
        table.add_row(entry.spec, entry.count, entry.atoms, entry.origin)
    console().print(table)
    console().print(cached_folder_text())
    return 0


@app.command("verify")
def verify() -> int:
    """Recompute the checksums of all frames at hand; exit status 1 when one differs.

    Examples:

      python -m experiments data verify
    """
    from experiments.data.inventory import differences
    from span_theorem.console import console

    found, out = differences(), console()
    for line in found:
        out.print(line)
    out.print("all checksums agree" if not found else f"{len(found)} differ")
    return 1 if found else 0


def _split(text: str) -> int | None:
    if text == "all":
        return None
    if re.fullmatch("[1-5]", text):
        return int(text)
    raise InputError(f"--split is {text!r}, expected 1 to 5 or all")


def _import(folder: Path, molecule: str, split: int | None) -> int:
    from experiments.data.local import import_folder

    imported = import_folder(folder, molecule, split)
    for one in imported:
        typer.echo(one.path)
    strangers = [one for one in imported if not one.published]
    if strangers:
        typer.echo(
            f"WARNING: {len(strangers)} of these are not known to equal a published split file, so their "
            f"checksums are this import's own; read them by names like rmd17:{molecule}/archive_train_01",
            err=True,
        )
    return 0
