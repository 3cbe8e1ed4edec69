"""`python -m experiments train`: a real short training, killed and continued, and what it refuses."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

import pytest

pytest.importorskip("nequip")

from experiments.backbones import Options, open_backbone, shipped
from experiments.cli import main
from experiments.training.recipes import RECIPES
from experiments.training.run import Run, epochs

EPOCHS = 8
SHORT = ("--epochs", str(EPOCHS), "--frames", "20", "--validation", "5", "--eager")
RECIPE = "aspirin-rmd17-l1"


def wait_for(condition, seconds=300):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


def test_a_training_killed_and_started_again_ends_with_weights_that_evaluate(
    labelled_file, tmp_path, monkeypatch, capsys
):
    work = tmp_path / "work folder"
    frames = ("--training", str(labelled_file), "--test", str(labelled_file))
    arguments = ("train", "run", RECIPE, *frames, *SHORT, "--work", str(work), "-o", str(work))
    run = Run(work / RECIPE / "run", work / RECIPE / "training.xyz", work / RECIPE / "test.xyz")

    command = [sys.executable, "-m", "experiments", *arguments]
    killed = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # a shell's background jobs, and what they start, are born deaf to SIGINT
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    wait_for(lambda: run.last.is_file() or killed.poll() is not None)
    killed.send_signal(signal.SIGINT)
    assert killed.wait(240) == 130
    done = len(epochs(run))
    assert 1 <= done < EPOCHS
    assert not run.finished

    assert main(arguments) == 0
    capsys.readouterr()
    assert run.finished
    assert epochs(run)[-1].number == EPOCHS
    assert epochs(run)[0].number > 1  # it continued, it did not start over
    card = shipped.read_card(RECIPE, work)
    assert (card.training.epochs, card.training.steps) == (EPOCHS, EPOCHS * 15 // 5)
    assert card.overrides["training_frames"] == 15
    assert card.data.training.n_frames == 20

    exported = work / f"{RECIPE}.card.json"
    assert main(("train", "evaluate", str(exported))) == 0
    assert "agrees with the model card" in capsys.readouterr().out
    values = json.loads(exported.read_text())
    values["test"]["force_mae"] *= 1.01
    exported.write_text(json.dumps(values))
    assert main(("train", "evaluate", str(exported))) == 1
    assert "differs from the model card: force_mae" in capsys.readouterr().out

    # a checkpoint read directly has the weights that were exported
    weights = open_backbone(f"nequip:{exported}")
    checkpoint = open_backbone(f"nequip:{run.best}", Options(trust=True))
    assert weights._model.state_dict().keys() == checkpoint._model.state_dict().keys()
    for key, value in checkpoint._model.state_dict().items():
        assert (weights._model.state_dict()[key] == value).all(), key

    # a checkpoint of another recipe gets no card
    other = ("train", "export", str(run.best), "--recipe", "aspirin-rmd17-1", "--trust", "-o", str(tmp_path))
    assert main((*other, *frames, *SHORT[:-1])) == 2
    assert "was trained with seed 1, the recipe says 2" in capsys.readouterr().err

    # nor does one that was not stopped early, where the recipe says so
    monkeypatch.setitem(RECIPES, "stopped", replace(RECIPES[RECIPE], schedule=60))
    stopped = ("train", "export", str(run.best), "--recipe", "stopped", "--trust", "-o", str(tmp_path))
    assert main((*stopped, *frames, *SHORT[:-1])) == 2
    assert f"was trained with schedule {EPOCHS}, the recipe says 60" in capsys.readouterr().err

    # a finished training is left alone, and a folder of another one is not mistaken for it
    before = run.last.stat().st_mtime_ns
    assert main(arguments) == 0
    assert run.last.stat().st_mtime_ns == before
    assert main((*arguments, "--epochs", "9")) == 2
    assert "holds a training with other settings" in capsys.readouterr().err


def test_a_second_training_in_the_same_folder_is_refused(tmp_path):
    from experiments.training.run import _locked, train
    from span_theorem.errors import InputError

    run = Run(tmp_path, tmp_path / "a.xyz", tmp_path / "b.xyz")
    with _locked(tmp_path), pytest.raises(InputError, match="still running"):
        train(run)


class Failing(Run):
    """A run whose command prints a reason and fails."""

    def command(self):
        return [sys.executable, "-c", "print('no such setting'); raise SystemExit(3)"]


def test_a_failing_training_says_why(tmp_path):
    from experiments.training.run import train
    from span_theorem.errors import InputError

    run = Failing(tmp_path, tmp_path / "a.xyz", tmp_path / "b.xyz")
    with pytest.raises(InputError, match="nequip-train failed with status 3: no such setting"):
        train(run)
    assert not run.finished


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "nothing"), "unknown recipe 'nothing'"),
        (("run", RECIPE, "--training", "absent.npz"), "absent.npz"),
        (("run", RECIPE, "--threads", "0"), "threads"),
        (("evaluate", "nothing"), "unknown backbone 'nothing'"),
        (("evaluate", "absent.card.json"), "cannot read"),
        (("export", "absent.ckpt", "--recipe", RECIPE, "--trust"), "absent.ckpt does not exist"),
        (("table", "--from", "."), "there is no model card"),
    ],
)
def test_unusable_input_is_one_line_and_status_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(("train", *arguments)) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_work_folder_that_cannot_be_made_is_refused(labelled_file, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    frames = ("--training", str(labelled_file), "--test", str(labelled_file))
    assert main(("train", "run", RECIPE, *frames, *SHORT, "--work", str(tmp_path / "file" / "x"))) == 2
    assert "cannot make the folder" in capsys.readouterr().err


def test_export_refuses_an_untrusted_checkpoint_unopened(tmp_path, capsys):
    sign = tmp_path / "sign"

    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(sign),))

    checkpoint = tmp_path / "best.ckpt"
    checkpoint.write_bytes(pickle.dumps(Bomb()))
    assert main(("train", "export", str(checkpoint), "--recipe", RECIPE, "-o", str(tmp_path))) == 2
    assert "--trust" in capsys.readouterr().err
    assert not sign.exists()


def test_table_and_recipes_are_shown(capsys):
    assert main(("train", "table")) == 0
    shown = capsys.readouterr().out
    assert main(("train", "table", "--markdown")) == 0
    markdown = capsys.readouterr().out
    assert main(("train", "recipes")) == 0
    listed = capsys.readouterr().out
    for name in shipped.names():
        assert name in shown
        assert f"| `{name}` |" in markdown
        assert name in listed
