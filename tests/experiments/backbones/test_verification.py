"""Verification must pass what is equivariant, and stop what is not with the error it measured."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from e3nn.o3 import Irreps, spherical_harmonics
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.backbones.protocol import Card
from experiments.backbones.verification import Verification, require_elements, verify
from experiments.structures import Structures
from span_theorem.checked import checked
from span_theorem.errors import InputError
from tests.experiments.synthetic import Spectrum, random_frames

FRAMES = random_frames(4, seed=0)


class Altered(Spectrum):
    """A synthetic backbone whose features are changed before they are handed out."""

    def __init__(self, alter, orders=(0, 1, 2), claimed=None):
        super().__init__(orders, claimed)
        self.alter = alter

    def features(self, numbers, positions):
        return self.alter(super().features(numbers, positions), positions)


def measure(backbone, frames=FRAMES, **options):
    return verify(backbone, frames, **options)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True), st.integers(0, 2**32 - 1))
def test_exact_harmonics_pass_with_their_parities(orders, seed):
    found = measure(Spectrum(orders), seed=seed)
    assert found.rotation < 1e-10
    assert found.parity == "o3"
    assert found.inversion < 1e-10
    assert set(found.rotation_by_irrep) == {f"{l}{'oe'[l % 2 == 0]}" for l in orders}
    assert (found.translation, found.determinism, found.batch) < (1e-10, 1e-10, 1e-10)


@pytest.mark.parametrize(
    ("claimed", "parity"), [("0e+1e+2e", "so3"), ("0e+1o+2e", "o3"), ("0o+1o+2e", "so3")]
)
def test_labels_are_told_from_true_parities(claimed, parity):
    assert measure(Spectrum([0, 1, 2], claimed=claimed)).parity == parity


def test_only_even_orders_labelled_even_are_parities():
    assert measure(Spectrum([0, 2], claimed="0e+2e")).parity == "o3"


def test_a_mixed_parity_channel_is_order_only():
    # the second l = 1 channel is a pseudovector, labelled like the first
    class Mixed:
        name, irreps = "mixed", Irreps("2x1o")

        def features(self, numbers, positions):
            a, b = positions.roll(-1, 1) - positions, positions.roll(-2, 1) - positions
            return torch.cat([a, torch.linalg.cross(a, b)], dim=-1)

    frames = random_frames(3, seed=1, n_atoms=4)
    found = measure(Mixed(), frames)
    assert found.parity == "so3"
    assert found.rotation < 1e-10


def test_not_equivariant_stops_with_the_measured_error():
    size = 0.01

    def push(features, positions):
        pushed = features.clone()
        pushed[..., 2] += size
        return pushed

    backbone = Altered(push)
    with pytest.raises(InputError) as caught:
        measure(backbone)
    message = str(caught.value)
    assert "not equivariant under rotations" in message
    measured = float(message.split(" is ")[-1].split(",")[0])
    # the constant turns with nothing: an error of about its size beside a norm of 3 per atom
    assert size / 3 / 3 < measured < 3 * size / 3
    assert measure(backbone, tolerance=0.1).rotation == pytest.approx(measured, rel=0.05)


def test_a_small_block_cannot_hide_behind_a_large_one():
    def spoil(features, positions):
        large = features.clone()
        large[..., 0] *= 1e5
        large[..., 4:] = large[..., 4:].flip(-1)
        return large

    with pytest.raises(InputError, match=r"\(wrong: 2e by [0-9.]+; 0e, 1o as declared\)"):
        measure(Altered(spoil))


def test_every_irrep_that_fails_is_named_with_a_likely_cause():
    def spoil(features, positions):
        return torch.cat([features[..., :1], features[..., 1:4].flip(-1), features[..., 4:].flip(-1)], dim=-1)

    with pytest.raises(
        InputError, match=r"wrong: 1o by [0-9.]+, 2e by [0-9.]+; 0e as declared\); where scalars hold"
    ):
        measure(Altered(spoil))


def test_wrong_order_is_not_equivariant():
    with pytest.raises(InputError, match=r"wrong: 0e by .*where scalars change.*in another order"):
        measure(Spectrum([0, 3], claimed="1x0e+2x0e+1x2e"))


def test_dependence_on_the_origin_stops():
    class Absolute(Spectrum):
        def features(self, numbers, positions):
            return spherical_harmonics(self.orders, positions, normalize=True, normalization="component")

    with pytest.raises(InputError, match="not invariant under translations"):
        measure(Absolute([0, 1]))


def test_a_nondeterministic_network_stops():
    generator = torch.Generator().manual_seed(0)

    def shake(features, positions):
        return features * (1 + 0.01 * torch.rand(1, generator=generator, dtype=features.dtype))

    with pytest.raises(InputError, match="not deterministic"):
        measure(Altered(shake))


@pytest.mark.parametrize("n_frames", [1, 3])
def test_dependence_on_the_batch_stops(n_frames):
    backbone = Altered(lambda features, positions: features * (1 + 0.01 * len(positions)))
    with pytest.raises(InputError, match="depends on the batch"):
        measure(backbone, random_frames(n_frames, seed=2))


def test_features_that_are_not_finite_stop():
    def break_one(features, positions):
        broken = features.clone()
        broken[0, 1, 2] = torch.nan
        return broken

    with pytest.raises(InputError, match="atom 1, component 2"):
        measure(Altered(break_one))


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda features, positions: features[..., :-1], r"shape \(3, 3, 8\), expected \(3, 3, 9\)"),
        (lambda features, positions: features.long(), "type torch.int64"),
        (lambda features, positions: features.numpy(), "type ndarray"),
    ],
)
def test_wrong_shape_or_type_stops(alter, message):
    with pytest.raises(InputError, match=message):
        measure(Altered(alter))


def test_features_that_are_all_zero_pass():
    found = measure(Altered(lambda features, positions: torch.zeros_like(features)))
    assert found.rotation == found.inversion == 0


def test_single_precision_passes():
    assert 0 < measure(Altered(lambda features, positions: features.float())).rotation < 1e-5


def test_same_seed_same_result_and_dict_round_trip():
    first, second = measure(Spectrum([0, 1]), seed=3), measure(Spectrum([0, 1]), seed=3)
    assert first == second
    assert Verification(**first.to_dict()) == first


def test_measured_elsewhere_is_not_measured_again():
    backbone = Altered(lambda features, positions: features + 1)
    backbone.verification = measure(Spectrum([0, 1, 2]))
    assert measure(backbone) is backbone.verification


def test_what_was_measured_elsewhere_is_compared_with_the_tolerance_here():
    backbone = Spectrum([0, 1, 2])
    measured = measure(backbone)
    backbone.verification = replace(measured, tolerance=1.0, batch=1e-3)
    with pytest.raises(InputError, match=r"depends on the batch.*0\.001, expected at most 0\.0001"):
        measure(backbone)
    backbone.verification = measure(Spectrum([0]))
    with pytest.raises(InputError, match="was verified for 0e, expected 0e, 1o, 2e"):
        measure(backbone)


def test_an_unknown_element_is_named():
    backbone = Spectrum([0, 1])
    backbone.card = Card(
        layers={"0": "0e"},
        layer="0",
        default_layer="0",
        default_reason="",
        labels="",
        parameters=1,
        source="",
        licence="",
        elements=frozenset({1, 6}),
    )
    require_elements(backbone, np.array([6, 1]))
    with pytest.raises(InputError, match=r"does not know the element Cl: it knows H, C$"):
        verify(backbone, Structures.of_molecule(np.array([6, 17, 1]), FRAMES.stacked()[1]))
    assert checked(backbone.card.to_dict(), Card, "a card") == backbone.card
