"""Force errors of trained networks on structures that none was trained on, to stand beside what `choose` says.

`python -m experiments.choose.trained BACKBONE… --structures FILE --without FILE… -o trained.csv`; the networks stand in
the order of their L, and each is compared with the one before it on the same structures.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from experiments.structures import Structures
from numerics.jackknife import jackknife
from span_theorem.command import program, run
from span_theorem.errors import InputError

Array = NDArray[np.float64]

AT_ONCE = 50


def squares(backbone: str, structures: Structures) -> Array:
    """(clusters,) summed squared force errors of a network, (eV/Å)².

    Raises:
        InputError: it cannot be opened or predicts no forces, or the structures have none.
    """
    from experiments.backbones import Options, open_backbone
    from experiments.backbones.batch import Batch

    network = open_backbone(backbone, Options())
    if not hasattr(network, "energy_forces") or structures.forces is None:
        raise InputError(f"{backbone} on {structures.source}: expected forces of both")
    found = []
    for start in range(0, len(structures), AT_ONCE):
        part = structures.subset(range(start, min(start + AT_ONCE, len(structures))))
        _, forces = network.energy_forces(Batch.of(part))
        residual = np.sum((forces.cpu().double().numpy() - part.forces) ** 2, axis=1)
        found.append(np.add.reduceat(residual, part.first[:-1]))
    _, cluster = np.unique(structures.clusters, return_inverse=True)
    return np.bincount(cluster, np.concatenate(found)).astype(np.float64)


def rows(backbones: Sequence[str], structures: Structures) -> Iterator[dict[str, float | str]]:
    """Root-mean-square force errors in eV/Å with intervals, and the paired fall from the network before."""
    _, cluster = np.unique(structures.clusters, return_inverse=True)
    counts = np.bincount(cluster, 3.0 * structures.sizes)
    sums = np.stack([counts, *(squares(backbone, structures) for backbone in backbones)], axis=1)

    def roots(totals: Array) -> Array:
        return np.sqrt(totals[:, 1:] / totals[:, :1])

    errors = jackknife(sums, roots)
    falls = jackknife(sums, lambda totals: -np.diff(roots(totals), axis=1))
    for index, (backbone, error) in enumerate(zip(backbones, errors, strict=True)):
        row: dict[str, float | str] = {"backbone": backbone, "structures": len(structures)}
        row |= {"force_error": error.value, "force_error_low": error.low, "force_error_high": error.high}
        if index:
            fall = falls[index - 1]
            row |= {"fall": fall.value, "fall_low": fall.low, "fall_high": fall.high}
        yield row


def main(
    backbones: Annotated[list[str], typer.Argument(help="FAMILY:NAME, by L.")],
    structures: Annotated[str, typer.Option(help="Structures to test on.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="CSV file.")],
    without: Annotated[list[str] | None, typer.Option(help="Leave out the structures of this set.")] = None,
) -> None:
    """Write a row a network."""
    import pandas

    from experiments.data.source import read_structures
    from experiments.same import shared
    from span_theorem.output import replacing, require_writable

    require_writable(output)
    test = read_structures(structures)
    for name in without or ():
        known = shared(read_structures(name), test)[:, 0]
        test = test.subset(np.setdiff1d(np.arange(len(test)), known))
    with replacing(output) as temporary:
        pandas.DataFrame(list(rows(backbones, test))).to_csv(temporary, index=False, lineterminator="\n")


if __name__ == "__main__":
    raise SystemExit(run(program(main), "experiments.choose.trained"))
