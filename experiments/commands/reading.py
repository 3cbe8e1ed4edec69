"""The options of every command that reads structures."""

from typing import Annotated

import typer

Units = Annotated[
    str | None,
    typer.Option(
        help="Units of files that do not state them: of energy (eV, meV, kcal/mol, kJ/mol, hartree, rydberg), then of "
        "length (Å, bohr, nm) and force, as in hartree,bohr."
    ),
]
EnergyKey = Annotated[str | None, typer.Option(help="Name of the energies to use in files.")]
ForcesKey = Annotated[str | None, typer.Option(help="Name of the forces, or gradients, to use in files.")]
Cluster = Annotated[
    str | None,
    typer.Option(
        help="Name of the value that tells trajectories or groups apart in files: their intervals' cluster."
    ),
]
Composition = Annotated[
    str | None, typer.Option(help="Take structures of this formula alone, such as C2H6O.")
]
DropShared = Annotated[
    bool,
    typer.Option(
        "--drop-shared",
        help="Leave out test structures that are also training structures, instead of refusing them.",
    ),
]


def warn(line: str, *settings: str) -> None:
    """One line on stderr."""
    from span_theorem.printable import printable

    named = " and ".join(f"--{one}" for one in settings)
    hint = f" (option{'s' * (len(settings) > 1)} {named})" if settings else ""
    typer.echo(f"WARNING: {printable(' '.join(line.split()))}{hint}", err=True)
