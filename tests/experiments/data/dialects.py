"""One set of structures written in every dialect that people have, each with what is expected of it."""

import gzip
import re
from pathlib import Path

import numpy as np
from ase import units
from ase.build import bulk, molecule
from ase.io import write

from experiments.structures import Structures

KCAL = units.kcal / units.mol


def ethanol(n: int = 6, seed: int = 0) -> Structures:
    """Rattled molecules with numbers for labels that are as large as real ones."""
    rng = np.random.default_rng(seed)
    atoms = molecule("CH3CH2OH")
    positions = atoms.positions + rng.normal(scale=0.03, size=(n, len(atoms), 3))
    return Structures.of_molecule(
        atoms.numbers, np.round(positions, 8), -4200 + rng.normal(size=n),
        np.round(rng.normal(size=positions.shape), 8), "ethanol",
    )  # fmt: skip


def crystals(n: int = 5, seed: int = 0) -> Structures:
    """Rattled crystals of two compositions, labelled."""
    rng = np.random.default_rng(seed)
    images = []
    for index in range(n):
        atoms = [bulk("NaCl", "rocksalt", 5.6), bulk("Si", cubic=True)][index % 2]
        atoms.positions += rng.normal(scale=0.05, size=atoms.positions.shape)
        images.append(atoms)
    total = sum(map(len, images))
    bare = Structures.from_ase(images)
    return Structures(
        bare.numbers, bare.positions, bare.first, bare.cell, bare.pbc, rng.normal(size=n) - 20,
        rng.normal(size=(total, 3)), source="crystals",
    )  # fmt: skip


def extxyz(structures: Structures, path: Path) -> str:
    """The text of an extended xyz file, which is written too."""
    write(path, structures.to_ase(), format="extxyz")
    return path.read_text()


def of_lines(text: str, change) -> str:
    """The text with every line of an atom changed by ``change(words, atom)``."""
    result, left, atom = [], 0, 0
    for line in text.splitlines():
        if left == 0:
            left, atom = int(line) + 1, -1
        elif atom < 0:
            left, atom = left - 1, 0
        else:
            line, left, atom = " ".join(change(line.split(), atom)), left - 1, atom + 1
        result.append(line)
    return "\n".join(result) + "\n"


def renamed(energy: str = "energy", forces: str = "forces"):
    """Changes the names of the labels."""
    return lambda text: text.replace(" energy=", f" {energy}=").replace(":forces:", f":{forces}:")


def plain_columns(text: str) -> str:
    """Energies in a comment and forces as columns without a name."""
    return re.sub(r"^Properties.* energy=(\S+).*$", r"TotEnergy=\1 E0=-1.0", text, flags=re.M)


def zero_beside(text: str) -> str:
    text = re.sub(r" energy=(\S+)", r" energy=0.0 REF_energy=\1", text)
    text = text.replace("forces:R:3", "forces:R:3:REF_forces:R:3")
    return of_lines(text, lambda words, atom: [*words[:4], "0", "0", "0", *words[4:]])


NUMBER = {"C": "6", "H": "1", "O": "8"}
READ_AS_THEY_ARE = {
    "blank lines between": lambda text: re.sub(r"^9$", "\n9", text, flags=re.M),
    "blank lines behind": lambda text: text + "\n \n\n",
    "windows": lambda text: text.replace("\n", "\r\n"),
    "byte order mark": lambda text: "\ufeff" + text,
    "tabs": lambda text: of_lines(text, lambda words, atom: ["\t".join(words)]),
    "atomic numbers": lambda text: of_lines(text, lambda words, atom: [NUMBER[words[0]], *words[1:]]),
    "upper case": lambda text: of_lines(text, lambda words, atom: [words[0].upper(), *words[1:]]),
    "labels": lambda text: of_lines(text, lambda words, atom: [f"{words[0]}{atom + 1}", *words[1:]]),
    "D exponents": lambda text: of_lines(
        text, lambda words, atom: [words[0], *(f"{float(w):.10E}".replace("E", "D") for w in words[1:])]
    ),
    "d exponents": lambda text: re.sub(
        r"energy=(\S+)", lambda match: "energy=" + f"{float(match[1]):.16e}".replace("e", "d"), text
    ),
    "column of numbers": lambda text: of_lines(
        text.replace("species:S:1:", "Z:I:1:"), lambda words, atom: [NUMBER[words[0]], *words[1:]]
    ),
    "quoted": lambda text: re.sub(r" energy=(\S+)", r" energy='\1' name=\"a = b\"", text),
    "braces": lambda text: re.sub(r" pbc=\"(.*?)\"", r" pbc={\1}", text),
    "units stated": lambda text: text.replace(" energy=", " energy_unit=eV length_unit=Angstrom energy="),
}
NOT_USED = {
    "REF_": (renamed("REF_energy", "REF_forces"), "REF_energy, REF_forces"),
    "dft_": (renamed("dft_energy", "dft_forces"), "dft_energy, dft_forces"),
    "force": (renamed(forces="force"), "force"),
    "Energy": (renamed("Energy"), "Energy"),
    "free_energy": (renamed("free_energy"), "free_energy"),
    "gradient": (renamed(forces="gradient"), "gradient"),
    "columns": (plain_columns, "TotEnergy, columns:5-7"),
    "zero": (zero_beside, "REF_energy, REF_forces"),
}


