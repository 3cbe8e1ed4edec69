"""The aspirin study: every probe on every replicate, and what they say together.

Background: one network on one set of frames is an anecdote. Question: do four networks, trained from other seeds on
other frames, end at the same frequency, and does that frequency follow d·L? Result: for every kind of network, solver
and degree the figures over all replicates, backbones and frames resampled, with each replicate's own beside them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from experiments.backbones import Options, open_backbone
from experiments.backbones.protocol import Backbone, card_of
from experiments.crosscheck import NOT_TESTED, TESTED, Verdict, cross_check
from experiments.data import load
from experiments.data.frames import Frames
from experiments.diagnosis import Settings, diagnose
from experiments.direction import MarkedPair
from experiments.features import FeatureReader
from experiments.parts import Parts
from experiments.published import PUBLISHED
from experiments.recovery import FrameSums, summarise
from experiments.seeds import generator
from experiments.split import draw
from experiments.spn import Probe
from experiments.spn.mlp import Training
from experiments.versions import code_checksum, versions
from numerics.bootstrap import RESAMPLES
from span_theorem.errors import InputError

PAIR = MarkedPair(12, 11)  # ester oxygen to acetyl carbon
DEGREES = (1, 2, 3)

Note = Callable[[str, int, int], None]
"""Called with what is being done, and which of how many parts it is."""


@dataclass(frozen=True)
class Member:
    """One network of the study and its frames: a name of the registry, and names of frames."""

    backbone: str
    training: str
    test: str


@dataclass(frozen=True)
class Network:
    """Networks that differ in seed and training frames only.

    Attributes:
        label: what they are.
        members: the replicates.
        replicated: whether they carry the headline; the others are shown `equivariant`, and `free` of degree 1 and 2
            in fewer orientations.
    """

    label: str
    members: tuple[Member, ...]
    replicated: bool = True


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Attributes:
        n_train, n_test: frames drawn.
        force_frames: training frames of force fits.
        probes: of the replicated networks.
        orientations: of training frames, by degree of `free`.
        replicates_only: leave out every network but the replicated ones.
    """

    n_train: int
    n_test: int
    force_frames: int
    probes: tuple[Probe, ...]
    orientations: dict[int, int]
    replicates_only: bool = False


FULL = Plan(
    n_train=1000,
    n_test=500,
    force_frames=200,
    probes=(
        *(Probe("equivariant", d) for d in DEGREES),
        *(Probe("free", d) for d in DEGREES),
        # linear least squares has a closed form: `free` is that probe at d = 1
        *(Probe("mlp", d, training=Training(width=128, steps=3000)) for d in DEGREES if d > 1),
    ),
    # quadratic: more samples than monomials of the shipped networks' 144 components, so that nothing is left to a prior
    orientations={1: 60, 2: 60, 3: 10},
)
QUICK = Plan(
    n_train=300,
    n_test=150,
    force_frames=100,
    probes=(*(Probe("equivariant", d) for d in DEGREES), Probe("free", 2)),
    orientations={2: 20},
    replicates_only=True,
)

STUDIES: dict[str, tuple[Network, ...]] = {
    "rmd17": (
        Network(
            "trained, L = 2",
            tuple(
                Member(
                    f"nequip:aspirin-rmd17-{i}",
                    f"rmd17:aspirin/train_0{i + 1}",
                    f"rmd17:aspirin/test_0{i + 1}",
                )
                for i in range(4)
            ),
        ),
        *(
            Network(
                label,
                (Member(f"nequip:aspirin-{name}", "rmd17:aspirin/train_01", "rmd17:aspirin/test_01"),),
                replicated=False,
            )
            for label, name in (
                ("trained, L = 1", "rmd17-l1"),
                ("trained, L = 3", "rmd17-l3"),
                ("untrained, L = 2", "random"),
            )
        ),
    ),
    "embedded": (
        Network(
            "trained, L = 2",
            tuple(Member(f"nequip:aspirin-gfn2-{i}", "embedded:train", "embedded:test") for i in range(4)),
        ),
    ),
}


@dataclass(frozen=True)
class _Case:
    """One diagnosis of the study."""

    network: Network
    member: Member
    settings: Settings


def run_study(
    data: str, plan: Plan, seed: int, store: Parts, reader: FeatureReader, note: Note
) -> dict[str, Any]:
    """Run every diagnosis of a study, or read it back, and put them together.

    Args:
        data: a key of :data:`STUDIES`.
        plan: how much.
        seed: of everything random.
        store: finished diagnoses.
        reader: features.
        note: see :data:`Note`.

    Returns:
        The result as its JSON file holds it; the same whether or not the run was interrupted.

    Raises:
        InputError: no such study, or frames that are not there.
    """
    if data not in STUDIES:
        raise InputError(f"unknown data '{data}': expected {' or '.join(STUDIES)}")
    loader = _Loader(plan, seed)
    for network in STUDIES[data]:
        for member in network.members:
            loader.frames(member)  # frames that are missing are missed before the work, not after half of it
    cases = list(_cases(data, plan, seed, loader))
    parts = []
    for number, case in enumerate(cases, 1):
        probe = case.settings.probe
        what = f"{case.member.backbone}, {probe.solver}, d = {probe.degree}"
        note(what, number, len(cases))
        parts.append(store.get(_key(case, loader), partial(_run, case, loader, reader)))
    groups: dict[tuple[str, Probe], list[dict[str, Any]]] = {}
    for case, part in zip(cases, parts, strict=True):
        groups.setdefault((case.network.label, case.settings.probe), []).append(part)
    return {
        "kind": "study",
        "molecule": "aspirin",
        "data": data,
        "published": PUBLISHED,
        "scope": [TESTED, NOT_TESTED],
        "plan": {**asdict(plan), "orientations": {str(d): n for d, n in plan.orientations.items()}},
        "pair": asdict(PAIR),
        "seed": seed,
        "resamples": RESAMPLES,
        "versions": versions(),
        "groups": [_group(label, probe, members, seed) for (label, probe), members in groups.items()],
    }


