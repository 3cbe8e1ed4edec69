"""Finished parts come back as they were, and nothing else does."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.parts import Parts
from span_theorem.errors import InputError


class Counted:
    """A computation that knows how often it ran."""

    def __init__(self, value):
        self.value, self.runs = value, 0

    def __call__(self):
        self.runs += 1
        return self.value


def only_file(folder):
    (path,) = folder.glob("*.json")
    return path


def test_a_part_is_computed_once(tmp_path):
    compute = Counted({"x": (1, 2.5), 3: None})
    first = Parts(tmp_path / "parts").get({"seed": 0}, compute)
    assert Parts(tmp_path / "parts").get({"seed": 0}, compute) == first == {"x": [1, 2.5], "3": None}
    assert compute.runs == 1


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_figures_come_back_to_the_bit(tmp_path_factory, value):
    store = Parts(tmp_path_factory.mktemp("parts"))
    computed = store.get({}, lambda: {"value": value})
    read = store.get({}, lambda: pytest.fail("computed again"))
    assert computed["value"] == read["value"] == value


@pytest.mark.parametrize(
    ("common", "key"),
    [({"code": "a"}, {"seed": 1}), ({"code": "b"}, {"seed": 0}), ({"code": "a"}, {"seed": 0, "l": 1})],
)
def test_another_key_is_another_part(tmp_path, common, key):
    Parts(tmp_path, {"code": "a"}).get({"seed": 0}, lambda: {"value": "first"})
    assert Parts(tmp_path, common).get(key, lambda: {"value": "other"}) == {"value": "other"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda stored: "",
        lambda stored: json.dumps(stored)[:-20],
        lambda stored: "[]",
        lambda stored: "[" * 100_000,
        lambda stored: json.dumps(stored | {"part": {"value": 2}}),
        lambda stored: json.dumps(stored | {"key": {"seed": 1}}),
        lambda stored: json.dumps({"key": stored["key"]}),
    ],
)
def test_damaged_and_foreign_files_are_computed_again(tmp_path, spoil):
    store, compute = Parts(tmp_path), Counted({"value": 1})
    store.get({"seed": 0}, compute)
    path = only_file(tmp_path)
    path.write_text(spoil(json.loads(path.read_text())))
    assert store.get({"seed": 0}, compute) == {"value": 1}
    assert compute.runs == 2
    assert store.get({"seed": 0}, compute) == {"value": 1}
    assert compute.runs == 2


def test_bytes_that_are_not_text_are_computed_again(tmp_path):
    store, compute = Parts(tmp_path), Counted({"value": 1})
    store.get({}, compute)
    only_file(tmp_path).write_bytes(b"\xff\xfe\x00")
    assert store.get({}, compute) == {"value": 1}
    assert compute.runs == 2


def test_an_interrupted_part_leaves_nothing(tmp_path):
    def killed():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Parts(tmp_path).get({}, killed)
    assert not list(tmp_path.iterdir())


def test_without_a_folder_nothing_is_kept(tmp_path):
    compute = Counted({"value": 1})
    for _ in range(2):
        assert Parts().get({}, compute) == {"value": 1}
    assert compute.runs == 2


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file"):
        Parts(tmp_path / "file" / "parts").get({}, lambda: {})
