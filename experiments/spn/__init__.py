"""Spectral prediction networks (SPNs): polynomials of degree ≤ d in node features, one solver a file."""

from experiments.spn.protocol import Layout, Solver
from experiments.spn.registry import SOLVERS, make_solver

__all__ = ["SOLVERS", "Layout", "Solver", "make_solver"]
