"""What the networks of a study are: their weights, what parity labels mean, and irreps by layer, in a table."""

from experiments.backbones.catalogue import grouped
from experiments.lab.estimate import Results
from experiments.lab.tables import Table


def networks_table(results: Results) -> Table:
    """From cells with columns ``network``, ``weights``, ``parity``, ``parameters``, ``layer`` and ``irreps``."""
    import pandas

    names = ["network", "weights", "parity", "parameters"]
    layers = results.table[[*names, "layer", "irreps"]].drop_duplicates()
    rows = [
        dict(zip(names, key, strict=True))
        | {
            "layers": "; ".join(
                f"{which}: {irreps}"
                for which, irreps in grouped(dict(zip(subset["layer"], subset["irreps"], strict=True)))
            )
        }
        for key, subset in layers.groupby(names, sort=False)
    ]
    columns = {"<network": "network", "<weights": "weights", "<labels": "parity", "<layers": "layers"}
    return Table.of(
        "architecture-networks",
        "The networks: weights, parity labels, and irreps by layer",
        pandas.DataFrame(rows),
        columns,
    )
