"""Backbones made of others, named by a suffix: `nequip:x|invariants`, `nequip:x|planted(5, 0.3)`.

Every wrapper is a frozen network behind a map that commutes with rotations, so it is a backbone again:

- `invariants`: the components of degree zero alone, a backbone of L = 0;
- `sum`: the features summed over the structure, the same at every atom;
- `layers(0, 1)`: one network at several layers, side by side;
- `atoms(3, 7)`: every atom's features, followed by those of certain atoms;
- `planted(l, share)`: one channel more, Y_l of the marked direction, a known share of its power signal, the rest noise;
- `untrained`, `untrained(l_max)`: a shipped NequIP with the weights its configuration draws, also at another degree.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING, Any

from experiments.backbones.options import Options
from experiments.backbones.protocol import Backbone, Potential, card_of
from experiments.backbones.site import backward_jacobian, site_features, site_jacobian
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from e3nn.o3 import Irreps
    from torch import Tensor

    from experiments.backbones.batch import Batch
    from experiments.environments import Pair

SPREAD = 5e3
"""κ of `planted`, 1/Å: a displacement of 0.03 Å is 24 periods; rounding of a float64 distance stays below 1e-10."""


class _Wrapped:
    """Name, card and predictions of a wrapped backbone; it predicts where the inner one does."""

    def __init__(self, inner: Backbone, suffix: str, irreps: "Irreps"):
        card = card_of(inner)
        self.inner = inner
        self.name = f"{inner.name}|{suffix}"
        self.irreps = irreps
        self.card = replace(
            card,
            layers={card.layer: str(irreps)},
            default_layer=card.layer,
            settings={**card.settings, "wrapper": suffix},
        )
        if isinstance(inner, Potential):
            self.energy_forces = inner.energy_forces

    def features(self, batch: "Batch") -> "Tensor":
        """(N, irreps.dim), differentiable in the batch's positions."""
        raise NotImplementedError

    def site_features(self, batch: "Batch", sites: "Tensor") -> "Tensor":
        """(n_sites, irreps.dim) of some atoms."""
        return self.features(batch)[sites]


class Invariants(_Wrapped):
    """The components of degree zero alone, whatever their parity label.

    Raises:
        InputError: the backbone has none.
    """

    def __init__(self, inner: Backbone):
        from e3nn.o3 import Irreps

        terms = zip(inner.irreps, inner.irreps.slices(), strict=True)
        kept = [(term, part) for term, part in terms if term.ir.l == 0 and term.mul]
        if not kept:
            raise InputError(
                f"backbone {inner.name} has irreps {inner.irreps}: expected components of degree zero"
            )
        super().__init__(inner, "invariants", Irreps([term for term, _ in kept]))
        self._columns = [column for _, part in kept for column in range(part.start, part.stop)]

    def features(self, batch: "Batch") -> "Tensor":
        return self.inner.features(batch)[..., self._columns]

    def site_features(self, batch: "Batch", sites: "Tensor") -> "Tensor":
        return site_features(self.inner, batch, sites)[..., self._columns]


class StructureSum(_Wrapped):
    """The sum of the features over all atoms, at every atom: the whole structure in place of a site."""

    def __init__(self, inner: Backbone):
        super().__init__(inner, "sum", inner.irreps)

    def features(self, batch: "Batch") -> "Tensor":
        import torch

        every = self.inner.features(batch)
        sums = torch.stack([own.sum(dim=0) for own in every.split(batch.sizes.tolist())])
        return sums[batch.structure_of]


class JoinedLayers(_Wrapped):
    """One network at several layers, its features side by side."""

    def __init__(self, layers: list[Backbone]):
        names = ", ".join(card_of(layer).layer for layer in layers)
        irreps = sum((layer.irreps for layer in layers[1:]), layers[0].irreps)
        super().__init__(layers[0], f"layers({names})", irreps)
        self._layers = layers

    def features(self, batch: "Batch") -> "Tensor":
        import torch

        return torch.cat([layer.features(batch) for layer in self._layers], dim=-1)

    def site_features(self, batch: "Batch", sites: "Tensor") -> "Tensor":
        import torch

        return torch.cat([site_features(layer, batch, sites) for layer in self._layers], dim=-1)

    def site_jacobian(self, batch: "Batch", sites: "Tensor") -> "tuple[Tensor, Tensor]":
        """Features of one atom a structure and their derivative: :func:`experiments.backbones.site.site_jacobian`."""
        return _side_by_side([site_jacobian(layer, batch, sites) for layer in self._layers])


