"""One diagnosis with its progress on stderr, features kept in the user's cache."""

from experiments.backbones.protocol import Backbone
from experiments.data.cache import cache_folder
from experiments.data.frames import Frames
from experiments.diagnosis import Diagnosis, Settings, diagnose
from experiments.features import FeatureReader
from experiments.progress import progress_bar


def run_with_progress(
    backbone: Backbone,
    training: Frames,
    test: Frames,
    settings: Settings,
    cache: bool = True,
) -> Diagnosis:
    """Run (see :func:`experiments.diagnosis.diagnose`)."""
    folder = cache_folder() if cache else None
    # frames are gone through once for predictions, and once for features at every site
    passes = 1 + len({pair.site for pair in settings.pairs} if settings.read_at is None else {None})
    with progress_bar("features", passes * (len(training) + len(test))) as bar:
        task = bar.task_ids[0]
        return diagnose(
            backbone,
            training,
            test,
            settings,
            reader=FeatureReader(folder, progress=lambda done: bar.advance(task, done)),
            note=lambda text: bar.update(task, description=text),
        )
