"""The store keeps what was put into it, through kills, other writers and damage, and nothing else is taken for it."""

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from experiments.lab import code, store
from experiments.lab.measure import MEASURES
from experiments.lab.measurement import Measurement
from experiments.lab.runner import run
from experiments.lab.sources import Sources
from experiments.lab.store import Store, key_of, packed, unpacked
from span_theorem.errors import InputError
from tests.experiments.lab.polygons import CELLS, TRIANGLE
from tests.experiments.synthetic import Spectrum


def measurement(value=1.0):
    return Measurement((1, 2), {"energy": np.full((3, 2, 3), value)}, "abc", {"L": 2, "notes": ["é"]})


def same(first, second):
    return packed(first) == packed(second)


@pytest.fixture
def kept(tmp_path):
    """A store with one measurement under the key `k`."""
    one = Store(tmp_path / "store.sqlite")
    one.put("k", TRIANGLE, measurement())
    return one


@given(arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 3))), arrays(np.float64, (2, 1, 3)))
@settings(max_examples=50)
def test_sums_come_back_to_the_bit(first, second):
    given_ = Measurement(
        (4, 7), {"share": first, "energy": second}, "é", {"a": [1, None, 0.1], "b": {"c": True}}
    )
    back = unpacked(*packed(given_))
    assert (back.frequencies, back.structures, back.facts) == (
        given_.frequencies,
        given_.structures,
        given_.facts,
    )
    for name, values in given_.sums.items():
        assert back.sums[name].shape == values.shape
        assert back.sums[name].tobytes() == values.tobytes()


def test_what_is_put_is_got_under_its_key_alone(kept):
    assert same(kept.get("k"), measurement())
    assert kept.get("other") is None
    assert kept.get(None) is None
    kept.put(None, TRIANGLE, measurement())
    kept.put("k", TRIANGLE, measurement(2.0))
    assert kept.count() == 1
    assert same(kept.get("k"), measurement(2.0))


def test_without_a_path_nothing_is_kept(tmp_path):
    Store().put("k", TRIANGLE, measurement())
    assert Store().get("k") is None
    assert Store(tmp_path / "none.sqlite").get("k") is None
    assert not list(tmp_path.iterdir())


def counted(monkeypatch):
    """Cells that are really measured."""
    measured, polygon = [], MEASURES["polygon"]

    def measure(cells, sources):
        measured.extend(cells)
        return polygon.run(cells, sources)

    monkeypatch.setitem(MEASURES, "polygon", replace(polygon, run=measure))
    return measured


def test_a_cell_is_measured_once(tmp_path, monkeypatch):
    measured = counted(monkeypatch)
    one = Store(tmp_path / "store.sqlite")
    first = run([*CELLS, *CELLS], one)
    assert sorted(map(str, measured)) == sorted(map(str, CELLS))
    again = run(CELLS, one)
    assert len(measured) == one.count() == len(CELLS)
    assert list(first.measured) == list(again.measured) == CELLS
    assert all(same(first.measured[cell], again.measured[cell]) for cell in CELLS)


@pytest.mark.parametrize("column", ["described", "sums", "checksum"])
def test_a_flipped_byte_is_measured_again(tmp_path, monkeypatch, column):
    measured = counted(monkeypatch)
    one = Store(tmp_path / "store.sqlite")
    whole = run(CELLS, one)
    with sqlite3.connect(one.path) as connection:
        row, value = connection.execute(f"SELECT rowid, {column} FROM measurements").fetchone()
        if column == "checksum":
            spoilt = ("1" if value[7] == "0" else "0").join((value[:7], value[8:]))
        else:
            spoilt = value[:7] + bytes([value[7] ^ 4]) + value[8:]
        connection.execute(f"UPDATE measurements SET {column} = ? WHERE rowid = ?", (spoilt, row))
    connection.close()
    measured.clear()
    again = run(CELLS, one)
    assert len(measured) == 1
    assert all(same(whole.measured[cell], again.measured[cell]) for cell in CELLS)
    measured.clear()
    run(CELLS, one)
    assert not measured


def test_a_row_under_the_key_of_another_is_not_taken(kept):
    with sqlite3.connect(kept.path) as connection:
        connection.execute("UPDATE measurements SET key = 'other'")
    connection.close()
    assert kept.get("other") is None