def sgdml(s: Structures, **more) -> dict:
    n = len(s)
    return {
        "z": s[0].numbers, "R": s.positions.reshape(n, -1, 3), "E": s.energies / KCAL,
        "F": s.forces.reshape(n, -1, 3) / KCAL, "e_unit": "kcal/mol", **more,
    }  # fmt: skip


def rmd17(s: Structures, **more) -> dict:
    arrays = sgdml(s)
    names = {"z": "nuclear_charges", "R": "coords", "E": "energies", "F": "forces"}
    return {names[key]: arrays[key] for key in names} | more


def own(s: Structures, **more) -> dict:
    return {
        "numbers": s[0].numbers, "positions": s.positions.reshape(len(s), -1, 3), "energies": s.energies,
        "forces": s.forces.reshape(len(s), -1, 3), **more,
    }  # fmt: skip


def in_units(arrays: dict, energy: float, length: float) -> dict:
    """Arrays of sGDML's keys in units of so many eV and Å, forces too."""
    scale = {"E": KCAL / energy, "F": KCAL / energy * length, "R": 1 / length}
    return {key: value * scale[key] if key in scale else value for key, value in arrays.items()}


def padded(s: Structures, more_atoms: int = 3, **more) -> dict:
    sizes = s.sizes
    shape = len(s), int(sizes.max()) + more_atoms
    arrays = {"Z": np.zeros(shape, int), "R": np.zeros((*shape, 3)), "F": np.zeros((*shape, 3))}
    for index, one in enumerate(s):
        for key, values in (("Z", one.numbers), ("R", one.positions), ("F", one.forces)):
            arrays[key][index, : len(one)] = values
    return arrays | {"N": sizes, "E": s.energies, "e_unit": "eV"} | more


NPZ = {
    "own": lambda s: own(s),
    "rmd17": lambda s: rmd17(s),
    "sgdml": lambda s: sgdml(s),
    "energies in a column": lambda s: sgdml(s) | {"E": sgdml(s)["E"][:, None]},
    "unit in bytes": lambda s: sgdml(s, e_unit=np.bytes_(b"kcal/mol"), r_unit=np.bytes_(b"Ang")),
    "unit with a space": lambda s: sgdml(s, e_unit="kcal mol-1"),
    "hartree and bohr": lambda s: in_units(sgdml(s, e_unit="Hartree", r_unit="au"), units.Hartree, units.Bohr),
    "kJ/mol and nm": lambda s: in_units(
        sgdml(s, e_unit="kJ/mol", r_unit="nanometer"), units.kJ / units.mol, units.nm
    ),
    "rydberg": lambda s: in_units(sgdml(s, energy_unit="Ry", e_unit="Ry"), units.Rydberg, 1.0),
    "unit under other keys": lambda s: rmd17(s) | {
        "energies": s.energies * 1e3, "forces": own(s)["forces"] * 1e3, "energy_units": "meV"
    },
    "padded": lambda s: padded(s),
    "padded without counts": lambda s: {key: value for key, value in padded(s).items() if key != "N"},
    "numbers of every structure": lambda s: own(s) | {"numbers": np.tile(s[0].numbers, (len(s), 1))},
    "numbers as floats": lambda s: own(s) | {"numbers": s[0].numbers.astype(float)},
    "energies as text": lambda s: own(s) | {"energies": np.array([repr(float(e)) for e in s.energies])},
}  # fmt: skip


