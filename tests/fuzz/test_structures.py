"""Files of structures of every kind, damaged at random: refused in one line, or read as structures."""

import gzip

import pytest
from ase.io import write

from experiments.data import Reading, read_structures
from experiments.structures import Structures
from tests.experiments.data import dialects
from tests.fuzz.damage import case, damaged, refused

MOLECULE, CRYSTALS = dialects.ethanol(4), dialects.crystals(4)
ONE_CRYSTAL = CRYSTALS.subset([1, 3])


def text(make):
    return lambda path: path.write_text(make(ONE_CRYSTAL))


def gz(path):
    path.write_bytes(gzip.compress(dialects.extxyz(MOLECULE, path.with_name("plain.extxyz")).encode()))


KINDS = {
    "frames.extxyz": lambda path: dialects.extxyz(CRYSTALS, path),
    "frames.xyz.gz": gz,
    "frames.traj": lambda path: write(path, CRYSTALS.to_ase()),
    "frames.db": lambda path: write(path, CRYSTALS.to_ase()),
    "frames.json": lambda path: write(path, CRYSTALS.to_ase()),
    "OUTCAR": text(dialects.outcar),
    "vasprun.xml": text(dialects.vasprun),
    "frames.dump": text(dialects.lammps),
    "frames.h5": lambda path: dialects.spice(path, {"one": MOLECULE}),
}


@pytest.mark.parametrize("name", KINDS)
def test_damaged(tmp_path, fuzz_seeds, name):
    path = tmp_path / name
    KINDS[name](path)
    whole = path.read_bytes()
    reading = Reading("eV") if name == "frames.dump" else Reading()
    assert isinstance(read_structures(path, reading), Structures)
    for seed in fuzz_seeds:
        with case(seed) as random:
            path.unlink()
            path.write_bytes(damaged(whole, random))
            structures = refused(lambda: read_structures(path, reading, one_line))
            assert structures is None or (isinstance(structures, Structures) and len(structures))


def one_line(line, *settings):
    assert "\n" not in line