def holds(study: dict[str, Any]) -> bool:
    """Whether no ceiling was crossed; a probe that ends below one contradicts nothing."""
    return all(group["verdict"] != Verdict.CROSSED for group in study["groups"])


class _Loader:
    """Backbones and frames, each opened once."""

    def __init__(self, plan: Plan, seed: int):
        self._plan, self._seed = plan, seed
        self._frames: dict[tuple[str, int], Frames] = {}
        self._backbones: dict[str, Backbone] = {}

    def frames(self, member: Member) -> tuple[Frames, Frames]:
        """Training and test frames, drawn."""
        return self._draw(member.training, self._plan.n_train), self._draw(member.test, self._plan.n_test)

    def backbone(self, member: Member) -> Backbone:
        if member.backbone not in self._backbones:
            self._backbones[member.backbone] = open_backbone(member.backbone, Options())
        return self._backbones[member.backbone]

    def _draw(self, name: str, number: int) -> Frames:
        if (name, number) not in self._frames:
            self._frames[name, number] = draw(load(name), number, self._seed)
        return self._frames[name, number]


def _cases(data: str, plan: Plan, seed: int, loader: _Loader) -> Iterator[_Case]:
    for network in STUDIES[data]:
        if plan.replicates_only and not network.replicated:
            continue
        for member in network.members:
            order = loader.backbone(member).irreps.lmax
            for probe in plan.probes:
                if not network.replicated and (probe.solver == "mlp" or probe == Probe("free", 3)):
                    continue
                orientations = plan.orientations.get(probe.degree, 20)
                if not network.replicated:
                    orientations = min(orientations, 10)
                yield _Case(
                    network,
                    member,
                    Settings(
                        pairs=(PAIR,),
                        probe=probe,
                        # one above the highest boundary of the study
                        l_max=max(DEGREES) * max(order, 2) + 1,
                        orientations=orientations,
                        force_frames=plan.force_frames,
                        seed=seed,
                    ),
                )


def _key(case: _Case, loader: _Loader) -> dict[str, Any]:
    training, test = loader.frames(case.member)
    backbone = loader.backbone(case.member)
    return {
        "backbone": backbone.name,
        "weights": dict(card_of(backbone).settings),
        "layer": card_of(backbone).layer,
        "training": training.checksum,
        "test": test.checksum,
        "settings": asdict(case.settings),
        "resamples": RESAMPLES,
        "versions": versions(),
        "code": code_checksum(),
    }


def _run(case: _Case, loader: _Loader, reader: FeatureReader) -> dict[str, Any]:
    training, test = loader.frames(case.member)
    diagnosis = diagnose(loader.backbone(case.member), training, test, case.settings, reader)
    (result,) = diagnosis.pairs
    return {"diagnosis": diagnosis.to_dict(), "sums": result.sums.to_dict()}


def _group(label: str, probe: Probe, members: Sequence[dict[str, Any]], seed: int) -> dict[str, Any]:
    sums = [[FrameSums.from_dict(member["sums"])] for member in members]
    shown = {member["diagnosis"]["test_frames"]["checksum"] for member in members}
    summary = summarise(sums, generator(seed, f"bootstrap of {label}"), same_frames=len(shown) == 1)
    L = members[0]["diagnosis"]["L"]
    return {
        "label": label,
        "L": L,
        "d": probe.degree,
        "solver": probe.solver,
        "backbones": [member["diagnosis"]["backbone"] for member in members],
        **cross_check(summary, L, probe.degree, probe.polynomial).to_dict(),
        "degrees": [found.to_dict() for found in summary.degrees],
        "replicates": [_replicate(member["diagnosis"]) for member in members],
    }


def _replicate(diagnosis: dict[str, Any]) -> dict[str, Any]:
    """What a diagnosis says of one network, without what the whole study shares."""
    names = (
        "backbone",
        "measured_boundary",
        "verdict",
        "agrees",
        "cliff",
        "cliff_lower",
        "contrast",
        "contrast_ci",
        "degrees",
        "force",
        "notes",
        "irreps",
        "training_frames",
        "test_frames",
    )
    card = diagnosis["card"]
    return {
        **{name: diagnosis[name] for name in names},
        "layer": card["layer"],
        "parameters": card["parameters"],
        "weights": card["settings"],
        "rotation_error": diagnosis["verification"]["rotation"],
        "settings": diagnosis["settings"],
        "fits": diagnosis["pairs"][0]["fits"],
    }
