"""Whatever a path holds arrives in Hydra's configuration as it is, and nothing in it is looked up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("hydra")

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from experiments.training.run import _hydra


@given(st.text(st.sampled_from("ab'\"\\${}:,=[] /.å"), max_size=12))
def test_a_string_arrives_as_it_is(text):
    value = OverridesParser.create().parse_override(f"a={_hydra(text)}").value()
    assert OmegaConf.create({"a": value}).a == text


def test_no_interpolation():
    value = OverridesParser.create().parse_override(f"a={_hydra('${oc.env:HOME}/x')}").value()
    assert OmegaConf.create({"a": value}).a == "${oc.env:HOME}/x"
