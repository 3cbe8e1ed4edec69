"""The command line of the diagnostic: `python -m experiments`."""

import sys
from collections.abc import Sequence

from experiments.commands.backbones import backbones
from experiments.commands.cache import app as cache
from experiments.commands.choose import choose
from experiments.commands.data import app as data
from experiments.commands.diagnose import diagnose
from experiments.commands.doctor import doctor
from experiments.commands.extract import extract
from experiments.commands.inject import inject
from experiments.commands.report import report
from experiments.commands.studies import aspirin, controls, demo, study
from experiments.commands.sweep import sweep
from experiments.commands.tables import tables
from experiments.commands.train import app as train
from span_theorem.command import application, run

app = application(
    "Which angular frequencies a trained force field's features carry, measured by spectral injection."
)
for command in (
    diagnose,
    choose,
    study,
    sweep,
    aspirin,
    controls,
    demo,
    inject,
    extract,
    report,
    tables,
    backbones,
    doctor,
):
    app.command()(command)
app.add_typer(data, name="data")
app.add_typer(train, name="train")
app.add_typer(cache, name="cache")

OLD_WORDS = {
    "--frames": "--structures",
    "--test-frames": "--test-structures",
    "--force-frames": "--force-structures",
}
"""Options of diagnose, inject and extract under the names of version 0.1.0, which help does not show."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status (0 done, 1 the claim fails, 2 unusable input)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] in (["diagnose"], ["inject"], ["extract"]):
        given = [_new_word(one) for one in given]
    return run(app, "experiments", given)


def _new_word(argument: str) -> str:
    option, equals, value = argument.partition("=")
    return OLD_WORDS.get(option, option) + equals + value
