"""Spectral prediction networks (SPNs): polynomials of degree ≤ d in node features, one solver a file."""

from experiments.spn.protocol import Layout, Prediction, Solver
from experiments.spn.registry import SOLVERS, Probe, make_solver

__all__ = ["SOLVERS", "Layout", "Prediction", "Probe", "Solver", "make_solver"]
