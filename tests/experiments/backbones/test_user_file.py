"""A user's own file: run only when trusted, and every fault in it reported by its line."""

import textwrap

import numpy as np
import pytest
import torch

from experiments.backbones import Options, Potential, card_of, open_backbone
from experiments.backbones.site import Local
from experiments.backbones.verification import verify
from experiments.structures import Structures
from span_theorem.errors import InputError
from tests.experiments.molecules import (
    predictions_of,
)

GOOD = """
    import torch
    from e3nn.o3 import Irreps, spherical_harmonics

    class Mine:
        name = "mine"
        irreps = Irreps("0e+1o")

        def features(self, numbers, positions):
            step = positions.roll(-1, 1) - positions
            return spherical_harmonics([0, 1], step, normalize=True)

    def factory(layer="last", device="cpu"):
        backbone = Mine()
        backbone.name = f"mine-{layer}-{device}"
        return backbone

    def plain():
        return Mine()
"""
TRUST = Options(trust=True)
POSITIONS = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 3)))
NUMBERS = torch.tensor([6, 1, 1])


@pytest.fixture
def write(tmp_path):
    def write(text, name="mine.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return path

    return write


def test_a_users_backbone_is_verified_like_any_other(write):
    path = write(GOOD)
    backbone = open_backbone(f"{path}:plain", TRUST)
    assert verify(backbone, Structures.of_molecule(NUMBERS, POSITIONS)).parity == "o3"
    card = card_of(backbone)
    assert card.source == "file, mine.py"
    assert len(card.settings["file_sha256"]) == 64
    assert not isinstance(backbone, Potential | Local)


def test_the_factory_gets_what_its_signature_takes(write):
    path = write(GOOD)
    assert open_backbone(f"{path}:factory", TRUST).name == "mine-last-cpu"
    assert open_backbone(f"{path}:factory", Options(layer="2", trust=True)).name == "mine-2-cpu"
    with pytest.raises(InputError, match=r"layer 2 was asked for, but .*:plain takes no argument 'layer'"):
        open_backbone(f"{path}:plain", Options(layer="2", trust=True))


def test_nothing_runs_without_trust(write, tmp_path):
    ran = tmp_path / "ran"
    path = write(f"open({str(ran)!r}, 'w')")
    with pytest.raises(InputError, match="expected your trust"):
        open_backbone(f"{path}:factory")
    assert not ran.exists()


def test_methods_beyond_the_protocol_are_kept(write):
    path = write(
        GOOD
        + """
    class Predicts(Mine):
        def energy_forces(self, numbers, positions):
            return positions.sum((1, 2)), torch.zeros_like(positions)

        def site_features(self, numbers, positions, site):
            return self.features(numbers, positions)[:, site]

    def predicts():
        return Predicts()
    """
    )
    backbone = open_backbone(f"{path}:predicts", TRUST)
    assert isinstance(backbone, Potential)
    assert isinstance(backbone, Local)
    assert predictions_of(backbone, NUMBERS, POSITIONS)[0].shape == (2,)


def test_its_folder_is_importable(write):
    write("ANSWER = 'helped'", "span_theorem_test_helper.py")
    path = write(
        GOOD
        + """
    def helped():
        from span_theorem_test_helper import ANSWER
        backbone = Mine()
        backbone.name = ANSWER
        return backbone
    """
    )
    assert open_backbone(f"{path}:helped", TRUST).name == "helped"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\nraise RuntimeError('two\\nlines')", r"mine.py, line 2: RuntimeError: two lines$"),
        ("def factory(:\n    pass", r"mine.py, line 1: SyntaxError: "),
        ("import sys\n\nsys.exit(3)", r"mine.py, line 3: SystemExit: 3$"),
        ("import no_such_module_anywhere", r"line 1: ModuleNotFoundError: .*no_such_module_anywhere"),
        ("def factory():\n    return {}['weights']", r"mine.py, line 2: KeyError: 'weights'$"),
        ("def other(): pass\nimport math", r"has no function 'factory': expected other$"),
        ("factory = 3", r"has no function 'factory': expected one that returns a backbone$"),
        ("def factory(): return 3", r"returned a int without 'name': expected name, irreps, features"),
        ("class factory: name = 'x'", r"returned a factory without 'irreps'"),
        ("class factory: name, irreps, features = 'x', '1o', print", r"irreps is a str, expected an e3nn"),
        ("class factory: name, irreps, features = 3, '1o', print", r"name is 3, expected a non-empty string"),
        (
            "from e3nn.o3 import Irreps\nclass factory: name, irreps, features = 'x', Irreps(''), print",
            r"irreps are empty",
        ),
        (
            "from e3nn.o3 import Irreps\nclass factory: name, irreps, features = 'x', Irreps('1o'), 5",
            r"features is no method",
        ),
    ],
)
def test_a_fault_is_one_line(write, text, message):
    path = write(text)
    with pytest.raises(InputError, match=message) as caught:
        open_backbone(f"{path}:factory", TRUST)
    assert "\n" not in str(caught.value)


def test_a_fault_while_running_names_the_users_line(write):
    path = write(
        GOOD.replace("step = positions.roll(-1, 1) - positions", "step = positions @ positions[0, 0, 0]")
    )
    backbone = open_backbone(f"{path}:plain", TRUST)
    with pytest.raises(InputError, match=r"mine.py, line 10: RuntimeError: "):
        verify(backbone, Structures.of_molecule(NUMBERS, POSITIONS))


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"there is no file .*gone.py"):
        open_backbone(f"{tmp_path}/gone.py:factory", TRUST)
