"""A command that is killed and started again ends as if nothing had happened, and leaves nothing else behind."""

import json
import random
import signal
import time

import pytest

from tests.kill.command import Command, Workplace, end
from tests.kill.commands import LONG, SHORT, TRAINING

MINUTES = "takes minutes (--fuzz-cases 500 or more runs it)"
ALL = LONG | SHORT


def cases(commands):
    for name, command in commands.items():
        yield pytest.param(command, id=name, marks=[pytest.mark.rmd17] if name == "data fetch" else [])


@pytest.fixture
def kills(request) -> int:
    """How many kills a command has to live through."""
    cases = request.config.getoption("--fuzz-cases")
    command = request.node.callspec.params["command"]
    if command.minutes and cases < 500:
        pytest.skip(MINUTES)
    if command.minutes:
        return cases // 500
    return (2 if command in LONG.values() else 1) + cases // 200


@pytest.mark.parametrize("command", cases(ALL))
def test_killed_at_a_step_or_at_any_moment_and_started_again(command, kills, tmp_path, request):
    place = Workplace.make(command, tmp_path / "place")
    start = time.monotonic()
    assert place.run() == 0
    seconds = time.monotonic() - start
    undisturbed, steps = place.files(), place.steps
    renames = [number for number, step in enumerate(steps, start=1) if step == "r"]
    assert renames, "writes nothing beside its place first"
    rng = random.Random(f"{request.node.name} {request.config.getoption('--fuzz-seed')}")
    for kill in range(kills):
        place.clear()
        if kill % 2 == 0:
            at = rng.choice(renames) if rng.random() < 0.5 or kill == 0 else rng.randint(1, len(steps))
            what = f"killed at step {at} of {steps}"
            assert place.run(at, half=rng.random() < 0.5) == -signal.SIGKILL, what
        else:
            moment = rng.uniform(0, seconds)
            what = f"killed after {moment:.3f} s"
            place.kill_after(moment)
        status, output = end(place.start())
        assert status == 0, f"{what}: {output}"
        found = place.files()
        assert found.keys() == undisturbed.keys(), what
        assert [name for name in found if found[name] != undisturbed[name]] == [], what


@pytest.mark.parametrize("command", cases(ALL))
def test_two_copies_at_once_on_the_same_folders(command, kills, tmp_path):
    alone = Workplace.make(command, tmp_path / "alone")
    assert alone.run() == 0
    place = Workplace.make(command, tmp_path / "place")
    for process in [place.start(), place.start()]:
        status, output = end(process)
        assert status == 0, output
    assert place.files() == alone.files()


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
