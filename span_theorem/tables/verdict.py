"""The verdict of each route in one word, from the fields of one checked instance."""

from span_theorem.results import Record


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


def _law_holds(instance: Record) -> bool:
    ranks = all(
        degree.integer("rank") == (degree.integer("full_rank") if degree.boolean("expected") else 0)
        for degree in instance.records("degrees")
    )
    return ranks and instance.integer("span_dim") == instance.integer("expected_dim")
