"""Background: data sets come in the units of their chemistry programs; inside, everything is eV and Å.
Question: how many eV is one unit of this file? Provides: the only table of units in the project.

Lengths are Å in every supported format, so a force's unit is its energy's unit per Å.
"""

from span_theorem.errors import InputError

UNITS = ("eV", "meV", "kcal/mol", "kJ/mol")


def in_ev(unit: str) -> float:
    """How many eV one ``unit`` of energy is.

    Raises:
        InputError: a unit that is not in ``UNITS``.

    >>> in_ev("meV")
    0.001
    """
    from ase import units

    table = {
        "eV": 1.0,
        "meV": 1e-3,
        "kcal/mol": units.kcal / units.mol,
        "kJ/mol": units.kJ / units.mol,
    }
    if unit not in table:
        raise InputError(f"unknown unit of energy {unit!r}, expected one of {', '.join(UNITS)}")
    return float(table[unit])
