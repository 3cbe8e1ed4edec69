"""Verdicts in one word: of each route on one checked instance, and of a measured boundary."""

from span_theorem.errors import InputError
from span_theorem.results import Record

BOUNDARY = ("reached", "below", "crossed", "undecided")


def exact_verdict(instance: Record) -> str:
    """``proved``, ``FAILS``, or ``--`` where the exact route did not run."""
    if instance.record("exact") is None:
        return "--"
    return "proved" if instance.boolean("proved") else "FAILS"


def numeric_verdict(instance: Record) -> str:
    """``agrees``, ``undecided``, ``CONTRADICTS``, or ``--`` where the numeric route did not run.

    It agrees with the exact ranks or, where that route did not run, with the law.
    """
    numeric = instance.record("numeric")
    if numeric is None:
        return "--"
    alone = instance.record("exact") is None
    if instance.values("contradiction") or (alone and not _law_holds(instance)):
        return "CONTRADICTS"
    return "agrees" if numeric.boolean("clear") else "undecided"


def boundary_verdict(record: Record) -> str:
    """One of :data:`BOUNDARY`: how a measured boundary stands to dL.

    Files from before there were these words say ``agrees``, true, false or null, and both boundaries.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    if "verdict" in record.fields:
        verdict = record.text("verdict")
        if verdict not in BOUNDARY:
            place = f"{record.place}.verdict" if record.place else "verdict"
            raise InputError(f"{record.path}: field {place} is {verdict!r}, expected {', '.join(BOUNDARY)}")
        return verdict
    if "agrees" in record.fields and record.fields["agrees"] is None:
        return "undecided"
    if record.boolean("agrees"):
        return "reached"
    above = record.integer("measured_boundary") > record.integer("predicted_boundary")
    return "crossed" if above else "below"


def _law_holds(instance: Record) -> bool:
    ranks = all(
        degree.integer("rank") == (degree.integer("full_rank") if degree.boolean("expected") else 0)
        for degree in instance.records("degrees")
    )
    return ranks and instance.integer("span_dim") == instance.integer("expected_dim")
