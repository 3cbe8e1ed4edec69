"""A user's file of backbones, copied beside the structures of a test: some kill the process that asks for features."""

import os
import signal
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

from experiments.backbones.protocol import card_of
from tests.experiments.synthetic import Spectrum

FOLDER = Path(__file__).parent


class Acting(Spectrum):
    """Does something before it gives features. Its card names weights, so that cells are kept."""

    def __init__(self, name, act=lambda: None):
        super().__init__([0, 1, 2])
        self.name, self.act = name, act
        self.card = replace(card_of(self), settings={"weights_sha256": name})

    def features(self, numbers, positions):
        self.act()
        return super().features(numbers, positions)


def _die():
    with (FOLDER / "deaths").open("a") as file:
        file.write("x")
    os.kill(os.getpid(), signal.SIGKILL)


def _die_once():
    try:
        (FOLDER / "died").touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


@cache
def _wait_for_deaths():
    """So that this is being measured, in whatever process, while what dies is given to others."""
    end = time.monotonic() + 3
    while time.monotonic() < end and len((FOLDER / "deaths").read_text()) < 3:
        time.sleep(0.01)


def _fail():
    raise RuntimeError("it has none")


def _sleep():
    (FOLDER / "asleep").touch()
    time.sleep(600)


def plain():
    return Acting("plain")


def once():
    return Acting("once", _die_once)


def always():
    return Acting("always", _die)


def beside():
    return Acting("beside", _wait_for_deaths)


def broken():
    return Acting("broken", _fail)


def endless():
    return Acting("endless", _sleep)