def test_bits_flipped_in_the_file_are_noticed(kept, fuzz_seeds):
    content = kept.path.read_bytes()
    for seed in fuzz_seeds:
        rng = np.random.default_rng(seed)
        spoilt = bytearray(content)
        spoilt[rng.integers(len(spoilt))] ^= 1 << int(rng.integers(8))
        kept.path.write_bytes(spoilt)
        try:
            found = kept.get("k")
        except InputError:
            continue
        assert found is None or same(found, measurement()), seed


def test_a_record_of_other_types_is_noticed(kept):
    """A flipped bit in a record's header makes text of bytes, or nothing."""
    content = kept.path.read_bytes()
    described, _ = packed(measurement())
    start = content.index(b"k{")  # key, then the cell as JSON
    for place in range(start - 12, start):
        for bit in range(8):
            spoilt = bytearray(content)
            spoilt[place] ^= 1 << bit
            kept.path.write_bytes(spoilt)
            try:
                found = kept.get("k")
            except InputError:
                continue
            assert found is None or same(found, measurement()), (place - start, bit)
    assert described in content


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_text("no database, but long enough to have a header of one\n" * 20),
        lambda path: path.mkdir(),
        lambda path: sqlite3.connect(path).execute("CREATE TABLE measurements (x)").connection.close(),
    ],
)
def test_a_file_that_is_no_store_is_one_line(tmp_path, spoil):
    path = tmp_path / "store.sqlite"
    spoil(path)
    for use in (
        lambda one: one.get("k"),
        lambda one: one.put("k", TRIANGLE, measurement()),
        lambda one: run(CELLS[:1], one) if one.get(key_of(CELLS[0], Sources())) is None else None,
    ):
        with pytest.raises(InputError, match="cannot be used as a store") as caught:
            use(Store(path))
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file"):
        Store(tmp_path / "file" / "store.sqlite").put("k", TRIANGLE, measurement())


WRITER = """
import sys
from pathlib import Path
from experiments.lab.store import Store
from tests.experiments.lab.polygons import TRIANGLE
from tests.experiments.lab.test_store import measurement

store, name, number = Store(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
sys.stdin.readline()
for index in range(number):
    store.put(f"{name} {index}", TRIANGLE, measurement(index))
    print(index, flush=True)
"""


def writer(path, name, number):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process


def test_two_writers_at_once_lose_nothing(tmp_path):
    path, number = tmp_path / "store.sqlite", 25
    writers = {name: writer(path, name, number) for name in ("a", "b")}
    for process in writers.values():  # both have imported everything and wait
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in writers.values():
        assert process.communicate(timeout=120)[0].split() == [str(index) for index in range(number)]
        assert process.returncode == 0
    one = Store(path)
    assert one.count() == 2 * number
    for name in writers:
        for index in range(number):
            assert same(one.get(f"{name} {index}"), measurement(index))


@pytest.mark.parametrize("finished", [1, 7])
def test_a_writer_that_is_killed_loses_nothing_that_it_finished(tmp_path, finished):
    path = tmp_path / "store.sqlite"
    process = writer(path, "a", 100_000)
    process.stdin.write("go\n")
    process.stdin.flush()
    for _ in range(finished):
        last = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    last = max([last, *map(int, process.communicate()[0].split())])
    one = Store(path)
    assert last + 1 <= one.count() <= last + 2
    for index in range(one.count()):
        assert same(one.get(f"a {index}"), measurement(index))
    one.put("after", TRIANGLE, measurement())
    assert same(one.get("after"), measurement())


def test_a_writer_that_is_killed_inside_a_write_leaves_no_half_of_it(kept):
    child = os.fork()
    if not child:
        try:
            with kept._open() as connection:
                connection.execute("DELETE FROM measurements")
                connection.execute("INSERT INTO measurements VALUES ('half', '', x'00', x'00', '')")
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert kept.count() == 1
    assert same(kept.get("k"), measurement())
    kept.put("half", TRIANGLE, measurement(2.0))
    assert same(kept.get("half"), measurement(2.0))


