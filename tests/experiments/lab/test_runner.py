"""Cells end the same wherever they are measured, and whatever happens to those that measure them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import replace
from pathlib import Path
from threading import Timer

import numpy as np
import pytest

from experiments.backbones import Options
from experiments.data import write_npz
from experiments.lab import recovering
from experiments.lab.cell import Cell, grid, pair
from experiments.lab.executors import THREADS, Place, cores, executor
from experiments.lab.runner import measure_elsewhere, run
from experiments.lab.sources import Access, Sources
from experiments.lab.store import Store, packed
from experiments.spn import Probe
from span_theorem.errors import InputError
from tests.experiments.lab import mortal
from tests.experiments.synthetic import random_frames

REPOSITORY = Path(__file__).parents[3]
TRUSTING = Access(Options(trust=True))


@pytest.fixture
def folder(tmp_path):
    """Structures and backbones."""
    shutil.copy(mortal.__file__, tmp_path / "mortal.py")
    write_npz(random_frames(40, 0), tmp_path / "training.npz")
    write_npz(random_frames(20, 1), tmp_path / "test.npz")
    return tmp_path


def cell(folder: Path, backbone: str) -> Cell:
    return Cell(
        f"{folder}/mortal.py:{backbone}",
        training=f"{folder}/training.npz",
        test=f"{folder}/test.npz",
        rule=pair(0, 1),
        probe=Probe("equivariant", 1),
        l_max=4,
        orientations=3,
        test_orientations=3,
        forces=False,
    )


def contents(outcome):
    return {one: packed(measurement) for one, measurement in outcome.measured.items()}


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as started:
        yield started


@pytest.mark.parametrize("name", ["serial", "processes:2", "dask"])
def test_workers_that_die_and_cells_that_fail_leave_the_others_as_they_are(name, folder, request):
    """One worker is killed in the middle, one cell kills every worker, two fail, one of them beside its like."""
    if name == "dask":
        name = f"dask:{request.getfixturevalue('cluster').scheduler_address}"
    good = [
        *grid(cell(folder, "once"), probe=[Probe("equivariant", 1), Probe("free", 1), Probe("free", 2)]),
        *grid(cell(folder, "beside"), rule=[pair(0, 1), pair(0, 2)]),
        *grid(cell(folder, "plain"), seed=[0, 1]),
    ]
    failing = {
        cell(folder, "broken"): "it has none",
        replace(cell(folder, "beside"), rule=pair(0, 9)): "9",
        replace(cell(folder, "plain"), training="absent.npz"): "absent.npz",
    }
    deadly = cell(folder, "always")
    (folder / "died").touch()
    (folder / "deaths").write_text("xxx")
    serial = contents(run([*failing, *good], sources=Sources(TRUSTING)))
    assert serial.keys() == set(good)
    cells = [deadly, *failing, *good] if name != "serial" else [*failing, *good]
    if name != "serial":
        (folder / "died").unlink()
        (folder / "deaths").write_text("")
    store = Store(folder / "store.sqlite")
    with executor(name) as place:
        outcome = run(cells, store, place, Sources(TRUSTING))
        assert contents(outcome) == serial
        reasons = {failure.cell: failure.reason for failure in outcome.failures}
        assert reasons.pop(deadly, "workers died 3 times").startswith("workers died 3 times")
        assert reasons.keys() == failing.keys()
        assert all(failing[one] in reason for one, reason in reasons.items())
        assert store.count() == len(good)
        assert (folder / "died").exists()
        deaths = len((folder / "deaths").read_text())
        # a pool that another task broke counts against all that it held; Dask counts a death of the worker that held
        # the task, though another may have killed it
        assert deaths in {"serial": [3], "processes:2": [2, 3]}.get(name, [3, 4])
        # what is kept needs no worker, nor do those that died keep others from another run
        assert contents(run(good, store, place, Sources(TRUSTING))) == serial
        again = run(good[:2], None, place, Sources(TRUSTING))
    assert contents(again).items() <= serial.items()


class Fragile(Executor):
    """A pool that loses all it was given as soon as it has the deadly cell, before anything else is done."""

    def __init__(self, deadly):
        self.deadly, self.running = deadly, []

    def submit(self, fn, cells, access):
        future = Future()
        self.running.append(future)
        Timer(0.05 if self.deadly in cells else 0.3, self._end, (future, fn, cells, access)).start()
        return future

    def _end(self, future, fn, cells, access):
        if future.done():
            return
        if self.deadly not in cells:
            future.set_result(fn(cells, access))
            return
        for one in self.running:
            if not one.done():
                one.set_exception(BrokenExecutor())


def test_what_was_lost_with_others_is_not_given_up_for_their_fault(folder):
    deadly, *others = grid(cell(folder, "plain"), seed=range(4))
    place = Place(lambda: Fragile(deadly), 2)
    outcome = run([deadly, *others], None, place, Sources(TRUSTING))
    assert [failure.cell for failure in outcome.failures] == [deadly]
    assert list(outcome.measured) == others


def test_cells_that_share_inputs_are_fitted_together_and_alike(folder, monkeypatch):
    fits = []
    make = recovering.make_solver

    def counted(*arguments):
        fits.append(arguments)
        return make(*arguments)

    monkeypatch.setattr(recovering, "make_solver", counted)
    base = replace(cell(folder, "plain"), probe=Probe("free", 2))
    alike = grid(base, rule=[pair(0, 1), pair(0, 2)], amplitude=[0.3, 1.0], shuffled=[False, True])
    other = [replace(base, seed=1), replace(base, rule=pair(1, 2)), replace(base, probe=Probe("free", 1))]
    together = run([*alike, *other], sources=Sources(TRUSTING)).measured
    assert len(fits) == 1 + len(other)
    for one, measurement in together.items():
        alone = run([one], sources=Sources(TRUSTING)).measured[one]
        assert alone.facts == measurement.facts
        np.testing.assert_allclose(alone.sums["energy"], measurement.sums["energy"], rtol=1e-9, atol=1e-12)
    assert len(fits) == 2 * len(other) + 1 + len(alike)


GRID = """
[base]
training = "training.npz"
test = "test.npz"
rule = "pair(0, 1)"
l_max = 4
orientations = 3
test_orientations = 3
forces = false
d = 1

