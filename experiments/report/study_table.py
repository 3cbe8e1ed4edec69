"""A study as a table in the terminal: what is recovered at the boundary and above it, over all replicates."""

from typing import Any

from rich.console import Console
from rich.text import Text

from experiments.crosscheck import SENTENCES, Verdict
from experiments.report.table import three
from span_theorem.console import table

STYLES = {Verdict.REACHED: "green", Verdict.BELOW: "", Verdict.CROSSED: "bold red", Verdict.UNDECIDED: "dim"}


def print_study(study: dict[str, Any], console: Console) -> None:
    """Print one row for every kind of network, solver and degree.

    Args:
        study: as its JSON file holds it.
        console: where to.
    """
    for label in dict.fromkeys(group["label"] for group in study["groups"]):
        groups = [group for group in study["groups"] if group["label"] == label]
        console.print(_networks(f"{study['molecule']}, {study['data']}: {label}", groups))
    console.print(
        "at the boundary dL and above it, mean over networks, 95% intervals over networks and frames; cliff: lower "
        "bound of ρ(dL)/|ρ(dL+1)|; Δ = G(dL) - G(dL+1), (eV/Å)²"
    )
    given = {group["verdict"] for group in study["groups"]}
    for verdict in Verdict:
        if verdict in given:
            console.print(f"{verdict}: {SENTENCES[verdict]}.")
    published = study["published"]
    console.print(
        f"published for L = {published['L']}, d = {published['d']} ({published['source']}; its definitions are not "
        f"known to be these): ρ(4) = {published['rho']['4']}, ρ(5) = {published['rho']['5']}, "
        f"R²_inj(4) = {published['r2_injected']['4']}, R²_inj(5) = {published['r2_injected']['5']}, "
        f"cliff {published['cliff']}"
    )
    for sentence in study["scope"]:
        console.print(sentence)


def _networks(title: str, groups: list[dict[str, Any]]) -> Any:
    rows = table(
        f"{title}, {len(groups[0]['backbones'])} network{'s' if len(groups[0]['backbones']) > 1 else ''}",
        (
            "<solver",
            "d",
            "dL",
            "found",
            "<verdict",
            "ρ(dL)",
            "ρ(dL+1)",
            "R²_inj(dL)",
            "R²_inj(dL+1)",
            "cliff ≥",
            "Δ",
        ),
    )
    for index, group in enumerate(groups):
        boundary = group["predicted_boundary"]
        by_l = {degree["l"]: degree for degree in group["degrees"]}
        at, above = by_l[boundary], by_l[boundary + 1]
        rows.add_row(
            group["solver"],
            str(group["d"]),
            str(boundary),
            str(group["measured_boundary"]),
            Text(group["verdict"], style=STYLES[group["verdict"]]),
            _figure(at, "rho"),
            _figure(above, "rho") if above["path"] else "no path",
            _figure(at, "r2_injected"),
            _figure(above, "r2_injected") if above["path"] else "no path",
            "" if group["cliff_lower"] is None else f"{group['cliff_lower']:.3g}",
            _contrast(group),
            end_section=index + 1 < len(groups) and groups[index + 1]["solver"] != group["solver"],
        )
    return rows


def _figure(degree: dict[str, Any], name: str) -> str:
    if degree[name] is None:
        return ""
    low, high = degree[f"{name}_ci"]
    return f"{three(degree[name])} [{three(low)}, {three(high)}]"


def _contrast(group: dict[str, Any]) -> str:
    if group["contrast"] is None:
        return ""
    low, high = group["contrast_ci"]
    return f"{group['contrast']:.2g} [{low:.2g}, {high:.2g}]"
