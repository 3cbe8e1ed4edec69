"""`python -m experiments diagnose`: one backbone, one or many marked directions, one probe."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.commands.reading import Cluster, Composition, DropShared, EnergyKey, ForcesKey, Units, warn
from experiments.lab.names import STORE
from span_theorem.command import grouped
from span_theorem.output import require_writable, together, write_json, write_text

if TYPE_CHECKING:
    from experiments.environments import Rule

QUICK_COMPONENTS = 256

HELP = r"""Which injected angular frequencies a probe recovers from a backbone's features.

Examples:

  python -m experiments diagnose --backbone sevennet:7net-0 \
      --structures embedded:train --site 12 --toward 11 --d 2

  python -m experiments diagnose --backbone nequip:aspirin-gfn2-0 \
      --structures embedded:train --test-structures embedded:test --site 12 \
      --toward 11 --d 2 --solver free --json result.json

  python -m experiments diagnose --backbone nequip:aspirin-gfn2-0 \
      --structures embedded:train --pairs bonds --no-forces

  python -m experiments diagnose --backbone sevennet:7net-0 \
      --structures crystals.extxyz --rule 'bonds(Na, Cl)' \
      --environments 500

  python -m experiments diagnose --backbone nequip:aspirin-gfn2-0 \
      --structures embedded:train --site 12 --toward 11 --solver mlp \
      --activation silu --width 512