[axes]
backbone = [{backbones}]
"""


def sweep(folder, backbones, *options, **environment):
    """The command, in a process group of its own."""
    (folder / "grid.toml").write_text(
        GRID.format(backbones=", ".join(f'"mortal.py:{name}"' for name in backbones))
    )
    return subprocess.Popen(
        [sys.executable, "-m", "experiments", "sweep", "grid.toml", "--trust", *options],
        cwd=folder,
        env=os.environ
        | {"PYTHONPATH": str(REPOSITORY), "SPAN_THEOREM_CACHE": str(folder / "cache")}
        | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a job in the background is deaf to interrupts, and so would be its children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for(condition, seconds=150):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_gone(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize(
    ("name", "stop"),
    [("serial", "interrupt"), ("processes:2", "interrupt"), ("processes:2", "kill the parent")],
)
def test_stopped_it_keeps_what_is_finished_and_leaves_no_process(folder, name, stop):
    process = sweep(folder, ["plain", "endless"], "--executor", name, "-o", "out")
    try:
        store = Store(folder / "out" / "measurements.sqlite")
        wait_for(lambda: (folder / "asleep").exists() and store.count() == 1)
        if stop == "interrupt":
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        else:
            process.kill()
        _, error = process.communicate(timeout=120)
        wait_for(lambda: is_gone(process.pid))
    finally:
        if not is_gone(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
    if stop == "interrupt":
        assert process.returncode == 130
        assert error.endswith("experiments: error: interrupted\n")
    assert store.count() == 1
    assert {path.name.partition("-")[0] for path in (folder / "out").iterdir()} == {"measurements.sqlite"}


def test_a_scheduler_that_dies_ends_the_run_in_one_line_and_keeps_what_is_finished(folder):
    pytest.importorskip("distributed")
    address = folder / "scheduler.json"
    python = [sys.executable, "-m"]
    options = ["--scheduler-file", str(address), "--no-dashboard"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    started = [
        subprocess.Popen([*python, "distributed.cli.dask_scheduler", "--port", "0", *options], **quiet)
    ]
    try:
        wait_for(address.exists)
        worker = ["--nthreads", "2", "--no-nanny", "--death-timeout", "5"]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        started.append(
            subprocess.Popen(
                [*python, "distributed.cli.dask_worker", *options, *worker], env=environment, **quiet
            )
        )
        where = json.loads(address.read_text())["address"]
        process = sweep(folder, ["plain", "endless"], "--executor", f"dask:{where}", "-o", "out")
        started.append(process)
        store = Store(folder / "out" / "measurements.sqlite")
        wait_for(lambda: (folder / "asleep").exists() and store.count() == 1)
        started[0].kill()
        _, error = process.communicate(timeout=120)
    finally:
        for one in started:
            one.kill()
            one.wait()
    assert process.returncode == 2
    assert error.splitlines()[-1].startswith("experiments: error: ")
    assert "the scheduler of the workers is gone; what was finished before is kept" in error
    assert "Traceback" not in error
    assert store.count() == 1


SBATCH = """#!/bin/bash
cp "$1" "$QUEUE/$$.sh"  # the original is removed when this returns
bash "$QUEUE/$$.sh" > "$QUEUE/$$.log" 2>&1 &
echo "$!" >> "$QUEUE/submitted"
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/bash
echo "$1" >> "$QUEUE/cancelled"
kill "$1"
"""
CONFIG = """
jobqueue:
  slurm:
    jobs: 2
    cores: 1
    processes: 1
    memory: 1GB
    interface: lo
    job_script_prologue:
      - export PROLOGUE=1
