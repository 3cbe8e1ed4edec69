"""`python -m experiments study`: one study, or all of them; `aspirin`, `controls` and `demo` are words for some."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from experiments.commands.reading import warn
from experiments.lab.names import PAGE, STORE
from experiments.studies import registry
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from experiments.lab.runner import Progress
    from experiments.lab.sources import Access

ALL = "all"

_LIST = "\n\n".join(f"  {name}: {escape(question)}" for name, question in registry.questions().items())

HELP = f"""What the diagnostic says of networks, and what its figures rest on.

Studies, each with the question that it answers:

{_LIST}

Each writes DIR/NAME/study.json (claims, tables, settings, versions), cells.csv (one row a measurement and frequency,
for pandas or a spreadsheet) and its figure as PNG and SVG, and prints tables and claims. DIR/NAME/{PAGE}, of several
studies DIR/{PAGE}, shows all of it in a browser. Finished measurements are kept in DIR/{STORE}: a run that
was interrupted goes on where it was, on any executor.

Examples:

  python -m experiments study aspirin --quick

  python -m experiments study all --executor processes:2 -o results

  python -m experiments study where --executor dask:tcp://scheduler:8786

Exit status: 0 everything that can run here ran, 1 a claim does not hold, 2 unusable input. `all` goes on where a
package is missing or a study cannot run, and says so at the end.
"""

Output = Annotated[Path, typer.Option("--output", "-o", help="Folder of the results.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of every random choice.")]
Quick = Annotated[
    bool, typer.Option("--quick", help="Fewer measurements, in minutes, where a study has such a form.")
]
ExecutorName = Annotated[
    str | None,
    typer.Option(
        "--executor",
        help="serial, processes:N (default: one a core), dask:ADDRESS, or slurm, pbs, sge, lsf, htcondor.",
    ),
]
Config = Annotated[
    Path | None, typer.Option("--config", help="YAML of the batch system, as dask-jobqueue takes it.")
]


def study(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A study named above, or all.")] = None,
    output: Output = Path("results"),
    quick: Quick = False,
    executor: ExecutorName = None,
    config: Config = None,
    seed: Seed = 0,
    help: Annotated[
        bool,
        typer.Option("--help", "-h", help="Show this message, or that of the study that is named, and exit."),
    ] = False,
) -> int:
    if help or name is None:
        if name not in (None, ALL):
            context.command.help = escape(registry.description(name))
        typer.echo(context.get_help())
        if not help:
            raise InputError("no study is named: expected all or a name from the help above")
        return 0
    names = list(registry.STUDIES) if name == ALL else [registry.study_name(name)]
    return run_studies(dict.fromkeys(names), output, quick, executor, config, seed, goes_on=name == ALL)


study.__doc__ = HELP


def controls(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A control, or all.")],
    output: Output = Path("results"),
    executor: ExecutorName = None,
    seed: Seed = 0,
) -> int:
    """The studies that the diagnostic's figures rest on: `study NAME`, or every one but aspirin.

    Examples:

      python -m experiments controls leakage

      python -m experiments controls all -o results
    """
    names = (
        [one for one in registry.STUDIES if one != "aspirin"] if name == ALL else [registry.study_name(name)]
    )
    return run_studies(dict.fromkeys(names), output, False, executor, None, seed, goes_on=name == ALL)


def aspirin(
    output: Output = Path("results"),
    data: Annotated[
        str | None, typer.Option(help="Only one of the data sets: rmd17 or embedded; default: both.")
    ] = None,
    quick: Quick = False,
    executor: ExecutorName = None,
    seed: Seed = 0,
) -> int:
    """Four networks on aspirin, l = 1 to 7, d = 1, 2, 3: what each probe recovers, and where it ends.

    The study `aspirin`; rMD17 has to be fetched before (`python -m experiments data fetch rmd17 --molecule aspirin`),
    the embedded structures are part of the package and all that --quick takes.

    Examples:

      python -m experiments aspirin --quick

      python -m experiments aspirin -o results

      python -m experiments tables results -o tables
    """
    return run_studies({"aspirin": data}, output, quick, executor, None, seed)


def demo(output: Output = Path("results/demo"), executor: ExecutorName = None, seed: Seed = 0) -> int:
    """Four shipped networks on the embedded aspirin structures, with nothing to download: `study aspirin --quick`.

    Examples:

      python -m experiments demo

      python -m experiments demo -o /tmp/demo
    """
    return run_studies({"aspirin": None}, output, True, executor, None, seed)


def run_studies(
    chosen: dict[str, str | None],
    output: Path,
    quick: bool,
    executor: str | None,
    config: Path | None,
    seed: int,
    goes_on: bool = False,
) -> int:
    """Run studies by name, each with the only data set it is to take, if any."""
    from experiments.data.cache import cache_folder
    from experiments.lab.sources import Access

    studies = {name: (_only(registry.load(name), data), output / name) for name, data in chosen.items()}
    return run_all(studies, output, Access(cache=cache_folder()), executor, config, seed, quick, goes_on)


def run_all(
    studies: dict[str, tuple[Any, Path]],
    output: Path,
    access: "Access",
    executor: str | None,
    config: Path | None,
    seed: int,
    quick: bool = False,
    goes_on: bool = False,
) -> int:
    """Run studies, print what they say, and write their folders.

    Args:
        studies: by name, each with its folder.
        output: folder of the store.
        access: how backbones and structures are opened.
        executor, config: see :func:`experiments.lab.executors.executor`.
        seed: of every random choice.
        quick: see :class:`experiments.lab.study.Lab`.
        goes_on: whether one that cannot run leaves the others to run.
    """
    from experiments.lab.drawing import require_matplotlib
    from experiments.lab.executors import executor as opened
    from experiments.lab.sources import Sources
    from experiments.lab.store import Store
    from experiments.lab.study import Lab, run_study
    from experiments.progress import progress_bar
    from experiments.report.html import require_jinja, section, write_page
    from experiments.report.study import print_report, read_study
    from span_theorem.console import console, table
    from span_theorem.errors import MissingPackage
    from span_theorem.output import make_folder

    require_matplotlib()
    require_jinja()
    make_folder(output)
    out = console()
    summary = table("summary", ("<study", "<outcome", "seconds", "<left out"))
    refuted, stopped, written = False, list[str](), list[Path]()
    with opened(executor, config) as place, progress_bar("studies", 1) as bar:
        task = bar.task_ids[0]

        def show(name: str) -> "Progress":
            return lambda done, total, what: bar.update(
                task, description=f"{name}: {what}" if what else name, completed=done, total=total
            )

        for name, (study, folder) in studies.items():
            start = time.monotonic()
            lab = Lab(Sources(access, say=warn), Store(output / STORE), place, seed, quick, show(name))
            bar.reset(task, description=name)
            try:
                report, files = run_study(name, study, lab, folder)
            except (MissingPackage, ModuleNotFoundError, InputError) as error:
                if not goes_on:
                    raise
                lacking = isinstance(error, MissingPackage | ModuleNotFoundError)
                summary.add_row(name, "not run" if lacking else "STOPPED", "", str(error))
                if not lacking:
                    stopped.append(name)
                continue
            print_report(report, out)
            written.append(files[0])
            for path in files:
                out.print(f"written: {path}")
            left_out = "; ".join(f"{what}: {reason}" for what, reason in lab.left_out.items())
            if left_out:
                out.print(f"left out: {left_out}")
            refuted |= report.holds is False
            outcome = {True: "holds", False: "FAILS", None: "open"}[report.holds]
            summary.add_row(name, outcome, f"{time.monotonic() - start:.0f}", left_out)
    if len(studies) > 1:
        out.print(summary)
    if written:
        page = (output if len(studies) > 1 else written[0].parent) / PAGE
        results = [(path, study) for path in written if (study := read_study(path)) is not None]
        write_page(page, [section(path, study, study.name) for path, study in results])
        out.print(f"page: {page}")
    if stopped:
        raise InputError(f"{', '.join(stopped)} could not run: see the summary")
    return 1 if refuted else 0


def _only(study: Any, data: str | None) -> Any:
    """A study with the cells of one data set alone."""
    from span_theorem.errors import InputError

    if data is None:
        return study

    class Part:
        __file__, report = study.__file__, staticmethod(study.report)

        @staticmethod
        def cells(lab: Any) -> Sequence[Any]:
            every = study.cells(lab)
            own = [cell for cell in every if cell.training.partition(":")[0] == data]
            if not own:
                reasons = "; ".join(lab.left_out.values())
                known = " or ".join(dict.fromkeys(cell.training.partition(":")[0] for cell in every))
                raise InputError(f"no structures '{data}': expected {known}{reasons and f' ({reasons})'}")
            return own

    return Part
