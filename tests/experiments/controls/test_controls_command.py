"""`controls` as a user runs it, on controls made for the purpose."""

import json

import pytest

from experiments.cli import main
from experiments.controls import registry
from tests.experiments.controls import coin

COIN = "tests.experiments.controls.coin"


@pytest.fixture(autouse=True)
def controls(monkeypatch):
    monkeypatch.setattr(registry, "CONTROLS", {"coin": COIN, "again": COIN})
    monkeypatch.setattr(coin, "thrown", [])


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_one_control_writes_its_files_and_says_so(tmp_path, capsys):
    assert main(["controls", "coin", "-o", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    written = files(tmp_path / "out")
    assert set(written) == {"control-coin.json", "control-coin.png", "control-coin.svg"}
    for name in written:
        assert f"{tmp_path}/out/{name}" in printed
    assert "heads" in printed
    assert "left out: edge: needs a steady hand" in printed
    result = json.loads(written["control-coin.json"])
    assert result["kind"] == "control-coin"
    assert result["seed"] == 0
    assert result["question"].startswith("Background: a control for tests.")
    assert "second paragraph" not in result["question"]
    assert result["versions"]["numpy"]
    assert b"heads" in written["control-coin.svg"]
    assert written["control-coin.png"].startswith(b"\x89PNG")


def test_a_claim_that_fails_is_status_1_and_is_written(tmp_path, capsys):
    assert main(["controls", "coin", "-o", str(tmp_path), "--seed", "1"]) == 1
    assert json.loads((tmp_path / "control-coin.json").read_text())["agrees"] is False


def test_a_killed_run_goes_on_and_ends_the_same(tmp_path, monkeypatch, capsys):
    assert main(["controls", "coin", "-o", str(tmp_path / "whole")]) == 0
    throw_one = coin.throw_one

    def killed(seed):
        if len(coin.thrown) == 5:
            raise KeyboardInterrupt
        return throw_one(seed)

    monkeypatch.setattr(coin, "throw_one", killed)
    assert main(["controls", "coin", "-o", str(tmp_path / "killed")]) == 130
    assert not files(tmp_path / "killed")
    monkeypatch.setattr(coin, "throw_one", throw_one)
    assert main(["controls", "coin", "-o", str(tmp_path / "killed")]) == 0
    assert len(coin.thrown) == 6  # three, two before the kill, one after it
    assert files(tmp_path / "killed") == files(tmp_path / "whole")


def test_all_runs_every_control_and_sums_up(tmp_path, capsys):
    assert main(["controls", "all", "-o", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert {"control-coin.json", "control-again.json"} <= set(files(tmp_path))
    summary = printed.split("summary")[1]
    assert summary.count("holds") == 2
    assert "needs a steady hand" in summary


def test_all_goes_on_where_a_package_is_missing(tmp_path, capsys, monkeypatch):
    assert main(["controls", "all", "-o", str(tmp_path), "--seed", "7"]) == 0
    summary = capsys.readouterr().out.split("summary")[1]
    assert summary.count("not run") == 2
    assert "span-theorem[mint]" in summary
    assert not files(tmp_path)


def test_all_goes_on_where_a_control_cannot_run_and_is_status_2(tmp_path, capsys):
    assert main(["controls", "all", "-o", str(tmp_path), "--seed", "9"]) == 2
    printed = capsys.readouterr()
    assert printed.out.split("summary")[1].count("STOPPED") == 2
    assert "the coin has no sides" in printed.out
    assert "coin, again could not run" in printed.err
    assert len(printed.err.strip().splitlines()) == 1


def test_other_code_computes_again(tmp_path, monkeypatch, capsys):
    assert main(["controls", "coin", "-o", str(tmp_path)]) == 0
    monkeypatch.setattr("experiments.controls.run.code_checksum", lambda: "other")
    assert main(["controls", "coin", "-o", str(tmp_path)]) == 0
    assert len(coin.thrown) == 6


def test_all_is_status_1_if_one_claim_fails(tmp_path, capsys):
    assert main(["controls", "all", "-o", str(tmp_path), "--seed", "1"]) == 1
    assert capsys.readouterr().out.split("summary")[1].count("FAILS") == 2


def test_a_result_is_shown_again_from_its_file_alone(tmp_path, capsys):
    assert main(["controls", "coin", "-o", str(tmp_path)]) == 0
    written = files(tmp_path)
    capsys.readouterr()
    result = str(tmp_path / "control-coin.json")
    assert main(["report", result, "-o", str(tmp_path / "again")]) == 0
    assert "heads" in capsys.readouterr().out
    assert (tmp_path / "again.svg").read_bytes() == written["control-coin.svg"]
    assert len(coin.thrown) == 3


def test_a_damaged_result_is_one_line_and_status_2(tmp_path, capsys):
    path = tmp_path / "damaged.json"
    for content, word in (({"kind": "control-coin"}, "sides"), ({"kind": "control-dice"}, "dice")):
        path.write_text(json.dumps(content))
        assert main(["report", str(path), "-o", str(tmp_path / "again")]) == 2
        message = capsys.readouterr().err.strip()
        assert len(message.splitlines()) == 1
        assert word in message
    assert not (tmp_path / "again.png").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dice"], ["unknown control 'dice'", "all", "coin"]),
        ([], ["NAME"]),
        (["coin", "--seed", "-1"], ["seed"]),
        (["coin", "--seed", "7"], ["mint"]),
        (["coin", "-o", "taken/below"], ["taken"]),
        (["all", "-o", "taken/below"], ["taken"]),
    ],
)
def test_a_mistake_is_one_line_and_status_2(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("")
    assert main(["controls", *arguments]) == 2
    message = capsys.readouterr().err.strip()
    assert len(message.splitlines()) == 1
    for word in words:
        assert word in message


def test_without_matplotlib_nothing_starts(tmp_path, monkeypatch, capsys):
    from experiments.report import save

    monkeypatch.setattr(save, "find_spec", lambda name: None)
    for name in ("coin", "all"):
        assert main(["controls", name, "-o", str(tmp_path)]) == 2
        assert "span-theorem[report]" in capsys.readouterr().err
    assert not coin.thrown


def test_a_damaged_part_is_computed_again(tmp_path, capsys):
    assert main(["controls", "coin", "-o", str(tmp_path)]) == 0
    whole = files(tmp_path)
    next((tmp_path / "parts").iterdir()).write_text("{")
    assert main(["controls", "coin", "-o", str(tmp_path)]) == 0
    assert len(coin.thrown) == 4
    assert files(tmp_path) == whole


def test_help_lists_the_real_controls(monkeypatch, capsys):
    monkeypatch.undo()
    assert main(["controls", "--help"]) == 0
    printed = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for name in registry.CONTROLS:
        asked = registry.question(name)
        assert asked.endswith("?")
        assert f"{name}: {asked}"[:60] in printed
        module = registry.load(name)
        assert callable(module.run)
        assert callable(module.draw)
        assert callable(module.summarise)
