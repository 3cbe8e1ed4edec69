"""A diagnosis as a table in the terminal."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console

from experiments.crosscheck import CrossCheck
from span_theorem.console import table


def print_diagnosis(result: dict[str, Any], console: Console) -> None:
    """Print what was recovered by frequency, where it ends, and what was and was not tested.

    Args:
        result: a diagnosis as its JSON file holds it.
        console: where to.
    """
    settings = result["settings"]
    shown = ", ".join(_direction(pair) for pair in settings["pairs"][:3])
    more = f" and {len(settings['pairs']) - 3} more" if len(settings["pairs"]) > 3 else ""
    console.print(
        f"{result['backbone']}, layer {result['card']['layer']}, L = {result['L']}"
        f"{'' if settings.get('order') is None else ' (assumed)'}, "
        f"direction {shown}{more}, solver {result['solver']}, d = {result['d']}"
    )
    chosen = result["card"].get("settings", {})
    if "branch" in chosen:
        console.print(f"modality or head {chosen['branch']}, of {', '.join(chosen['branches'])}")
    frames = [result[f"{part}_frames"] for part in ("training", "test")]
    console.print(
        f"{frames[0]['n_frames']} training frames from {frames[0]['source']}, "
        f"{frames[1]['n_frames']} test frames from {frames[1]['source']}"
    )
    if "rule" in settings["pairs"][0]:
        training, test = (sum(pair["environments"][i] for pair in result["pairs"]) for i in (0, 1))
        console.print(f"{training} training environments, {test} test environments")
    measured = result["verification"]
    labels = "hold" if measured["parity"] == "o3" else "name the order only"
    console.print(
        f"equivariance error {measured['rotation']:.1e} under rotations, {measured['inversion']:.1e} under inversion: "
        f"parity labels {labels}"
    )
    console.print(_frequencies(result))
    console.print(
        f"ρ: injected energy power recovered; R²_inj: injected force power; recovered: interval of ρ above "
        f"{result['threshold']}; injected forces {result['force']:.3g} eV/Å"
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
        console.print(_pairs(result))
    console.print(check.sentence())
    for sentence in result["scope"]:
        console.print(sentence)


def _data(result: dict[str, Any]) -> Iterator[str]:
    """What intervals rest on, and how far directions spread before they are turned; earlier results do not say it."""
    if "n_clusters" in result:
        yield f"intervals: {result['n_clusters']} clusters of test structures"
    if "mean_direction" in result:
        yield (
            f"all orientations are shown; as the structures come, the mean of u has length "
            f"{result['mean_direction']:.2f} (0: all directions alike, 1: one direction)"
        )


def _frequencies(result: dict[str, Any]) -> Any:
    forces = result["degrees"][0]["r2_injected"] is not None
    headings = ["l", "ρ", "95% interval"]
    headings += ["R²_inj", "95% interval", "gain G"] if forces else []
    rows = table("", (*headings, "null gain eV²", "<"))
    for degree in result["degrees"]:
        cells = [str(degree["l"]), three(degree["rho"]), interval(degree["rho_ci"])]
        if forces:
            cells += [
                three(degree["r2_injected"]),
                interval(degree["r2_injected_ci"]),
                three(degree["raw_gain"]),
            ]
        recovered = degree["rho_ci"][0] > result["threshold"]
        outcome = ("recovered" if recovered else "absent") if degree["path"] else "no path"
        rows.add_row(
            *cells,
            f"{degree['null_gain']:.2g}",
            outcome,
            end_section=degree["l"] == result["predicted_boundary"],
        )
    return rows


def _pairs(result: dict[str, Any]) -> Any:
    frequencies = [degree["l"] for degree in result["degrees"]]
    rows = table(
        "ρ by marked direction", ("direction", *(f"l = {l}" for l in frequencies), "measured boundary")
    )
    for pair in result["pairs"]:
        rows.add_row(
            _direction(pair),
            *(three(degree["rho"]) for degree in pair["degrees"]),
            str(pair["measured_boundary"]),
        )
    return rows


def _direction(marked: dict[str, Any]) -> str:
    """`12→11`, or the rule that marks more than one pair."""
    return marked["rule"] if "rule" in marked else f"{marked['site']}→{marked['toward']}"


def three(value: float) -> str:
    """Three decimals, without a minus sign before a zero."""
    return f"{round(value, 3) + 0.0:.3f}"


def interval(ends: list[float]) -> str:
    """An interval with three decimals."""
    return f"{three(ends[0])} … {three(ends[1])}"
