"""A command that is killed and started again ends as if nothing had happened, and leaves nothing else behind."""

import json
import random
import signal
import time
from dataclasses import dataclass
from functools import cache

import pytest

from experiments.lab.store import Store
from tests.kill.command import Command, Workplace, end
from tests.kill.commands import COMMANDS, SWEEP_IN_TWO_PROCESSES, SWEEP_SERIAL, TRAINING

SELDOM = "seldom (--fuzz-cases 500 or more runs it)"
OFTEN_AT_ONCE = ("sweep", "report", "tables")


@dataclass(frozen=True)
class Undisturbed:
    """A run that nothing disturbed: the files it left, its steps, and how long it took."""

    files: dict[str, bytes]
    steps: str
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Runs a command in a folder of its own, once."""

    @cache
    def run(command: Command) -> Undisturbed:
        place = Workplace.make(command, tmp_path_factory.mktemp("undisturbed") / "place")
        start = time.monotonic()
        status, output = end(place.start())
        assert status == 0, output
        return Undisturbed(place.files(), place.steps, time.monotonic() - start)

    return run


def cases():
    for name, command in COMMANDS.items():
        yield pytest.param(name, command, id=name, marks=[pytest.mark.rmd17] if name == "data fetch" else [])


@pytest.fixture
def kills(request) -> int:
    """How many kills a command has to live through."""
    cases = request.config.getoption("--fuzz-cases")
    if not request.node.callspec.params["command"].seldom:
        return 1 + cases // 200
    if cases < 500:
        pytest.skip(SELDOM)
    return cases // 500


def assert_same(place: Workplace, whole: Undisturbed, what: str) -> None:
    """Nothing but what the undisturbed run left, to the byte."""
    found = place.files()
    assert found.keys() == whole.files.keys(), what
    assert [name for name in found if found[name] != whole.files[name]] == [], what


@pytest.mark.parametrize(("name", "command"), cases())
def test_killed_at_a_step_or_at_any_moment_and_started_again(
    name, command, kills, undisturbed, tmp_path, request
):
    whole = undisturbed(command)
    steps = whole.steps
    kept = [number for number, step in enumerate(steps, start=1) if step in "rs"]
    assert "r" in steps, "writes nothing beside its place first"
    place = Workplace.make(command, tmp_path / "place")
    rng = random.Random(f"{request.node.name} {request.config.getoption('--fuzz-seed')}")
    for kill in range(kills):
        if kill:
            place.clear()
        if kill % 2 == 0:
            at = rng.choice(kept) if rng.random() < 0.5 or kill == 0 else rng.randint(1, len(steps))
            what = f"killed at step {at} of {steps}"
            assert place.run(at, half=rng.random() < 0.5) == -signal.SIGKILL, what
        else:
            moment = rng.uniform(0, whole.seconds)
            what = f"killed after {moment:.3f} s"
            place.kill_after(moment)
        status, output = end(place.start())
        assert status == 0, f"{what}: {output}"
        assert_same(place, whole, what)


@pytest.mark.parametrize(("name", "command"), cases())
def test_two_copies_at_once_on_the_same_folders(name, command, kills, undisturbed, tmp_path, request):
    if name not in OFTEN_AT_ONCE and request.config.getoption("--fuzz-cases") < 500:
        pytest.skip(SELDOM)
    place = Workplace.make(command, tmp_path / "place")
    for process in [place.start(), place.start()]:
        status, output = end(process)
        assert status == 0, output
    assert_same(place, undisturbed(command), "two copies")


def test_a_sweep_whose_main_process_alone_is_killed_goes_on_as_the_serial_one(undisturbed, tmp_path):
    """Nobody tells its workers; they notice, and what they had measured is not measured again."""
    place = Workplace.make(SWEEP_IN_TWO_PROCESSES, tmp_path / "place")
    store = Store(place.folder / "study" / "measurements.sqlite")
    process = place.start()
    while store.path is not None and not store.path.exists():
        assert process.poll() is None, end(process)
        time.sleep(0.02)
    process.kill()
    # the output is closed when its last holder has ended: the workers have it too
    assert end(process, seconds=60)[0] == -signal.SIGKILL
    status, output = end(place.start())
    assert (status, "Traceback" in output) == (0, False), output
    assert_same(place, undisturbed(SWEEP_SERIAL), "main process killed")


@pytest.mark.parametrize("command", [pytest.param(TRAINING, id="train run")])
def test_a_training_killed_and_a_second_copy_of_it(command: Command, kills, tmp_path, request):
    """A training goes on from its last checkpoint, on other random numbers: its weights are other ones, and good."""
    pytest.importorskip("nequip")
    place = Workplace.make(command, tmp_path / "place")
    assert place.run() == 0
    undisturbed, steps = place.files(), place.steps
    rng = random.Random(f"{request.node.name} {request.config.getoption('--fuzz-seed')}")
    for _ in range(kills):
        place.clear()
        assert place.run(rng.randint(1, len(steps)), half=rng.random() < 0.5) == -signal.SIGKILL
        first, second = place.start(), place.start()
        ends = [end(first), end(second)]
        (refused,) = (output for status, output in ends if status != 0)
        assert sorted(status for status, _ in ends) == [0, 2]
        assert "a training is still running" in refused
        found = place.files()
        assert [name for name in found if name.startswith("out/")] == [
            name for name in undisturbed if name.startswith("out/")
        ]
        assert not [name for name in found if "/." in name.replace("/.hydra/", "/")]
        card = json.loads(found["out/aspirin-rmd17-l1.card.json"])
        assert card["training"]["epochs"] == 4
