"""Background: data sets come in the units of their chemistry programs; inside, everything is eV and Å.
Question: how many eV is one unit of this file? Provides: the only table of units in the project.

Lengths are Å in every supported format, so a force's unit is its energy's unit per Å.
"""

from span_theorem.errors import InputError

UNITS = ("eV", "meV", "kcal/mol", "kJ/mol")


def in_ev(unit: str) -> float:
    """How many eV one ``unit`` of energy is (ASE's constants, CODATA 2014).

    Raises:
        InputError: a unit that is not in ``UNITS``.

    >>> in_ev("meV")
    0.001
    """
    if unit not in UNITS:
        raise InputError(f"unknown unit of energy {unit!r}, expected one of {', '.join(UNITS)}")
    if unit == "eV":
        return 1.0  # spares the project's own files the import of ASE
    from ase import units

    table = {"meV": 1e-3 * units.eV, "kcal/mol": units.kcal / units.mol, "kJ/mol": units.kJ / units.mol}
    return float(table[unit])
