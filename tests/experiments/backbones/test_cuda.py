"""What a backbone gives on a GPU is what it gives on the processor, to 1e-5 of the largest value."""

import json

import numpy as np
import pytest
import torch

from experiments.backbones import Options, open_backbone
from experiments.backbones.edge import NearestEdge
from experiments.backbones.protocol import Potential
from experiments.backbones.registry import FAMILIES
from experiments.backbones.verification import verify
from experiments.cli import main
from experiments.data import read_structures
from experiments.features import FeatureReader, Sites
from tests.experiments.crystals import crystals

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")

CASES = [
    *(("nequip:aspirin-rmd17-0", layer) for layer in "012"),
    ("nequip:aspirin-rmd17-l3", None),
    ("nequip:metals-emt", None),
    ("sevennet:7net-0", None),
    ("so3lr:so3lr", None),
    ("allegro:aspirin-gfn2-allegro", None),
    ("mace:untrained", None),
    ("density:2", None),
]


def opened(spec, layer, device):
    package = FAMILIES[spec.partition(":")[0]].package
    if package:
        pytest.importorskip(package)
    return open_backbone(spec, Options(layer=layer, device=device))


def shown(spec):
    if "metals" in spec:
        return read_structures("metals:test").subset(range(12))
    return crystals() if spec == "sevennet:7net-0" else read_structures("embedded:test").subset(range(12))


def close(found, expected):
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize(("spec", "layer"), CASES)
def test_features_and_derivatives(spec, layer):
    on_cpu, on_gpu = (opened(spec, layer, device) for device in ("cpu", "cuda"))
    structures, reader = shown(spec), FeatureReader()
    assert verify(on_gpu, structures).rotation < 1e-5
    close(*(reader.read(one, structures, Sites.every(structures)).values for one in (on_gpu, on_cpu)))
    site = Sites.same(structures, 0)
    expected, found = (reader.read(one, structures, site, jacobian=True) for one in (on_cpu, on_gpu))
    close(found.values, expected.values)
    close(found.jacobian, expected.jacobian)


@pytest.mark.parametrize("spec", [spec for spec, layer in CASES if layer in (None, "0")])
def test_energies_and_forces(spec):
    on_cpu, on_gpu = (opened(spec, None, device) for device in ("cpu", "cuda"))
    if not isinstance(on_cpu, Potential):
        pytest.skip("it predicts nothing")
    structures, reader = shown(spec), FeatureReader()
    (energies, forces), expected = (reader.predict(one, structures) for one in (on_gpu, on_cpu))
    close(energies, expected[0])
    close(forces, expected[1])


def test_features_of_edges():
    structures, reader = read_structures("embedded:test").subset(range(12)), FeatureReader()
    oxygen_to_carbon = np.tile([11, 0, 0, 0], (len(structures), 1))
    sites = Sites(np.arange(len(structures)), np.full(len(structures), 12), oxygen_to_carbon)
    found = []
    for device in ("cuda", "cpu"):
        one = opened("allegro:aspirin-gfn2-allegro", None, device)
        assert verify(NearestEdge(one, 4.0), structures).rotation < 1e-5
        found.append(reader.read(one, structures, sites, jacobian=True))
    close(found[0].values, found[1].values)
    close(found[0].jacobian, found[1].jacobian)


def test_a_diagnosis_by_the_command(tmp_path):
    recovered = []
    for device in ("cpu", "cuda"):
        result = tmp_path / f"{device}.json"
        arguments = "--structures embedded:train --site 12 --toward 11 --n-train 200 --n-test 100 --no-cache"
        command = ["diagnose", "--backbone", "nequip:aspirin-gfn2-0", *arguments.split(), "--device", device]
        assert main([*command, "--json", str(result)]) == 0
        recovered.append([row["rho"] for row in json.loads(result.read_text())["degrees"]])
    assert np.allclose(*recovered, rtol=0, atol=1e-4)
