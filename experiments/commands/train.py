"""`python -m experiments train`: train the project's backbones, export them, recompute their model cards."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.commands.reading import warn
from experiments.training.recipes import RECIPES, Recipe, find
from span_theorem.command import application
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from experiments.backbones.shipped import Shipped
    from experiments.training.export import Data
    from experiments.training.run import Run

HELP = (
    "Make the shipped NequIP networks again, with nequip-train: no network of yours needs it. Exports them as plain "
    "files and recomputes their model cards."
)

app = application(HELP)

RecipeName = Annotated[str, typer.Argument(metavar="RECIPE", help="Name of a recipe (see `train recipes`).")]
Training = Annotated[
    str | None,
    typer.Option("--training", metavar="FRAMES", help="Frames to train on; the recipe's by default."),
]
Test = Annotated[
    str | None, typer.Option("--test", metavar="FRAMES", help="Frames to test on; the recipe's by default.")
]
Frames = Annotated[int | None, typer.Option(min=2, help="Use only the first training frames, this many.")]
Validation = Annotated[int | None, typer.Option(min=1, help="Validation frames; the recipe's by default.")]
Output = Annotated[
    Path, typer.Option("-o", "--output", help="Folder for weights, configuration and model card.")
]


@app.callback(help=HELP)
def group() -> None:
    pass


@app.command()
def recipes() -> int:
    """List the recipes.

    Examples:

      python -m experiments train recipes
    """
    from rich.table import Table

    from span_theorem.console import console

    table = Table(*("recipe", "trained on", "of its frames", "tested on", "seed", "L", "epochs"))
    for name, one in RECIPES.items():
        ranges = ", ".join(f"{start}..{stop - 1}" for start, stop in one.selection) or "all"
        values = (one.training, ranges, one.test, one.seed, one.l_max, one.epochs)
        table.add_row(name, *map(str, values))
    console().print(table)
    return 0


@app.command("run")
def run_recipe(
    recipe: RecipeName,
    training: Training = None,
    test: Test = None,
    epochs: Annotated[int | None, typer.Option(min=0, help="Length; the recipe's by default.")] = None,
    frames: Frames = None,
    validation: Validation = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    compiled: Annotated[
        bool | None,
        typer.Option(
            "--compile/--eager",
            help="Compile the network first (minutes); the default where there is a C++ compiler.",
        ),
    ] = None,
    work: Annotated[Path, typer.Option(help="Folder for frames, checkpoints and logs.")] = Path(
        "results/training"
    ),
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Continue from checkpoints made elsewhere although they can run code."),
    ] = False,
    output: Output = Path("results/training"),
) -> int:
    r"""Train a recipe, export it and test it; run again to continue after an interruption.

    Examples:

      python -m experiments train run aspirin-gfn2-0

      python -m experiments train run aspirin-gfn2-0 --training my.extxyz \
          --test mine.extxyz --epochs 20 -o mine
    """
    from experiments.training.run import can_compile
    from experiments.training.started import claim

    chosen = _changed(find(recipe), frames, training, test, epochs, validation)
    _require_nequip()
    _make_folder(work)
    _make_folder(output)
    data = _data(chosen)
    if not chosen.epochs:
        from experiments.training.export import untrained

        return _finish(untrained(recipe, chosen, data), output)
    if compiled is None:
        compiled = can_compile()
    run = _prepare(recipe, chosen, data, work / recipe, threads, compiled)
    claim(run.folder, trust)
    _train(run, chosen.epochs)
    from experiments.training.export import Effort, export

    effort = Effort(run.wall_seconds, threads)
    return _finish(export(recipe, chosen, run.best, data, effort), output)


@app.command("export")
def export_checkpoint(
    checkpoint: Annotated[Path, typer.Argument(help="nequip's checkpoint of the best epoch.")],
    recipe: Annotated[str, typer.Option(help="The recipe it was trained with.")],
    training: Training = None,
    test: Test = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Length; the recipe's by default.")] = None,
    frames: Frames = None,
    validation: Validation = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="Duration of the training.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads of the training.")] = 1,
    trust: Annotated[
        bool, typer.Option("--trust", help="Load the checkpoint although it can run code.")
    ] = False,
    output: Output = Path("results/training"),
) -> int:
    r"""Turn a checkpoint of `nequip-train` into weights, configuration and model card, and test it.

    Examples:

      python -m experiments train export best.ckpt --recipe aspirin-rmd17-0 \
          --trust
    """
    from experiments.backbones.trust import require_trust

    chosen = _changed(find(recipe), frames, training, test, epochs, validation)
    if not checkpoint.is_file():
        raise InputError(f"{checkpoint} does not exist, expected a checkpoint of nequip-train")
    require_trust(checkpoint, trust)
    _require_nequip()
    _make_folder(output)
    from experiments.training.export import Effort, export

    return _finish(export(recipe, chosen, checkpoint, _data(chosen), Effort(seconds, threads)), output)


@app.command()
def evaluate(
    name: Annotated[str, typer.Argument(help="A shipped backbone, or the .card.json of an exported one.")],
    test: Annotated[
        str | None, typer.Option("--test", metavar="FRAMES", help="Test frames; the model card's by default.")
    ] = None,
) -> int:
    """Recompute a model card's errors; status 1 if they differ from the card's.

    Examples:

      python -m experiments train evaluate aspirin-gfn2-0
    """
    from experiments.backbones import Potential, open_backbone, shipped
    from experiments.data import read_structures
    from experiments.progress import progress_bar
    from experiments.training.evaluate import RELATIVE_TOLERANCE, disagreement, errors
    from span_theorem.console import console

    _require_nequip()
    folder, bare = shipped.FOLDER, name.removeprefix("nequip:").removeprefix("allegro:")
    if bare.endswith(shipped.CARD_SUFFIX):
        folder, bare = Path(bare).parent, Path(bare).name.removesuffix(shipped.CARD_SUFFIX)
    elif bare not in shipped.names():
        raise InputError(
            f"unknown backbone '{name}': expected {', '.join(shipped.names())}, or a .card.json file"
        )
    card = shipped.read_card(bare, folder)
    backbone = open_backbone(f"{card.architecture}:{folder / bare}{shipped.CARD_SUFFIX}")
    assert isinstance(backbone, Potential)
    stated = card.data.test
    frames = read_structures(test or stated.source, say=warn)
    with progress_bar(f"test {bare}", len(frames)) as bar:
        found = errors(backbone, frames, progress=lambda done: bar.update(bar.task_ids[0], completed=done))
    out = console()
    out.print(
        f"{bare} on {len(frames)} frames of {frames.source}: energy MAE {1e3 * found.energy_mae:.2f} meV "
        f"({1e3 * found.energy_mae_per_atom:.3f} meV/atom), force MAE {found.force_mae:.2f} meV/Å, "
        f"force RMSE {found.force_rmse:.2f} meV/Å"
    )
    if frames.checksum != stated.sha256:
        out.print(f"not compared: these are other frames than the model card's, {stated.source}")
        return 0
    difference = disagreement(found, card.test)
    if difference:
        out.print(f"differs from the model card: {difference}")
        return 1
    out.print(f"agrees with the model card to {RELATIVE_TOLERANCE:g}")
    return 0


@app.command()
def table(
    folder: Annotated[
        Path | None, typer.Option("--from", help="Folder of model cards; the shipped ones.")
    ] = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Markdown, for the documentation.")] = False,
) -> int:
    """Show the figures of all model cards.

    Examples:

      python -m experiments train table --markdown
    """
    from rich.table import Table

    from experiments.backbones import shipped
    from experiments.training.cards import HEADINGS, markdown, rows
    from span_theorem.console import console

    place = folder or shipped.FOLDER
    if not shipped.names(place):
        raise InputError(f"there is no model card in {place}, expected NAME{shipped.CARD_SUFFIX} files")
    if as_markdown:
        console().print(markdown(place), end="")
        return 0
    shown = Table()
    for heading in HEADINGS:
        shown.add_column(heading, no_wrap=heading in ("backbone", "trained on"))
    for row in rows(place):
        shown.add_row(*(cell.strip("`") for cell in row.cells))
    console().print(shown)
    return 0


def _changed(
    recipe: Recipe,
    frames: int | None,
    training: str | None,
    test: str | None,
    epochs: int | None,
    validation: int | None,
) -> Recipe:
    """``recipe`` with the options that were given."""
    changes: dict[str, Any] = {
        "selection": None if frames is None else ((0, frames),),
        "training": training,
        "test": test,
        "epochs": epochs,
        "validation_frames": validation,
    }
    return replace(recipe, **{key: value for key, value in changes.items() if value is not None})


def _data(recipe: Recipe) -> "Data":
    """The frames of ``recipe``."""
    from experiments.data import read_structures
    from experiments.training.export import Data

    training, test = (read_structures(name, say=warn) for name in (recipe.training, recipe.test))
    for frames in (training, test):
        if frames.energies is None or frames.forces is None:
            raise InputError(f"{frames.source} has no energies and forces, expected both")
    return Data(training.subset(recipe.indices(len(training))), test)


def _prepare(name: str, recipe: Recipe, data: "Data", folder: Path, threads: int, compiled: bool) -> "Run":
    """Write the frames as nequip reads them and describe the run; refuse a folder of another training."""
    from experiments.data import write_extxyz
    from experiments.training.run import Run
    from span_theorem.output import write_json
    from span_theorem.reading import read_json

    overrides = {**recipe.overrides(len(data.training)), "compile_mode": "compile" if compiled else "eager"}
    run = Run(folder / "run", folder / "training.xyz", folder / "test.xyz", recipe.config, overrides, threads)
    settings = {
        "recipe": name,
        **recipe.to_dict(),
        "selection": [list(one) for one in recipe.selection],  # as JSON gives it back
        "training_sha256": data.training.checksum,
        "test_sha256": data.test.checksum,
    }
    _make_folder(folder)
    noted = folder / "settings.json"
    if noted.exists():
        if read_json(noted, "the settings of a training, or another --work folder") != settings:
            raise InputError(
                f"{folder} holds a training with other settings or frames: continue it with its own, or give "
                "another --work folder"
            )
        return run
    write_extxyz(data.training, run.training)
    write_extxyz(data.test, run.test)
    write_json(noted, settings)
    return run


def _train(run: "Run", total: int) -> None:
    from experiments.progress import progress_bar
    from experiments.training.run import Epoch, epochs, train

    done = epochs(run)
    with progress_bar("train", total) as bar:
        bar.update(bar.task_ids[0], completed=done[-1].number if done else 0)

        def show(epoch: Epoch) -> None:
            text = f"train, validation force MAE {epoch.force_mae:.1f} meV/Å"
            bar.update(bar.task_ids[0], completed=epoch.number, description=text)
            if not bar.console.is_terminal and epoch.number % max(1, total // 20) == 0:
                bar.console.print(f"epoch {epoch.number} of {total}: {text}", soft_wrap=True)

        train(run, show)


def _finish(backbone: "Shipped", output: Path) -> int:
    """Write the three files and say where they are and how good."""
    from experiments.backbones import shipped
    from span_theorem.console import console

    card = shipped.write(backbone, output)
    test = backbone.card.test
    console().print(
        f"{card}: force MAE {test.force_mae:.1f} meV/Å, energy MAE {1e3 * test.energy_mae:.1f} meV on "
        f"{test.n_frames} test frames; read it as --backbone "
        f"{backbone.card.architecture}:{card}"
    )
    return 0


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder}: {error.strerror or error}") from error


def _require_nequip() -> None:
    from importlib.util import find_spec

    if find_spec("nequip") is None:
        raise InputError("training needs the package nequip: pip install 'span-theorem[nequip]'")
