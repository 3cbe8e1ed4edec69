"""Units of files, as people spell them, in eV and Å. A unit that a file states is never overruled."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from span_theorem.errors import InputError

UNITS = ("eV", "meV", "kcal/mol", "kJ/mol", "hartree", "rydberg")
LENGTHS = ("Å", "bohr", "nm")

# spellings without case, spaces and signs between them; "au" is of energies or lengths, as its place tells
SPELLINGS = {
    "eV": ("ev", "electronvolt", "electronvolts"),
    "meV": ("millielectronvolt",),
    "kcal/mol": ("kcal/mol", "kcalmol", "kcalmol1", "kcal/mole", "kcalpermol", "kilocaloriepermole"),
    "kJ/mol": ("kj/mol", "kjmol", "kjmol1", "kj/mole", "kjpermol", "kilojoulepermole"),
    "hartree": ("hartree", "hartrees", "ha", "eh", "au", "atomicunits"),
    "rydberg": ("rydberg", "rydbergs", "ry", "ryd"),
    "Å": ("å", "a", "ang", "angs", "angstrom", "angstroms", "ångström", "ångstrom"),
    "bohr": ("bohr", "bohrs", "a0", "au", "atomicunits"),
    "nm": ("nm", "nanometer", "nanometers", "nanometre", "nanometres"),
}
ROLES = {
    "energy": re.compile(r"^e_|^u_|ener|^e(?=unit)", re.I),
    "force": re.compile(r"^f_|forc|grad|^f(?=unit)", re.I),
    "length": re.compile(r"^r_|^l_|len|dist|pos|coord|^r(?=unit)", re.I),
}


@dataclass(frozen=True)
class Factors:
    """What one unit of a file is: of energy in eV, of length in Å, of force in eV/Å."""

    energy: float = 1.0
    length: float = 1.0
    force: float = 1.0


@dataclass(frozen=True)
class Stated:
    """Units by name, ``None`` where nothing is said; the force's is that of energy over that of length "
    "unless given."""

    energy: str | None = None
    length: str | None = None
    force: tuple[str, str] | None = None

    def over(self, other: "Stated", source: str) -> "Stated":
        """These units, and those of ``other`` where these say nothing.

        Raises:
            InputError: they contradict each other.
        """
        for role in ("energy", "length", "force"):
            mine, theirs = getattr(self, role), getattr(other, role)
            if mine is not None and theirs is not None and mine != theirs:
                raise InputError(
                    f"{source}: its unit of {role} is stated in the file, {_text(mine)}, but {_text(theirs)} "
                    "was given: "
                    f"expected {_text(mine)} or nothing",
                    "units",
                )
        return Stated(self.energy or other.energy, self.length or other.length, self.force or other.force)

    def factors(self) -> Factors:
        """Factors to eV, Å and eV/Å; eV and Å where nothing is said."""
        energy, length = _energy(self.energy or "eV"), _length(self.length or "Å")
        if self.force is None:
            return Factors(energy, length, energy / length if length != 1.0 else energy)
        return Factors(energy, length, _energy(self.force[0]) / _length(self.force[1]))


def in_ev(unit: str) -> float:
    """How many eV one ``unit`` of energy is (ASE's constants, CODATA 2014).

    Raises:
        InputError: no unit of :data:`UNITS` in any spelling.

    >>> in_ev("meV")
    0.001
    """
    return _energy(energy_unit(unit))


def energy_unit(text: str) -> str:
    """The unit of :data:`UNITS` that ``text`` spells.

    Raises:
        InputError: none.

    >>> energy_unit("kcal mol^-1")
    'kcal/mol'
    """
    return _known(text, "energy", UNITS)


def length_unit(text: str) -> str:
    """The unit of :data:`LENGTHS` that ``text`` spells.

    Raises:
        InputError: none.

    >>> length_unit("Angstrom")
    'Å'
    """
    return _known(text, "length", LENGTHS)


