"""`python -m experiments extract`: a backbone's features in a file that every other command reads."""

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.reading import Composition, Units, warn
from span_theorem.output import require_writable


def extract(
    backbone: Annotated[
        str, typer.Option(help="FAMILY:NAME or path/to/file.py:factory; `backbones` lists them.")
    ],
    structures: Annotated[
        list[str], typer.Option(help="A file, or a name such as embedded:train; repeatable.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Feature file to write (.npz).")],
    site: Annotated[int | None, typer.Option(help="Keep this atom's features only (index from 0).")] = None,
    rule: Annotated[
        str | None, typer.Option(help="Keep the features of the sites that a rule marks, as bonds(O, C).")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer to read; default: the backbone's own.")] = None,
    branch: Annotated[
        str | None,
        typer.Option("--modal", "--head", help="Modality (SevenNet) or head (MACE); default: the first."),
    ] = None,
    jacobian: Annotated[
        bool, typer.Option("--jacobian", help="Also ∂h/∂x of the site, which force figures need.")
    ] = False,
    units: Units = None,
    composition: Composition = None,
    seed: Annotated[int, typer.Option(help="Seed of the rotations of the verification.")] = 0,
    trust: Annotated[bool, typer.Option("--trust", help="Load files that can run code.")] = False,
    device: Annotated[str, typer.Option(help="torch device.")] = "cpu",
) -> int:
    r"""Write the features of a backbone to a file; `--backbone features:FILE` reads it in every other command.

    For networks that need an environment or a machine of their own. Give all the structures that will be asked
    for, training and test.

    Examples:

      python -m experiments extract --backbone mace:my.model --trust \
          --structures my.extxyz --site 0 -o mace.npz

      python -m experiments extract --backbone nequip:aspirin-gfn2-0 \
          --structures embedded:train --structures embedded:test --site 12 \
          --jacobian -o features.npz
    """
    from experiments.backbones import Options, open_backbone
    from experiments.backbones.extraction import extract as run
    from experiments.backbones.extraction import require_extractable
    from experiments.backbones.feature_file import require_suffix, write_features
    from experiments.data import Reading, read_structures
    from experiments.environments import parse_rule
    from experiments.progress import progress_bar
    from experiments.structures import Structures
    from span_theorem.console import console
    from span_theorem.errors import InputError

    require_suffix(output)
    require_writable(output)
    if rule is not None and site is not None:
        raise InputError("a rule was given with a site: expected one or the other", "rule")
    reading = Reading(units, composition=composition, labels=False)
    sets = [read_structures(spec, reading, warn) for spec in structures]
    wanted = site if rule is None else parse_rule(rule)
    require_extractable(Structures.joined(sets), wanted, jacobian)
    network = open_backbone(backbone, Options(layer, branch, trust, device))
    with progress_bar("features", sum(len(one) for one in sets)) as bar:
        found = run(
            network, sets, wanted, jacobian, seed, progress=lambda done: bar.advance(bar.task_ids[0], done)
        )
    write_features(output, found)
    out = console()
    measured = found.verification
    out.print(f"{found.name}, layer {found.card.layer}: {found.irreps}")
    out.print(
        f"equivariance error {measured.rotation:.1e} (rotations), {measured.inversion:.1e} (inversion): "
        f"labels {measured.parity.upper()}",
        soft_wrap=True,
    )
    n_sites, dim = found.features.shape
    out.print(
        f"features: {len(found.batch)} structures, {n_sites} atoms × {dim} components -> {output}",
        soft_wrap=True,
    )
    return 0