"""


def queue(folder, sbatch):
    """A batch system that runs what it is given at once, and the options and variables of a sweep on it."""
    for name in ("bin", "queue"):
        (folder / name).mkdir()
    for name, script in (("sbatch", sbatch), ("scancel", SCANCEL)):
        (folder / "bin" / name).write_text(script)
        (folder / "bin" / name).chmod(0o755)
    (folder / "queue.yaml").write_text(CONFIG)
    path = os.pathsep.join((str(folder / "bin"), os.environ["PATH"]))
    options = ("--executor", "slurm", "--config", "queue.yaml", "-o", "queued")
    return options, {"PATH": path, "QUEUE": str(folder / "queue")}


def test_a_sweep_through_a_batch_system(folder, monkeypatch):
    pytest.importorskip("dask_jobqueue")
    from experiments.cli import main

    options, environment = queue(folder, SBATCH)
    process = sweep(folder, ["plain"], *options, **environment)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    assert "Traceback" not in error
    wait_for(lambda: is_gone(process.pid), 30)  # the workers end with their scheduler
    submitted = (folder / "queue" / "submitted").read_text().split()
    assert len(submitted) == 2
    assert set((folder / "queue" / "cancelled").read_text().split()) == set(submitted)
    monkeypatch.chdir(folder)
    assert main(["sweep", "grid.toml", "--trust", "--executor", "serial", "-o", "serial"]) == 0
    for name in ("study.json", "cells.csv", "sweep.svg", "sweep.png"):
        assert (folder / "queued" / name).read_bytes() == (folder / "serial" / name).read_bytes(), name


def test_a_batch_system_that_refuses_is_one_line(folder):
    pytest.importorskip("dask_jobqueue")
    options, environment = queue(folder, "#!/bin/sh\necho no such partition >&2\nexit 1\n")
    process = sweep(folder, ["plain"], *options, **environment)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 2
    assert error.startswith("experiments: error: executor slurm cannot be started: ")
    assert "no such partition" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("processes:0", None, "expected a number of processes"),
        ("threads", None, "unknown executor 'threads': expected serial"),
        ("dask:nowhere", None, "dask:nowhere cannot be reached: missing port"),
        ("serial", CONFIG, "takes no configuration"),
        ("slurm", "jobqueue: {pbs: {}}", "expected YAML with a section jobqueue: slurm"),
        ("slurm", "jobqueue: {slurm: {jobs: lots}}", "jobs is 'lots': expected a number"),
        ("slurm", "jobqueue: {slurm: {cores: 1}}", "slurm cannot be started: .*memory"),
        ("slurm", "jobqueue: {slurm: {cores: 1, memory: 1GB, typo: 1}}", "slurm cannot be started: .*typo"),
    ],
)
def test_an_executor_that_cannot_be_had_is_one_line(name, config, message, tmp_path):
    path = None
    if config is not None:
        path = tmp_path / "queue.yaml"
        path.write_text(config)
    with pytest.raises(InputError, match=message) as caught, executor(name, path):
        pass
    assert "\n" not in str(caught.value)


def test_threads_are_divided_among_processes(monkeypatch):
    for variable in THREADS:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(THREADS[1], "7")  # which the user chose
    with executor("processes:2"):
        assert [os.environ[one] for one in THREADS[:2]] == [str(max(1, cores() // 2)), "7"]
    assert [os.environ.get(one) for one in THREADS[:2]] == [None, "7"]


def test_a_worker_elsewhere_uses_its_own_cache(folder, monkeypatch):
    monkeypatch.setenv("SPAN_THEOREM_CACHE", str(folder / "own"))
    measure_elsewhere([cell(folder, "plain")], replace(TRUSTING, cache=folder / "of the client"))
    assert (folder / "own").exists()
    assert not (folder / "of the client").exists()
    measure_elsewhere([cell(folder, "plain")], TRUSTING)


def test_objects_in_memory_are_measured_here_only(folder):
    sources = Sources(TRUSTING, backbones={"x": mortal.plain()})
    with (
        executor("processes:2") as place,
        pytest.raises(InputError, match="objects in memory can be measured in this process only"),
    ):
        run([replace(cell(folder, "plain"), backbone="x")], None, place, sources)
