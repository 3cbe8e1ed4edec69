"""Names of backbones, and what is said of those that cannot be opened."""

import json
import pickle

import pytest

from experiments.backbones import Options, catalogue, open_backbone, registry
from experiments.backbones.layers import choose_layer
from experiments.commands.backbones import backbones
from span_theorem.command import application, run
from span_theorem.errors import InputError


@pytest.mark.parametrize("spec", ["", "sevennet", "sevennet:", "gap:x", "7net-0", ":", "a.py:"])
def test_an_unknown_specification_says_what_is_known(spec):
    with pytest.raises(InputError, match=r"expected|there is no file"):
        open_backbone(spec)


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "meta:x"])
def test_a_device_that_is_not_there(device):
    with pytest.raises(InputError, match=f"device {device} cannot be used"):
        open_backbone("features:none.npz", Options(device=device))


class Bomb:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize(
    ("family", "package"), [("sevennet", "sevenn"), ("so3lr", "so3krates_torch"), ("mace", "mace")]
)
def test_a_pickle_is_not_loaded_without_trust(family, package, tmp_path):
    pytest.importorskip(package)
    model, exploded = tmp_path / "model.pth", tmp_path / "exploded"
    model.write_bytes(pickle.dumps(Bomb(exploded)))
    with pytest.raises(InputError, match="can run code when loaded: expected your trust"):
        open_backbone(f"{family}:{model}")
    assert not exploded.exists()


@pytest.mark.parametrize(
    ("family", "package"), [("sevennet", "sevenn"), ("so3lr", "so3krates_torch"), ("mace", "mace")]
)
@pytest.mark.parametrize("content", [b"", b"no model", pickle.dumps({"a": 1})])
def test_a_trusted_file_that_is_no_model(family, package, content, tmp_path):
    pytest.importorskip(package)
    model = tmp_path / "model.pth"
    model.write_bytes(content)
    with pytest.raises(InputError, match=r"model.pth"):
        open_backbone(f"{family}:{model}", Options(trust=True))


@pytest.mark.parametrize("family", ["sevennet", "so3lr", "mace", "features"])
def test_an_absent_file(family):
    if not registry.FAMILIES[family].installed:
        pytest.skip(f"{family} is not installed")
    with pytest.raises(InputError, match=r"gone\.file"):
        open_backbone(f"{family}:gone.file", Options(trust=True))


@pytest.mark.parametrize("family", ["nequip", "sevennet", "so3lr"])
def test_a_missing_package_names_its_extra(family, monkeypatch):
    monkeypatch.setattr("experiments.backbones.registry.find_spec", lambda package: None)
    name = (*registry.FAMILIES[family].names(), "x")[0]
    with pytest.raises(InputError, match=rf"pip install 'span-theorem\[{family}\]'"):
        open_backbone(f"{family}:{name}")


def test_the_default_layer_is_the_last_of_the_highest_order():
    layers = {"0": "4x0e+4x1o+4x2e", "1": "4x0e+4x1o+4x2e", "2": "4x0e+4x1o", "3": "4x0e"}
    assert choose_layer(layers, None, "x") == "1"
    assert choose_layer(layers, "3", "x") == "3"
    with pytest.raises(InputError, match="backbone x has no layer '4': expected one of 0, 1, 2, 3"):
        choose_layer(layers, "4", "x")


def test_every_family_offers_names_and_opens():
    for family, name in catalogue.named():
        assert name in registry.FAMILIES[family].names()
    assert {"7net-0", "7net-l3i5"} <= {name for family, name in catalogue.named() if family == "sevennet"}


def test_the_list_survives_missing_packages(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("experiments.backbones.registry.find_spec", lambda package: None)
    app = application("")
    app.command()(backbones)
    assert run(app, "test", ["backbones", "--json", str(tmp_path / "list.json")]) == 0
    shown = capsys.readouterr().out
    assert "pip install 'span-theorem[so3lr]'" in " ".join(shown.replace("│", " ").split())
    found = json.loads((tmp_path / "list.json").read_text())
    assert {entry["family"]: entry["installed"] for entry in found["families"]} == {
        "nequip": False,
        "allegro": False,
        "sevennet": False,
        "so3lr": False,
        "mace": False,
        "painn": False,
        "features": True,
        "density": True,
    }
    needing = [
        entry for entry in found["backbones"] if not entry["backbone"].startswith(("features:", "density:"))
    ]
    assert not any(entry["available"] for entry in needing)


def test_the_list_tells_layers_and_orders(monkeypatch):
    pytest.importorskip("sevenn")
    monkeypatch.setattr(catalogue, "named", lambda: [("sevennet", "7net-0")])
    (entry,) = catalogue.entries()
    assert entry["available"]
    assert entry["L"] == 2
    assert entry["layers"][entry["default_layer"]] == "128x0e+64x1e+32x2e"
    assert entry["licence"] == "MIT"
    json.dumps(entry)
