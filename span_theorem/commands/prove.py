"""`python -m span_theorem prove`: the theorem for every L and d, checked by Coq."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from span_theorem.law import SCOPE

if TYPE_CHECKING:
    from span_theorem.proof.coq import Proof

NOT_PROVED = (
    "Not among them: that features of one degree alone (exact) reach all degrees of their law, several directions, "
    "polygons, folds, and that check computes what it says. docs/theory.md lists what is taken from textbooks."
)


def prove(
    json: Annotated[Path | None, typer.Option("--json", help="Also write the result to this file.")] = None,
) -> int:
    """Have Coq check the general proof, and say what is proved and from which axioms.

    Takes about a minute and 600 MB. Exit status 0: every theorem holds and rests on no axiom; 1: a proof fails,
    a theorem is missing or rests on an axiom; 2: Coq is not installed.

    Examples:

      span-theorem prove

      span-theorem prove --json prove.json
    """
    from span_theorem.console import console
    from span_theorem.output import require_writable, write_json
    from span_theorem.printable import printable
    from span_theorem.proof.coq import ProofError, check_proof

    require_writable(json)
    try:
        proof = check_proof(lambda name, seconds: typer.echo(f"{name:<20} {seconds:6.1f} s"))
    except ProofError as error:
        console().print(f"The proof does NOT hold. {printable(str(error))}", style="bold red")
        return 1
    if json is not None:
        write_json(json, document(proof))
    _print(proof)
    if json is not None:
        typer.echo(f"Written: {json}")
    return 0 if proof.verified else 1


def document(proof: "Proof") -> dict:
    """The result as JSON."""
    from dataclasses import asdict

    from span_theorem.proof.coq import EXPECTED

    return {
        "kind": "proof",
        **asdict(proof),
        "closed": proof.closed,
        "expected": EXPECTED,
        "verified": proof.verified,
        "not_proved": NOT_PROVED,
        "scope": SCOPE,
    }


def _print(proof: "Proof") -> None:
    from span_theorem.console import console, mark
    from span_theorem.proof.coq import EXPECTED

    out = console()
    out.print(
        f"For all L, d >= 0 and over every real closed field; checked by Coq {proof.coq}:", style="bold"
    )
    for theorem in proof.theorems:
        axioms = mark(not theorem.axioms, "none", ", ".join(theorem.axioms))
        out.print(f"{theorem.name}: {theorem.statement}\n  axioms:", axioms)
    out.print(NOT_PROVED)
    out.print(
        "Verdict:",
        mark(proof.verified, "proved", "NOT proved"),
        f"({proof.closed} theorems without axioms, {EXPECTED} expected; {proof.seconds:.0f} s)",
    )
    out.print(SCOPE)
