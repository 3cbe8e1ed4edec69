"""Every kind of file that a command opens, made so that it leaves a mark if it is run: without --trust it never is."""

import contextlib
import gzip
import io
import json
import pickle
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from ase.constraints import FixAtoms
from ase.io import write

from experiments.backbones import shipped
from experiments.backbones.extraction import extract
from experiments.backbones.feature_file import write_features
from experiments.backbones.nequip import build
from experiments.backbones.shipped.format import paths
from experiments.cli import app as experiments
from experiments.data import read_structures, write_extxyz, write_npz
from experiments.data.ase_files import FORMATS, format_of
from experiments.data.source import _reader
from experiments.features import FeatureReader
from experiments.lab.runner import run as measure
from experiments.lab.store import Store, _checksum, packed
from span_theorem.cli import app as span_theorem
from span_theorem.command import run
from span_theorem.errors import InputError
from span_theorem.reading import sha256
from tests.experiments.lab.polygons import CELLS
from tests.experiments.synthetic import random_frames
from tests.experiments.test_features import Counting, parts, read
from tests.fuzz.test_commands import commands
from tests.kill.commands import made

NETWORK = "aspirin-gfn2-0"
FRAMES = random_frames(3, 0)
RESULTS = Path(__file__).parents[1] / "docs" / "results"
FAMILIES = ("nequip", "allegro", "sevennet", "so3lr", "mace", "features")


class Bomb:
    """Unpickling this makes a file."""

    def __init__(self, mark):
        self.mark = str(mark)

    def __reduce__(self):
        return open, (self.mark, "w")


def instantiated(mark):
    """What hydra runs, whatever arguments it adds: torch.save makes the file."""
    return {"_target_": "builtins.dict", "inner": {"_target_": "torch.save", "obj": 1, "f": str(mark)}}


def infected(value, payload):
    """A JSON value with the payload in place of every string, and one field more in every object."""
    if isinstance(value, dict):
        return {**{key: infected(inner, payload) for key, inner in value.items()}, "payload": payload}
    if isinstance(value, list):
        return [infected(inner, payload) for inner in value]
    return payload if isinstance(value, str) else value


def object_arrays(path, keys, mark):
    """An npz whose arrays are pickles."""
    np.savez(path, **{key: np.array([Bomb(mark)], dtype=object) for key in keys})


def shipped_copy(folder, name, change):
    """A shipped backbone under another name, with its files changed and its card's checksums right."""
    weights, config, card_path = paths(folder, name)
    for source, target in zip(paths(shipped.FOLDER, NETWORK), (weights, config, card_path), strict=True):
        shutil.copy(source, target)
    change(weights, config, card_path)
    card = json.loads(card_path.read_text())
    card |= {"weights_sha256": sha256(weights), "config_sha256": sha256(config)}
    card_path.write_text(json.dumps(card))


