"""Background: frames that a force field meets in use come from molecular dynamics, so that is where the
embedded frames come from. Question: which geometries does a molecule visit at a given temperature, and with
which energies and forces? Provides: one Langevin trajectory under GFN2-xTB from one seed, sampled at a fixed
interval, labelled, and checked to have kept its bonds.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.data.bonds import first_changed_bond
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

METHOD = "GFN2-xTB"

# The labels are converged further than the dynamics (tblite's default is 1.0): at 0.01 the self-consistent
# field leaves about 4e-6 eV/Å in the forces, at 1.0 about 3e-4 eV/Å.
LABEL_ACCURACY = 0.01


@dataclass(frozen=True)
class Dynamics:
    """Settings of the trajectories; together with the start geometry and a seed they fix every frame.

    Attributes:
        temperature: K.
        time_step: fs.
        friction: Langevin friction, 1/fs.
        equilibration: steps before the first frame.
        interval: steps from one frame to the next.
        frames: frames of one trajectory.
        record: steps from one point of the dense record (for autocorrelation times) to the next.
        seed: of the whole set; trajectory i draws from (seed, i).
    """

    temperature: float = 500.0
    time_step: float = 0.5
    friction: float = 0.01
    equilibration: int = 2000
    interval: int = 100
    frames: int = 250
    record: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("temperature", "time_step", "friction"):
            if not 0 < getattr(self, name) < float("inf"):
                raise InputError(f"{name} is {getattr(self, name)}, expected a positive number")
        for name, least in (("equilibration", 0), ("interval", 1), ("frames", 1), ("record", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise InputError(f"{name} is {getattr(self, name)}, expected at least {least}")

    @property
    def steps(self) -> int:
        """Steps of one trajectory, equilibration included."""
        return self.equilibration + self.interval * self.frames

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Trajectory:
    """One trajectory. Energies in eV, forces in eV/Å, positions in Å with the centre of mass at the origin.

    Attributes:
        numbers: (n_atoms,) atomic numbers.
        positions: (frames, n_atoms, 3) float32.
        energies: (frames,) float64, of exactly these float32 positions.
        forces: (frames, n_atoms, 3) float32.
        record_positions: (n_record, n_atoms, 3) float32, every ``record`` steps after equilibration.
        record_energies: (n_record,) potential energies along the dynamics.
        record_temperatures: (n_record,) kinetic temperatures, K.
    """

    numbers: NDArray[np.int64]
    positions: NDArray[np.float32]
    energies: NDArray[np.float64]
    forces: NDArray[np.float32]
    record_positions: NDArray[np.float32]
    record_energies: NDArray[np.float64]
    record_temperatures: NDArray[np.float64]


def relaxed(start: "Atoms") -> "Atoms":
    """``start`` at the nearest minimum of GFN2-xTB (forces below 0.005 eV/Å)."""
    from ase.optimize import BFGS
    from tblite.ase import TBLite

    atoms = start.copy()
    atoms.calc = TBLite(method=METHOD, verbosity=0)
    BFGS(atoms, logfile=None).run(fmax=0.005, steps=500)
    if np.abs(atoms.get_forces()).max() > 0.01:
        raise InputError(f"the start geometry did not relax under {METHOD} in 500 steps")
    return atoms


def simulate(
    start: "Atoms", settings: Dynamics, index: int, on_step: Callable[[int], None] = lambda step: None
) -> Trajectory:
    """Trajectory number ``index`` from the relaxed ``start``; ``on_step`` hears every ``record`` steps.

    Raises:
        InputError: a bond broke or formed in a kept frame, or the self-consistent field did not converge.
    """
    from ase import units
    from ase.calculators.calculator import CalculationFailed
    from ase.md.langevin import Langevin
    from ase.md.velocitydistribution import thermalize_momenta
    from tblite.ase import TBLite

    minimum = relaxed(start)
    atoms = minimum.copy()
    atoms.calc = TBLite(method=METHOD, verbosity=0)
    rng = np.random.default_rng([settings.seed, index])
    thermalize_momenta(atoms, temperature_K=settings.temperature, rng=rng)
    # The centre of mass is left free and removed from the kept positions: ASE's fixcm does not sample the
    # canonical distribution.
    dynamics = Langevin(
        atoms,
        settings.time_step * units.fs,
        temperature_K=settings.temperature,
        friction=settings.friction / units.fs,
        fixcm=False,
        rng=rng,
    )
    frames: list[NDArray[np.float32]] = []
    record: list[tuple[NDArray[np.float32], float, float]] = []

    def observe() -> None:
        step = dynamics.nsteps
        if step % settings.record == 0:
            on_step(step)
        production = step - settings.equilibration
        if production <= 0:
            return
        if production % settings.interval == 0:
            frames.append(_centred(atoms))
        if production % settings.record == 0:
            record.append((_centred(atoms), atoms.get_potential_energy(), atoms.get_temperature()))

    dynamics.attach(observe, interval=1)
    try:
        dynamics.run(settings.steps)
        positions = np.array(frames)
        changed = first_changed_bond(atoms.numbers, minimum.positions, positions)
        if changed is not None:
            raise InputError(_broken(index, *changed))
        energies, forces = labels(atoms.numbers, positions)
    except CalculationFailed as error:
        raise InputError(
            f"trajectory {index} failed under {METHOD} at step {dynamics.nsteps}: {error}"
        ) from error
    dense, potential, kinetic = zip(*record, strict=True) if record else ((), (), ())
    return Trajectory(
        atoms.numbers.astype(np.int64),
        positions,
        energies,
        forces.astype(np.float32),
        np.array(dense, dtype=np.float32).reshape(-1, len(atoms), 3),
        np.array(potential, dtype=np.float64),
        np.array(kinetic, dtype=np.float64),
    )


def labels(
    numbers: NDArray[np.integer], positions: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """GFN2-xTB energies (n_frames,), eV, and forces (n_frames, n_atoms, 3), eV/Å, of ``positions`` in Å.

    Every frame starts from its own initial guess, so a label depends on its frame alone.
    """
    from ase import Atoms
    from tblite.ase import TBLite

    energies, forces = [], []
    for frame in np.asarray(positions, dtype=np.float64):
        atoms = Atoms(numbers, frame)
        atoms.calc = TBLite(method=METHOD, accuracy=LABEL_ACCURACY, verbosity=0)
        energies.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces())
    return np.array(energies), np.array(forces)


def _centred(atoms: "Atoms") -> NDArray[np.float32]:
    return (atoms.positions - atoms.get_center_of_mass()).astype(np.float32)


def _broken(index: int, frame: int, first: int, second: int) -> str:
    return (
        f"trajectory {index} changed the molecule: in frame {frame} the bond between atoms {first} and "
        f"{second} differs from the start geometry's; expected intact bonds (lower the temperature or change "
        "the seed)"
    )
