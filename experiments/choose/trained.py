"""Force errors of trained networks on structures that none was trained on, to stand beside what `choose` says.

`python -m experiments.choose.trained BACKBONE[,BACKBONE…]… --structures FILE --without FILE… -o trained.csv`; the
networks stand in the order of their L, replicates joined by commas, and each is compared with the one before it on the
same structures.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from experiments.structures import Structures
from numerics.jackknife import Interval, jackknife
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


def rows(groups: Sequence[Sequence[str]], structures: Structures) -> Iterator[dict[str, float | str]]:
    """Root-mean-square force errors in eV/Å with intervals, and the paired fall from the networks before.

    Args:
        groups: networks, each alone or with its replicates, over which errors are averaged; groups of one size are
            compared one by one, in their order.
        structures: to test on.
    """
    _, cluster = np.unique(structures.clusters, return_inverse=True)
    counts = np.bincount(cluster, 3.0 * structures.sizes).astype(np.float64)
    before: Array | None = None
    for group in groups:
        own = np.stack([squares(backbone, structures) for backbone in group], axis=1)
        error = _mean(counts, own)
        row: dict[str, float | str] = {"backbone": ",".join(group), "structures": len(structures)}
        row |= {"force_error": error.value, "force_error_low": error.low, "force_error_high": error.high}
        if before is not None:
            fall = _mean(counts, before, own)
            row |= {"fall": fall.value, "fall_low": fall.low, "fall_high": fall.high}
        yield row
        before = own


def _mean(counts: Array, *squared: Array) -> Interval:
    """Mean error of a group, or its fall from a group to another, over structures and trainings.

    Args:
        counts: (clusters,) force components.
        squared: of one group or two, (clusters, networks).
    """
    ends = np.cumsum([one.shape[1] for one in squared])[:-1]

    def errors(totals: Array) -> list[Array]:
        return np.split(np.sqrt(totals[:, 1:] / totals[:, :1]), ends, axis=1)

    def figure(totals: Array) -> Array:
        means = [one.mean(axis=1, keepdims=True) for one in errors(totals)]
        return means[0] - means[1] if len(means) > 1 else means[0]

    sums = np.column_stack([counts, *squared])
    levels = [one.T for one in errors(sums.sum(axis=0)[None])]
    if len(levels) > 1 and len(levels[0]) == len(levels[1]):
        levels = [levels[0] - levels[1]]
    (found,) = jackknife(sums, figure, [one for one in levels if len(one) > 1])
    return found


def main(
    backbones: Annotated[
        list[str], typer.Argument(help="FAMILY:NAME[,FAMILY:NAME…], replicates together, by L.")
    ],
    structures: Annotated[str, typer.Option(help="Structures to test on.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="CSV file.")],
    without: Annotated[list[str] | None, typer.Option(help="Leave out the structures of this set.")] = None,
) -> None:
    """Write a row a network, or a row for a network and its replicates."""
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
        pandas.DataFrame(list(rows([one.split(",") for one in backbones], test))).to_csv(
            temporary, index=False, lineterminator="\n"
        )


if __name__ == "__main__":
    raise SystemExit(run(program(main), "experiments.choose.trained"))
