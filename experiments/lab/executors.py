"""Where cells are measured: here, in processes of this machine, or on a Dask cluster."""

import logging
import os
import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any

from span_theorem.errors import InputError, MissingPackage
from span_theorem.reading import read_text

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
QUEUES = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "lsf": "LSFCluster",
    "htcondor": "HTCondorCluster",
}
"""Batch systems by name, and the class of dask-jobqueue that drives each."""


class Serial(Executor):
    """Runs what is submitted at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@dataclass(frozen=True)
class Place:
    """Somewhere to measure.

    Attributes:
        start: gives the executor, a new one if the workers of the last one died.
        workers: how many tasks it takes at once.
        local: whether tasks run in this process, with objects that no other could open.
        elsewhere: whether workers may be on other machines, with a cache of their own.
        given_up: what a task raises whose workers died again and again.
    """

    start: Callable[[], Executor]
    workers: int
    local: bool = False
    elsewhere: bool = False
    given_up: tuple[type[Exception], ...] = ()


SERIAL = Place(Serial, 1, local=True)


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def executor(name: str | None = None, config: Path | None = None) -> Iterator[Place]:
    """The place that ``name`` means, closed afterwards.

    Args:
        name: `serial`; `processes` or `processes:N`, by default as many as there are cores; `dask:ADDRESS` of a
            scheduler that runs; or a batch system of :data:`QUEUES`.
        config: of a batch system: a YAML file as dask reads it, with the section `jobqueue`.

    Raises:
        InputError: an unknown name, a scheduler that does not answer, or a file that is no configuration.
        MissingPackage: dask is not installed.
    """
    kind, _, rest = (name or "processes").partition(":")
    if config is not None and kind not in QUEUES:
        raise InputError(f"executor '{kind}' takes no configuration: expected one of {', '.join(QUEUES)}")
    if kind == "serial" and not rest:
        yield SERIAL
    elif kind == "processes":
        if rest and not re.fullmatch("[1-9][0-9]{0,3}", rest):
            raise InputError(f"executor '{name}': expected a number of processes, as in processes:2")
        with _processes(int(rest) if rest else cores()) as place:
            yield place
    elif kind == "dask" and rest:
        with _dask(rest) as place:
            yield place
    elif kind in QUEUES and not rest:
        with _queue(kind, config) as place:
            yield place
    else:
        raise InputError(
            f"unknown executor '{name}': expected serial, processes:N, dask:ADDRESS or one of {', '.join(QUEUES)}"
        )


@contextmanager
def _processes(number: int) -> Iterator[Place]:
    if number == 1:
        yield SERIAL
        return
    pools: list[ProcessPoolExecutor] = []

    def start() -> Executor:
        if not pools or _is_broken(pools[-1]):
            # spawned, not forked: torch's and BLAS's threads do not survive a fork
            pools.append(ProcessPoolExecutor(number, get_context("spawn"), initializer=_prepare_worker))
        return pools[-1]

    before = {variable: os.environ.get(variable) for variable in THREADS}
    threads = str(max(1, cores() // number))
    # children read these when they load BLAS, which is before any code of ours could tell them
    os.environ.update({variable: before[variable] or threads for variable in THREADS})
    try:
        yield Place(start, number)
    except BaseException:
        for child in active_children():  # what they are at would go on for minutes
            child.terminate()
        raise
    finally:
        for pool in pools:
            pool.shutdown(cancel_futures=True)
        for variable, value in before.items():
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value


def _is_broken(pool: Executor) -> bool:
    try:
        pool.submit(int)
    except BrokenExecutor:
        return True
    return False


def _prepare_worker() -> None:
    """An interrupt is the parent's business; without the parent a worker has nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _dask(address: str, workers: int = 1) -> Iterator[Place]:
    with _reporting(f"dask:{address}", "cannot be reached"):
        from distributed import Client, KilledWorker
        from distributed.comm.addressing import get_address_host_port

        # both log tracebacks of their own about what is reported in one line here
        for name in ("distributed", "tornado", *logging.root.manager.loggerDict):
            if name.partition(".")[0] in ("distributed", "tornado"):
                logging.getLogger(name).setLevel(logging.CRITICAL)
        get_address_host_port(address)  # a client that was given no address waits for one when it is closed
        client = Client(address, timeout=20, set_as_default=False)
    with client:
        # dask itself runs what a lost worker was given on another
        workers = max(workers, sum(client.nthreads().values()))
        yield Place(
            lambda: client.get_executor(pure=False), workers, elsewhere=True, given_up=(KilledWorker,)
        )


@contextmanager
def _queue(kind: str, config: Path | None) -> Iterator[Place]:
    settings = {} if config is None else _settings(config, kind)
    jobs = settings.pop("jobs", 1)
    if not isinstance(jobs, int) or isinstance(jobs, bool) or not 1 <= jobs < 10_000:
        raise InputError(f"{config}: jobqueue.{kind}.jobs is {jobs!r}: expected a number from 1 on")
    with ExitStack() as stack:
        with _reporting(kind, "cannot be started"):
            import dask_jobqueue

            # any free port: the usual one is another's as soon as two run on a login node
            settings.setdefault("scheduler_options", {"dashboard_address": ":0"})
            cluster = getattr(dask_jobqueue, QUEUES[kind])(**settings)
            # not scale(), which submits in the background and keeps to itself what goes wrong
            for _ in range(jobs):
                cluster.worker_spec.update(cluster.new_worker_spec())
            try:
                stack.enter_context(cluster)  # submits the jobs
            except AssertionError as error:  # closing what was not submitted fails too, and hides why
                raise error.__context__ or error from None
        yield stack.enter_context(_dask(cluster.scheduler_address, jobs))


def _settings(config: Path, kind: str) -> dict[str, Any]:
    """Arguments of a cluster: the section `jobqueue: KIND:` of a YAML file, plain values only."""
    import yaml

    try:
        section = yaml.safe_load(read_text(config, "a YAML file"))["jobqueue"][kind]
    except (yaml.YAMLError, RecursionError, KeyError, TypeError) as error:
        raise InputError(
            f"{config}: expected YAML with a section jobqueue: {kind}: ({_one_line(error)})"
        ) from error
    if not isinstance(section, dict) or not all(isinstance(key, str) for key in section):
        raise InputError(f"{config}: section jobqueue.{kind} is no mapping of names to values")
    return dict(section)


@contextmanager
def _reporting(what: str, wrong: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise MissingPackage(
            f"executor {what} needs the package {error.name}: pip install 'span-theorem[distributed]'"
        ) from error
    except (OSError, TimeoutError, ValueError, TypeError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"executor {what} {wrong}: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