Exit status: 0 the boundary is reached, below dL or undecided, 1 it is crossed, 2 unusable input.
"""


def diagnose(
    backbone: Annotated[
        str, typer.Option(help="FAMILY:NAME or path/to/file.py:factory; `backbones` lists them.")
    ],
    structures: Annotated[
        str, typer.Option(help="Structures to fit on: a file, or a name such as embedded:train.")
    ],
    site: Annotated[
        int | None, typer.Option(help="Atom whose features are read (from 0; see `data atoms`).")
    ] = None,
    toward: Annotated[int | None, typer.Option(help="Atom the marked direction points to.")] = None,
    rule: Annotated[
        str | None,
        typer.Option(
            help="Which directions are marked in every structure: pair(12, 11), bonds, bonds(O, C), within(3.5), "
            "within(3.5, O, C), nearest or nearest(O, C)."
        ),
    ] = None,
    environments: Annotated[
        int | None,
        typer.Option(min=1, help="Environments of --rule to draw from a set, at most; default: all."),
    ] = None,
    pairs: Annotated[
        str | None,
        typer.Option(
            help="Many marked directions, as 12-11,10-12, or `bonds`: every bonded pair, both ways."
        ),
    ] = None,
    read_at: Annotated[
        str | None,
        typer.Option(
            help="Atom whose features are read instead of the site's, or `edge`: those of the marked direction's edge."
        ),
    ] = None,
    test_structures: Annotated[
        str | None,
        typer.Option(help="Structures to test on; without it --structures is divided at random."),
    ] = None,
    d: Annotated[int, typer.Option("--d", help="Degree of the SPN, 1 to 4.")] = 2,
    solver: Annotated[
        str,
        typer.Option(
            help="free: any polynomial of degree d; equivariant: coupled paths, its limit; mlp: one "
            "hidden layer."
        ),
    ] = "equivariant",
    activation: Annotated[
        str | None,
        typer.Option(help="Of mlp: linear, square, cube, silu, tanh or relu; default: the power --d."),
    ] = None,
    width: Annotated[int, typer.Option(help="Hidden units of mlp.")] = 64,
    steps: Annotated[int, typer.Option(help="Training steps of mlp.")] = 1500,
    layer: Annotated[str | None, typer.Option(help="Layer to read; default: the backbone's own.")] = None,
    branch: Annotated[
        str | None,
        typer.Option("--modal", "--head", help="Modality (SevenNet) or head (MACE); default: the first."),
    ] = None,
    l_max: Annotated[int, typer.Option("--l-max", help="Highest angular frequency.")] = 6,
    n_train: Annotated[int, typer.Option(min=1, help="Training structures to draw, at most.")] = 300,
    n_test: Annotated[int, typer.Option(min=1, help="Test structures to draw, at most.")] = 150,
    assumed_L: Annotated[
        int | None, typer.Option("--L", help="Degree L that the prediction assumes; default: the layer's.")
    ] = None,
    orientations: Annotated[
        int, typer.Option(help="Orientations of a training structure (solver free).")
    ] = 20,
    amplitude: Annotated[
        float | None,
        typer.Option(
            help="Root mean square of the injected forces, eV/Å; default: half that of the structures'."
        ),
    ] = None,
    forces: Annotated[
        bool | None,
        typer.Option(
            help="Fit forces too, through the features' derivatives; default: if the layer has at most "
            f"{QUICK_COMPONENTS} components, each of which costs a backward pass."
        ),
    ] = None,
    force_structures: Annotated[
        int, typer.Option(help="Training structures that force fits use at most.")
    ] = 200,
    shuffle: Annotated[
        bool, typer.Option("--shuffle", help="Negative control: marked directions of other structures.")
    ] = False,
    units: Units = None,
    energy_key: EnergyKey = None,
    forces_key: ForcesKey = None,
    cluster: Cluster = None,
    composition: Composition = None,
    drop_shared: DropShared = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random choice.")] = 0,
    trust: Annotated[bool, typer.Option("--trust", help="Load files that can run code.")] = False,
    device: Annotated[str, typer.Option(help="torch device.")] = "cpu",
    cache: Annotated[bool, typer.Option(help="Keep features in the user's cache and read them back.")] = True,
    full: Annotated[bool, typer.Option("--full", help="Print gains too.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write the result here.")] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Stem of the PNG and SVG; default: beside the JSON file.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Above the figure.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Tidy table, a row a frequency.")] = None,
) -> int:
    from experiments.backbones import Options
    from experiments.data import Reading
    from experiments.data.cache import cache_folder
    from experiments.diagnosis import diagnose as run_diagnosis
    from experiments.environments import choose_pairs, parse_rule
    from experiments.lab.cell import Cell
    from experiments.lab.sources import Access, Sources
    from experiments.lab.store import Store
    from experiments.progress import progress_bar
    from experiments.report.figure import draw_recoveries, require_matplotlib
    from experiments.report.html import tidy_csv
    from experiments.report.paths import figure_paths
    from experiments.report.table import print_diagnosis
    from experiments.spn import Probe
    from experiments.spn.mlp import Training
    from span_theorem.console import console
    from span_theorem.errors import InputError

    probe = Probe(solver, d, activation, Training(width=width, steps=steps))
    require_writable(json)
    require_writable(csv)
    stem = figure or json
    pictures = figure_paths(stem) if stem is not None else ()
    if pictures:
        require_matplotlib()
    elif title is not None:
        raise InputError("there is no figure to put it above: expected --figure or --json", "title")
    base = Cell(
        backbone,
        training=structures,
        test=test_structures,
        layer=layer,
        environments=environments,
        read=read_at if read_at == "edge" else "site" if read_at is None else f"atom({read_at})",
        probe=probe,
        n_train=n_train,
        n_test=n_test,
        l_max=l_max,
        assumed_L=assumed_L,
        orientations=orientations,
        amplitude=amplitude,
        forces=forces is not False,
        force_structures=force_structures,
        shuffled=shuffle,
        seed=seed,
    )
    folder = cache_folder() if cache else None
    reading = Reading(units, energy_key, forces_key, cluster, composition, forces=forces is True)
    out = console()
    with progress_bar("features", 1) as bar:
        task = bar.task_ids[0]
        sources = Sources(
            Access(Options(branch=branch, trust=trust, device=device), reading, folder, drop_shared),
            progress=lambda done: bar.advance(task, done),
            say=warn,
        )
        both = sources.structures(base)
        if rule is None:
            marked: tuple[Rule, ...] = choose_pairs(both[0], site, toward, pairs)
        elif site is None and toward is None and pairs is None:
            marked = (parse_rule(rule),)
        else:
            raise InputError("a rule was given with a site or pairs: expected one or the other", "rule")
        for selected in both:
            for one in marked:
                one(selected)  # fails on a bad rule before the backbone is loaded
        if forces is None and sources.backbone(base).irreps.dim > QUICK_COMPONENTS:
            base = replace(base, forces=False)
            out.print(
                f"force figures left out: {sources.backbone(base).irreps.dim} components are many derivatives; "
                "--forces computes them"
            )
        cells = [replace(base, rule=str(one)) for one in marked]
        # once for predictions, and for every atom read once for features and, with forces, for their derivatives
        passes = 1 + len({cell.atom for cell in cells}) * (2 if base.forces else 1)
        bar.update(task, total=passes * sum(map(len, both)))
        store = None if folder is None else Store(folder / STORE)
        result = run_diagnosis(
            cells, sources, store, lambda done, total, what: bar.update(task, description=what or "features")
        ).to_dict()
    with together():
        if json is not None:
            write_json(json, result)
        if csv is not None:
            write_text(csv, tidy_csv([result]))
        draw_recoveries([result], pictures, title)
    print_diagnosis(result, out, full)
    if test_structures is None:
        out.print(
            "warning: training and test structures are a random division of one set; if it is a trajectory they "
            "resemble each other, and what is recovered is too much: give --test-structures"
        )
    if json is not None:
        out.print(f"result: {json}")
    elif csv is None and not pictures:
        out.print("nothing written; give --json FILE")
    if csv is not None:
        out.print(f"table: {csv}")
    for path in pictures:
        out.print(f"figure: {path}")
    return 1 if result["verdict"] == "crossed" else 0


diagnose.__doc__ = HELP
grouped(
    diagnose,
    {
        "Structures": "structures test_structures n_train n_test units energy_key forces_key cluster composition "
        "drop_shared",
        "What is marked and read": "site toward rule environments pairs read_at layer branch assumed_L",
        "Injected": "l_max amplitude shuffle",
        "SPN": "solver activation width steps orientations forces force_structures",
        "Running": "seed trust device cache",
        "Output": "full json csv figure title",
    },
)
