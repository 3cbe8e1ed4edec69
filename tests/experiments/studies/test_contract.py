"""What every study keeps to: it lists its cells, asks a question, renders, and says what it leaves out."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from experiments.backbones import card_of
from experiments.lab import study as studies
from experiments.lab.angles import REFERENCE
from experiments.lab.body_frame import NOBODY
from experiments.lab.cell import Cell
from experiments.lab.measurement import Measurement
from experiments.lab.names import CELLS, FORMATS, RESULT
from experiments.lab.polygons import parse
from experiments.lab.runner import Failure, Run
from experiments.lab.sources import Sources
from experiments.lab.statement import question
from experiments.lab.study import Lab, run_study
from experiments.report.study import read_study
from experiments.studies import registry
from span_theorem.errors import MissingPackage

STRUCTURES = 12
MOST_LINES = 260


@pytest.fixture(scope="module")
def sources():
    pytest.importorskip("nequip")
    return Sources()


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAN_THEOREM_CACHE", str(tmp_path / "cache"))


def recovery(cell: Cell, sources: Sources, rng) -> Measurement:
    """The theorem holds: nearly everything up to dL, nothing above it."""
    backbone = sources.backbone(cell)
    card = card_of(backbone)
    L = backbone.irreps.lmax if cell.assumed_L is None else cell.assumed_L
    frequencies = tuple(range(1, cell.l_max + 1))
    rho = np.where(np.array(frequencies) <= L * cell.probe.degree, 0.9, 0.0)
    power = rng.uniform(0.9, 1.1, (STRUCTURES, len(frequencies)))
    noise = rng.normal(scale=1e-3, size=power.shape)
    sums = {"energy": np.stack([power, (1 - rho) * power, rho * power + noise, 0 * power], axis=-1)}
    if cell.forces:
        sums["force"] = np.stack([power, (1 - rho) * power, rho * power + noise, 0 * power], axis=-1)
    parameters = {str(l): 10 * l for l in frequencies}
    facts = {
        "L": L,
        "paths": [True] * len(frequencies),
        "fits": {"energy": {"regularisation": {}, "parameters": parameters}},
        "force": 0.5,
        "notes": [],
        "name": backbone.name,
        "irreps": str(backbone.irreps),
        "card": card.to_dict(),
        "verification": {"parity": "o3", "rotation": 0.0, "inversion": 0.0},
    }
    return Measurement(frequencies, sums, f"{cell.training} {cell.test} {cell.sample_seed}", facts)


def polygon(cell: Cell, sources: Sources, rng) -> Measurement:
    n, features = parse(cell)
    power = rng.uniform(0.9, 1.1, (STRUCTURES, 1))
    sums = {"energy": np.stack([power, 0.1 * power, 0.9 * power, 0 * power], axis=-1)}
    order = int("".join(filter(str.isdigit, cell.backbone.rpartition("(")[2])))
    return Measurement(
        (n,), sums, cell.training, {"name": cell.backbone, "L": order, "n": n, "features": features}
    )


def leakage(cell: Cell, sources: Sources, rng) -> Measurement:
    card = card_of(sources.backbone(cell))
    frequencies = tuple(range(1, cell.l_max + 2))
    sums = {"share": rng.uniform(0, 1 / len(frequencies), (STRUCTURES, len(frequencies)))}
    names = ("above", "varying", "leak", "median_channel")
    sums |= {name: rng.uniform(0, 0.5, (STRUCTURES, 1)) for name in names}
    sums["above_by_degree"] = rng.uniform(0, 0.5, (STRUCTURES, 2))
    facts = {
        "name": cell.backbone,
        "L": 2,
        "layer": card.layer,
        "depth": list(card.layers).index(card.layer),
        "irreps": "1x0e+1x1o",
        "degrees": [0, 1],
        "leak": 0.0,
        "move": {"site": 12, "moved": 11, "third": 3, "distance": 1.0, "closest": 1.0, "elements": [8, 6, 6]},
        "card": card.to_dict(),
    }
    return Measurement(frequencies, sums, cell.training, facts)


def body_frame(cell: Cell, sources: Sources, rng) -> Measurement:
    power = rng.uniform(0.9, 1.1, (STRUCTURES, cell.l_max))
    sums = {"energy": np.stack([power, 0.3 * power, 0.7 * power, 0 * power], axis=-1)}
    return Measurement(tuple(range(1, cell.l_max + 1)), sums, "the same", {"name": "body frame", "L": None})


def angles(cell: Cell, sources: Sources, rng) -> Measurement:
    frequencies = tuple(range(1, cell.l_max + 2))
    sums = {
        "power": rng.uniform(0.9, 1.1, (STRUCTURES, len(frequencies))),
        "error": rng.uniform(0, 1, (STRUCTURES, len(frequencies))),
    }
    if cell.probe.solver != "mlp":
        sums |= {name: rng.uniform(0, 0.1, (STRUCTURES, len(frequencies))) for name in ("share", "largest")}
    depth = list(card_of(sources.backbone(cell)).layers).index(cell.layer)
    facts = {"name": cell.backbone, "L": 2, "order": 2, "depth": depth}
    return Measurement(frequencies, sums, f"{cell.training} {cell.test}", facts)


def angle_energy(cell: Cell, sources: Sources, rng) -> Measurement:
    frequencies = tuple(range(1, cell.l_max + 2))
    names = ("power", "share") if cell.backbone == REFERENCE else ("power", "share", "left")
    sums = {name: rng.uniform(0, 0.1, (STRUCTURES, len(frequencies))) for name in names}
    depth = None if cell.layer is None else int(cell.layer)
    return Measurement(frequencies, sums, str(cell.test), {"name": cell.backbone, "L": 2, "depth": depth})


def angle_training(cell: Cell, sources: Sources, rng) -> Measurement:
    frequencies = tuple(range(1, cell.l_max + 1))
    shape = (STRUCTURES, len(frequencies))
    kinds = ("energy", "force", "outer")
    sums = {f"{name} power": rng.uniform(0.9, 1.1, shape) for name in kinds}
    sums |= {f"{name} left": rng.uniform(0, 0.9, shape) for name in kinds}
    facts = {"name": cell.backbone, "L": 1}
    if cell.backbone.startswith("nequip"):
        facts["layers"] = 1
    return Measurement(frequencies, sums, "triples", facts)


def single(name):
    def measure(cell: Cell, sources: Sources, rng) -> Measurement:
        backbone = sources.backbone(cell)
        card = card_of(backbone)
        facts = {
            "name": backbone.name,
            "L": backbone.irreps.lmax,
            "layer": card.layer,
            "card": card.to_dict(),
        }
        return Measurement((0,), {name: rng.uniform(1, 2, (STRUCTURES, 1))}, str(cell.test), facts)

    return measure


SYNTHETIC = {
    "recovery": recovery,
    "polygon": polygon,
    "body frame": body_frame,
    "leakage": leakage,
    "angles": angles,
    "angle energy": angle_energy,
    "angle training": angle_training,
    "force error": single("force_mae"),
    "energy residual": single("energy_rms"),
}


def synthetic(without=()):
    """Stands for :func:`experiments.lab.runner.run`, with families that are not installed."""

    def run(cells, store, place, sources, progress):
        outcome, rng = Run(), np.random.default_rng(0)
        for cell in dict.fromkeys(cells):
            family = cell.backbone.partition(":")[0]
            if family in without:
                outcome.failures.append(Failure(cell, f"{family} is missing", lacking=True))
            else:
                outcome.measured[cell] = SYNTHETIC[cell.measure](cell, sources, rng)
        return outcome

    return run


@cache
def cells_of(name: str) -> tuple[Cell, ...]:
    return tuple(registry.load(name).cells(Lab(quick=True)))


@pytest.mark.parametrize("name", registry.STUDIES)
def test_it_is_short_and_asks_one_question(name):
    source = Path(registry.load(name).__file__).read_text(encoding="utf-8")
    assert len(source.splitlines()) <= MOST_LINES
    assert question(registry.STUDIES[name]).endswith("?")


@pytest.mark.parametrize("name", registry.STUDIES)
def test_its_cells_are_there_and_each_is_listed_once(name, sources):
    cells = cells_of(name)
    assert cells
    assert len(cells) == len(set(cells))


@pytest.mark.parametrize("name", registry.STUDIES)
def test_it_renders_and_reads_back(name, sources, tmp_path, monkeypatch):
    monkeypatch.setattr(studies, "run", synthetic())
    lab = Lab(sources, quick=True)
    report, files = run_study(name, registry.load(name), lab, tmp_path / name)
    assert report.claims
    assert report.tables
    assert all(table.rows for table in report.tables)
    assert all(claim.words() for claim in report.claims)
    assert {path.name for path in files} == {RESULT, CELLS, *(f"{name}{suffix}" for suffix in FORMATS)}
    assert all(path.stat().st_size for path in files)
    back = read_study(tmp_path / name)
    assert [claim.words() for claim in back.claims] == [claim.words() for claim in report.claims]
    assert [table.rows for table in back.tables] == [table.rows for table in report.tables]


@pytest.mark.parametrize("name", registry.STUDIES)
def test_it_says_what_it_skips(name, sources, tmp_path, monkeypatch):
    """One family of several is missing; where a study has no other, it cannot run and says why."""
    families = {cell.backbone.partition(":")[0] for cell in cells_of(name) if ":" in cell.backbone}
    assert families
    for family in sorted(families):
        monkeypatch.setattr(studies, "run", synthetic({family}))
        lab = Lab(sources, quick=True)
        study, folder = registry.load(name), tmp_path / family
        # what needs no network stands beside networks, never alone
        left = [
            cell
            for cell in cells_of(name)
            if not cell.backbone.startswith((f"{family}:", "density:", NOBODY))
        ]
        if left:
            report, _ = run_study(name, study, lab, folder)
            assert report.tables
        else:
            with pytest.raises(MissingPackage, match=f"{family} is missing"):
                run_study(name, study, lab, folder)
        own = {cell.backbone for cell in cells_of(name) if cell.backbone.startswith(f"{family}:")}
        assert own <= lab.left_out.keys()
        assert all(f"{family} is missing" in lab.left_out[backbone] for backbone in own)


def test_a_family_that_cannot_even_be_opened_is_left_out(sources, monkeypatch):
    """Studies that ask for a network's layers list their cells without it."""
    whole = Sources.backbone

    def backbone(self, cell):
        if cell.backbone.startswith("sevennet:"):
            raise MissingPackage("sevennet is missing")
        return whole(self, cell)

    monkeypatch.setattr(Sources, "backbone", backbone)
    for name in registry.STUDIES:
        lab = Lab(quick=True)
        cells = registry.load(name).cells(lab)
        # a study of one family alone has nothing left
        assert cells or all(cell.backbone.startswith("sevennet:") for cell in cells_of(name)), name
        if any(cell.backbone.startswith("sevennet:") for cell in cells_of(name)):
            assert "sevennet is missing" in lab.left_out.values(), name
