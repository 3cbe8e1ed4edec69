"""Backbones made of others by a suffix: backbones again, with a spectrum that is known."""

import numpy as np
import pytest
import torch
from e3nn.o3 import spherical_harmonics

from experiments.backbones import Options, open_backbone, wrappers
from experiments.backbones.free_molecule import of_batches
from experiments.backbones.protocol import Potential, card_of
from experiments.backbones.verification import verify
from experiments.backbones.wrappers import Invariants, JoinedAtoms, JoinedLayers, Planted, StructureSum
from experiments.environments import Pair
from experiments.structures import Structures
from span_theorem.errors import InputError
from tests.experiments.molecules import (
    features_of,
    site_features_of,
    tensors,
)
from tests.experiments.synthetic import FeaturesOnly, Spectrum, random_frames

PAIR = Pair(0, 1)
FRAMES = random_frames(3, 0, n_atoms=5)
NUMBERS, POSITIONS = tensors(FRAMES)
LAYERS = {None: [0, 1, 2], "0": [0, 1], "1": [2]}


def opened(spec, pair=PAIR, base=Spectrum, layer=None):
    """A specification whose innermost backbone is synthetic, with layers of its own."""
    return wrappers.open_suffixed(
        spec, Options(layer=layer), lambda plain, options: of_batches(base(LAYERS[options.layer])), pair
    )


SUFFIXES = {
    "invariants": "1x0e",
    "sum": "1x0e+1x1o+1x2e",
    "layers(0, 1)": "1x0e+1x1o+1x2e",
    "atoms(2,1)": "1x0e+1x1o+1x2e+1x0e+1x1o+1x2e+1x0e+1x1o+1x2e",
    "planted(3, 0.5)": "1x0e+1x1o+1x2e+1x3o",
    "planted(5,0.25)|invariants": "1x0e",
    "layers(0,1)|atoms(4)|sum": "1x0e+1x1o+1x2e+1x0e+1x1o+1x2e",
}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_wrapped_backbone_is_a_backbone(suffix):
    backbone = opened(f"x|{suffix}")
    assert str(backbone.irreps) == SUFFIXES[suffix]
    measured = verify(backbone, FRAMES)
    assert measured.parity == "o3"
    assert measured.rotation < 1e-6
    assert isinstance(backbone, Potential)
    assert not isinstance(opened(f"x|{suffix}", base=FeaturesOnly), Potential)
    card = card_of(backbone)
    assert card.layers[card.layer] == str(backbone.irreps)
    assert "|" in backbone.name
    whole = features_of(backbone, NUMBERS, POSITIONS)
    assert whole.shape == (3, 5, backbone.irreps.dim)
    for site in range(5):
        torch.testing.assert_close(site_features_of(backbone, NUMBERS, POSITIONS, site), whole[:, site])


def test_without_a_suffix_a_backbone_is_what_it_was():
    assert opened("x").name == "synthetic:0+1+2"
    assert str(opened("x", layer="1").irreps) == "1x2e"
    assert str(opened("x|sum", layer="1").irreps) == "1x2e"  # the layer goes through


def test_cards_tell_wrapped_weights_apart():
    """Or the cache of features would take one for the other."""
    specs = ["x", *(f"x|{suffix}" for suffix in SUFFIXES), "x|planted(3, 0.6)", "x|atoms(1,2)"]
    known = [repr((opened(spec).name, dict(card_of(opened(spec)).settings))) for spec in specs]
    known += [
        repr(dict(card_of(opened("x|planted(3, 0.5)", pair=Pair(*ends))).settings))
        for ends in ((1, 0), (0, 2))
    ]
    assert len(set(known)) == len(known)


def test_invariants_are_what_does_not_turn():
    whole, kept = Spectrum([1, 0, 2]), Invariants(of_batches(Spectrum([1, 0, 2])))
    torch.testing.assert_close(
        features_of(kept, NUMBERS, POSITIONS), features_of(whole, NUMBERS, POSITIONS)[..., 3:4]
    )
    with pytest.raises(InputError, match="degree zero"):
        Invariants(of_batches(Spectrum([1])))


def test_the_sum_is_that_over_all_atoms_at_every_atom():
    steps = np.roll(POSITIONS, -1, axis=1) - POSITIONS.numpy()
    expected = np.sqrt(3) * (steps / np.linalg.norm(steps, axis=2, keepdims=True)).sum(axis=1)
    found = features_of(StructureSum(of_batches(Spectrum([0, 1, 2]))), NUMBERS, POSITIONS)[..., 1:4].numpy()
    np.testing.assert_allclose(found, np.repeat(expected[:, None], 5, axis=1), atol=1e-6)


