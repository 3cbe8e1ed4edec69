"""A NequIP with the initial weights that its configuration draws.

Background: what an untrained network of the same shape does is the architecture's doing, not training's. Provides: the
starting point of every shipped NequIP, also with another order L.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.backbones.nequip import NequIP


def untrained(name: str, layer: str | None = None, l_max: int | None = None) -> "NequIP":
    """The shipped backbone ``name`` as it was before its training.

    Args:
        name: of a shipped backbone, without the family.
        layer: which to read, ``None`` for the default one.
        l_max: highest order of the features, ``None`` for the configuration's own.

    Raises:
        MissingPackage: nequip is not installed.
        InputError: no such backbone or layer.
    """
    from experiments.backbones import Options, shipped
    from experiments.backbones.nequip import NequIP, build
    from experiments.backbones.registry import FAMILIES

    FAMILIES["nequip"].require()
    files = shipped.read(name)
    config = dict(files.config) if l_max is None else {**files.config, "l_max": l_max}
    return NequIP(
        f"nequip:{name}, untrained" + ("" if l_max is None else f", L = {l_max}"),
        build(config),
        Options(layer=layer),
        source=f"initial weights, drawn with seed {config['seed']}",
        licence=files.card.licence,
        settings=config,
    )
