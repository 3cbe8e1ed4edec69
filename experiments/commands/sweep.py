"""`python -m experiments sweep`: a user's own grid of measurements."""

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.reading import Cluster, Composition, DropShared, EnergyKey, ForcesKey, Units
from experiments.commands.studies import Config, ExecutorName, Output, Seed


def sweep(
    file: Annotated[Path, typer.Argument(help="TOML file with the tables base and axes.")],
    output: Output = Path("results/sweep"),
    executor: ExecutorName = None,
    config: Config = None,
    seed: Seed = 0,
    units: Units = None,
    energy_key: EnergyKey = None,
    forces_key: ForcesKey = None,
    cluster: Cluster = None,
    composition: Composition = None,
    drop_shared: DropShared = False,
    trust: Annotated[bool, typer.Option("--trust", help="Load files that can run code.")] = False,
    device: Annotated[str, typer.Option(help="torch device.")] = "cpu",
) -> int:
    r"""Every combination of backbones, layers, directions, solvers, degrees and structures that a file lists.

    The file:

      \[base]
      training = "embedded:train"
      test = "embedded:test"
      rule = "pair(12, 11)"
      \[axes]
      backbone = ["nequip:aspirin-gfn2-0|invariants", "sevennet:7net-0"]
      d = [1, 2]
      solver = ["equivariant", "free"]

    Examples:

      python -m experiments sweep grid.toml -o results/mine

      python -m experiments sweep grid.toml --executor slurm --config queue.yaml

    Exit status: 0 done, 1 something above dL was recovered, 2 unusable input.
    """
    from experiments.backbones import Options
    from experiments.commands.studies import run_all
    from experiments.data import Reading
    from experiments.data.cache import cache_folder
    from experiments.lab.sources import Access
    from experiments.studies.sweep import Sweep

    reading = Reading(units, energy_key, forces_key, cluster, composition)
    access = Access(Options(trust=trust, device=device), reading, cache_folder(), drop_shared)
    return run_all({"sweep": (Sweep(file), output)}, output, access, executor, config, seed)
