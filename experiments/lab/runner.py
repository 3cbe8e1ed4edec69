"""Measuring cells: those that the store lacks, on any executor, and whatever happens keeping what is done."""

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field, replace

from experiments.data.cache import cache_folder
from experiments.lab.cell import Cell
from experiments.lab.executors import SERIAL, Place
from experiments.lab.measure import MEASURES
from experiments.lab.measurement import Measurement
from experiments.lab.sources import Access, Sources, sources_of
from experiments.lab.store import Store, key_of, packed, unpacked
from span_theorem.errors import InputError, MissingPackage

ATTEMPTS = 3
"""How often a task is given to workers that die."""

Progress = Callable[[int, int, str], None]
"""Called with the number of cells done, of all cells, and what was measured last."""


@dataclass(frozen=True)
class Failure:
    """A cell that could not be measured.

    Attributes:
        cell: which.
        reason: one line.
        lacking: whether it would run with a package that is not installed.
        setting: the setting that mends it, if one does.
    """

    cell: Cell
    reason: str
    lacking: bool = False
    setting: str | None = None


@dataclass(eq=False)
class Run:
    """What came of a list of cells.

    Attributes:
        measured: measurements by cell, in the order of the list.
        failures: the rest.
    """

    measured: dict[Cell, Measurement] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)


def run(
    cells: Sequence[Cell],
    store: Store | None = None,
    place: Place = SERIAL,
    sources: Sources | None = None,
    progress: Progress = lambda done, total, what: None,
) -> Run:
    """Measure cells, or read back what the store holds of them.

    A cell that fails does not stop the others. Interrupted, everything finished is in the store.

    Args:
        cells: equal ones are measured once.
        store: of finished measurements.
        place: where to measure; workers need nothing but the packages and what the cells name, results travel back
            and this process alone writes.
        sources: opens what the cells name.
        progress: see :data:`Progress`.
    """
    store, sources = store or Store(), sources or Sources()
    cells = list(dict.fromkeys(cells))
    keys: dict[Cell, str | None] = {}
    found: dict[Cell, Measurement] = {}
    failed: dict[Cell, Failure] = {}
    for cell in cells:
        try:
            keys[cell] = key_of(cell, sources)
            kept = store.get(keys[cell])
        except Exception as error:
            failed[cell] = _failure(cell, error)
            continue
        if kept is not None:
            found[cell] = kept
    progress(len(found) + len(failed), len(cells), "")
    if not (place.local or sources.portable):
        raise InputError(
            "objects in memory can be measured in this process only: expected the serial executor"
        )

    def done(task: "Task", outcome: "list[Measurement] | Exception") -> None:
        if isinstance(outcome, Exception):
            failed.update({cell: _failure(cell, outcome) for cell in task.cells})
        else:
            # all at once: the rest of them, measured without these, would differ by rounding
            measured = list(zip(task.cells, outcome, strict=True))
            store.put_all((keys[cell], cell, measurement) for cell, measurement in measured)
            for cell, measurement in measured:
                found[cell] = unpacked(*packed(measurement))  # the same whether measured now or read back
        progress(len(found) + len(failed), len(cells), describe(task.cells[0]))

    waiting = deque(_tasks([cell for cell in cells if cell not in found and cell not in failed]))
    if place.local:
        while waiting:
            task = waiting.popleft()
            outcome = _attempt(task, sources)
            if not _divided(task, outcome, waiting):
                done(task, outcome)
    else:
        _distribute(waiting, place, sources.access, done)
    return Run(
        {cell: found[cell] for cell in cells if cell in found},
        [failed[cell] for cell in cells if cell in failed],
    )


@dataclass(eq=False)
class Task:
    """Cells that are measured together, and how often workers died with them."""

    cells: list[Cell]
    lost: int = 0


def measure_together(cells: Sequence[Cell], access: Access) -> list[Measurement]:
    """Measure cells that share their inputs, in whatever process this is called."""
    return MEASURES[cells[0].measure].run(cells, sources_of(access))


def measure_elsewhere(cells: Sequence[Cell], access: Access) -> list[Measurement]:
    """The same on a machine whose cache is its own."""
    own = None if access.cache is None else cache_folder()
    return measure_together(cells, replace(access, cache=own))


def describe(cell: Cell) -> str:
    """A cell in a few words, for a progress bar."""
    where = "" if cell.layer is None else f", layer {cell.layer}"
    return f"{cell.backbone}{where}, {cell.probe.solver}, d = {cell.probe.degree}"


