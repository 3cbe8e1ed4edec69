"""Where another convention explains why features do not turn as declared, the refusal names it, else it does not."""

import numpy as np
import pytest
import torch
from e3nn.o3 import Irreps, spherical_harmonics

from experiments.backbones.verification import verify
from span_theorem.errors import InputError
from tests.experiments.synthetic import random_frames

FRAMES = random_frames(3, 0, n_atoms=5)
CYCLE = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])


class Stored:
    """Three channels of l = 0, 1, 2 in e3nn's layout, changed before they are handed out."""

    name, irreps = "mine", Irreps("3x0e+3x1o+3x2e")

    def __init__(self, change):
        self.change = change

    def features(self, numbers, positions):
        steps = [positions.roll(-k, dims=1) - positions for k in (1, 2, 3)]
        columns = [
            (1 + 0.3 * k) * spherical_harmonics(l, step, True, normalization="component")
            for l in (0, 1, 2)
            for k, step in enumerate(steps)
        ]
        return self.change(torch.cat(columns, dim=-1))


def blocks(features):
    """(…, 3, 2l+1) for each l."""
    parts = zip(Stored.irreps, Stored.irreps.slices(), strict=True)
    return [features[..., part].unflatten(-1, (term.mul, term.ir.dim)) for term, part in parts]


def m_major(features):
    return torch.cat([block.transpose(-1, -2).flatten(-2) for block in blocks(features)], dim=-1)


def channels_first(features):
    return torch.cat(blocks(features), dim=-1).flatten(-2)


def z_polar(features):
    return features @ Stored.irreps.D_from_matrix(CYCLE).to(features).T


def signs(features):
    one = [(-1.0) ** np.arange(-term.ir.l, term.ir.l + 1) for term in Stored.irreps for _ in range(term.mul)]
    return features * torch.tensor(np.concatenate(one))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (m_major, ["m-major"]),
        (channels_first, ["channels first"]),
        (z_polar, ["z as the polar axis"]),
        (signs, ["signs"]),
        (lambda features: m_major(z_polar(features)), ["m-major", "z as the polar axis"]),
        (lambda features: signs(z_polar(features)), ["z as the polar axis", "signs"]),
    ],
)
def test_a_known_convention_is_named(change, words):
    with pytest.raises(InputError, match="not equivariant under rotations") as caught:
        verify(Stored(change), FRAMES)
    hint = str(caught.value).partition("; read as ")[2]
    assert [
        word for word in ("m-major", "channels first", "z as the polar axis", "signs") if word in hint
    ] == words
    assert hint.endswith("reorder them as e3nn has them")


@pytest.mark.parametrize("change", [lambda features: features.flip(-1), lambda features: features + 1])
def test_what_no_convention_explains_names_none(change):
    with pytest.raises(InputError, match=r"expected at most 0\.0001 \(wrong: (?!.*read as)"):
        verify(Stored(change), FRAMES)


def test_e3nns_own_convention_passes():
    assert verify(Stored(lambda features: features), FRAMES).rotation < 1e-6
