"""Seeded damage to files, and the limits within which whatever reads them has to end."""

import copy
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from span_theorem.errors import InputError

SECONDS = 60
ODD = (
    None, True, False, 0, -1, 1, 3, 10**9, 2**63, -(10**30), 0.5, -1e308, 1e-320, "", "x", "²", "$", "$a$ $",
    "\x1b[31m", "nan", "\x00", "x" * 300, [], [[]], {}, {"l": 1}, [None], [1, 2, 3],
)  # fmt: skip


@contextmanager
def case(seed: int) -> Iterator[Random]:
    """A generator for one case, which fails with its seed and must end within a minute."""

    def late(number: int, frame: Any) -> None:
        raise TimeoutError(f"more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield Random(seed)
    except BaseException as error:
        error.add_note(f"rerun with --fuzz-cases 1 --fuzz-seed {seed}")
        raise
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def refused(read: Callable[[], Any]) -> Any:
    """What ``read()`` gives, ``None`` if it is refused in one line."""
    try:
        return read()
    except InputError as error:
        lines = str(error).splitlines()
    assert len(lines) == 1
    return None


def damaged(content: bytes, random: Random) -> bytes:
    """``content`` with bits flipped, cut short, or with a piece lost, repeated or overwritten."""
    changed = bytearray(content)
    # half of the time near an end, where headers and directories are
    start = random.choice((0, max(0, len(content) - 600), random.randrange(len(content))))
    place = min(len(content) - 1, start + random.randrange(600))
    length = random.choice((1, 4, 40, 4000))
    match random.choice(("bit", "bit", "bit", "bits", "cut", "lose", "repeat", "overwrite")):
        case "bit":
            changed[place] ^= 1 << random.randrange(8)
        case "bits":
            for _ in range(random.randrange(2, 30)):
                changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
        case "cut":
            del changed[random.choice((place, random.randrange(len(changed)))) :]
        case "lose":
            del changed[place : place + length]
        case "repeat":
            changed[place:place] = changed[place : place + length]
        case "overwrite":
            piece = changed[place : place + length]
            changed[place : place + length] = random.choice((bytes(len(piece)), random.randbytes(len(piece))))
    return bytes(changed)


def mutated(value: Any, random: Random) -> Any:
    """A JSON value with one to three of its parts lost, repeated, or replaced by something odd."""
    value = copy.deepcopy(value)
    for _ in range(random.randrange(1, 4)):
        places = list(_places(value))
        if not places:
            break
        parent, key = random.choice(places)
        match random.choice(("replace", "replace", "lose", "nest", "swap")):
            case "replace":
                parent[key] = copy.deepcopy(random.choice(ODD))
            case "lose":
                del parent[key]
            case "nest":
                parent[key] = [parent[key]]
            case "swap":
                other, name = random.choice(places)
                parent[key] = copy.deepcopy(other[name])
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every part of a JSON value: what holds it, and under which key or index."""
    if isinstance(value, dict):
        inside = list(value)
    elif isinstance(value, list):
        inside = list(range(min(len(value), 3)))
    else:
        return
    for key in inside:
        yield value, key
        yield from _places(value[key])
