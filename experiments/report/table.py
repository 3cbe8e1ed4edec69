"""A diagnosis as a table in the terminal."""

from typing import Any

from rich.console import Console

from experiments.crosscheck import CrossCheck
from span_theorem.console import table


def print_diagnosis(result: dict[str, Any], console: Console) -> None:
    """Print R² by frequency, where it ends, and what was and was not tested.

    Args:
        result: a diagnosis as its JSON file holds it.
        console: where to.
    """
    settings = result["settings"]
    pair = settings["pair"]
    console.print(
        f"{result['backbone']}, layer {result['card']['layer']}, L = {result['L']}"
        f"{'' if settings.get('order') is None else ' (assumed)'}, "
        f"direction {pair['site']}→{pair['toward']}, solver {result['solver']}, d = {result['d']}"
    )
    frames = [result[f"{part}_frames"] for part in ("training", "test")]
    console.print(
        f"{frames[0]['n_frames']} training frames from {frames[0]['source']}, "
        f"{frames[1]['n_frames']} test frames from {frames[1]['source']}"
    )
    measured = result["verification"]
    labels = "hold" if measured["parity"] == "o3" else "name the order only"
    console.print(
        f"equivariance error {measured['rotation']:.1e} under rotations, {measured['inversion']:.1e} under inversion: "
        f"parity labels {labels}"
    )
    rows = table("", ("l", "R²", "95% interval", "ridge", "<"))
    for degree in result["degrees"]:
        low, high = degree["r2_ci"]
        recovered = low > result["threshold"]
        rows.add_row(
            str(degree["l"]),
            _three(degree["r2"]) if degree["path"] else "0",
            f"{_three(low)} … {_three(high)}" if degree["path"] else "",
            f"{degree['strength']:.0e}" if degree["path"] else "",
            ("recovered" if recovered else "lost") if degree["path"] else "no path",
            end_section=degree["l"] == result["predicted_boundary"],
        )
    console.print(rows)
    console.print(f"recovered: interval above {result['threshold']}")
    check = CrossCheck(**{name: result[name] for name in CrossCheck.__dataclass_fields__})
    console.print(check.verdict())
    for sentence in result["scope"]:
        console.print(sentence)


def _three(value: float) -> str:
    """Three decimals, without a minus sign before a zero."""
    return f"{round(value, 3) + 0.0:.3f}"
