"""One diagnosis with its progress on stderr, features kept in the user's cache."""

from typing import Any

from experiments.backbones.protocol import Backbone
from experiments.data.cache import cache_folder
from experiments.data.frames import Frames
from experiments.diagnosis import Settings, diagnose
from experiments.features import FeatureReader
from experiments.progress import progress_bar


def run_with_progress(
    backbone: Backbone,
    training: Frames,
    test: Frames,
    settings: Settings,
    cache: bool = True,
) -> dict[str, Any]:
    """Run (see :func:`experiments.diagnosis.diagnose`); the result as its JSON file holds it."""
    folder = cache_folder() if cache else None
    with progress_bar("features", len(training) + len(test)) as bar:
        task = bar.task_ids[0]
        result = diagnose(
            backbone,
            training,
            test,
            settings,
            reader=FeatureReader(folder, progress=lambda done: bar.advance(task, done)),
            note=lambda text: bar.update(task, description=text),
        ).to_dict()
    return result