def outcar(structures: Structures) -> str:
    """As much of a VASP OUTCAR as its structures need."""
    one = structures[0].to_ase()
    symbols = list(dict.fromkeys(one.symbols))
    lines = [f" POTCAR:    PAW_PBE {symbol} 01Jan2000" for symbol in symbols * 2]
    lines += [
        "   ions per type =            "
        + " ".join(str(list(one.symbols).count(symbol)) for symbol in symbols)
    ]
    for step in structures:
        lines += ["--------------------------------------- Iteration      1(   1)  ------"]
        lines += ["      direct lattice vectors                 reciprocal lattice vectors"]
        lines += [" ".join(f"{x:.9f}" for x in (*row, 0, 0, 0)) for row in step.cell]
        lines += [" POSITION                                       TOTAL-FORCE (eV/Angst)", " ---"]
        lines += [
            " ".join(f"{x:.8f}" for x in (*r, *f)) for r, f in zip(step.positions, step.forces, strict=True)
        ]
        lines += ["  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)", " ---"]
        lines += [f"  free  energy   TOTEN  =  {step.energy:.8f} eV", ""]
        lines += [f"  energy  without entropy=  {step.energy:.8f}  energy(sigma->0) = {step.energy:.8f}"]
    return "\n".join(lines) + "\n"


def vasprun(structures: Structures) -> str:
    """As much of a vasprun.xml as its structures need."""

    def rows(name: str, values: np.ndarray) -> str:
        inside = "".join(f"<v>{' '.join(f'{x:.10f}' for x in row)}</v>" for row in values)
        return f'<varray name="{name}">{inside}</varray>'

    def structure(step, name: str = "") -> str:
        fractions = step.positions @ np.linalg.inv(step.cell)
        basis = f"<crystal>{rows('basis', step.cell)}</crystal>"
        return f"<structure {name}>{basis}{rows('positions', fractions)}</structure>"

    atoms = "".join(f"<rc><c>{symbol}</c><c>1</c></rc>" for symbol in structures[0].to_ase().symbols)
    text = '<modeling><kpoints><varray name="kpointlist"></varray><varray name="weights"></varray></kpoints>'
    text += f'<atominfo><array name="atoms"><set>{atoms}</set></array></atominfo>'
    name = 'name="initialpos"'
    text += structure(structures[0], name)
    for step in structures:
        energy = "".join(f'<i name="{key}">{step.energy:.8f}</i>' for key in ("e_fr_energy", "e_0_energy"))
        text += f"\n<calculation><scstep><energy>{energy}</energy></scstep>{structure(step)}"
        text += f"{rows('forces', step.forces)}<energy>{energy}</energy></calculation>"
    return text + "\n</modeling>\n"


def lammps(
    structures: Structures, style: str | None = None, columns: str = "element", scale: float = 1.0
) -> str:
    """A LAMMPS dump with forces."""
    text = f"ITEM: UNITS\n{style}\n" if style else ""
    for step, one in enumerate(structures):
        text += f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{len(one)}\nITEM: BOX BOUNDS pp pp pp\n"
        text += "".join(f"0.0 {length:.10f}\n" for length in np.diag(one.cell))
        text += f"ITEM: ATOMS id type {columns} x y z fx fy fz\n".replace("  ", " ")
        for atom, symbol in enumerate(one.to_ase().symbols):
            words = [str(atom + 1), "1", *([symbol] if columns else [])]
            numbers = (*one.positions[atom], *one.forces[atom] / scale)
            text += " ".join([*words, *(f"{x:.10f}" for x in numbers)]) + "\n"
    return text


def packed(path: Path) -> Path:
    """The same file under gzip."""
    other = path.with_name(path.name + ".gz")
    other.write_bytes(gzip.compress(path.read_bytes()))
    return other


def spice(path: Path, sets: dict[str, Structures], attributes: bool = True, **more) -> None:
    """Sets of one molecule each in SPICE's layout."""
    import h5py

    with h5py.File(path, "w") as file:
        for name, s in sets.items():
            group = file.create_group(name)
            n = len(s)
            group["atomic_numbers"] = s[0].numbers.astype("i2")
            group["smiles"] = ["C"]
            group["conformations"] = (s.positions / units.Bohr).reshape(n, -1, 3)
            group["dft_total_energy"] = s.energies / units.Hartree
            group["dft_total_gradient"] = -(s.forces / units.Hartree * units.Bohr).reshape(n, -1, 3)
            if attributes:
                for key, unit in (
                    ("conformations", "bohr"), ("dft_total_energy", "hartree"), ("dft_total_gradient", "hartree/bohr")
                ):  # fmt: skip
                    group[key].attrs["units"] = unit
            for key, value in more.items():
                group[key] = value
