"""Every option of every command, given anything: status 0, 1 or 2, one line on stderr if 2, never a traceback."""

import os
from pathlib import Path

import pytest
import typer

from experiments.cli import app as experiments
from span_theorem.cli import app as span_theorem
from span_theorem.command import run
from span_theorem.errors import InputError
from tests.fuzz.damage import case

# small enough for every computation that is really done, or too large for any
NUMBERS = (
    "0",
    "1",
    "2",
    "3",
    "-1",
    "1e160",
    "nan",
    "inf",
    "-inf",
    "1e-320",
    "²",
    "٣",
    "1" * 5000,
    str(10**30),
    "",
)
WORDS = (
    "", " ", "x", "²", "$", "-", "--", "..", "../../x", "~nouser/x", "/dev/null", "/dev/full", "pipe.npz", "pipe.xyz",
    "pipe.json", "folder", "loop.npz", "loop.json", "a@b.xyz", "@", "x" * 300, "a\x00b", "\udcff.npz", "\x1b[31m.xyz",
    "empty.npz", "empty.xyz", "empty.json", "text.npz", "text.xyz", "text.json", "absent/x.json", "x.json", "x.npz",
    "x.xyz", "x.extxyz", "embedded:test", "embedded:", "rmd17:aspirin/train_²", "rmd17:../../x/train_1", "bonds",
    "12-11", "²-³", "12-11,", "free", "equivariant", "mlp", "silu", "eV", "kcal/mol", "aspirin", "x/../../y", "all",
    "nequip:aspirin-gfn2-0", "nequip:../x", "nequip:pipe.json", "features:pipe.npz", "features:text.npz", "nequip:",
    "sevennet:pipe.npz", "text.xyz:f", "folder:f", "cpu", "meta", "cuda:99", "aspirin-gfn2-0", "absent.card.json",
)  # fmt: skip


@pytest.fixture
def surroundings(tmp_path, monkeypatch):
    """A folder with every kind of file that is no use, and no work that takes minutes."""
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    for suffix in (".npz", ".xyz", ".json"):
        os.mkfifo(f"pipe{suffix}")
        os.symlink(f"loop{suffix}", f"loop{suffix}")
        Path(f"empty{suffix}").touch()
        Path(f"text{suffix}").write_text("not what the name says\n")

    def stop(*arguments, **options):
        raise InputError("stopped before the work")

    for work in (
        "experiments.report.run.diagnose",
        "experiments.report.study_run.run_study",
        "experiments.controls.run.registry.load",
        "experiments.backbones.extraction.extract",
        "experiments.data.generate._run_missing",
        "experiments.data.download.download",
        "experiments.training.run.train",
        "experiments.training.export.untrained",
        "experiments.training.export.export",
        "experiments.training.evaluate.errors",
    ):
        monkeypatch.setattr(work, stop)


def commands(group, path=()):
    """Every command by its path, with its parameters."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command.params


COMMANDS = [
    pytest.param(app, path, parameters, id=f"{name} {' '.join(path)}")
    for name, app in (("span_theorem", span_theorem), ("experiments", experiments))
    for path, parameters in commands(typer.main.get_command(app))
]


def value(parameter, random):
    """Of the kind that the parameter takes, mostly."""
    choices = getattr(parameter.type, "choices", ())
    if choices and random.random() < 0.7:
        return str(getattr(random.choice(list(choices)), "value", random.choice(list(choices))))
    numeric = any(kind in type(parameter.type).__name__.lower() for kind in ("int", "float"))
    return random.choice(NUMBERS if numeric == (random.random() < 0.9) else WORDS)


def arguments(path, parameters, random):
    line = list(path)
    for parameter in parameters:
        if parameter.name == "help" or not (parameter.required or random.random() < 0.3):
            continue
        if not parameter.opts[0].startswith("-"):
            line.append(value(parameter, random))
        elif getattr(parameter, "is_flag", False):
            line.append(random.choice([*parameter.opts, *parameter.secondary_opts]))
        else:
            line += [random.choice(parameter.opts), value(parameter, random)]
    return line


@pytest.mark.parametrize(("app", "path", "parameters"), COMMANDS)
def test_any_options(app, path, parameters, surroundings, capsys, fuzz_seeds):
    for seed in fuzz_seeds:
        with case(seed) as random:
            line = arguments(path, parameters, random)
            status = run(app, "program", line)
            error = capsys.readouterr().err
            assert status in (0, 1, 2), line
            assert status != 2 or error.splitlines()[-1].startswith("program: error: "), (line, error)
