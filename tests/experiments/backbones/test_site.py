"""One atom's features and their derivative must be those of the whole molecule, however little was computed."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.backbones import Options, open_backbone
from experiments.backbones.site import edges_that_matter, site_features, site_jacobian
from tests.experiments.synthetic import Spectrum

NUMBERS = torch.tensor([6, 8, 6, 1, 1, 1, 1])


def frames(n, seed):
    chain = torch.arange(7)[:, None] * torch.tensor([1.2, 0.3, 0.0])
    noise = np.random.default_rng(seed).normal(scale=0.2, size=(n, 7, 3))
    return chain.double() + torch.from_numpy(noise)


@pytest.mark.parametrize(
    ("package", "spec", "layer"),
    [
        ("nequip", "nequip:aspirin-rmd17-0", "0"),
        ("nequip", "nequip:aspirin-rmd17-0", "1"),
        ("nequip", "nequip:aspirin-rmd17-0", "2"),
        ("sevenn", "sevennet:7net-0", "1"),
    ],
)
def test_site_features_and_jacobian_equal_the_whole_molecules(package, spec, layer):
    pytest.importorskip(package)
    backbone = open_backbone(spec, Options(layer=layer))
    positions, site = frames(2, 0).requires_grad_(), 3
    whole = backbone.features(NUMBERS, positions)[:, site]
    features, jacobian = site_jacobian(backbone, NUMBERS, positions, site)
    scale = float(whole.detach().abs().max())
    torch.testing.assert_close(features, whole.detach(), atol=1e-5 * scale, rtol=0)
    for component in (0, whole.shape[1] // 2, whole.shape[1] - 1):
        (expected,) = torch.autograd.grad(whole[:, component].sum(), positions, retain_graph=True)
        torch.testing.assert_close(jacobian[:, component].double(), expected, atol=1e-4 * scale, rtol=1e-4)


def test_a_backbone_without_a_cheap_way_is_sliced():
    backbone, positions = Spectrum([0, 1, 2]), frames(2, 1)
    torch.testing.assert_close(
        site_features(backbone, NUMBERS, positions, 4), backbone.features(NUMBERS, positions)[:, 4]
    )


def test_jacobian_of_a_unit_vector():
    backbone, positions = Spectrum([1]), frames(1, 2)
    _, jacobian = site_jacobian(backbone, NUMBERS, positions, 2)
    bond = positions[0, 3] - positions[0, 2]
    length = bond.norm()
    expected = np.sqrt(3) * (torch.eye(3) - torch.outer(bond, bond) / length**2) / length
    torch.testing.assert_close(jacobian[0, :, 3], expected.double())
    torch.testing.assert_close(jacobian[0, :, 2], -expected.double())
    assert jacobian[0, :, [0, 1, 4, 5, 6]].abs().max() == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3))
def test_messages_along_dropped_edges_never_reach_the_sites(seed, n_layers):
    generator = np.random.default_rng(seed)
    edges = torch.from_numpy(generator.integers(0, 8, size=(2, 20)))
    site = torch.tensor([int(generator.integers(8))])
    masks = edges_that_matter(*edges, site, 8, n_layers)
    state = torch.from_numpy(generator.normal(size=8))

    def passed(keep):
        values = state
        for mask in keep:
            values = torch.zeros(8).double().index_add_(0, edges[0][mask], values[edges[1][mask]].sin())
        return values[site]

    every = [torch.ones(20, dtype=torch.bool)] * n_layers
    torch.testing.assert_close(passed(masks), passed(every))
