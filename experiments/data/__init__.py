"""Structures as they come in: `read_structures` reads any file, `write_extxyz` hands them to others."""

from experiments.data.extxyz import write_extxyz
from experiments.data.npz import write_npz
from experiments.data.reading import Reading
from experiments.data.source import read_structures

__all__ = ["Reading", "read_structures", "write_extxyz", "write_npz"]
