"""Output that cannot be written is not a claim that fails: status 1 is kept for that."""

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