def given_units(text: str | None) -> Stated:
    """Units as a user gives them: of energy, then if need be of length and of force, as in `hartree,bohr`.

    Raises:
        InputError: something that is no such list.
    """
    if text is None:
        return Stated()
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > 3:
        raise InputError(f"units are {text!r}, expected energy,length,force at most", "units")
    length = length_unit(parts[1]) if len(parts) > 1 else None
    return Stated(energy_unit(parts[0]), length, _force(parts[2]) if len(parts) > 2 else None)


def stated_units(values: Mapping[str, Any], source: str) -> Stated:
    """The units that a file states: every value that is text under a key that speaks of a unit.

    Args:
        values: of the file by key.
        source: for messages.

    Raises:
        InputError: a unit that is not known, or whose role is not.
    """
    stated = Stated()
    for key, value in values.items():
        text = as_text(value) if "unit" in key.lower() else None
        if text is None or text == "T":  # a word in a comment
            continue
        role = next((role for role, pattern in ROLES.items() if pattern.search(key)), None)
        for part in [text] if role else re.split(r"\s*[,;]\s*|\s+and\s+", text.strip()):
            try:
                one = _one(part, role)
            except InputError as error:
                if role is None and key.lower() not in ("unit", "units"):
                    continue  # of a time, a charge, a stress
                raise InputError(f"{source}: {key} is {text!r}: {error}") from None
            stated = stated.over(one, source)
    return stated


def as_text(value: Any) -> str | None:
    """Text that is text, bytes, or an array of one of them; ``None`` if it is something else."""
    while hasattr(value, "shape") and getattr(value, "size", 0) == 1:
        value = value.reshape(-1)[0] if value.shape else value.item()
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="replace")
    return str(value) if isinstance(value, str) else None


def _one(text: str, role: str | None) -> Stated:
    energy, length = _find(text, UNITS), _find(text, LENGTHS)
    if role is None:  # the unit itself tells, but for those of everything
        role = "energy" if energy and not length else "length" if length and not energy else None
        role = "force" if role is None and energy is None and "/" in text else role
    if role == "energy":
        return Stated(energy=energy_unit(text))
    if role == "length":
        return Stated(length=length_unit(text))
    if role == "force":
        return Stated(force=_force(text))
    raise InputError(f"expected a unit of energy ({', '.join(UNITS)}) or of length ({', '.join(LENGTHS)})")


def _force(text: str) -> tuple[str, str]:
    energy, slash, length = text.rpartition("/")
    if not slash:
        energy, _, length = text.rpartition(" ")
        length = re.sub(r"\^?-1$|⁻¹$", "", length)
    if _find(text, ("hartree",)):  # atomic units
        return "hartree", "bohr"
    return energy_unit(energy), length_unit(length)


def _known(text: str, quantity: str, names: tuple[str, ...]) -> str:
    found = _find(text, names)
    if found is None:
        raise InputError(f"unknown unit of {quantity} {text!r}, expected one of {', '.join(names)}", "units")
    return found


def _find(text: str, names: tuple[str, ...]) -> str | None:
    if text.strip() in names or text.strip().lower() == "mev":
        name = "meV" if text.strip().lower() == "mev" else text.strip()
        # MeV is another unit
        return name if name in names and text.strip() != "MeV" else None
    plain = re.sub(r"[\s_.*·^()-]|⁻", "", text.replace("¹", "1").replace("Å", "Å")).lower()
    return next((name for name in names if plain in SPELLINGS[name]), None)


def _energy(unit: str) -> float:
    if unit == "eV":
        return 1.0  # spares the project's own files the import of ASE
    from ase import units

    table = {
        "meV": 1e-3 * units.eV,
        "kcal/mol": units.kcal / units.mol,
        "kJ/mol": units.kJ / units.mol,
        "hartree": units.Hartree,
        "rydberg": units.Rydberg,
    }
    return float(table[unit])


def _length(unit: str) -> float:
    if unit == "Å":
        return 1.0
    from ase import units

    return float({"bohr": units.Bohr, "nm": units.nm}[unit])


def _text(unit: str | tuple[str, str]) -> str:
    return unit if isinstance(unit, str) else "/".join(unit)
