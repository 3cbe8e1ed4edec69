"""Data that is not what a type says is refused with its place, and nothing is converted on the way."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from span_theorem.checked import Finite, Natural, Positive, Sha256, Size, Text, checked
from span_theorem.errors import InputError


@dataclass(frozen=True)
class Settings:
    epochs: Positive
    rate: Finite = 0.1
    names: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Everything:
    settings: Settings
    kind: Literal["a", "b"] = "a"
    error: Size | None = None
    count: Natural = 0
    shares: Mapping[Text, Size] = None  # type: ignore[assignment]
    digest: Sha256 | None = None
    few: Annotated[list[Settings], Meta(max_length=2)] = None  # type: ignore[assignment]
    anything: dict[str, Any] | None = None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "f.json: missing required field settings"),
        ([], "f.json: expected object, found []"),
        ({"settings": {"epochs": "x"}}, 'f.json: settings.epochs: expected int, found "x"'),
        ({"settings": {"epochs": 0}}, "f.json: settings.epochs: expected int >= 1, found 0"),
        ({"settings": {"epochs": True}}, "f.json: settings.epochs: expected int, found true"),
        ({"settings": {"epochs": 1.5}}, "f.json: settings.epochs: expected int, found 1.5"),
        ({"settings": {"epochs": 10**30}}, "f.json: settings.epochs: expected int <="),
        ({"settings": {"epochs": 1, "rate": float("nan")}}, "f.json: settings.rate: expected float"),
        ({"settings": {"epochs": 1, "rate": float("inf")}}, "f.json: settings.rate: expected float"),
        ({"settings": {"epochs": 1, "rate": 10**400}}, "f.json: settings.rate: number out of range"),
        (
            {"settings": {"epochs": 1, "names": ["a", "\x1b"]}},
            "f.json: settings.names[1]: expected text without",
        ),
        ({"settings": {"epochs": 1, "names": ["a\n"]}}, "f.json: settings.names[0]: expected text without"),
        ({"settings": {"epochs": 1}, "kind": "c"}, "f.json: kind: invalid enum value 'c'"),
        ({"settings": {"epochs": 1}, "error": -1}, "f.json: error: expected float >= 0"),
        ({"settings": {"epochs": 1}, "shares": {"a": "b"}}, "f.json: shares[...]: expected float"),
        ({"settings": {"epochs": 1}, "digest": "0" * 64 + "\n"}, "f.json: digest: expected a SHA-256"),
        (
            {"settings": {"epochs": 1}, "few": [{"epochs": 1}] * 3},
            "f.json: few: expected array of length <= 2",
        ),
        ({"settings": {"epochs": 1, "epoch": 2}}, "f.json: settings.epoch: unknown field"),
        ({"settings": {"epochs": 1}, "few": [{"epochs": 1, "x": {}}]}, "f.json: few[0].x: unknown field"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(value, message):
    with pytest.raises(InputError) as caught:
        checked(value, Everything, "f.json")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@given(
    st.builds(
        Settings,
        st.integers(1, 2**53),
        st.floats(allow_nan=False, allow_infinity=False),
        st.lists(st.text(st.characters(exclude_categories=["C"]), max_size=9)).map(tuple),
    )
)
def test_what_fits_comes_back(settings):
    assert checked(asdict(settings), Settings, "f.json") == settings


def test_free_form_fields_keep_what_is_in_them():
    value = {"settings": {"epochs": 1}, "anything": {"a": [1, {"b": None}], "c": "\x1b"}}
    assert checked(value, Everything, "f.json").anything == value["anything"]


def test_a_long_value_is_cut_in_the_message():
    with pytest.raises(InputError) as caught:
        checked({"epochs": "x" * 10_000}, Settings, "f.json")
    assert len(str(caught.value)) < 200
