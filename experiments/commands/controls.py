"""`python -m experiments controls`: one control, or all of them."""

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from experiments.controls import registry

if TYPE_CHECKING:
    from rich.status import Status

ALL = "all"

_LIST = "\n\n".join(f"  {name}: {escape(registry.question(name))}" for name in registry.CONTROLS)

HELP = f"""What the measured ceiling rests on, and what it does not: the controls of the diagnostic.

{_LIST}

Each writes control-NAME.json, .png and .svg into the output folder and prints a short table; LaTeX comes from
`python -m span_theorem tables`. A run that was killed goes on where it was.

Examples:

  python -m experiments controls transfer

  python -m experiments controls all -o results/controls

Exit status: 0 everything that can run here ran, 1 what a control claims does not hold, 2 unusable input. `all` goes on
where a package is missing or a control cannot run, and says so at the end.
"""


def controls(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A control named above, or all.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the results.")] = Path(
        "results/controls"
    ),
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random choice.")] = 0,
) -> int:
    from experiments.controls.run import run_control
    from experiments.report.save import require_matplotlib
    from span_theorem.console import PrintingConsole, console, table
    from span_theorem.errors import InputError, MissingPackage
    from span_theorem.output import make_folder

    if name != ALL:
        registry.require_control(name)
    require_matplotlib()
    make_folder(output)
    out = console()
    summary = table("summary", ("<control", "<outcome", "seconds", "<left out"))
    refuted, stopped = False, []
    for one in registry.CONTROLS if name == ALL else (name,):
        start = time.monotonic()
        try:
            with PrintingConsole(stderr=True).status(one) as status:
                result, files = run_control(one, output, seed, partial(_show, status, one))
        except (MissingPackage, ModuleNotFoundError) as error:
            if name != ALL:
                raise
            summary.add_row(one, "not run", "", str(error))
            continue
        except InputError as error:
            if name != ALL:
                raise
            summary.add_row(one, "STOPPED", "", str(error))
            stopped.append(one)
            continue
        out.print(registry.load(one).summarise(result))
        skipped = "; ".join(f"{entry['what']}: {entry['reason']}" for entry in result.get("skipped", ()))
        if skipped:
            out.print(f"left out: {skipped}")
        for path in files:
            out.print(f"written: {path}")
        fails = result["agrees"] is False
        refuted |= fails
        outcome = {True: "holds", False: "FAILS", None: "measured"}[result["agrees"]]
        summary.add_row(one, outcome, f"{time.monotonic() - start:.0f}", skipped)
    if name == ALL:
        out.print(summary)
    if stopped:
        raise InputError(f"{', '.join(stopped)} could not run: see the summary")
    return 1 if refuted else 0


def _show(status: "Status", name: str, text: str) -> None:
    status.update(f"{name}: {escape(text)}")


controls.__doc__ = HELP
