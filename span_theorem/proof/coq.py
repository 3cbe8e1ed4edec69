"""Coq checks the general proof: every file is compiled, then asked which axioms each theorem rests on."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from span_theorem.errors import InputError

SOURCES = Path(__file__).parent
LIBRARY = "SpanTheorem"
THEOREMS = "Theorems"
EXPECTED = 16  # theorems in Theorems.v: one that is taken out is missed
INSTALL = "apt-get install --no-install-recommends coq libcoq-mathcomp-multinomials libcoq-mathcomp-zify"
SECONDS_PER_FILE = 900.0

# what leaves a gap in a proof, or takes a check of the kernel away
FORBIDDEN = re.compile(
    r"\b(Admitted|admit|give_up|Axioms?|Conjectures?|Parameters?|Primitive|bypass_check"
    r"|(?:Unset|Set)\s+(?:Guard|Positivity|Universe)\s+Checking|Declare\s+ML\s+Module)\b"
)
_STATED = re.compile(r"\(\*\*((?:(?!\*\)).)*)\*\)\s*Theorem\s+(\w+)", re.DOTALL)
_PLACE = re.compile(r'File "\.?/?([^"]+)", line (\d+)[^\n]*\n(?:Error:)?(.*)', re.DOTALL)
_MISSING = re.compile(r"Cannot find a physical path|Cannot load|Unable to locate library", re.IGNORECASE)
_CLOSED = "Closed under the global context"


class ProofError(Exception):
    """The proof does not hold: a gap, or a file that Coq refuses. The message says which file and line, and why."""


@dataclass(frozen=True)
class Theorem:
    """One theorem as Coq has it.

    Attributes:
        name: its name in ``Theorems.v``.
        statement: the same in the field's words.
        axioms: what it rests on beyond the logic itself, by name; empty if it is proved outright.
    """

    name: str
    statement: str
    axioms: tuple[str, ...]


@dataclass(frozen=True)
class Proof:
    """What Coq has checked.

    Attributes:
        coq: the version of Coq.
        theorems: in the order in which they are stated.
        seconds: how long it took.
    """

    coq: str
    theorems: tuple[Theorem, ...]
    seconds: float

    @property
    def closed(self) -> int:
        """How many theorems rest on no axiom."""
        return sum(not theorem.axioms for theorem in self.theorems)

    @property
    def verified(self) -> bool:
        """All the expected theorems are there and rest on no axiom."""
        return self.closed == len(self.theorems) == EXPECTED


def stated(source: str) -> dict[str, str]:
    """The theorems of a Coq source by name, each with the words in the comment above it.

    >>> stated("(** Zero is zero. *) Theorem zero : 0 = 0.")
    {'zero': 'Zero is zero.'}
    """
    return {name: " ".join(words.split()) for words, name in _STATED.findall(source)}


def refuse_gaps(name: str, source: str) -> None:
    """Refuse a source that leaves a proof open, assumes something, or takes a check away.

    Comments are no reason; what is hidden from this (a ``Variable`` outside a section) Coq itself reports as an axiom.

    Raises:
        ProofError: it does; the message says where.
    """
    bare = _without_comments(source)
    gap = FORBIDDEN.search(bare)
    if gap:
        line = bare.count("\n", 0, gap.start()) + 1
        raise ProofError(f"{name}, line {line}: '{' '.join(gap[0].split())}' leaves the proof open")


def _without_comments(source: str) -> str:
    """The source with its (nested) comments blanked, line by line where it was."""
    depth, kept = 0, []
    for token in re.split(r"(\(\*|\*\))", source):
        if token == "(*":
            depth += 1
        elif token == "*)" and depth:
            depth -= 1
        else:
            kept.append("\n" * token.count("\n") if depth else token)
    return "".join(kept)


def check_proof(report: Callable[[str, float], None], sources: Path = SOURCES) -> Proof:
    """Have Coq check the proof, in a temporary folder.

    Args:
        report: told of every file that Coq has accepted, with the seconds it took.
        sources: the folder with the files that its ``_CoqProject`` lists in their order.

    Raises:
        ProofError: the proof does not hold.
        InputError: Coq or a library is missing, or a file takes longer than 15 minutes.
    """
    coqc = shutil.which("coqc")
    if coqc is None:
        raise InputError(f"Coq is not installed: no coqc on PATH; on Debian or Ubuntu: {INSTALL}")
    began = time.monotonic()
    version = _run([coqc, "--print-version"], sources).stdout.split()
    files = [line for line in (sources / "_CoqProject").read_text().split() if line.endswith(".v")]
    texts = {name: (sources / name).read_text(encoding="utf-8") for name in files}
    for name, text in texts.items():
        refuse_gaps(name, text)
    statements = stated(texts[f"{THEOREMS}.v"])
    with tempfile.TemporaryDirectory(prefix="span-theorem-proof-") as temporary:
        folder = Path(temporary)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
            start = time.monotonic()
            _compile(coqc, folder, name)
            report(name, time.monotonic() - start)
        axioms = _axioms(coqc, folder, tuple(statements))
    theorems = tuple(Theorem(name, words, axioms[name]) for name, words in statements.items())
    return Proof(version[0] if version else "unknown", theorems, time.monotonic() - began)


def _axioms(coqc: str, folder: Path, names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """What each theorem rests on, as ``Print Assumptions`` says."""
    questions = [f"From {LIBRARY} Require {THEOREMS}."]
    for name in names:
        questions += [f'Goal True. idtac "=== {name}". Abort.', f"Print Assumptions {THEOREMS}.{name}."]
    (folder / "Questions.v").write_text("\n".join(questions) + "\n", encoding="utf-8")
    answers = dict(
        answer.split("\n", 1) for answer in _compile(coqc, folder, "Questions.v").split("=== ")[1:]
    )
    found = {}
    for name in names:
        answer = answers.get(name, "").strip()
        if not answer:
            raise ProofError(f"{THEOREMS}.v: Coq says nothing of the axioms of {name}")
        lines = (
            [] if answer == _CLOSED else [line for line in answer.splitlines() if not line.startswith(" ")]
        )
        found[name] = tuple(line.split(":")[0].strip() for line in lines if line not in ("Axioms:", ""))
        if answer != _CLOSED and not found[name]:
            raise ProofError(f"{THEOREMS}.v: no axioms can be read for {name} in {answer!r}")
    return found


def _compile(coqc: str, folder: Path, name: str) -> str:
    """Compile one file; what Coq prints.

    Raises:
        ProofError: Coq refuses it.
        InputError: a library is missing.
    """
    done = _run([coqc, "-q", "-w", "none", "-Q", ".", LIBRARY, name], folder)
    if done.returncode == 0:
        return done.stdout
    message = done.stderr.strip() or done.stdout.strip() or f"coqc ended with status {done.returncode}"
    if _MISSING.search(message):
        raise InputError(f"Coq lacks a library that {name} needs; on Debian or Ubuntu: {INSTALL}")
    place = _PLACE.search(message)
    if place:
        raise ProofError(f"{place[1]}, line {place[2]}: {' '.join(place[3].split())}")
    raise ProofError(f"{name}: {' '.join(message.split())}")


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=SECONDS_PER_FILE
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{command[-1]}: no answer from coqc within {SECONDS_PER_FILE:.0f} s") from error
    except OSError as error:
        raise InputError(f"cannot run {command[0]}: {error.strerror or error}") from error
