"""Every option of every command, given anything: status 0, 1 or 2, one line on stderr if 2, never a traceback."""

import inspect
import os
import typing
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
    "serial", "processes:1", "processes:0", "processes:²", "dask:", "dask:²", "slurm", "pbs:2", "pipe.toml",
    "loop.toml", "empty.toml", "text.toml", "grid.toml", "pipe.yaml", "loop.yaml", "text.yaml", "calibration",
)  # fmt: skip


@pytest.fixture
def surroundings(tmp_path, monkeypatch):
    """A folder with every kind of file that is no use, and no work that takes minutes."""
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    for suffix in (".npz", ".xyz", ".json", ".toml", ".yaml"):
        os.mkfifo(f"pipe{suffix}")
        os.symlink(f"loop{suffix}", f"loop{suffix}")
        Path(f"empty{suffix}").touch()
        Path(f"text{suffix}").write_text("not what the name says\n")
    Path("grid.toml").write_text('[axes]\nbackbone = ["nequip:aspirin-gfn2-0"]\n')

    def stop(*arguments, **options):
        raise InputError("stopped before the work")

    for work in (
        "span_theorem.proof.coq.check_proof",
        "experiments.diagnosis.diagnose",
        "experiments.choose.choosing.choose",
        "experiments.lab.study.run_study",
        "experiments.backbones.catalogue.entries",
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
    """Every command by its path."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = [
    pytest.param(app, path, command, id=f"{name} {' '.join(path)}")
    for name, app in (("span_theorem", span_theorem), ("experiments", experiments))
    for path, command in commands(typer.main.get_command(app))
]


def kinds(annotation):
    """The plain types in an annotation."""
    inside = [kind for part in typing.get_args(annotation) for kind in kinds(part)]
    return inside or [annotation]


def value(types, random):
    """Of the kind that the parameter takes, mostly."""
    choices = [kind for kind in types if isinstance(kind, str)]  # of a Literal
    if choices and random.random() < 0.7:
        return random.choice(choices)
    numeric = int in types or float in types
    return random.choice(NUMBERS if numeric == (random.random() < 0.9) else WORDS)


def arguments(path, command, random):
    line = list(path)
    hints = typing.get_type_hints(inspect.unwrap(command.callback))
    for parameter in command.params:
        if parameter.name not in hints or not (parameter.required or random.random() < 0.3):
            continue
        if not parameter.opts[0].startswith("-"):
            line.append(value(kinds(hints[parameter.name]), random))
        elif parameter.is_flag:
            line.append(random.choice([*parameter.opts, *parameter.secondary_opts]))
        else:
            line += [random.choice(parameter.opts), value(kinds(hints[parameter.name]), random)]
    return line


@pytest.mark.parametrize(("app", "path", "command"), COMMANDS)
def test_any_options(app, path, command, surroundings, capsys, fuzz_seeds):
    for seed in fuzz_seeds[: 1 + len(fuzz_seeds) // 5]:
        with case(seed) as random:
            line = arguments(path, command, random)
            status = run(app, "program", line)
            error = capsys.readouterr().err
            assert status in (0, 1, 2), line
            last = (error.splitlines() or [""])[-1]
            assert status != 2 or last.startswith("program: error: "), (line, error)
