"""What a script or a notebook calls: structures, one diagnosis, one study."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.backbones import Backbone
from experiments.data import Reading, read_structures
from experiments.data.reading import warned
from experiments.diagnosis import Diagnosis
from experiments.diagnosis import diagnose as run_diagnosis
from experiments.lab.cell import Cell
from experiments.lab.sources import Sources
from experiments.report.study import StudyFolder
from experiments.spn import Probe
from experiments.structures import Structures
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms


def load(structures: "str | Path | Iterable[Atoms]", reading: Reading = Reading()) -> Structures:
    """Structures in eV and Å.

    Args:
        structures: a path, a name such as `embedded:train`, or ASE's `Atoms` with their labels.
        reading: units, and which labels of a file are meant.

    Raises:
        InputError: what cannot be used, with the reason.
    """
    if isinstance(structures, str | Path):
        return read_structures(structures, reading, warned)
    return Structures.from_ase(structures)


def diagnose(
    backbone: str | Backbone,
    structures: "str | Path | Structures | Iterable[Atoms]",
    test_structures: "str | Path | Structures | Iterable[Atoms] | None" = None,
    rule: str | None = None,
    probe: Probe | Mapping[str, Any] | None = None,
    **settings: Any,
) -> Diagnosis:
    """Which injected angular frequencies a probe recovers from a backbone's features.

    Args:
        backbone: `family:name`, or an object with ``irreps`` and ``features``.
        structures: to fit on: a name such as `embedded:train`, a path, what :func:`load` gives, or ASE's `Atoms`.
        test_structures: to test on; without them the first are divided at random.
        rule: which direction is marked: `pair(12, 11)` from atom 12 to atom 11, `bonds`, `nearest(Na, Cl)`. Needed.
        probe: the SPN, by default `equivariant` of degree 2; a mapping such as ``{"solver": "free", "d": 2}`` makes
            one.
        settings: fields of :class:`experiments.lab.cell.Cell`, as ``l_max=7, seed=1``; ``forces=False`` saves
            a backward pass for every component of the layer.

    Returns:
        With ``check.verdict``, ``to_frame()`` and ``plot(ax=...)``; a notebook shows its table.

    Raises:
        InputError: unusable structures, backbone, rule or setting.
    """
    allowed = {field.name for field in fields(Cell)} - {
        "backbone",
        "training",
        "test",
        "rule",
        "probe",
        "measure",
    }
    _require_known(settings, sorted(allowed))
    if rule is None:
        raise InputError(
            "no direction is marked: expected a rule such as pair(12, 11), bonds or nearest", "rule"
        )
    given: dict[str, Any] = {}

    def name(role: str, value: Any) -> str:
        if isinstance(value, str | Path):
            return str(value)
        if "structures" in role and not isinstance(value, Structures):
            value = load(value)
        given[role] = value
        return role

    cell = Cell(
        name("the given backbone", backbone),
        name("the given structures", structures),
        None if test_structures is None else name("the given test structures", test_structures),
        rule,
        probe=probe if isinstance(probe, Probe) else _probe(probe or {}),
        **settings,
    )
    network = {key: value for key, value in given.items() if "backbone" in key}
    known = {key: given[key] for key in given if key not in network}
    sources = Sources(backbones=network, structures=known, say=warned)
    return run_diagnosis([cell], sources)


def _probe(settings: Mapping[str, Any]) -> Probe:
    known = {"d": "degree", **{field.name: field.name for field in fields(Probe)}}
    _require_known(settings, list(known), " of the probe")
    return Probe(**{known[name]: value for name, value in settings.items()})


def _require_known(settings: Mapping[str, Any], known: Sequence[str], of: str = "") -> None:
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise InputError(f"unknown setting '{unknown[0]}'{of}: expected one of {', '.join(known)}")


def study(
    name: str, folder: str | Path, quick: bool = False, executor: str = "serial", seed: int = 0
) -> StudyFolder:
    """Run a study and write its result folder; finished measurements are kept beside it and read back.

    Args:
        name: one of :data:`experiments.studies.registry.STUDIES`.
        folder: of the results, as `study -o` takes it; the study's own is the one of its name in it.
        quick: less, in minutes, where the study has such a form.
        executor: see :func:`experiments.lab.executors.executor`.
        seed: of every random choice.

    Raises:
        InputError: an unknown study, or whatever keeps it from being measured.
    """
    from experiments.data.cache import cache_folder
    from experiments.lab.executors import executor as opened
    from experiments.lab.names import STORE
    from experiments.lab.sources import Access
    from experiments.lab.store import Store
    from experiments.lab.study import Lab, run_study
    from experiments.studies import registry
    from span_theorem.output import make_folder

    name, folder = registry.study_name(name), Path(folder)
    make_folder(folder)
    with opened(executor, None) as place:
        lab = Lab(Sources(Access(cache=cache_folder())), Store(folder / STORE), place, seed, quick)
        run_study(name, registry.load(name), lab, folder / name)
    return StudyFolder.read(folder / name)
