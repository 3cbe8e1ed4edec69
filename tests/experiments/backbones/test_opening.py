"""What of a network is read, and files that cannot be: one line that says why."""

import io

import pytest
import torch

from experiments.backbones import Options, open_backbone
from experiments.backbones.layers import choose_branch
from span_theorem.errors import InputError


def test_one_of_several_levels_of_theory():
    assert choose_branch([], None, "x") == choose_branch(["Default"], None, "x") == {}
    assert choose_branch(["A", "B"], None, "x") == {"branch": "A", "branches": ["A", "B"]}
    assert choose_branch(["A", "B"], "B", "x")["branch"] == "B"
    with pytest.raises(InputError, match="backbone x has no modality or head 'C': expected one of A, B"):
        choose_branch(["A", "B"], "C", "x")
    with pytest.raises(InputError, match="no modality or head 'A': expected none to be named"):
        choose_branch([], "A", "x")


def test_a_modality_is_stated_by_the_card_and_changes_the_features():
    pytest.importorskip("sevenn")
    first = open_backbone("sevennet:7net-mf-0")
    assert first.card.settings["branches"] == ["R2SCAN", "PBE"]
    assert first.card.settings["branch"] == "R2SCAN"
    with pytest.raises(InputError, match="has no modality or head 'r2scan': expected one of R2SCAN, PBE"):
        open_backbone("sevennet:7net-mf-0", Options(branch="r2scan"))


@pytest.mark.parametrize(
    ("family", "package"), [("sevennet", "sevenn"), ("nequip", "nequip"), ("so3lr", "so3krates_torch")]
)
def test_a_compiled_model_is_told_from_a_checkpoint(family, package, tmp_path):
    pytest.importorskip(package)
    path = tmp_path / "model.pt"
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), buffer)
    path.write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match=r"deployed model, compiled by TorchScript.*expected the checkpoint"):
        open_backbone(f"{family}:{path}", Options(trust=True))
    torch.save({"no": "model"}, path)
    with pytest.raises(InputError) as caught:
        open_backbone(f"{family}:{path}", Options(trust=True))
    assert "deployed" not in str(caught.value)