def test_the_key_is_of_cell_content_code_and_packages(monkeypatch):
    sources = Sources()
    key = key_of(TRIANGLE, sources)
    assert key == key_of(replace(TRIANGLE), Sources())
    changed = [
        replace(TRIANGLE, seed=1),
        replace(TRIANGLE, n_train=41),
        replace(TRIANGLE, backbone="harmonics(4)"),
        replace(TRIANGLE, rule="wave(sin)"),
    ]
    keys = {key, *(key_of(cell, sources) for cell in changed)}
    for name, value in (("measuring_code", "other"), ("versions", {"numpy": "9"})):
        with monkeypatch.context() as patch:
            patch.setattr(store, name, lambda value=value: value)
            keys.add(key_of(TRIANGLE, sources))
    with monkeypatch.context() as patch:
        patch.setattr(Sources, "identity", lambda self, cell: {"weights": "others"})
        keys.add(key_of(TRIANGLE, sources))
    assert len(keys) == 1 + len(changed) + 3


def test_what_nothing_tells_apart_is_never_kept():
    """Objects in memory, and weights without a checksum."""
    assert key_of(TRIANGLE, Sources(backbones={"x": Spectrum([1])})) is None

    class Anonymous(Sources):
        def identity(self, cell):
            return None

    assert key_of(TRIANGLE, Anonymous()) is None


PROJECT = {
    "experiments/lab/measure.py": "from experiments import fit\nfrom experiments.lab.cell import Cell\n",
    "experiments/lab/cell.py": "class Cell:\n    '''A cell.'''\n\n    size = 1\n",
    "experiments/fit.py": "def fit(x):\n    from numerics.ridge import solve\n\n    return solve(x)\n",
    "numerics/ridge.py": "STRENGTH = 1e-8\n\n\ndef solve(x):\n    return STRENGTH * x\n",
    "experiments/lab/tables.py": "from experiments.lab.measure import Cell\nWIDTH = 3\n",
    "experiments/backbones/mace.py": "L = 2\n",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Changes a small project, and says how its measuring code is known then."""
    monkeypatch.setattr(code, "ROOT", tmp_path)
    for name, text in PROJECT.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def digest(name=None, old="", new=""):
        if name:
            assert old in PROJECT[name]
            (tmp_path / name).write_text(PROJECT[name].replace(old, new))
        code.measuring_modules.cache_clear()
        return code.measuring_code.__wrapped__()

    yield digest
    code.measuring_modules.cache_clear()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("numerics/ridge.py", "STRENGTH = 1e-8", "STRENGTH = 1e-8  # weak"),
        ("numerics/ridge.py", "\n\n\ndef solve(x):", "\ndef solve(\n    x,\n):\n    '''Solve.'''"),
        ("experiments/lab/cell.py", "'''A cell.'''", "'''One measurement.'''"),
        ("experiments/lab/tables.py", "WIDTH = 3", "WIDTH = 4"),
    ],
)
def test_words_and_layout_and_what_only_shows_keep_the_key(project, name, old, new):
    assert project() == project(name, old, new)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("numerics/ridge.py", "1e-8", "1e-7"),
        ("experiments/lab/cell.py", "size = 1", "size = 2"),
        ("experiments/fit.py", "solve(x)", "-solve(x)"),
        ("experiments/backbones/mace.py", "L = 2", "L = 3"),
    ],
)
def test_code_that_measures_changes_the_key(project, name, old, new):
    assert project() != project(name, old, new)


def test_a_meaning_that_changes_is_raised_by_hand(project, monkeypatch):
    before = project()
    monkeypatch.setattr(code, "MEASURE_VERSION", code.MEASURE_VERSION + 1)
    assert project() != before


def test_what_measures_is_what_a_measurement_imports_and_nothing_that_shows():
    modules = set(code.measuring_modules())
    wanted = {"numerics.ridge", "experiments.spn.free", "experiments.recovery", "experiments.injection",
              "experiments.residuals", "experiments.lab.recovering", "experiments.backbones.nequip",
              "experiments.backbones.wrappers", "experiments.data.extxyz", "experiments.seeds"}  # fmt: skip
    assert wanted <= modules
    unwanted = ("experiments.studies", "experiments.commands", "experiments.report", "benchmarks", "tests")
    assert not [name for name in modules if name.startswith(unwanted)]
    shown = ("tables", "figures", "claims", "ceilings", "estimate", "study", "store", "runner", "executors")
    assert not {f"experiments.lab.{name}" for name in shown} & modules