def test_joined_backbones_hold_the_features_of_their_parts():
    own = features_of(Spectrum([0, 1, 2]), NUMBERS, POSITIONS)
    layers = JoinedLayers([of_batches(Spectrum([0, 1])), of_batches(Spectrum([2]))])
    torch.testing.assert_close(features_of(layers, NUMBERS, POSITIONS), own)
    atoms = features_of(JoinedAtoms(of_batches(Spectrum([0, 1, 2])), [2, 1]), NUMBERS, POSITIONS).unflatten(
        -1, (3, 9)
    )
    torch.testing.assert_close(atoms[:, 0], torch.stack([own[:, 0], own[:, 2], own[:, 1]], dim=1))
    torch.testing.assert_close(atoms[:, 4, 0], own[:, 4])
    with pytest.raises(InputError, match="atom 5 is out of range, expected 0 to 4"):
        features_of(JoinedAtoms(of_batches(Spectrum([1])), [5]), NUMBERS, POSITIONS)


def channel(backbone, frames):
    """The planted channel of every frame, (n_frames, 2l+1)."""
    values = features_of(backbone, *tensors(frames))
    return values[:, 0, -(2 * backbone.l + 1) :].numpy()


@pytest.mark.parametrize("l", [3, 5])
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_planted_channel_has_the_share_it_says(l, share):
    frames = random_frames(4000, 0, n_atoms=5)
    found = channel(Planted(of_batches(Spectrum([0, 1])), PAIR, l, share), frames)
    _, x = tensors(frames)
    u = x[:, 1] - x[:, 0]
    signal = spherical_harmonics(l, u, True, normalization="component").numpy()
    assert np.mean(np.sum(found**2, axis=1)) == pytest.approx(2 * l + 1, rel=0.05)
    regression = np.sum(found * signal) / np.sum(signal**2)
    assert regression == pytest.approx(np.sqrt(share), abs=0.04)
    rest = found - regression * signal
    assert np.mean(rest**2) == pytest.approx(1 - share, abs=0.05)


def test_the_noise_of_one_structure_says_nothing_of_the_next():
    frames = random_frames(4000, 0, n_atoms=5)
    numbers, positions = frames.stacked()
    moved = positions.copy()
    moved[:, 2:] += np.random.default_rng(1).normal(scale=0.02, size=moved[:, 2:].shape)
    planted = Planted(of_batches(Spectrum([0, 1])), PAIR, 3, 0.0)
    noise = [channel(planted, Structures.of_molecule(numbers, x)) for x in (positions, moved)]
    assert abs(np.mean(noise[0] * noise[1])) < 0.05


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "x|unknown",
            "unknown backbone suffix 'unknown': expected one of invariants, sum, layers, atoms, planted",
        ),
        ("x|sum(", r"unknown backbone suffix 'sum\('"),
        ("x|sum|(1)", r"unknown backbone suffix '\(1\)'"),
        ("x|Sum", "unknown backbone suffix"),
        ("x|__class__", "unknown backbone suffix"),
        ("x|sum(3)", r"unexpected arguments \(3\)"),
        ("x|invariants(0)", r"unexpected arguments \(0\)"),
        ("x|layers", "expected at least one, as in layers"),
        ("x|layers()", "expected at least one, as in layers"),
        ("x|atoms", "expected indices of atoms"),
        ("x|atoms(-1)", "expected indices of atoms"),
        ("x|atoms(a)", "expected indices of atoms"),
        ("x|planted", "expected a degree and a share"),
        ("x|planted(5)", "expected a degree and a share"),
        ("x|planted(5, much)", "expected a degree and a share"),
        ("x|planted(5.5, 1)", "expected a degree and a share"),
        ("x|planted(5, 1.5)", r"signal is 1\.5: expected 0 to 1"),
        ("x|planted(5, nan)", "expected 0 to 1"),
        ("nequip:aspirin-random|untrained(x)", "unknown backbone suffix"),
        ("nequip:nothing|untrained", "nothing"),
    ],
)
def test_a_suffix_that_means_nothing_is_one_line(spec, message):
    with pytest.raises(InputError, match=message) as caught:
        opened(spec)
    assert "\n" not in str(caught.value)


def test_a_planted_channel_needs_a_direction():
    with pytest.raises(InputError, match="needs a marked direction"):
        opened("x|planted(5, 0.3)", pair=None)


def test_untrained_is_where_a_shipped_backbone_came_from():
    pytest.importorskip("nequip")
    numbers, positions = torch.tensor([6, 1, 8]), POSITIONS[:1, :3]
    shipped = features_of(open_backbone("nequip:aspirin-random"), numbers, positions)
    initial = open_backbone("nequip:aspirin-random|untrained")
    torch.testing.assert_close(features_of(initial, numbers, positions), shipped, rtol=0, atol=0)
    trained = features_of(open_backbone("nequip:aspirin-gfn2-0"), numbers, positions)
    start = features_of(open_backbone("nequip:aspirin-gfn2-0|untrained"), numbers, positions)
    assert (trained - start).abs().max() > 1e-2 * trained.abs().max()
    other = open_backbone("nequip:aspirin-random|untrained(1)|invariants")
    assert other.irreps.lmax == 0
    assert open_backbone("nequip:aspirin-random|untrained(1)").irreps.lmax == 1
