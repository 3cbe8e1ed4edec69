"""One atom's features and their derivative must be those of the whole molecule, however little was computed."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.backbones import Options, open_backbone
from experiments.backbones.batch import Batch
from experiments.backbones.message_passing import Keys, MessagePassing, what_matters
from tests.experiments.molecules import (
    features_of,
    site_features_of,
    site_jacobian_of,
)
from tests.experiments.synthetic import Spectrum

NUMBERS = torch.tensor([6, 8, 6, 1, 1, 1, 1])


def frames(n, seed):
    chain = torch.arange(7)[:, None] * torch.tensor([1.2, 0.3, 0.0])
    noise = np.random.default_rng(seed).normal(scale=0.2, size=(n, 7, 3))
    return chain.double() + torch.from_numpy(noise)


def backward(backbone, positions, site):
    """Features of the site and their derivative through the whole molecule, one backward pass a component."""
    moved = positions.clone().requires_grad_()
    whole = features_of(backbone, NUMBERS, moved)[:, site]
    rows = [torch.autograd.grad(column.sum(), moved, retain_graph=True)[0] for column in whole.T]
    return whole.detach(), torch.stack(rows, dim=1).to(whole.dtype)


def assert_same(found, expected, tolerance=1e-6):
    scale = float(expected.abs().max())
    torch.testing.assert_close(found, expected, atol=tolerance * scale, rtol=0)


@pytest.mark.parametrize(
    ("package", "spec", "layer"),
    [
        ("nequip", "nequip:aspirin-rmd17-0", "0"),
        ("nequip", "nequip:aspirin-rmd17-0", "1"),
        ("nequip", "nequip:aspirin-rmd17-0", "2"),
        ("sevenn", "sevennet:7net-0", "0"),
        ("sevenn", "sevennet:7net-0", "1"),
        ("so3krates_torch", "so3lr:so3lr", "0"),
    ],
)
def test_site_features_and_jacobian_equal_the_whole_molecules(package, spec, layer):
    pytest.importorskip(package)
    backbone = open_backbone(spec, Options(layer=layer))
    # one atom of the second frame is out of everyone's reach
    positions, site = frames(2, 0), 3
    positions[1, 5] += 40
    expected, derivative = backward(backbone, positions, site)
    features, jacobian = site_jacobian_of(backbone, NUMBERS, positions, site)
    assert_same(features, expected)
    assert_same(jacobian, derivative)
    assert_same(site_features_of(backbone, NUMBERS, positions, site), expected)


def test_a_site_without_neighbours_has_no_derivative():
    pytest.importorskip("nequip")
    backbone = open_backbone("nequip:aspirin-rmd17-0", Options(layer="1"))
    positions = frames(1, 3)
    positions[:, 3] += 40
    features, jacobian = site_jacobian_of(backbone, NUMBERS, positions, 3)
    assert_same(features, features_of(backbone, NUMBERS, positions)[:, 3])
    assert jacobian.shape == (1, 144, 7, 3)
    assert not jacobian.any()


class Convolution(torch.nn.Module):
    """Sum of messages that mix the sender's features with the direction and length of the edge."""

    def __init__(self, weights):
        super().__init__()
        self.weights = weights

    def forward(self, graph):
        centre, neighbour = graph["edge_index"]
        read = torch.cat([graph["x"][neighbour], graph["edge_length"], graph["edge_direction"]], dim=1)
        messages = torch.tanh(read @ self.weights)
        sums = torch.zeros(len(graph["x"]), messages.shape[1], dtype=messages.dtype)
        return {**graph, "x": sums.index_add(0, centre, messages)}


