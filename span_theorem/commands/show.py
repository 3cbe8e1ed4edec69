"""`python -m span_theorem show`: the harmonics and the equivariant maps, written out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from span_theorem.law import SCOPE, Features

if TYPE_CHECKING:
    from rich.console import Console

    from span_theorem.explicit import EquivariantMaps

# monomials that are printed unasked, of the harmonics and of the maps: a few screens
_SCREENFUL = 400


def show(
    L: Annotated[int, typer.Option("--L", min=0, help="Largest degree of the features.")],
    d: Annotated[int, typer.Option("--d", min=0, help="Largest degree of the polynomials.")],
    l: Annotated[int, typer.Option("--l", min=0, help="Degree of the target.")],
    features: Annotated[Features, typer.Option(help="upto: all Y_km, k <= L; exact: Y_Lm alone.")] = "upto",
    all_components: Annotated[
        bool, typer.Option("--all-components", help="Print everything in full, however long.")
    ] = False,
    json: Annotated[Path | None, typer.Option("--json", help="Also write everything to this file.")] = None,
) -> int:
    """Write out the equivariant polynomial maps from the features to degree l, verified exactly.

    At the boundary l = dL there is one, up to scale; below it a basis is shown; above it there is none.
    The harmonics are polynomials in x, y, z in e3nn's order, axes and 'component' normalisation.

    Examples:

      span-theorem show --L 2 --d 2 --l 4

      span-theorem show --L 2 --d 2 --l 2 --json maps.json

      span-theorem show --L 3 --d 2 --l 1 --features exact
    """
    from span_theorem.console import LONG, progress_bar
    from span_theorem.explicit import equivariant_maps
    from span_theorem.output import require_writable, write_json

    require_writable(json)
    # the largest that is not refused takes about half a minute, half of it for the verification
    with progress_bar("maps", LONG + 1) as progress:
        result = equivariant_maps(L, d, l, features, lambda done, total: progress(done, 2 * total))
        for done, found in enumerate(result.maps):
            progress(len(result.maps) + done, 2 * len(result.maps))
            _ = found.equivariant, found.restriction
    _print(result, all_components)
    if json is not None:
        write_json(json, result.to_dict())
        typer.echo(f"Written: {json}")
    return 0 if result.verified else 1


def _print(result: "EquivariantMaps", everything: bool) -> None:
    from span_theorem.console import console
    from span_theorem.explicit import NORMALISATION

    out = console()
    features = f"Y_km, k <= {result.L}" if result.features == "upto" else f"Y_{result.L}m"
    out.print(
        f"Features {features}; polynomials of degree <= {result.d}; target l = {result.l}", style="bold"
    )
    out.print(result.statement)
    if result.maps:
        _print_harmonics(out, result, everything)
        _print_maps(out, result, everything)
        out.print("\nVerification, in exact arithmetic", style="bold")
        out.print(_verification(result))
        out.print(f"\nChoice and scale. {NORMALISATION}")
    out.print(SCOPE)


def _print_harmonics(out: "Console", result: "EquivariantMaps", everything: bool) -> None:
    from span_theorem.harmonics_xyz import harmonic, prefactor

    out.print(
        "\nReal spherical harmonics in e3nn's order and axes, mean of Y² over the unit sphere 1", style="bold"
    )
    printed = 0
    for number, (l, m) in enumerate(result.harmonics):
        printed += len(prefactor(l, m)[1])
        if printed > _SCREENFUL and not everything:
            out.print(f"… and {len(result.harmonics) - number} more (--all-components prints them)")
            return
        out.print(f"Y[{l}, {m}] = {harmonic(l, m)}")


def _print_maps(out: "Console", result: "EquivariantMaps", everything: bool) -> None:
    in_full = everything or sum(m.n_terms for m in result.maps) <= _SCREENFUL
    l = result.l
    printed = 0
    out.print("\nIn the maps the Y[k, m] are free variables, bound to no direction.")
    for number, found in enumerate(result.maps, 1):
        heading = f"Map {number} of {len(result.maps)}: factors {found.name}, degree {found.degree}"
        out.print(f"\n{heading}; on the unit sphere c·Y[{l}, m], c = {found.restriction}", style="bold")
        # m = l is the shortest component of a map of high degree
        fitting = [m for m in (0, l) if printed + len(found.scaled[m + l]) <= _SCREENFUL]
        for m in range(-l, l + 1) if in_full else fitting[:1]:
            printed += len(found.scaled[m + l])
            out.print(f"P[{l}, {m}] = {found.sympy(m)}")
    if not in_full:
        out.print("\nNot all components are printed: --all-components prints them, --json writes them.")


def _verification(result: "EquivariantMaps") -> str:
    """The three facts that were checked, each with its outcome."""
    maps = result.maps
    commuting = sum(m.equivariant for m in maps)
    multiples = sum(m.restriction is not None for m in maps)
    onto = sum(bool(m.restriction) for m in maps)
    return "\n".join(
        (
            f"Complete: {len(maps)} from highest-weight vectors, {result.multiplicity} from characters.",
            f"Equivariant: {commuting} of {len(maps)} commute with the three generators of rotations.",
            f"Expanded in x, y, z on the unit sphere: {multiples} of {len(maps)} give a multiple of "
            f"Y_{result.l}m, {onto} of them not zero.",
            f"Result: {'verified' if result.verified else 'NOT VERIFIED'}.",
        )
    )
