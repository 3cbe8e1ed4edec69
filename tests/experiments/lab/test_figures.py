"""Curves from tidy tables: names from files are names, whatever characters they have."""

import pandas
import pytest

from experiments.lab import figures
from experiments.lab.drawing import drawing, save


@pytest.mark.parametrize("name", ["a$b$c", "$", "a\x00b", "$\\frac{$"])
def test_a_name_is_no_formula(tmp_path, name):
    table = pandas.DataFrame(
        {
            "backbone": [name, name],
            "l": [1, 2],
            "rho": [0.9, 0.1],
            "rho_low": [0.8, 0.0],
            "rho_high": [1.0, 0.2],
        }
    )
    with drawing():
        figure, (panel,) = figures.panels(1, 1)
        figures.curves(panel, table, "backbone", figures.looks([name]))
        figures.legend_below(figure)
        (label,) = panel.get_legend_handles_labels()[1]
        assert label == name.replace("$", r"\$").replace("\x00", "?")
        save(figure, [tmp_path / "figure.png", tmp_path / "figure.svg"])
    assert (tmp_path / "figure.png").stat().st_size > 1000
