"""A study as a table in the terminal: what is kept at the boundary and lost above it, over all replicates."""

from typing import Any

from rich.console import Console

from experiments.report.table import interval, three
from span_theorem.console import mark, table


def print_study(study: dict[str, Any], console: Console) -> None:
    """Print one row for every kind of network, solver and degree.

    Args:
        study: as its JSON file holds it.
        console: where to.
    """
    rows = table(
        f"{study['molecule']}, {study['data']}: at the boundary dL and above it, mean over networks, 95% intervals",
        (
            "<networks", "n", "L", "d", "<solver", "dL", "measured",
            "ρ(dL)", "ρ(dL+1)", "R²_inj(dL)", "R²_inj(dL+1)", "cliff ≥", "Δ (eV/Å)²",
        ),
    )  # fmt: skip
    previous = None
    for group in study["groups"]:
        boundary = group["predicted_boundary"]
        by_l = {degree["l"]: degree for degree in group["degrees"]}
        at, above = by_l[boundary], by_l[boundary + 1]
        if previous not in (None, (group["label"], group["solver"])):
            rows.add_section()
        previous = group["label"], group["solver"]
        rows.add_row(
            group["label"],
            str(len(group["backbones"])),
            str(group["L"]),
            str(group["d"]),
            group["solver"],
            str(boundary),
            mark(group["agrees"] is True, str(group["measured_boundary"]), str(group["measured_boundary"])),
            f"{three(at['rho'])} [{interval(at['rho_ci'])}]",
            f"{three(above['rho'])} [{interval(above['rho_ci'])}]" if above["path"] else "no path",
            _force(at),
            _force(above) if above["path"] else "no path",
            "" if group["cliff_lower"] is None else f"{group['cliff_lower']:.3g}",
            _contrast(group),
        )
    console.print(rows)
    published = study["published"]
    console.print(
        f"published for L = {published['L']}, d = {published['d']} ({published['source']}; its definitions are not "
        f"known to be these): ρ(4) = {published['rho']['4']}, ρ(5) = {published['rho']['5']}, "
        f"R²_inj(4) = {published['r2_injected']['4']}, R²_inj(5) = {published['r2_injected']['5']}, "
        f"cliff {published['cliff']}"
    )
    for sentence in study["scope"]:
        console.print(sentence)


def _force(degree: dict[str, Any]) -> str:
    if degree["r2_injected"] is None:
        return ""
    return f"{three(degree['r2_injected'])} [{interval(degree['r2_injected_ci'])}]"


def _contrast(group: dict[str, Any]) -> str:
    if group["contrast"] is None:
        return ""
    low, high = group["contrast_ci"]
    return f"{group['contrast']:.2g} [{low:.2g} … {high:.2g}]"
