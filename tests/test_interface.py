"""The documented names, and nothing else: typed, lazy, and what a notebook shows of their results."""

import subprocess
import sys
from html import escape

import numpy as np
import pytest
from ase.build import molecule
from ase.io import write

import experiments
import span_theorem as st
from experiments.cli import main
from experiments.spn import Probe
from span_theorem.errors import InputError
from tests.experiments.studies.test_contract import synthetic
from tests.experiments.synthetic import Spectrum, random_frames


@pytest.mark.parametrize("package", [st, experiments])
def test_every_public_name_is_there_and_listed(package):
    assert dir(package) == sorted(package.__all__)
    assert all(getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = package.nonsense


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        (
            "import span_theorem as st; st.check(2, 2, method='exact')._repr_html_()",
            "numpy torch pandas matplotlib e3nn",
        ),
        ("import experiments; dir(experiments)", "numpy torch pandas matplotlib e3nn"),
    ],
)
def test_heavy_packages_come_with_what_needs_them(code, heavy):
    script = f"{code}; import sys; sys.exit(bool(set({heavy.split()}) & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def test_a_check_as_a_table():
    result = st.check(2, 2, method="exact")
    frame = result.to_frame()
    assert list(frame["l"]) == list(range(7))
    assert list(frame["rank"]) == [1, 3, 5, 7, 9, 0, 0]
    assert frame["as_expected"].all()
    assert result._repr_html_().count("<tr>") == 8
    assert "<=" not in result._repr_html_()


def test_a_check_takes_both_routes_where_they_are(monkeypatch):
    assert st.check(1, 1).method == "both"
    monkeypatch.setattr("span_theorem.instance.find_spec", lambda name: None)
    assert st.check(1, 1).method == "exact"
    with pytest.raises(InputError, match=r"pip install 'span-theorem\[numeric\]'"):
        st.check(1, 1, method="numeric")


@pytest.fixture(scope="module")
def diagnosis():
    return experiments.diagnose(
        Spectrum([0, 1, 2]),
        random_frames(40, 0),
        random_frames(20, 1),
        "pair(0, 1)",
        {"solver": "free", "degree": 1},
        orientations=4,
        test_orientations=2,
        l_max=4,
    )


def test_a_diagnosis_of_objects(diagnosis):
    assert diagnosis.check.measured_boundary == 2
    frame = diagnosis.to_frame()
    assert list(frame["l"]) == [1, 2, 3, 4]
    assert (frame["rho_low"] <= frame["rho"]).all()
    shown = diagnosis._repr_html_()
    assert shown.count("<tr") == 5
    assert "recovered" in shown
    assert "Not tested" in shown


def test_a_diagnosis_is_drawn_where_it_is_told(diagnosis):
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots()
    assert diagnosis.plot(ax=axes) is axes
    drawn = axes.lines[0].get_ydata()
    assert list(drawn) == pytest.approx(list(diagnosis.to_frame()["rho"]))
    assert any("dL" in text.get_text() for text in axes.get_legend().get_texts())
    plt.close(figure)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"lmax": 3}, "unknown setting 'lmax'"),
        ({"l_max": 0}, "l_max is 0"),
        ({"measure": "x"}, "unknown setting"),
        ({"rule": None}, "no direction is marked: expected a rule"),
        ({"probe": {"degre": 2}}, "unknown setting 'degre' of the probe: expected one of d, "),
    ],
)
def test_settings_that_are_none(settings, words):
    given = {"rule": "pair(0, 1)", "probe": Probe("free", 1), **settings}
    with pytest.raises(InputError, match=words):
        experiments.diagnose(Spectrum([1]), random_frames(40, 0), **given)


def test_a_diagnosis_of_atoms_is_written_and_shown_in_a_line(tmp_path, capsys):
    atoms = random_frames(40, 0).to_ase()
    found = experiments.diagnose(
        Spectrum([1]), atoms, rule="pair(0, 1)", probe={"solver": "free", "d": 1}, l_max=2
    )
    assert repr(found).startswith("<Diagnosis of ")
    assert len(repr(found)) < 400
    found.write(tmp_path / "found.json")
    assert main(["report", str(tmp_path / "found.json")]) == 0
    assert found.check.sentence() in capsys.readouterr().out


def test_a_study_in_a_notebook(tmp_path, monkeypatch):
    pytest.importorskip("nequip")
    from matplotlib import pyplot as plt

    monkeypatch.setattr("experiments.lab.study.run", synthetic())
    found = experiments.study("capacity", tmp_path, quick=True)
    assert found.path == tmp_path / "capacity"
    frame = found.to_frame()
    assert len(frame) == len(frame[["cell", "l"]].drop_duplicates())
    assert frame["cell"].nunique() == found.result.settings["cells"]
    shown = found._repr_html_()
    assert shown.count("<table>") == len(found.result.tables)
    assert all(escape(claim.sentence) in shown for claim in found.result.claims)
    drawn = found.plot().get_images()[0].get_array()
    assert drawn.shape[:2] == plt.imread(found.path / "capacity.png").shape[:2]
    (found.path / "capacity.png").unlink()
    with pytest.raises(InputError, match=r"capacity\.png does not exist"):
        found.plot()
    with pytest.raises(InputError, match="unknown study 'x'"):
        experiments.study("x", tmp_path)


def test_what_a_file_holds_and_is_not_used_is_a_warning(tmp_path):
    file = tmp_path / "labelled.extxyz"
    atoms = molecule("H2O")
    atoms.info["dft_energy"], atoms.arrays["dft_forces"] = -1.0, np.ones((3, 3))
    write(file, [atoms, atoms])
    with pytest.warns(
        UserWarning, match=r"dft_energy, dft_forces \(Reading.energy_key, Reading.forces_key\)"
    ):
        assert experiments.load(file).energies is None