class Opaque(torch.autograd.Function):
    """The sine, without a forward mode."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0].cos()


class Chain:
    """A small float64 network of named modules, which reaches two bonds far along the chain with two layers."""

    name, irreps = "chain", None

    def __init__(self, n_layers, nonlinearity=torch.sin):
        generator = torch.Generator().manual_seed(n_layers)

        def embed(graph):
            length = graph["edge_vector"].norm(dim=1, keepdim=True)
            direction = graph["edge_vector"] / length
            x = graph["kind"][:, None] / 8 * torch.ones(5, dtype=torch.float64)
            return {**graph, "edge_length": nonlinearity(length), "edge_direction": direction, "x": x}

        modules = {"embed": embed}
        for number in range(n_layers):
            weights = torch.randn(9, 5, generator=generator, dtype=torch.float64)
            modules[f"{number}_keep"] = lambda graph: {**graph, "before": graph["x"]}
            modules[f"{number}_convolution"] = Convolution(weights)
            modules[f"{number}_mix"] = lambda graph: {**graph, "x": graph["x"].sin() + graph["before"]}
        self.network = MessagePassing.of_modules(
            modules,
            [f"{number}_" for number in range(n_layers)],
            lambda prefix: modules[f"{prefix}convolution"],
            Keys("edge_index", "kind", "edge_vector", features="x"),
        )

    def graph(self, batch):
        flat = batch.positions
        # neighbours along the chain, in no order
        pairs = [(i, i + 1) for i in range(6)] + [(i + 1, i) for i in range(6)]
        edges = torch.tensor(
            [[7 * frame + i, 7 * frame + j] for frame in range(len(batch)) for i, j in pairs]
        ).T
        return {
            "edge_index": edges,
            "kind": batch.numbers,
            "edge_vector": flat[edges[1]] - flat[edges[0]],
        }

    def features(self, batch):
        return self.network.features(self.graph(batch))

    def site_features(self, batch, sites):
        return self.network.site_features(self.graph(batch), sites)

    def site_jacobian(self, batch, sites):
        return self.network.site_jacobian(self.graph(batch), sites)


@pytest.mark.parametrize("n_layers", [1, 2, 3])
def test_jacobian_layer_by_layer_equals_finite_differences(n_layers):
    chain, positions, step = Chain(n_layers), frames(2, n_layers), 1e-5
    _, jacobian = site_jacobian_of(chain, NUMBERS, positions, 3)
    for atom in range(7):
        for axis in range(3):
            moved = torch.zeros_like(positions)
            moved[:, atom, axis] = step
            above, below = (features_of(chain, NUMBERS, positions + sign * moved)[:, 3] for sign in (1, -1))
            torch.testing.assert_close(
                jacobian[:, :, atom, axis], (above - below) / (2 * step), atol=1e-8, rtol=1e-6
            )
    reach = jacobian.abs().amax(dim=(0, 1, 3)) > 0
    assert reach.tolist() == [abs(atom - 3) <= n_layers for atom in range(7)]


def test_an_operation_without_forward_mode_is_differentiated_backward():
    chain, positions = Chain(2, Opaque.apply), frames(2, 5)
    with pytest.raises(NotImplementedError):
        chain.site_jacobian(Batch.of_molecule(NUMBERS, positions), torch.tensor([3, 10]))
    for found, expected in zip(
        site_jacobian_of(chain, NUMBERS, positions, 3), backward(chain, positions, 3), strict=True
    ):
        torch.testing.assert_close(found, expected)


def test_a_backbone_without_a_cheap_way_is_sliced():
    backbone, positions = Spectrum([0, 1, 2]), frames(2, 1)
    torch.testing.assert_close(
        site_features_of(backbone, NUMBERS, positions, 4), features_of(backbone, NUMBERS, positions)[:, 4]
    )


def test_jacobian_of_a_unit_vector():
    backbone, positions = Spectrum([1]), frames(1, 2)
    _, jacobian = site_jacobian_of(backbone, NUMBERS, positions, 2)
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
    masks = [needed.edges for needed in what_matters(*edges, site, 8, n_layers)]
    state = torch.from_numpy(generator.normal(size=8))

    def passed(keep):
        values = state
        for mask in keep:
            values = torch.zeros(8).double().index_add_(0, edges[0][mask], values[edges[1][mask]].sin())
        return values[site]

    every = [torch.ones(20, dtype=torch.bool)] * n_layers
    torch.testing.assert_close(passed(masks), passed(every))