class JoinedAtoms(_Wrapped):
    """Every atom's features, followed by those of certain atoms."""

    def __init__(self, inner: Backbone, atoms: list[int]):
        names = ", ".join(map(str, atoms))
        super().__init__(inner, f"atoms({names})", sum((inner.irreps for _ in atoms), inner.irreps))
        self._atoms = atoms

    def features(self, batch: "Batch") -> "Tensor":
        import torch

        own = self.inner.features(batch)
        return torch.cat([own, *(own[atoms][batch.structure_of] for atoms in self._indices(batch))], dim=-1)

    def site_jacobian(self, batch: "Batch", sites: "Tensor") -> "tuple[Tensor, Tensor]":
        """Features of the atoms and their derivative (see :func:`experiments.backbones.site.site_jacobian`)."""
        return _side_by_side(
            [site_jacobian(self.inner, batch, one) for one in (sites, *self._indices(batch))]
        )

    def _indices(self, batch: "Batch") -> "list[Tensor]":
        """Of every atom that is joined, its place in every structure."""
        smallest = int(batch.sizes.min())
        if max(self._atoms) >= smallest:
            raise InputError(
                f"backbone {self.name}: atom {max(self._atoms)} is out of range, expected 0 to {smallest - 1}"
            )
        return [batch.first[:-1] + atom for atom in self._atoms]


class Planted(_Wrapped):
    """A channel more, √s·Y_l(u) + √(1-s)·n: s the share of its power that is signal, the same for every atom.

    A diagnostic that never finds a frequency above the boundary proves nothing unless it finds one that is there. A
    probe that is linear in the features recovers ρ(l) = s when it has structures enough, so the answer is known; one
    of degree 2 at least that, as products of the channel with features of degree 2 turn it towards where signal can be.

    The noise n turns with the structure like Y_l and is the same whenever the same structure is shown, as a feature
    has to be: n = √(2/N) Σ_j sin(κ r_j) Y_l(u_j) over the N other atoms, at distance r_j in direction u_j. With κ as
    large as :data:`SPREAD` thermal motion turns each sine through many periods: from structure to structure the
    coefficients are as good as random, independent, and of mean square ½, so that |n|² averages |Y_l|² = 2l+1.

    Args:
        inner: the network.
        pair: the marked direction; of free molecules of one size.
        l: degree of the channel.
        share: s, 0 to 1.
    """

    def __init__(self, inner: Backbone, pair: "Pair", l: int, share: float):
        from e3nn.o3 import Irreps

        if not 0 <= share <= 1:
            raise InputError(f"the share of the planted signal is {share}: expected 0 to 1")
        # beside the suffix the pair tells what is planted
        super().__init__(inner, f"planted({l}, {share:g})", inner.irreps + Irreps([(1, (l, (-1) ** l))]))
        self.card = replace(
            self.card, settings={**self.card.settings, "site": pair.site, "toward": pair.toward}
        )
        self.pair, self.l, self.share = pair, l, share

    def features(self, batch: "Batch") -> "Tensor":
        import torch

        own = self.inner.features(batch)
        return torch.cat([own, self._channel(batch).to(own)[batch.structure_of]], dim=-1)

    def site_features(self, batch: "Batch", sites: "Tensor") -> "Tensor":
        import torch

        own = site_features(self.inner, batch, sites)
        return torch.cat([own, self._channel(batch).to(own)[batch.structure_of[sites]]], dim=-1)

    def site_jacobian(self, batch: "Batch", sites: "Tensor") -> "tuple[Tensor, Tensor]":
        """Features of one atom a structure and their derivative: :func:`experiments.backbones.site.site_jacobian`."""
        own = site_jacobian(self.inner, batch, sites)
        channel = backward_jacobian(self._channel, batch)
        return _side_by_side([own, (channel[0].to(own[0]), channel[1].to(own[1]))])

    def _channel(self, batch: "Batch") -> "Tensor":
        """(n, 2l+1)."""
        import torch

        if batch.periodic or batch.size is None:
            raise InputError(
                f"backbone {self.name}: a channel is planted in free molecules of one size, expected no others"
            )
        x = batch.positions.to(torch.float64).reshape(len(batch), batch.size, 3)
        others = [atom for atom in range(batch.size) if atom not in (self.pair.site, self.pair.toward)]
        signal = self._harmonics(x[:, self.pair.toward] - x[:, self.pair.site])
        steps = x[:, others] - x[:, [self.pair.site]]
        phases = torch.sin(SPREAD * steps.norm(dim=-1, keepdim=True))
        noise = (phases * self._harmonics(steps)).sum(dim=1) * sqrt(2 / len(others))
        return sqrt(self.share) * signal + sqrt(1 - self.share) * noise

    def _harmonics(self, steps: "Tensor") -> "Tensor":
        from e3nn.o3 import spherical_harmonics

        return spherical_harmonics(self.l, steps, normalize=True, normalization="component")


def _side_by_side(parts: "list[tuple[Tensor, Tensor]]") -> "tuple[Tensor, Tensor]":
    """Features and Jacobians, one part's components after the other's."""
    import torch

    features, derivatives = zip(*parts, strict=True)
    return torch.cat(features, dim=1), torch.cat(derivatives, dim=1)


