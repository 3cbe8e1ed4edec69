"""A diagnosis as tables, and printed in the terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console

from experiments.backbones.elements import symbol
from experiments.crosscheck import CrossCheck
from experiments.lab.tables import NO_PATH, Column, Table


def print_diagnosis(result: Mapping[str, Any], console: Console, full: bool = False) -> None:
    """Print what was recovered by frequency, where it ends, and what was and was not tested.

    Args:
        result: a diagnosis as its JSON file holds it.
        console: where to.
        full: see :func:`frequencies`.
    """
    settings = result["settings"]
    shown = ", ".join(_direction(result, pair) for pair in settings["pairs"][:3])
    more = f" and {len(settings['pairs']) - 3} more" if len(settings["pairs"]) > 3 else ""
    console.print(
        f"{result['backbone']}, layer {result['card']['layer']}, L = {result['L']}"
        f"{'' if settings.get('assumed_L') is None else ' (assumed)'}, "
        f"direction {shown}{more}, solver {result['solver']}, d = {result['d']}"
    )
    chosen = result["card"].get("settings", {})
    if "branch" in chosen:
        console.print(f"modality or head {chosen['branch']}, of {', '.join(chosen['branches'])}")
    frames = [result[f"{part}_frames"] for part in ("training", "test")]
    console.print(
        f"{frames[0]['n_frames']} training structures from {frames[0]['source']}, "
        f"{frames[1]['n_frames']} test structures from {frames[1]['source']}"
    )
    if "rule" in settings["pairs"][0]:
        training, test = (sum(pair["environments"][i] for pair in result["pairs"]) for i in (0, 1))
        console.print(f"{training} training environments, {test} test environments")
    measured = result["verification"]
    labels = "hold" if measured["parity"] == "o3" else "name the degree only"
    console.print(
        f"equivariance error {measured['rotation']:.1e} under rotations, {measured['inversion']:.1e} under inversion: "
        f"parity labels {labels}"
    )
    console.print(frequencies(result, full).terminal())
    forces = "R²_inj: injected force power; " if result["degrees"][0]["r2_injected"] is not None else ""
    console.print(
        f"ρ: injected energy power recovered; {forces}recovered: interval of ρ above {result['threshold']}; "
        f"injected forces {result['force']:.3g} eV/Å"
    )
    for line in _data(result):
        console.print(line)
    for note in result["notes"]:
        console.print(note)
    check = CrossCheck.from_dict(result)
    boundary = check.predicted_boundary
    for name, value, ends in (("ρ", check.drop, check.drop_ci), ("G", check.contrast, check.contrast_ci)):
        if value is not None and ends is not None:
            console.print(
                f"{name}({boundary}) - {name}({boundary + 1}) = {three(value)} [{interval(list(ends))}]"
            )
    if len(result["pairs"]) > 1:
        console.print(pairs(result).terminal())
    console.print(check.sentence())
    for sentence in result["scope"]:
        console.print(sentence)
    console.print(in_short(result))


def _data(result: Mapping[str, Any]) -> Iterator[str]:
    """What intervals rest on, and how far directions spread before they are turned; earlier results do not say it."""
    if "n_clusters" in result:
        yield f"intervals: {result['n_clusters']} clusters of test structures"
    if "mean_direction" in result:
        yield (
            f"all orientations are shown; as the structures come, the mean of u has length "
            f"{result['mean_direction']:.2f} (0: all directions alike, 1: one direction)"
        )


def in_short(result: Mapping[str, Any]) -> str:
    """One plain sentence: up to where, how much of it, and what of what lies above."""
    polynomial = result.get("polynomial", True)
    kind = (
        {1: "a linear", 2: "a quadratic", 3: "a cubic"}.get(result["d"]) if polynomial else "a non-polynomial"
    )
    marked = result["settings"]["pairs"]
    where = (
        f"of {_atom(result, marked[0]['site'])}"
        if len(marked) == 1 and "site" in marked[0]
        else "of these atoms"
    )
    boundary, degrees = result["measured_boundary"], result["degrees"]
    shares = {degree["l"]: degree["rho"] for degree in degrees}
    found = f"recovers {shares[boundary]:.0%} of l = {boundary}" if boundary in shares else "recovers nothing"
    above = [degree for degree in degrees if degree["l"] > boundary]
    if not above:
        rest = "; nothing above was asked for"
    else:
        reached = any(degree["path"] for degree in above)
        rest = f" and {'none of' if reached else 'has no path to'} l ≥ {boundary + 1}"
    return f"In short: {kind or 'a'} readout {where} {found}{rest}."


def _atom(result: Mapping[str, Any], index: int) -> str:
    """`O12`, or the number alone where the file does not say the elements."""
    numbers = result["training_frames"].get("numbers") or []
    return f"{symbol(numbers[index])}{index}" if index < len(numbers) else f"atom {index}"


def frequencies(result: Mapping[str, Any], full: bool = False) -> Table:
    """What was recovered, one row a frequency.

    Args:
        result: a diagnosis as its JSON file holds it.
        full: gains too.
    """
    forces = result["degrees"][0]["r2_injected"] is not None
    headings = ["l", "ρ", "95% interval"]
    headings += ["R²_inj", "95% interval"] if forces else []
    headings += (["gain G"] if forces else []) + ["null gain eV²"] if full else []
    rows = []
    for degree in result["degrees"]:
        cells = [str(degree["l"]), three(degree["rho"]), interval(degree["rho_ci"])]
        if forces:
            cells += [three(degree["r2_injected"]), interval(degree["r2_injected_ci"])]
        if full:
            cells += ([three(degree["raw_gain"])] if forces else []) + [f"{degree['null_gain']:.2g}"]
        recovered = degree["rho_ci"][0] > result["threshold"]
        rows.append((*cells, ("recovered" if recovered else "absent") if degree["path"] else NO_PATH))
    columns = (*map(Column, headings), Column("", True))
    boundary = [
        index + 1
        for index, degree in enumerate(result["degrees"])
        if degree["l"] == result["predicted_boundary"]
    ]
    return Table("frequencies", "Recovered by angular frequency", columns, tuple(rows), tuple(boundary))


def pairs(result: Mapping[str, Any]) -> Table:
    """ρ of every marked direction."""
    columns = ("direction", *(f"l = {degree['l']}" for degree in result["degrees"]), "measured boundary")
    rows = tuple(
        (
            _direction(result, pair),
            *(three(degree["rho"]) for degree in pair["degrees"]),
            str(pair["measured_boundary"]),
        )
        for pair in result["pairs"]
    )
    return Table("pairs", "ρ by marked direction", tuple(map(Column, columns)), rows)


def _direction(result: Mapping[str, Any], marked: Mapping[str, Any]) -> str:
    """`O12→C11`, or the rule that marks more than one pair."""
    if "rule" in marked:
        return str(marked["rule"])
    return f"{_atom(result, marked['site'])}→{_atom(result, marked['toward'])}"


def three(value: float) -> str:
    """Three decimals, without a minus sign before a zero."""
    return f"{round(value, 3) + 0.0:.3f}"


def interval(ends: list[float]) -> str:
    """An interval with three decimals."""
    return f"{three(ends[0])} … {three(ends[1])}"
