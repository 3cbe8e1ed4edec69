"""Result files with anything in them: drawn and tabulated, or refused in one line."""

import json
from pathlib import Path

import pytest

from experiments.cli import main as experiments
from experiments.commands.train import _prepare
from span_theorem.cli import main as span_theorem
from span_theorem.reading import read_json
from tests.fuzz.damage import case, damaged, mutated, refused

RESULTS = sorted((Path(__file__).parents[2] / "docs" / "results").glob("*.json"))
REPORTED = [path for path in RESULTS if path.name.startswith(("aspirin", "control"))]


def write(path, content, random):
    """Damage to the text, or to what the text says."""
    if random.random() < 0.3:
        path.write_bytes(damaged(content, random))
    else:
        path.write_text(json.dumps(mutated(json.loads(content), random)))


def assert_ended_well(status, capsys):
    error = capsys.readouterr().err
    assert status in (0, 2)
    assert (error.count("\n"), "error: " in error) == ((1, True) if status else (0, False)), error


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_tables(path, tmp_path, capsys, fuzz_seeds):
    content = path.read_bytes()
    for seed in fuzz_seeds[: 1 + len(fuzz_seeds) // 10]:
        with case(seed) as random:
            write(tmp_path / "result.json", content, random)
            status = span_theorem(["tables", "--results", str(tmp_path), "-o", str(tmp_path / "tables")])
            assert_ended_well(status, capsys)


@pytest.mark.parametrize("path", REPORTED, ids=lambda path: path.stem)
def test_report(path, tmp_path, capsys, fuzz_seeds):
    content, stem = path.read_bytes(), tmp_path / "figure"
    for seed in fuzz_seeds[: 1 + len(fuzz_seeds) // 30]:
        with case(seed) as random:
            write(tmp_path / "result.json", content, random)
            status = experiments(["report", str(tmp_path / "result.json"), "-o", str(stem)])
            assert_ended_well(status, capsys)
            pictures = [stem.with_suffix(suffix) for suffix in (".png", ".svg")]
            assert all(picture.exists() == (status == 0) for picture in pictures)
            for picture in pictures:
                picture.unlink(missing_ok=True)


def test_settings_of_a_training(tmp_path, fuzz_seeds):
    from experiments.data import load
    from experiments.training.export import Data
    from experiments.training.recipes import RECIPES

    name, recipe = next(iter(RECIPES.items()))
    frames = load("embedded:test").select(range(3))

    def prepare():
        return _prepare(name, recipe, Data(frames, frames), tmp_path, 1, False)

    expected = prepare()
    settings = tmp_path / "settings.json"
    whole = settings.read_bytes()
    for seed in fuzz_seeds:
        with case(seed) as random:
            write(settings, whole, random)
            run = refused(prepare)
            same = refused(lambda: read_json(settings) == json.loads(whole))
            assert run is None or (run == expected and same)