def untrained(name: str, options: Options, l_max: int | None = None) -> Backbone:
    """The shipped NequIP ``name`` as it was before its training.

    Args:
        name: of a shipped backbone, without the family.
        options: how it is opened.
        l_max: highest degree of the features, ``None`` for the configuration's own.

    Raises:
        MissingPackage: nequip is not installed.
        InputError: no such backbone or layer.
    """
    from experiments.backbones import shipped
    from experiments.backbones.nequip import NequIP, build
    from experiments.backbones.registry import FAMILIES

    FAMILIES["nequip"].require()
    files = shipped.read(name)
    config = dict(files.config) if l_max is None else {**files.config, "l_max": l_max}
    return NequIP(
        f"nequip:{name}|untrained" + ("" if l_max is None else f"({l_max})"),
        build(config),
        options,
        source=f"initial weights, drawn with seed {config['seed']}",
        licence=files.card.licence,
        settings={"weights_sha256": f"untrained {files.card.config_sha256}", **config},
    )


Open = Callable[[Options], Backbone]
Wrap = Callable[[Open, Options, list[str], "Pair | None"], Backbone]
"""Wraps what ``Open`` gives, with the suffix's arguments and, where there is one, the marked direction."""


def _layers(opened: Open, options: Options, arguments: list[str], pair: "Pair | None") -> Backbone:
    if not arguments:
        raise InputError("no layer is given to join: expected at least one, as in layers(0, 1)")
    return JoinedLayers([opened(replace(options, layer=layer)) for layer in arguments])


def _atoms(opened: Open, options: Options, arguments: list[str], pair: "Pair | None") -> Backbone:
    if not arguments or not all(re.fullmatch("[0-9]+", atom) for atom in arguments):
        raise InputError(f"atoms({', '.join(arguments)}): expected indices of atoms, as in atoms(3, 7)")
    return JoinedAtoms(opened(options), [int(atom) for atom in arguments])


def _planted(opened: Open, options: Options, arguments: list[str], pair: "Pair | None") -> Backbone:
    try:
        l, share = arguments
        values = int(l), float(share)
    except ValueError:
        raise InputError(
            f"planted({', '.join(arguments)}): expected a degree and a share, as in planted(5, 0.3)"
        ) from None
    if pair is None:
        raise InputError("a planted channel needs a marked direction, and none is given")
    return Planted(opened(options), pair, *values)


def _plain(kind: Callable[[Backbone], Backbone]) -> Wrap:
    def wrap(opened: Open, options: Options, arguments: list[str], pair: "Pair | None") -> Backbone:
        if arguments:
            raise InputError(f"unexpected arguments ({', '.join(arguments)}): expected none")
        return kind(opened(options))

    return wrap


WRAPPERS: dict[str, Wrap] = {
    "invariants": _plain(Invariants),
    "sum": _plain(StructureSum),
    "layers": _layers,
    "atoms": _atoms,
    "planted": _planted,
}
UNTRAINED = re.compile(r"nequip:(?P<name>[^|]+)\|untrained(\((?P<l_max>[0-9]+)\))?")


def wrapped(opened: Open, suffix: str, options: Options, pair: "Pair | None" = None) -> Backbone:
    """A backbone behind one suffix.

    Args:
        opened: gives the backbone that is wrapped.
        suffix: as `planted(5, 0.3)`.
        options: how it is opened.
        pair: the marked direction, for `planted`.

    Raises:
        InputError: no such wrapper, or arguments it does not take.
    """
    match = re.fullmatch(r"(?P<name>[a-z]+)(\((?P<arguments>[^()]*)\))?", suffix.strip())
    if match is None or match["name"] not in WRAPPERS:
        expected = ", ".join((*WRAPPERS, "untrained"))
        raise InputError(f"unknown backbone suffix '{suffix}': expected one of {expected}")
    arguments = [text.strip() for text in (match["arguments"] or "").split(",") if text.strip()]
    return WRAPPERS[match["name"]](opened, options, arguments, pair)


def open_suffixed(
    spec: str, options: Options, open_plain: Callable[[str, Options], Any], pair: "Pair | None" = None
) -> Backbone:
    """Open `SPEC|suffix|suffix…`, the innermost first.

    Args:
        spec: with or without suffixes.
        options: how it is opened.
        open_plain: opens a specification without suffix.
        pair: the marked direction, for `planted`.
    """
    match = UNTRAINED.match(spec)
    start: Open
    if match:
        l_max = match["l_max"]
        name, rest = match["name"], spec[match.end() :]

        def start(given: Options) -> Backbone:
            return untrained(name, given, None if l_max is None else int(l_max))
    else:
        plain, _, rest = spec.partition("|")

        def start(given: Options) -> Backbone:
            return open_plain(plain, given)

    opened = start
    for suffix in filter(None, rest.split("|")):

        def opened(given: Options, inner: Open = opened, suffix: str = suffix) -> Backbone:
            return wrapped(inner, suffix, given, pair)

    return opened(options)