def hostile(folder, mark):
    """One file of every kind, and of every payload that the kind could carry, in ``folder``."""
    bomb, payload = pickle.dumps(Bomb(mark)), instantiated(mark)
    for suffix in ("npz", "xyz", "extxyz", "json", "ckpt", "nequip.zip", "model", "pth", "yaml", "card.json"):
        (folder / f"pickle.{suffix}").write_bytes(bomb)
    for suffix in STRUCTURES[3:]:
        (folder / f"pickle{suffix}").write_bytes(gzip.compress(bomb) if suffix.endswith(".gz") else bomb)
    for suffix in (".traj", ".db", ".json"):  # whole, with what a decoder could take for an order
        atoms = FRAMES[0].to_ase()
        atoms.info |= {"payload": payload, "__ase_objtype__": payload}
        atoms.set_constraint(FixAtoms([0]))
        write(folder / f"info{suffix}", atoms)
    for path in (folder / "info.json", folder / "info.traj"):
        content = path.read_bytes()
        path.write_bytes(content.replace(b"FixAtoms", b"__dict__"))
    for suffix in ("model", "pth", "ckpt"):
        torch.save(Bomb(mark), folder / f"torch.{suffix}")
    object_arrays(
        folder / "frames.npz", ("numbers", "positions", "energies", "forces", "z", "R", "E", "F"), mark
    )
    object_arrays(folder / "features.npz", ("metadata", "numbers", "frame_keys", "atoms", "features"), mark)
    array = io.BytesIO()
    np.save(array, np.array([Bomb(mark)], dtype=object), allow_pickle=True)
    (folder / "array.npz").write_bytes(array.getvalue())
    write_extxyz(FRAMES, folder / "info.extxyz")
    text = (folder / "info.extxyz").read_text()
    escaped = json.dumps(payload).replace('"', r"\"")
    (folder / "info.extxyz").write_text(text.replace("pbc=", f'more="_JSON {escaped}" pbc='))
    (folder / "code.py").write_text(f"open({str(mark)!r}, 'w')\ndef factory(): pass\n")
    (folder / "tag.yaml").write_text(f"a: !!python/object/apply:builtins.open ['{mark}', 'w']\n")
    (folder / "target.json").write_text(json.dumps(payload))
    (folder / "tag.toml").write_text(
        f"[base]\nbackbone = '!!python/object/apply:builtins.open [{mark}, w]'\n"
    )
    (folder / "pickle.toml").write_bytes(bomb)
    for source in (*sorted(RESULTS.glob("*.json")), made() / "study" / "study.json", made() / "result.json"):
        content = json.loads(source.read_text())
        (folder / f"result-{source.name}").write_text(
            json.dumps({**infected(content, payload), "kind": content["kind"]})
        )

    def rewrite(path, change):
        path.write_text(json.dumps(change(json.loads(path.read_text()))))

    def weights(path, _, __):
        object_arrays(path, np.load(path).files, mark)

    shipped_copy(folder, "weights", weights)
    shipped_copy(folder, "card", lambda _, __, card: rewrite(card, lambda values: infected(values, payload)))
    config = json.loads(paths(shipped.FOLDER, NETWORK)[1].read_text())
    for key in (*config, "pair_potential", "_target_", "convnet_nonlinearity_scalars"):
        value = "torch.save" if key == "_target_" else payload
        shipped_copy(
            folder,
            f"config-{key}",
            lambda _, path, __, key=key, value=value: rewrite(path, lambda values: {**values, key: value}),
        )
    families = ", ".join(map(json.dumps, backbones(folder, sorted(folder.iterdir()))))
    (folder / "grid.toml").write_text(
        f'[base]\ntraining = "{GOOD}"\nrule = "pair(0, 1)"\n[axes]\nbackbone = [{families}]\n'
    )
    files = sorted(folder.iterdir())
    (folder / "good").mkdir()
    write_npz(FRAMES, folder / GOOD)
    write_features(folder / "good" / "features.npz", extract(Counting(), [FRAMES]))
    return files


def backbones(folder, files):
    """Every file as every family; the many configurations as that alone which reads them."""
    for path in files:
        families = FAMILIES[:1] if path.name.startswith("config-") else FAMILIES
        if not path.name.startswith("result-"):
            yield from (f"{family}:{path}" for family in families)
    yield f"{folder}/code.py:factory"


STRUCTURES = (
    ".npz", ".xyz", ".extxyz", ".traj", ".db", ".h5", ".xml", ".dump", ".OUTCAR", ".vasp", ".XDATCAR",
    ".extxyz.gz", ".traj.gz", ".xyz.bz2",
)  # fmt: skip


def frames(files):
    """Files that are opened as structures; another suffix is refused unopened."""
    some = [str(path) for path in files if path.suffix in STRUCTURES[:3]][:20]
    others = [str(path) for path in files if path.name.endswith(STRUCTURES[3:])]
    return [*some, *others, str(next(path for path in files if path.name == "info.json"))]


