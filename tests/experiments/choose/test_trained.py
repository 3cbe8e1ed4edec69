"""The programs beside `choose`: one compares trained networks, one writes structures whose demand is known."""

import csv

import pytest

from experiments.choose import known, trained
from experiments.data import read_structures, write_extxyz
from span_theorem.command import program, run


@pytest.mark.parametrize("module", [known, trained])
def test_it_is_one_command(module, capsys):
    assert run(program(module.main), "it", ["--help"]) == 0
    assert "[OPTIONS]" in capsys.readouterr().out
    assert run(program(module.main), "it", ["--nonsense"]) == 2
    assert "it: error: No such option: --nonsense" in capsys.readouterr().err


def test_networks_are_compared_on_structures_that_none_saw(tmp_path):
    pytest.importorskip("nequip")
    test = read_structures("embedded:test")
    write_extxyz(test.subset(range(8)), tmp_path / "test.extxyz")
    write_extxyz(test.subset(range(3)), tmp_path / "training.extxyz")
    networks = ["nequip:aspirin-gfn2-0-epoch1", "nequip:aspirin-gfn2-0"]
    options = ["--structures", str(tmp_path / "test.extxyz"), "--without", str(tmp_path / "training.extxyz")]
    assert run(program(trained.main), "it", [*networks, *options, "-o", str(tmp_path / "out.csv")]) == 0
    first, second = csv.DictReader((tmp_path / "out.csv").read_text().splitlines())
    assert [first["backbone"], second["backbone"]] == networks
    assert first["structures"] == "5"
    assert float(second["force_error"]) < float(first["force_error"])
    fall = float(first["force_error"]) - float(second["force_error"])
    assert float(second["fall"]) == pytest.approx(fall)
    assert float(second["fall_low"]) < fall < float(second["fall_high"])


def test_replicates_are_averaged_and_compared_one_by_one(tmp_path):
    pytest.importorskip("nequip")
    write_extxyz(read_structures("embedded:test").subset(range(8)), tmp_path / "test.extxyz")
    early = ["nequip:aspirin-gfn2-0-epoch1", "nequip:aspirin-gfn2-0-epoch3"]
    late = ["nequip:aspirin-gfn2-0", "nequip:aspirin-gfn2-1"]
    out = tmp_path / "out.csv"

    def table(*networks):
        options = ["--structures", str(tmp_path / "test.extxyz"), "-o", str(out)]
        assert run(program(trained.main), "it", [*networks, *options]) == 0
        return [
            {key: float(row[key] or "nan") for key in row if key != "backbone"}
            for row in csv.DictReader(out.read_text().splitlines())
        ]

    one_by_one = [row["force_error"] for row in table(*early, *late)]
    first, second = table(",".join(early), ",".join(late))
    assert first["force_error"] == pytest.approx(sum(one_by_one[:2]) / 2)
    assert second["fall"] == pytest.approx(first["force_error"] - second["force_error"])
    # two trainings that differ by 30 meV/Å leave a mean that nobody knows; eight structures alone would not
    assert first["force_error_high"] - first["force_error_low"] > 2 * abs(one_by_one[0] - one_by_one[1])
    narrow = table(*early)[0]
    assert narrow["force_error_high"] - narrow["force_error_low"] < abs(one_by_one[0] - one_by_one[1])
