"""Every dialect is read as it is meant, or what is the matter with it is said in one line."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import fcc111
from ase.io import read, write

from experiments.data import Reading, read_structures, write_extxyz, write_npz
from experiments.structures import Structures
from span_theorem.errors import InputError
from tests.experiments.data import dialects

GOOD = dialects.ethanol()
MIXED = dialects.crystals()


def heard(path: Path, **reading: object) -> SimpleNamespace:
    """What was read, and what was said: structures, lines, settings."""
    said: list[tuple[str, ...]] = []
    structures = read_structures(
        path, Reading(**reading), lambda line, *settings: said.append((line, *settings))
    )  # type: ignore[arg-type]
    assert all("\n" not in line and line.startswith(str(path)) for line, *_ in said)
    return SimpleNamespace(
        structures=structures, lines=[line for line, *_ in said], settings=[settings for _, *settings in said]
    )


def same(one: Structures, other: Structures, tolerance: float = 2e-6) -> None:
    for name in ("numbers", "first", "pbc"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name in ("positions", "cell", "energies", "forces"):
        ours, theirs = getattr(one, name), getattr(other, name)
        assert (ours is None) == (theirs is None), name
        if ours is not None:
            np.testing.assert_allclose(ours, theirs, atol=tolerance, rtol=0, err_msg=name)


@pytest.mark.parametrize("name", dialects.READ_AS_THEY_ARE)
def test_dialects_of_xyz(tmp_path: Path, name: str) -> None:
    path = tmp_path / "frames.extxyz"
    text = dialects.READ_AS_THEY_ARE[name](dialects.extxyz(GOOD, path))
    path.write_bytes(text.encode())
    result = heard(path)
    same(result.structures, GOOD, 1e-8)
    assert len(result.lines) == (name == "labels")


@pytest.mark.parametrize("name", dialects.NOT_USED)
def test_labels_that_are_not_used_are_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "frames.extxyz"
    change, seen = dialects.NOT_USED[name]
    path.write_text(change(dialects.extxyz(GOOD, path)))
    result = heard(path)
    assert len(result.lines) == 1
    assert result.lines[0].endswith(f": {seen}")
    assert result.settings[0]
    assert set(result.settings[0]) <= {"energy-key", "forces-key"}
    energy = next((key for key in seen.split(", ") if "nergy" in key), None)
    forces = next((key for key in seen.split(", ") if "nergy" not in key), None)
    again = heard(path, energy_key=energy, forces_key=forces)
    assert not again.lines
    expected = GOOD.forces if name != "gradient" else -GOOD.forces
    np.testing.assert_allclose(again.structures.energies, GOOD.energies, atol=1e-8)
    np.testing.assert_allclose(again.structures.forces, expected, atol=1e-8)
    with pytest.raises(InputError, match=rf"are not used.*: {seen}; expected keys to be given"):
        heard(path, forces=True)


@pytest.mark.parametrize("value", ["None", "****", "-4200.1eV", '"-4200.1 eV"', "T", '"1 2"'])
def test_an_energy_that_is_no_number(tmp_path: Path, value: str) -> None:
    path = tmp_path / "frames.extxyz"
    lines = dialects.extxyz(GOOD, path).splitlines()
    place = 3 * (len(GOOD[0].numbers) + 2) + 1
    lines[place] = " ".join(
        word if "energy=" not in word else f"energy={value}" for word in lines[place].split(" ")
    )
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match=r"energy of structure 3 is .*, expected a number"):
        heard(path)


def test_keys_that_no_structure_has(tmp_path: Path) -> None:
    path = tmp_path / "frames.extxyz"
    path.write_text(dialects.renamed("REF_energy", "REF_forces")(dialects.extxyz(GOOD, path)))
    with pytest.raises(InputError, match=r"no structure has 'dft_energy'.*seen: REF_energy") as caught:
        heard(path, energy_key="dft_energy")
    assert caught.value.setting == "energy-key"
    with pytest.raises(InputError, match="no structure has 'dft_forces'"):
        heard(path, forces_key="dft_forces")
    with pytest.raises(InputError, match=r"structure 0 has no single value 'walker'.*it has: REF_energy"):
        heard(path, cluster="walker")


def test_xyz_is_read_as_ase_reads_it(tmp_path: Path) -> None:
    images = [*MIXED.to_ase(), *GOOD.to_ase(), Atoms("Cu", cell=[2, 2, 0], pbc=(1, 1, 0))]
    images[-1].calc = images[0].calc
    for index, atoms in enumerate(images):
        atoms.info |= {"name": f'one "and" {index}', "list": [1, 2], "flag": True, "text": "a=b c"}
        atoms.arrays["charges_of_atoms"] = np.arange(len(atoms))
    images = images[:-1]
    write(tmp_path / "all.extxyz", images)
    expected = Structures.from_ase(read(tmp_path / "all.extxyz", index=":"))
    assert read_structures(tmp_path / "all.extxyz").checksum == expected.checksum


def test_a_cluster_is_what_a_key_says(tmp_path: Path) -> None:
    images = GOOD.to_ase()
    for atoms, name in zip(images, ["a", "b", "a", "c 1", "c 1", "b"], strict=True):
        atoms.info["walker"] = name
    write(tmp_path / "frames.extxyz", images)
    assert heard(tmp_path / "frames.extxyz", cluster="walker").structures.clusters.tolist() == [
        0,
        1,
        0,
        2,
        2,
        1,
    ]
    np.savez(tmp_path / "frames.npz", **dialects.own(GOOD, walker=[5, 5, 3, 3, 3, 5]))
    assert heard(tmp_path / "frames.npz", cluster="walker").structures.clusters.tolist() == [0, 0, 1, 1, 1, 0]
    with pytest.raises(InputError, match=r"key 'other' is missing, expected \(6,\) values") as caught:
        heard(tmp_path / "frames.npz", cluster="other")
    assert caught.value.setting == "cluster"


def test_one_composition_can_be_chosen(tmp_path: Path) -> None:
    images = [Atoms("H"), *GOOD.to_ase()[:3], Atoms("CO", [[0, 0, 0], [0, 0, 1.1]]), *GOOD.to_ase()[3:]]
    write(tmp_path / "mixed.extxyz", images)
    write_npz(Structures.from_ase([Atoms(a.numbers, a.positions) for a in images]), tmp_path / "mixed.npz")
    result = heard(tmp_path / "mixed.extxyz", composition="CH3CH2OH")
    same(result.structures, GOOD, 1e-8)
    assert len(heard(tmp_path / "mixed.npz", composition="C2OH6").structures) == 6
    for name in ("mixed.extxyz", "mixed.npz"):
        with pytest.raises(
            InputError, match=r"no structures of composition H2O.*H \(1\), C2H6O \(6\), CO \(1\)"
        ):
            heard(tmp_path / name, composition="OH2")
        with pytest.raises(InputError, match="'water' is no formula"):
            heard(tmp_path / name, composition="water")
    with pytest.raises(InputError, match="structure 0 has no energy though others have"):
        heard(tmp_path / "mixed.extxyz")


@pytest.mark.parametrize("name", dialects.NPZ)
def test_dialects_of_npz(tmp_path: Path, name: str) -> None:
    path = tmp_path / "frames.npz"
    np.savez(path, **dialects.NPZ[name](GOOD))
    result = heard(path)
    same(result.structures, GOOD)
    assert not result.lines


def test_padded_structures_of_several_compositions(tmp_path: Path) -> None:
    path = tmp_path / "frames.npz"
    np.savez(path, **dialects.padded(MIXED, L=MIXED.cell))
    same(heard(path).structures, MIXED)
    write_npz(MIXED, path)
    assert heard(path).structures.checksum == MIXED.checksum


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"N": [9, 9, 9, 9, 9, 8]}, "N of structure 5 is 8 and it has 9 atomic numbers"),
        ({"Z": np.eye(6, 12, dtype=int)}, "structure 1 has atomic number 0 before others"),
        ({"R": np.zeros((6, 5, 3))}, r"R have shape \(6, 5, 3\), expected \(6, 12, 3\)"),
        (
            {"F": np.zeros((6, 5, 3))},
            r"F have shape \(6, 5, 3\), type float64, expected numbers \(6, 12, 3\)",
        ),
        ({"E": np.zeros(5)}, r"energies have shape \(5,\), expected \(6,\)"),
        ({"E": np.array(["1", "2", "3", "None", "5", "6"])}, "E of structure 3 is 'None', expected a number"),
        ({"Z": np.ones((6, 12))}, "N of structure 0 is 9 and it has 12"),
        ({"Z": np.full((6, 12), "C")}, "Z have shape .* expected integers"),
        ({"pbc": [True, True, True]}, "structure 0 is periodic along cell vector 0, which is zero"),
        ({"pbc": [0.5, 1, 1], "cell": np.eye(3)}, "expected truth values"),
        ({"cell": np.eye(4)}, r"cell has shape \(4, 4\), expected cell vectors"),
        ({"cell": np.diag([5.0, 5.0, 0.0])}, "structure 0 is periodic along cell vector 2, which is zero"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path: Path, change: dict, message: str) -> None:
    path = tmp_path / "frames.npz"
    np.savez(path, **(dialects.padded(GOOD) | change))
    with pytest.raises(InputError, match=message):
        heard(path)


SHEARED = np.array([[6.0, 0.0, 0.0], [1.0, 6.5, 0.0], [0.5, 0.2, 7.0]])


@pytest.mark.parametrize(
    ("arrays", "cell"),
    [
        ({"lattice": SHEARED.T}, SHEARED),  # sGDML's, whose vectors are columns
        ({"cell": SHEARED}, SHEARED),
        ({"box": np.full((6, 3), 6.0)}, 6 * np.eye(3)),
        ({"box": [6.0, 6.5, 7.0]}, np.diag([6.0, 6.5, 7.0])),
        ({"box": np.tile(SHEARED.ravel(), (6, 1))}, SHEARED),
        ({"unit_cell": 6.0}, 6 * np.eye(3)),
        ({"box": [6.0, 6.5, 7.0, 90, 90, 90]}, np.diag([6.0, 6.5, 7.0])),
    ],
)
def test_a_cell_in_an_npz_is_a_cell(tmp_path: Path, arrays: dict, cell: np.ndarray) -> None:
    path = tmp_path / "frames.npz"
    np.savez(path, **dialects.sgdml(GOOD, **arrays))
    structures = heard(path).structures
    assert structures.pbc.all()
    np.testing.assert_allclose(structures.cell, np.broadcast_to(cell, (6, 3, 3)), atol=1e-9)
    np.savez(
        path, **dialects.in_units(dialects.sgdml(GOOD, r_unit="bohr", **arrays), dialects.KCAL, units.Bohr)
    )
    np.testing.assert_allclose(heard(path).structures.cell[0][:2, :2], cell[:2, :2] * units.Bohr, atol=1e-9)


@pytest.mark.parametrize(
    ("stated", "given", "message"),
    [
        (
            {"e_unit": "eV"},
            "kcal/mol",
            "its unit of energy is stated in the file, eV, but kcal/mol was given",
        ),
        ({"r_unit": "au"}, "kcal/mol,nm", "its unit of length is stated in the file, bohr, but nm was given"),
        ({"e_unit": "furlong"}, "eV", "e_unit is 'furlong': unknown unit of energy 'furlong'"),
        ({"units": "furlong"}, "eV", "units is 'furlong'"),
        ({"r_unit": "parsec"}, None, "r_unit is 'parsec': unknown unit of length"),
    ],
)
@pytest.mark.parametrize("keys", ["sgdml", "rmd17"])
def test_a_unit_that_a_file_states_is_not_overruled(
    tmp_path: Path, keys: str, stated: dict, given: str | None, message: str
) -> None:
    path = tmp_path / "frames.npz"
    np.savez(path, **getattr(dialects, keys)(GOOD, **stated))
    with pytest.raises(InputError, match=message):
        heard(path, units=given)


def test_lengths_that_a_file_states_are_converted_whatever_is_given(tmp_path: Path) -> None:
    path = tmp_path / "frames.npz"
    arrays = dialects.in_units(dialects.sgdml(GOOD, r_unit="au"), dialects.KCAL, units.Bohr)
    np.savez(path, **arrays)
    same(heard(path, units="kcal/mol").structures, GOOD)
    del arrays["e_unit"], arrays["r_unit"]
    np.savez(path, **arrays)
    same(heard(path, units="kcal/mol,bohr").structures, GOOD)
    same(heard(path, units="kcal/mol,bohr,kcal/mol/bohr").structures, GOOD)


def test_forces_without_energies(tmp_path: Path) -> None:
    np.savez(tmp_path / "frames.npz", **{k: v for k, v in dialects.own(GOOD).items() if k != "energies"})
    result = heard(tmp_path / "frames.npz")
    assert result.structures.energies is None
    np.testing.assert_array_equal(result.structures.forces, GOOD.forces)


def test_labels_of_an_npz_under_other_keys(tmp_path: Path) -> None:
    arrays = dialects.own(GOOD)
    arrays["dft_energy"], arrays["dft_gradient"] = arrays.pop("energies"), -arrays.pop("forces")
    np.savez(tmp_path / "frames.npz", **arrays)
    (line,) = heard(tmp_path / "frames.npz").lines
    assert line.endswith("labels were seen and are not used: dft_energy, dft_gradient")
    same(heard(tmp_path / "frames.npz", energy_key="dft_energy", forces_key="dft_gradient").structures, GOOD)


@pytest.mark.parametrize("name", ["all.traj", "all.db", "all.json", "all.traj.gz"])
@pytest.mark.parametrize("kind", ["molecule", "crystals"])
def test_what_ase_writes(tmp_path: Path, name: str, kind: str) -> None:
    structures = {"molecule": GOOD, "crystals": MIXED}[kind]
    path = tmp_path / name.removesuffix(".gz")
    write(path, structures.to_ase())
    if name.endswith(".gz"):
        path = dialects.packed(path)
    assert heard(path).structures.checksum == structures.checksum


def test_a_database_with_labels_of_its_own(tmp_path: Path) -> None:
    from ase.db import connect

    with connect(tmp_path / "all.db") as database:
        for one in GOOD:
            database.write(Atoms(one.numbers, one.positions), REF_energy=one.energy, walker="a")
    result = heard(tmp_path / "all.db")
    assert "REF_energy" in result.lines[0]
    np.testing.assert_array_equal(
        heard(tmp_path / "all.db", energy_key="REF_energy", cluster="walker").structures.energies,
        GOOD.energies,
    )


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("name", ["OUTCAR", "vasprun.xml", "run.dump", "frames.extxyz"])
def test_what_programs_write(tmp_path: Path, name: str, suffix: str) -> None:
    structures = MIXED.subset([1, 3])
    text = {
        "OUTCAR": dialects.outcar,
        "vasprun.xml": dialects.vasprun,
        "run.dump": lambda s: dialects.lammps(s, "metal"),
        "frames.extxyz": lambda s: dialects.extxyz(s, tmp_path / name),
    }[name](structures)
    (tmp_path / name).write_text(text)
    path = dialects.packed(tmp_path / name) if suffix else tmp_path / name
    result = heard(path)
    expected = structures
    if name == "run.dump":  # which has no energies
        assert result.structures.energies is None
        expected = Structures(*[getattr(structures, n) for n in ("numbers", "positions", "first", "cell", "pbc")],
                              forces=structures.forces)  # fmt: skip
    same(result.structures, expected)
    assert not result.lines


def test_a_dump_states_its_units_or_is_asked_for_them(tmp_path: Path) -> None:
    structures, path = MIXED.subset([1]), tmp_path / "run.lammpstrj"
    path.write_text(dialects.lammps(structures, "real", scale=dialects.KCAL))
    np.testing.assert_allclose(heard(path).structures.forces, structures.forces, atol=1e-8)
    with pytest.raises(
        InputError, match="its unit of energy is stated in the file, kcal/mol, but eV was given"
    ):
        heard(path, units="eV")
    path.write_text(dialects.lammps(structures, scale=dialects.KCAL))
    with pytest.raises(InputError, match="the dump does not state its units") as caught:
        heard(path)
    assert caught.value.setting == "units"
    np.testing.assert_allclose(heard(path, units="kcal/mol").structures.forces, structures.forces, atol=1e-8)
    path.write_text(dialects.lammps(structures, "lj"))
    with pytest.raises(InputError, match="its units are 'lj', expected one of real, metal, electron"):
        heard(path)
    path.write_text(dialects.lammps(structures, "metal", columns=""))
    with pytest.raises(InputError, match="do not name elements"):
        heard(path)


def test_an_outcar_is_in_ev(tmp_path: Path) -> None:
    (tmp_path / "OUTCAR").write_text(dialects.outcar(MIXED.subset([1])))
    with pytest.raises(
        InputError, match="its unit of energy is stated in the file, eV, but hartree was given"
    ):
        heard(tmp_path / "OUTCAR", units="hartree")


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("OUTCAR", "  FREE ENERGIE"),
        ("OUTCAR", "  energy  without"),
        ("vasprun.xml", "<energy>"),
        ("vasprun.xml", '<varray name="forces">'),
        ("run.dump", "ITEM: ATOMS"),
        ("frames.extxyz", "Si"),
    ],
)
def test_a_file_is_read_whole_or_refused(tmp_path: Path, name: str, cut: str) -> None:
    """Cut before the last of something, as by a run that was killed."""
    structures = MIXED.subset([1, 3, 1])
    text = {
        "OUTCAR": dialects.outcar,
        "vasprun.xml": dialects.vasprun,
        "run.dump": lambda s: dialects.lammps(s, "metal"),
        "frames.extxyz": lambda s: dialects.extxyz(s, tmp_path / name),
    }[name](structures)
    (tmp_path / name).write_text(text[: text.rindex(cut)])
    with pytest.raises(InputError, match=f"{name}.*(can be read|cannot be read|cut off)"):
        heard(tmp_path / name)


def test_structures_without_labels(tmp_path: Path) -> None:
    slab = fcc111("Cu", (1, 1, 3), vacuum=5.0)
    for name in ("POSCAR", "slab.vasp"):
        write(tmp_path / name, slab, format="vasp")
        np.testing.assert_allclose(heard(tmp_path / name).structures.positions, slab.positions, atol=1e-9)
    write(tmp_path / "XDATCAR", [slab, slab], format="vasp-xdatcar")
    assert len(heard(tmp_path / "XDATCAR").structures) == 2


def test_a_molecule_cut_by_its_box(tmp_path: Path) -> None:
    images = GOOD.to_ase()
    for atoms in images:
        atoms.set_cell([6.0] * 3)
        atoms.positions %= 6.0
    write(tmp_path / "wrapped.extxyz", images)
    (line,) = heard(tmp_path / "wrapped.extxyz").lines
    assert (
        "6 structures are said to be free but are cut by their box: atoms 0 (C) and 1 (C) of structure 0"
        in line
    )
    arrays = dialects.own(GOOD, cell=6 * np.eye(3), pbc=[False] * 3)
    np.savez(tmp_path / "wrapped.npz", **(arrays | {"positions": arrays["positions"] % 6.0}))
    assert "are cut by their box" in heard(tmp_path / "wrapped.npz").lines[0]
    np.savez(tmp_path / "whole.npz", **arrays)
    assert not heard(tmp_path / "whole.npz").lines
    for atoms in images:
        atoms.pbc = True
    write(tmp_path / "crystal.extxyz", images)
    assert not heard(tmp_path / "crystal.extxyz").lines


@pytest.mark.parametrize(
    ("unit", "size"),
    [
        ("kcal/mol", dialects.KCAL),
        ("hartree", units.Hartree),
        ("meV", 1e-3),
        ("kJ/mol", units.kJ / units.mol),
    ],
)
def test_energies_that_cannot_be_ev(tmp_path: Path, unit: str, size: float) -> None:
    path = tmp_path / "frames.extxyz"
    # ethanol at the PBE level: -4215 eV
    write_extxyz(
        Structures.of_molecule(GOOD[0].numbers, GOOD.positions.reshape(6, -1, 3), np.full(6, -4215 / size)),
        path,
    )
    (line,) = heard(path).lines
    # in hartree they may be those of valence electrons in eV: a question, not a verdict
    expected = "of all electrons in hartree: if they are" if unit == "hartree" else f"would be in {unit}"
    assert expected in line
    assert ("not plausible" in line) == (unit != "hartree")
    assert not heard(path, units=unit).lines


@pytest.mark.parametrize("length", [0.1, 1.8897])
def test_distances_that_cannot_be_angstrom(tmp_path: Path, length: float) -> None:
    path = tmp_path / "frames.extxyz"
    write_extxyz(
        Structures(MIXED.numbers, MIXED.positions * length, MIXED.first, MIXED.cell * length, MIXED.pbc), path
    )
    (line,) = heard(path).lines
    assert "the nearest neighbours are" in line


def test_sets_in_spices_layout(tmp_path: Path) -> None:
    sets = {"ethanol": GOOD, "water": Structures.of_molecule([8, 1, 1], np.random.default_rng(0).normal(size=(4, 3, 3)),
                                                             np.arange(4.0) - 2076, np.ones((4, 3, 3)))}  # fmt: skip
    expected = np.concatenate([GOOD.positions, sets["water"].positions])
    for attributes in (True, False):
        path = tmp_path / f"spice-{attributes}.h5"
        dialects.spice(path, sets, attributes, mbis_charges=np.zeros(3))
        structures = heard(path, cluster="group").structures
        np.testing.assert_allclose(structures.positions, expected, atol=1e-9)
        np.testing.assert_allclose(
            structures.energies, np.concatenate([s.energies for s in sets.values()]), atol=1e-8
        )
        np.testing.assert_allclose(
            structures.forces, np.concatenate([s.forces for s in sets.values()]), atol=1e-8
        )
        assert structures.clusters.tolist() == [0] * 6 + [1] * 4
    with pytest.raises(
        InputError, match="its unit of energy is stated in the file, hartree, but eV was given"
    ):
        heard(tmp_path / "spice-True.h5", units="eV")
    other = heard(tmp_path / "spice-False.h5", units="eV,bohr").structures
    np.testing.assert_allclose(other.energies * units.Hartree, structures.energies)


def test_hdf5_that_is_something_else(tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "file.h5"
    dialects.spice(path, {"water": GOOD})
    spoils = {
        "is a link, expected everything in one file": lambda f: f.__setitem__("out", h5py.ExternalLink("x.h5", "/")),
        "has a link other": lambda f: f["water"].__setitem__("other", h5py.ExternalLink("x.h5", "/")),
        "has no atomic_numbers and conformations": lambda f: f.create_group("empty"),
        "has atomic_numbers": lambda f: (
            f["water"].pop("atomic_numbers"), f["water"].__setitem__("atomic_numbers", [1])
        ),
        "has dft_total_energy": lambda f: (
            f["water"].pop("dft_total_energy"), f["water"].__setitem__("dft_total_energy", [1.0])
        ),
        "which are not there": lambda f: f["water"].create_dataset("huge", (10**12,), "f8", chunks=(100,)),
        "in another file": lambda f: f["water"].create_dataset("far", (5,), "f8", external=[("/etc/passwd", 0, 40)]),
    }  # fmt: skip
    for message, spoil in spoils.items():
        dialects.spice(path, {"water": GOOD})
        with h5py.File(path, "a") as file:
            spoil(file)
        with pytest.raises(InputError, match=message):
            heard(path)
    path.write_bytes(b"no HDF5")
    with pytest.raises(InputError, match="cannot be read"):
        heard(path)
