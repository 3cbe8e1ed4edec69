"""One diagnosis as a part of a control: computed once, read back afterwards.

Background: most controls vary one setting of the diagnostic and look at what becomes of ρ(l). This module draws their
frames, runs one diagnosis so that a killed run need not run it again, and puts replicates together.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from experiments.backbones import Options, open_backbone
from experiments.backbones.protocol import Backbone, card_of
from experiments.controls.protocol import Context
from experiments.controls.simultaneous import RESAMPLES
from experiments.data.cache import cache_folder
from experiments.data.frames import Frames
from experiments.diagnosis import Settings, diagnose
from experiments.features import FeatureReader
from experiments.recovery import FrameSums, Summary, summarise
from experiments.seeds import generator
from experiments.split import draw


@dataclass(frozen=True, eq=False)
class Sample:
    """Frames of one molecule: those fitted on, and others."""

    training: Frames
    test: Frames

    def to_dict(self) -> dict[str, Any]:
        """Source, number and checksum of both."""
        return {"training": self.training.to_dict(), "test": self.test.to_dict()}

    def unlabelled(self) -> "Sample":
        """The same frames without energies and forces: what is left to fit is the injected field."""
        return Sample(*(replace(one, energies=None, forces=None) for one in (self.training, self.test)))


def open_layer(spec: str, layer: str | None = None) -> Backbone:
    """A named backbone at a layer, ``None`` for the default one."""
    return open_backbone(spec, Options(layer=layer))


def sample(training: str, test: str, n_train: int, n_test: int, seed: int) -> Sample:
    """Draw frames without replacement from two sets that hold them, as ``--frames`` names sets.

    Raises:
        InputError: no such frames.
    """
    from experiments.data import load

    return Sample(draw(load(training), n_train, seed), draw(load(test), n_test, seed))


def probe_part(
    context: Context,
    backbone: Backbone,
    shown: Sample,
    settings: Settings,
    reader: FeatureReader | None = None,
) -> dict[str, Any]:
    """One diagnosis, or what is kept of it.

    Args:
        context: whose store keeps it.
        backbone: told from others by its name, the settings of its card and its layer.
        shown: frames.
        settings: what is asked.
        reader: by default one that keeps features in the user's cache.

    Returns:
        ``diagnosis``, what :meth:`experiments.diagnosis.Diagnosis.to_dict` gives, and ``sums``, for every marked
        pair what :func:`pooled` needs; as JSON.

    Raises:
        InputError: whatever the diagnosis refuses.
    """
    card = card_of(backbone)
    key = {
        "part": "diagnosis",
        "backbone": backbone.name,
        "weights": dict(card.settings),
        "layer": card.layer,
        "irreps": str(backbone.irreps),
        "training": shown.training.checksum,
        "test": shown.test.checksum,
        "settings": asdict(settings),
    }

    def compute() -> dict[str, Any]:
        own = reader or FeatureReader(cache_folder())
        found = diagnose(backbone, shown.training, shown.test, settings, own, context.note)
        return {"diagnosis": found.to_dict(), "sums": [result.sums.to_dict() for result in found.pairs]}

    return context.store.get(key, compute)


def pooled(parts: Sequence[dict[str, Any]], seed: int, purpose: str) -> Summary:
    """Figures of replicates together: backbones, marked pairs and frames resampled.

    Args:
        parts: one a backbone, as :func:`probe_part` gives them, with the same pairs, frequencies and test frames.
        seed, purpose: of the bootstrap.
    """
    sums = [[FrameSums.from_dict(pair) for pair in part["sums"]] for part in parts]
    return summarise(sums, generator(seed, purpose), RESAMPLES, same_frames=True)
