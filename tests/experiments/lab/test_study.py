"""A study's folder holds all of its files or none of them."""

import pytest

from experiments.lab import study as studies
from experiments.lab.study import Lab, Report, run_study
from span_theorem.errors import InputError
from tests.experiments.lab.polygons import CELLS


class Polygons:
    """Background: polygons. Question: do they have files? Result: some."""

    __file__ = __file__

    def cells(self, lab):
        return CELLS

    def report(self, lab, results):
        return Report([], [], self.draw)

    def draw(self):
        from matplotlib import pyplot as plt

        return plt.subplots()[0]


FILES = ["cells.csv", "polygons.png", "polygons.svg", "study.json"]


def test_all_files_of_a_study_or_none(tmp_path, monkeypatch):
    def fail(*_):
        raise InputError("the last file fails")

    with monkeypatch.context() as patch:
        patch.setattr(studies, "study_dict", fail)
        with pytest.raises(InputError, match="the last file fails"):
            run_study("polygons", Polygons(), Lab(), tmp_path / "one")
    assert not list((tmp_path / "one").iterdir())
    run_study("polygons", Polygons(), Lab(), tmp_path / "one")
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == FILES
