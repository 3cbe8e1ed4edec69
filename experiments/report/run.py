"""One diagnosis in the terminal: progress on stderr while it runs, then its table, verdict and scope on stdout."""

from typing import Any

from rich.console import Console

from experiments.backbones.protocol import Backbone
from experiments.data.cache import cache_folder
from experiments.data.frames import Frames
from experiments.diagnosis import Settings, diagnose
from experiments.features import FeatureReader
from experiments.progress import progress_bar
from experiments.report.table import print_diagnosis


def run_and_print(
    backbone: Backbone,
    training: Frames,
    test: Frames,
    settings: Settings,
    console: Console,
    cache: bool = True,
) -> dict[str, Any]:
    """Run (see :func:`experiments.diagnosis.diagnose`), print, and return the result as its JSON file holds it."""
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
    print_diagnosis(result, console)
    return result
