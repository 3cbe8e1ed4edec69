"""Output that cannot be written is not a claim that fails: status 1 is kept for that."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

GRID = [sys.executable, "-m", "span_theorem", "grid", "--max-L", "6", "--max-d", "6"]
SHOW = [sys.executable, "-m", "span_theorem", "show", "--L", "1", "--d", "2", "--l", "2"]


def test_a_reader_that_goes_away_is_no_failure():
    process = subprocess.Popen(GRID, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert process.wait(timeout=120) == 0
    assert b"Traceback" not in process.stderr.read()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_line_and_status_two():
    with open("/dev/full", "w") as full:
        done = subprocess.run(GRID, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("span-theorem: error: ")
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_terminal_without_a_character_gets_a_question_mark():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(SHOW, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "?" in done.stdout


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_are_no_failure_and_get_into_no_file(closed, tmp_path):
    result = tmp_path / "result.json"
    line = f'exec "{sys.executable}" -m span_theorem check --L 1 --d 1 --json "{result}" {closed}'
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(result.read_text())["verified"] is True
    bad = subprocess.run(["bash", "-c", line.replace("--L 1", "--L -1")], check=False, capture_output=True)
    assert bad.returncode == 2


@pytest.mark.parametrize("variables", [{"SPAN_THEOREM_CACHE": "~nouser/x"}, {"HOME": ""}])
def test_no_folder_for_the_cache_is_one_line(variables):
    environment = {key: text for key, text in os.environ.items() if key != "SPAN_THEOREM_CACHE"} | variables
    code = (
        "import pwd, sys\n"
        "def nobody(uid): raise KeyError(uid)\n"
        "pwd.getpwuid = nobody\n"
        "import os; os.environ.pop('HOME') if not os.environ['HOME'] else None\n"
        "from experiments.cli import main; sys.exit(main(['data', 'list']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "SPAN_THEOREM_CACHE" in done.stderr
