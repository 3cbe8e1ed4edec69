"""Files with anything in them: drawn, tabulated and measured, or refused in one line."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from experiments.cli import main as experiments
from experiments.commands.train import _prepare
from experiments.lab.executors import _settings
from experiments.lab.runner import run
from experiments.lab.store import Store
from experiments.report.page import MARKED, rewrite
from experiments.report.study import read_study
from experiments.studies.sweep import Sweep
from span_theorem.cli import main as span_theorem
from span_theorem.reading import read_json
from tests.experiments.lab.polygons import CELLS
from tests.fuzz.damage import case, damaged, mutated, refused
from tests.kill.commands import GRID, made

RESULTS = sorted((Path(__file__).parents[2] / "docs" / "results").glob("*.json"))
QUEUE = {
    "jobqueue": {"slurm": {"jobs": 2, "cores": 1, "memory": "1GB", "job_script_prologue": ["export A=1"]}}
}
PAGE = "# Results\n\n<!-- table sweep -->\nold\n<!-- end -->\n\n<!-- claims sweep -->\n<!-- end -->\n"


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


def test_report_of_a_diagnosis(tmp_path, capsys, fuzz_seeds):
    content, stem = (made() / "result.json").read_bytes(), tmp_path / "figure"
    for seed in fuzz_seeds[: 2 + len(fuzz_seeds) // 10]:
        with case(seed) as random:
            write(tmp_path / "result.json", content, random)
            status = experiments(["report", str(tmp_path / "result.json"), "-o", str(stem)])
            assert_ended_well(status, capsys)
            pictures = [stem.with_suffix(suffix) for suffix in (".png", ".svg")]
            assert all(picture.exists() == (status == 0) for picture in pictures)
            for picture in pictures:
                picture.unlink(missing_ok=True)


def test_report_and_tables_of_a_study(tmp_path, capsys, fuzz_seeds):
    content = (made() / "study" / "study.json").read_bytes()
    for seed in fuzz_seeds:
        with case(seed) as random:
            write(tmp_path / "study.json", content, random)
            for line in (
                ["report", str(tmp_path)],
                ["tables", str(tmp_path), "-o", str(tmp_path / "tables")],
            ):
                assert_ended_well(experiments(line), capsys)


def test_a_page(tmp_path, fuzz_seeds):
    """What is no part of it stays, whatever stands in it."""
    study, page = read_study(made() / "study"), tmp_path / "page.md"
    for seed in fuzz_seeds:
        with case(seed) as random:
            content = damaged(PAGE.encode(), random)
            page.write_bytes(content)
            if refused(lambda: rewrite(page, [study]) or True) is None:
                assert page.read_bytes() == content
            else:
                written = page.read_bytes().decode()
                assert MARKED.sub("", written) == MARKED.sub("", content.decode())


def toml(content):
    """TOML of tables one deep; what JSON has and TOML has not is left as it is, and no TOML."""
    if not isinstance(content, dict):
        return json.dumps(content)
    lines = []
    for name, section in content.items():
        inside = section if isinstance(section, dict) else {"x": section}
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in inside.items())]
    return "\n".join(lines)


def test_a_grid(tmp_path, fuzz_seeds):
    path, accepted = tmp_path / "grid.toml", 0
    for seed in fuzz_seeds:
        with case(seed) as random:
            if random.random() < 0.5:
                path.write_bytes(damaged(GRID.encode(), random))
            else:
                path.write_text(toml(mutated(tomllib.loads(GRID), random)))
            sweep = refused(lambda: Sweep(path))
            if sweep is not None:
                accepted += 1
                for cell in sweep.cells(None):
                    refused(lambda: (cell.pair, cell.atom))  # noqa: B023
                    json.dumps(cell.to_dict())
    assert accepted or len(fuzz_seeds) < 60


def test_a_configuration_of_a_queue(tmp_path, fuzz_seeds):
    path = tmp_path / "queue.yaml"
    for seed in fuzz_seeds:
        with case(seed) as random:
            write(path, json.dumps(QUEUE).encode(), random)  # JSON is YAML
            settings = refused(lambda: _settings(path, "slurm"))
            assert settings is None or all(isinstance(name, str) for name in settings)


def test_a_store(tmp_path, fuzz_seeds):
    """What is damaged is measured again, or the file is refused; nothing else comes out."""
    store = Store(tmp_path / "store.sqlite")
    whole = run(CELLS, store).measured
    content = store.path.read_bytes()
    for seed in fuzz_seeds[: 2 + len(fuzz_seeds) // 3]:
        with case(seed) as random:
            store.path.write_bytes(damaged(content, random))
            outcome = refused(lambda: run(CELLS, store))
            if outcome is not None:
                for cell, found in outcome.measured.items():
                    assert found.facts == whole[cell].facts
                    # cells fitted together and one alone differ by rounding
                    for name, sums in whole[cell].sums.items():
                        np.testing.assert_allclose(found.sums[name], sums, rtol=0, atol=1e-9)
                assert all("cannot be used as a store" in failure.reason for failure in outcome.failures)
        for suffix in ("-wal", "-shm"):
            store.path.with_name(f"{store.path.name}{suffix}").unlink(missing_ok=True)


def test_settings_of_a_training(tmp_path, fuzz_seeds):
    from experiments.data import read_structures
    from experiments.training.export import Data
    from experiments.training.recipes import RECIPES

    name, recipe = next(iter(RECIPES.items()))
    frames = read_structures("embedded:test").subset(range(3))

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
