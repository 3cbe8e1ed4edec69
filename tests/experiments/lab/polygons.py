"""Cells that are measured in milliseconds, wherever they are: bare harmonics on polygons."""

from experiments.lab.cell import Cell, grid
from experiments.spn import Probe

TRIANGLE = Cell(
    "harmonics(3)",
    training="polygon(3, marked)",
    rule="wave(cos)",
    measure="polygon",
    probe=Probe("free", 1),
    n_train=40,
    n_test=20,
)
CELLS = grid(TRIANGLE, backbone=[f"harmonics({L})" for L in (2, 3)], rule=["wave(cos)", "wave(sin)"])
