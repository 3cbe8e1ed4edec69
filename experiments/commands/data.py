"""`python -m experiments data`: make, fetch, list and verify the frames that the diagnostic reads."""

from pathlib import Path
from typing import Annotated

import typer

from span_theorem.command import application

app = application(
    "Molecular frames with energies and forces: the embedded aspirin set, rMD17, and what is cached."
)


@app.callback()
def group() -> None:
    """Molecular frames with energies and forces: the embedded aspirin set, rMD17, and what is cached."""


@app.command("generate")
def generate_set(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the two files and the card.")],
    training: Annotated[int, typer.Option(help="Training trajectories.")] = 8,
    test: Annotated[int, typer.Option(help="Test trajectories, from other seeds.")] = 4,
    frames: Annotated[int, typer.Option(help="Frames of each trajectory.")] = 250,
    interval: Annotated[int, typer.Option(help="Steps of 0.5 fs between frames.")] = 200,
    equilibration: Annotated[int, typer.Option(help="Steps before the first frame.")] = 2000,
    temperature: Annotated[float, typer.Option(help="Kelvin.")] = 500.0,
    seed: Annotated[int, typer.Option(help="Seed of the whole set.")] = 0,
    jobs: Annotated[int, typer.Option("-j", "--jobs", help="Processes, one core each.")] = 1,
) -> int:
    """Generate an aspirin set by GFN2-xTB Langevin dynamics; run again to continue after an interruption."""
    from experiments.data.dynamics import Dynamics
    from experiments.data.generate import Plan, generate

    dynamics = Dynamics(
        temperature=temperature, equilibration=equilibration, interval=interval, frames=frames, seed=seed
    )
    for path in generate(Plan(dynamics, training, test), output, jobs):
        typer.echo(path)
    return 0