def test_every_kind_of_structures_is_tried():
    assert {suffix for suffix in STRUCTURES if _reader(Path(f"x{suffix}"), "x") is not None} == set(
        STRUCTURES
    )
    tried = {one.ase for one in FORMATS if any(format_of(Path(f"x{suffix}")) is one for suffix in STRUCTURES)}
    assert tried | {"json"} == {one.ase for one in FORMATS}


GOOD, FEATURES = "good/frames.npz", "features:good/features.npz"
PAIR = ["--site", "0", "--toward", "1"]
PLACES = {
    "diagnose": lambda folder, files: [
        *(["--backbone", spec, "--structures", GOOD, *PAIR] for spec in backbones(folder, files)),
        *(["--backbone", FEATURES, "--structures", path, *PAIR] for path in frames(files)),
        *(
            ["--backbone", FEATURES, "--structures", GOOD, "--test-structures", path, *PAIR]
            for path in frames(files)
        ),
    ],
    "extract": lambda folder, files: [
        *(["--backbone", spec, "--structures", GOOD, "-o", "out.npz"] for spec in backbones(folder, files)),
        *(["--backbone", FEATURES, "--structures", path, "-o", "out.npz"] for path in frames(files)),
    ],
    "inject": lambda folder, files: [
        ["--structures", path, *PAIR, "--l", "1", "-o", "out.xyz"] for path in frames(files)
    ],
    "data atoms": lambda folder, files: [[path] for path in frames(files)],
    "choose": lambda folder, files: [
        ["--structures", path, "--max-L", "1", "--max-d", "1"] for path in frames(files)
    ],
    "study": lambda folder, files: [
        ["leakage", "--executor", "slurm", "--config", str(path)] for path in files if path.suffix == ".yaml"
    ],
    "sweep": lambda folder, files: [
        [str(path), "--executor", "serial", "-o", "swept"] for path in files if path.suffix == ".toml"
    ],
    "report": lambda folder, files: [[str(path)] for path in files if path.suffix == ".json"],
    "tables": lambda folder, files: [[str(path), "-o", "tables"] for path in files if path.suffix == ".json"],
    "span_theorem tables": lambda folder, files: [["--results", str(folder), "-o", "tables"]],
    "span_theorem verify": lambda folder, files: [[str(path)] for path in files if path.suffix == ".json"],
    "data fetch": lambda folder, files: [["rmd17", "--molecule", "aspirin", "--from", str(folder)]],
    "train run": lambda folder, files: [
        *([NETWORK, "--training", path, "--work", "work"] for path in frames(files)),
        *([NETWORK, "--test", path, "--work", "work"] for path in frames(files)),
    ],
    "train export": lambda folder, files: [
        *([str(path), "--recipe", NETWORK] for path in files),
        *(["good/frames.npz", "--recipe", NETWORK, "--training", path] for path in frames(files)),
    ],
    "train evaluate": lambda folder, files: [
        *([str(path)] for path in files if path.suffix == ".json"),
        *([NETWORK, "--test", name] for name in ("pickle.npz", "frames.npz", "info.extxyz")),
    ],
    "train table": lambda folder, files: [["--from", str(folder)]],
}
ELSEWHERE = {
    # what these read lies in folders of their own, under names that hold a checksum: see the tests below
    *("aspirin", "controls", "demo", "data list", "data verify", "data generate"),
    # these read no file of a user's
    *("backbones", "data crystals", "train recipes", "doctor", "cache list", "cache empty"),
    *(
        f"span_theorem {name}"
        for name in (
            "check",
            "grid",
            "certify",
            "multiplicity",
            "require",
            "show",
            "polygon",
            "folds",
            "prove",
            "invariants",
        )
    ),
}
PROGRAMS = {
    " ".join((*program, *path)): app
    for program, app in (((), experiments), (("span_theorem",), span_theorem))
    for path, _ in commands(typer.main.get_command(app))
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    mark = folder.parent / "mark"
    return folder, mark, hostile(folder, mark)


@pytest.fixture
def no_work(monkeypatch):
    def stop(*arguments, **options):
        raise InputError("stopped before the work")

    for work in ("experiments.diagnosis.diagnose", "experiments.training.run.train"):
        monkeypatch.setattr(work, stop)


def test_every_command_is_tried():
    assert PLACES.keys() | ELSEWHERE == PROGRAMS.keys()


@pytest.mark.parametrize("command", PLACES)
def test_no_file_is_run_without_trust(command, files, no_work, capsys, monkeypatch):
    folder, mark, every = files
    monkeypatch.chdir(folder)
    for line in PLACES[command](folder, every):
        words = command.removeprefix("span_theorem ").split()
        status = run(PROGRAMS[command], "program", [*words, *line])
        error = capsys.readouterr().err
        assert not mark.exists(), line
        assert status in (0, 2), line
        assert status == 0 or error.splitlines()[-1].startswith("program: error: "), error


def leaves_mark(mark, act):
    """Whether ``act`` makes the file, which is taken away again."""
    with contextlib.suppress(Exception):  # the payload is no model
        act()
    made = mark.exists()
    mark.unlink(missing_ok=True)
    return made


def test_the_payloads_do_leave_a_mark(files, monkeypatch):
    pytest.importorskip("nequip")
    from hydra.utils import instantiate

    folder, mark, _ = files
    assert leaves_mark(mark, lambda: pickle.loads((folder / "pickle.npz").read_bytes()))
    assert leaves_mark(mark, lambda: torch.load(folder / "torch.model", weights_only=False))
    assert leaves_mark(mark, lambda: np.load(folder / "frames.npz", allow_pickle=True)["positions"])
    assert leaves_mark(mark, lambda: dict(np.load(folder / "weights.npz", allow_pickle=True)))
    config = json.loads((folder / "config-pair_potential.config.json").read_text())
    assert leaves_mark(mark, lambda: instantiate(config["pair_potential"]))
    with monkeypatch.context() as patch:  # nequip's builder does instantiate it
        patch.setattr(shipped, "check_config", lambda *arguments: None)
        assert leaves_mark(mark, lambda: build(config))
    assert leaves_mark(mark, lambda: exec((folder / "code.py").read_text()))


@pytest.mark.parametrize(
    ("spec", "package"),
    [
        ("nequip:torch.ckpt", "nequip"),
        ("sevennet:torch.pth", "sevenn"),
        ("so3lr:torch.model", "so3krates_torch"),
        ("code.py:factory", "torch"),
    ],
)
def test_with_trust_they_are_run(spec, package, files, capsys, monkeypatch):
    """So what kept them from it above is the missing --trust."""
    pytest.importorskip(package)
    folder, mark, _ = files
    monkeypatch.chdir(folder)
    line = ["extract", "--backbone", spec, "--structures", "embedded:test", "-o", "out.npz"]
    assert leaves_mark(mark, lambda: run(experiments, "program", [*line, "--trust"]))


def test_a_cached_part_is_not_run(tmp_path):
    mark, reader = tmp_path / "mark", FeatureReader(tmp_path / "cache")
    expected = read(reader, Counting(), FRAMES, 1)
    (part,) = parts(tmp_path / "cache")
    keys = np.load(part).files
    for spoil in (
        lambda: object_arrays(part, keys, mark),
        lambda: part.write_bytes(pickle.dumps(Bomb(mark))),
    ):
        spoil()
        assert read(reader, Counting(), FRAMES, 1).values.tobytes() == expected.values.tobytes()
        assert not mark.exists()


def test_a_kept_measurement_is_not_run(tmp_path):
    """Whatever stands in a store under a right checksum, it is measured again."""
    mark, store = tmp_path / "mark", Store(tmp_path / "store.sqlite")
    expected = {cell: packed(found) for cell, found in measure(CELLS, store).measured.items()}
    described, sums = expected[CELLS[0]]
    infection = json.dumps(infected(json.loads(described), instantiated(mark))).encode()
    bomb = pickle.dumps(Bomb(mark))
    for payload in (
        (infection, sums),
        (bomb, sums),
        (described, bomb),
        (b"[]", sums),
        (b'{"sums": 1}', sums),
    ):
        with contextlib.closing(sqlite3.connect(store.path)) as connection, connection:
            for (key,) in connection.execute("SELECT key FROM measurements").fetchall():
                row = (*payload, _checksum(key, *payload), key)
                connection.execute(
                    "UPDATE measurements SET described = ?, sums = ?, checksum = ? WHERE key = ?", row
                )
        again = measure(CELLS, store)
        assert not again.failures
        assert not mark.exists()
        if payload[0] != infection:  # which is a measurement, of other words
            assert {cell: packed(found) for cell, found in again.measured.items()} == expected
    store.path.write_bytes(bomb)
    assert measure(CELLS, store).failures
    assert not mark.exists()


def test_the_users_cache_of_frames_is_not_run(tmp_path, monkeypatch, capsys):
    mark, folder = tmp_path / "mark", tmp_path / "cache" / "rmd17"
    folder.mkdir(parents=True)
    monkeypatch.setenv("SPAN_THEOREM_CACHE", str(tmp_path / "cache"))
    for name in ("rmd17_aspirin_train_01", "archive_rmd17_aspirin_train_01"):
        object_arrays(folder / f"{name}.npz", ("nuclear_charges", "coords", "energies", "forces"), mark)
        (folder / f"{name}.json").write_text(json.dumps({"content": instantiated(mark)}))
    for name in ("train_01", "archive_train_01"):
        for command in (["inject", "--site", "12", "--toward", "11", "--l", "1", "-o", f"{tmp_path}/o.xyz"],):
            assert run(experiments, "program", [*command, "--structures", f"rmd17:aspirin/{name}"]) == 2
    for command in ("list", "verify"):
        assert run(experiments, "program", ["data", command]) in (0, 1, 2)
    assert not mark.exists()


@pytest.fixture
def training(tmp_path, monkeypatch):
    """The command line of a training that was stopped after it had begun, and its folder."""
    write_npz(read_structures("embedded:test"), tmp_path / "frames.npz")
    line = [
        "train",
        "run",
        NETWORK,
        "--training",
        f"{tmp_path}/frames.npz",
        "--test",
        f"{tmp_path}/frames.npz",
    ]
    line += ["--validation", "1", "--eager", "-o", f"{tmp_path}/out", "--work"]

    def stop(*arguments, **options):
        raise InputError("stopped")

    with monkeypatch.context() as patch:
        patch.setattr("experiments.training.run.train", stop)
        assert run(experiments, "program", [*line, f"{tmp_path}/work"]) == 2
    return line, tmp_path


def test_a_training_of_elsewhere_is_not_continued(training, capsys):
    pytest.importorskip("nequip")
    line, folder = training
    mark = folder / "mark"
    shutil.copytree(folder / "work", folder / "copy")
    for place in ("work", "copy"):
        filled = folder / place / NETWORK / "run"
        for name in ("best.ckpt", "last.ckpt"):
            torch.save(Bomb(mark), filled / name)
        (filled / "finished").touch()
    assert run(experiments, "program", [*line, f"{folder}/copy"]) == 2
    assert "--trust" in capsys.readouterr().err
    assert not mark.exists()
    assert leaves_mark(mark, lambda: run(experiments, "program", [*line, f"{folder}/copy", "--trust"]))
    # another folder in the place of one that is known
    (folder / "work").rename(folder / "away")
    shutil.copytree(folder / "away", folder / "work")
    assert run(experiments, "program", [*line, f"{folder}/work"]) == 2
    assert not mark.exists()
    shutil.rmtree(folder / "work")
    (folder / "away").rename(folder / "work")
    # where it began here, it continues without a question, or the test above would test nothing
    assert leaves_mark(mark, lambda: run(experiments, "program", [*line, f"{folder}/work"]))
