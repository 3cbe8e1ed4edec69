"""Molecular frames: `load` brings them in, `Frames` holds them, `write_extxyz` hands them to others."""

from experiments.data.extxyz import write_extxyz
from experiments.data.frames import Frames
from experiments.data.npz import write_npz
from experiments.data.source import load

__all__ = ["Frames", "load", "write_extxyz", "write_npz"]
