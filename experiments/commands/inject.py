"""`python -m experiments inject`: perturbed structures for others to train on."""

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.reading import Composition, EnergyKey, ForcesKey, Units, warn
from span_theorem.output import require_writable


def inject(
    structures: Annotated[str, typer.Option(help="Structures with energies and forces: a file, or a name.")],
    l: Annotated[int, typer.Option("--l", help="Angular frequency, 1 to 12.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="extxyz file to write.")],
    site: Annotated[
        int | None, typer.Option(help="Atom the marked direction starts from (index from 0).")
    ] = None,
    toward: Annotated[int | None, typer.Option(help="Atom it points to.")] = None,
    rule: Annotated[
        str | None,
        typer.Option(
            help="Many directions, as bonds(O, C), within(3.5) or nearest: the sum of their fields."
        ),
    ] = None,
    amplitude: Annotated[
        float | None,
        typer.Option(
            help="Root mean square of the injected forces, eV/Å; default: half that of the structures'."
        ),
    ] = None,
    orientations: Annotated[
        int, typer.Option(min=0, help="Random orientations of each frame; 0: as they are.")
    ] = 0,
    units: Units = None,
    energy_key: EnergyKey = None,
    forces_key: ForcesKey = None,
    composition: Composition = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the field's direction and of the orientations.")
    ] = 0,
) -> int:
    r"""Add the field A c·Y_l(u) to the energies of structures, and its forces to theirs.

    u is the direction from --site to --toward, or every direction that --rule marks. The field is fixed in the lab
    frame: with --orientations every structure is turned at random, and its own forces with it. What was injected
    stands in every structure's header.

    Examples:

      python -m experiments inject --structures embedded:train --site 12 \
          --toward 11 --l 5 -o l5.extxyz

      python -m experiments inject --structures embedded:train --site 12 \
          --toward 11 --l 5 --orientations 4 -o l5.extxyz
    """
    from experiments.data import Reading, read_structures, write_extxyz
    from experiments.data.extxyz import require_suffix
    from experiments.environments import choose_pairs, parse_rule
    from experiments.injection import Injection, default_force, direction_of, require_frequency
    from experiments.injection import amplitude as amplitude_of
    from experiments.samples import random_rotations
    from experiments.seeds import generator
    from span_theorem.console import console

    require_frequency(l)
    require_suffix(output)
    require_writable(output)
    given = read_structures(structures, Reading(units, energy_key, forces_key, composition=composition), warn)
    marks = choose_pairs(given, site, toward, None)[0] if rule is None else parse_rule(rule)
    force = default_force(given) if amplitude is None else amplitude
    size = amplitude_of(l, force, marks(given).lengths)
    shown = given
    if orientations:
        shown = given.turned(random_rotations(len(given), orientations, generator(seed, "orientations")))
    injection = Injection(l, direction_of(l, seed), size)
    marked = marks(shown)
    write_extxyz(
        shown.with_field(injection.energies(marked), injection.forces(marked)),
        output,
        info={
            "injected_l": l,
            "injected_amplitude_eV": size,
            "injected_direction": injection.direction.tolist(),
            **(
                {"injected_site": site, "injected_toward": toward}
                if rule is None
                else {"injected_rule": str(marks)}
            ),
        },
    )
    direction = f"direction {site}→{toward}" if rule is None else f"rule {marks}"
    console().print(f"{len(shown)} structures with A = {size:.4g} eV at l = {l}, {direction}: {output}")
    return 0