def _attempt(task: Task, sources: Sources) -> list[Measurement] | Exception:
    try:
        return MEASURES[task.cells[0].measure].run(task.cells, sources)
    except Exception as error:
        return error


def _divided(task: Task, outcome: object, waiting: deque[Task]) -> bool:
    """Whether the cells of a task that failed are now to be measured one by one: one alone may have been at fault."""
    if not isinstance(outcome, Exception) or len(task.cells) == 1:
        return False
    waiting.extendleft(Task([cell]) for cell in reversed(task.cells))
    return True


def _tasks(cells: Sequence[Cell]) -> list[Task]:
    """Cells that share inputs together; tasks that share features one after another only where they must.

    Two workers that begin with the same backbone would both compute its features, so tasks of different ones take
    turns; the costliest of each come first, so that no long one is left for the end.
    """
    groups: dict[Hashable, Task] = {}
    for cell in cells:
        key = cell.measure, MEASURES[cell.measure].shared(cell)
        groups.setdefault(key, Task([])).cells.append(cell)
    queues: dict[Hashable, deque[Task]] = {}
    for task in sorted(groups.values(), key=lambda task: -_cost(task.cells[0])):
        first = task.cells[0]
        queues.setdefault((first.backbone, first.layer, first.training), deque()).append(task)
    ordered = []
    while any(queues.values()):
        ordered += [queue.popleft() for queue in queues.values() if queue]
    return ordered


def _cost(cell: Cell) -> float:
    """A rough measure of what fitting costs, to order tasks by."""
    probe, training = cell.probe, cell.probe.training
    samples = cell.n_train * cell.orientations
    return {
        "free": float(samples) ** 2 * probe.degree,
        "mlp": 3e3 * training.steps * training.width,
        "equivariant": 1e4 * cell.n_train * probe.degree,
    }.get(probe.solver, 0.0)


def _distribute(
    waiting: deque[Task],
    place: Place,
    access: Access,
    done: Callable[[Task, list[Measurement] | Exception], None],
) -> None:
    """Keep every worker busy, and measure again what a worker that died was given."""
    measure = measure_elsewhere if place.elsewhere else measure_together
    running: dict[Future, Task] = {}
    executor: Executor | None = None
    try:
        while waiting or running:
            executor = executor or place.start()
            broken = False
            while waiting and _has_room(list(running.values()), waiting[0], place.workers):
                task = waiting.popleft()
                try:
                    running[executor.submit(measure, task.cells, access)] = task
                except BrokenExecutor:
                    waiting.appendleft(task)
                    broken = True
                    break
            finished = wait(running, return_when=FIRST_COMPLETED).done if running else set()
            for future in finished:
                if future.cancelled():
                    raise InputError("the scheduler of the workers is gone; what was finished before is kept")
                task, error = running.pop(future), future.exception()
                if isinstance(error, BrokenExecutor):
                    broken = True
                    _again(task, waiting, done)
                elif isinstance(error, place.given_up):
                    done(task, _died())
                elif isinstance(error, Exception):
                    if not _divided(task, error, waiting):
                        done(task, error)
                elif error is not None:
                    raise error
                else:
                    done(task, future.result())
            if broken:
                for task in running.values():
                    _again(task, waiting, done)
                running.clear()
                executor = None
    finally:
        for future in running:
            future.cancel()


def _has_room(running: Sequence[Task], following: Task, workers: int) -> bool:
    """Whether another task may be submitted: a few more than there are workers.

    All that a broken pool was given is lost, whichever task killed it. What was lost once is therefore measured with
    nothing beside it: if it is lost again, it is at fault.
    """
    alone = following.lost or any(task.lost for task in running)
    return not running if alone else len(running) < 2 * workers


def _again(
    task: Task, waiting: deque[Task], done: Callable[[Task, list[Measurement] | Exception], None]
) -> None:
    task.lost += 1
    if task.lost < ATTEMPTS:
        waiting.append(task)
    else:
        done(task, _died())


def _died() -> InputError:
    return InputError(f"workers died {ATTEMPTS} times while this was measured; is memory short?")


def _failure(cell: Cell, error: Exception) -> Failure:
    lacking = isinstance(error, MissingPackage | ModuleNotFoundError)
    known = isinstance(error, InputError | ModuleNotFoundError)
    text = " ".join(str(error).split()) or "no reason given"
    setting = getattr(error, "setting", None)
    return Failure(cell, text if known else f"{type(error).__name__}: {text}", lacking, setting)
