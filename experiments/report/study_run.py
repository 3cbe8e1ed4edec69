"""One study with its progress on stderr; its JSON, table and figure at the end."""

from pathlib import Path

from experiments.data.cache import cache_folder
from experiments.features import FeatureReader
from experiments.parts import Parts
from experiments.progress import progress_bar
from experiments.report.paths import figure_paths
from experiments.report.save import require_matplotlib
from experiments.report.study_figure import draw_study
from experiments.report.study_table import print_study
from experiments.study import Plan, holds, run_study
from span_theorem.console import console
from span_theorem.output import require_writable, together, write_json


def run_and_report(data: str, plan: Plan, seed: int, output: Path) -> bool:
    """Run (see :func:`experiments.study.run_study`), write and print; whether the claim holds.

    Args:
        data: a key of :data:`experiments.study.STUDIES`.
        plan: how much.
        seed: of everything random.
        output: an existing folder.
    """
    path = output / f"aspirin-{data}.json"
    require_writable(path)
    require_matplotlib()
    pictures = figure_paths(path)
    with progress_bar(f"aspirin, {data}", 1) as bar:
        task = bar.task_ids[0]

        def note(what: str, number: int, total: int) -> None:
            bar.update(task, description=what, completed=number - 1, total=total)

        study = run_study(data, plan, seed, Parts(output / "parts"), FeatureReader(cache_folder()), note)
    with together():
        write_json(path, study)
        draw_study(study, pictures)
    out = console()
    print_study(study, out)
    out.print(f"result: {path}")
    for picture in pictures:
        out.print(f"figure: {picture}")
    return holds(study)
