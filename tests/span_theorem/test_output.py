"""Files appear whole, together where they belong together, and nothing of a killed writer stays."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from span_theorem.errors import InputError
from span_theorem.output import replacing, together, write_json, write_text
from span_theorem.reading import visible
from span_theorem.results import read_results

WRITER = """
import sys, time
from pathlib import Path
from span_theorem.output import replacing
with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_text('{"half":')
    print(temporary, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def writer(tmp_path):
    """A process in the middle of writing ``c.json``, and the file it writes."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "c.json")], stdout=subprocess.PIPE, text=True
    )
    temporary = process.stdout.readline().strip()
    yield process, temporary
    process.kill()
    process.wait()
    process.stdout.close()


def test_what_a_killed_writer_left_is_no_result_and_goes_with_the_next_write(tmp_path, writer):
    process, temporary = writer
    write_json(tmp_path / "other.json", {"kind": "x"})
    assert os.path.exists(temporary)  # its writer is alive
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert os.path.exists(temporary)
    assert [record.path.name for record in read_results(tmp_path)] == ["other.json"]
    for suffix in (".json", ".npz"):
        assert not temporary.endswith(suffix)
    write_json(tmp_path / "other.json", {"kind": "x"})
    assert [path.name for path in tmp_path.iterdir()] == ["other.json"]


def test_a_process_of_the_same_number_is_not_the_writer(tmp_path):
    with replacing(tmp_path / "x.json") as temporary:
        old = temporary.with_name(temporary.name.replace(f"-{os.getpid()}-", f"-{os.getpid()}-1"))
        old.touch()
        write_text(tmp_path / "y.json", "")
        assert temporary.exists()
        assert not old.exists()


def test_files_of_other_machines_stay_a_day(tmp_path):
    other = tmp_path / ".x.json.00000000-1-1-00000000.tmp"
    other.touch()
    write_text(tmp_path / "y.json", "")
    assert other.exists()
    os.utime(other, (time.time() - 90_000,) * 2)
    write_text(tmp_path / "y.json", "")
    assert not other.exists()


def test_files_that_only_look_alike_stay(tmp_path):
    (tmp_path / ".x.json.tmp").touch()
    (tmp_path / ".bashrc").touch()
    write_text(tmp_path / "y.json", "")
    assert len(list(tmp_path.iterdir())) == 3
    assert [path.name for path in visible(tmp_path, "")] == ["y.json"]


def test_together_all_or_none(tmp_path):
    write_text(tmp_path / "a", "old")
    with suppress(RuntimeError), together():
        write_text(tmp_path / "a", "new")
        with together():
            write_text(tmp_path / "b", "new")
        raise RuntimeError
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "old")]
    with together():
        write_text(tmp_path / "a", "new")
        write_text(tmp_path / "b", "new")
        assert not (tmp_path / "b").exists()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "new", "b": "new"}


def test_the_longest_name_a_file_can_have(tmp_path):
    write_text(tmp_path / ("☃" * 80 + ".json"), "x")
    with pytest.raises(InputError, match="cannot write"):
        write_text(tmp_path / ("x" * 300), "x")
