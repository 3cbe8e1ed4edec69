from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.data import Frames
from span_theorem.errors import InputError
from tests.experiments.data.conftest import made_up


def changed(values: np.ndarray, place: tuple[int, ...], value: float) -> np.ndarray:
    copy = values.copy()
    copy[place] = value
    return copy


@pytest.mark.parametrize("name", ["positions", "energies", "forces"])
def test_arrays_cannot_be_changed_behind_the_checksum(frames: Frames, name: str) -> None:
    with pytest.raises(ValueError, match="read-only"):
        getattr(frames, name)[0] = 0.0


def test_given_arrays_stay_the_callers_own() -> None:
    positions = np.ones((1, 1, 3))
    frames = Frames(np.array([1]), positions, None, None, "")
    positions[:] = 2.0
    assert (frames.positions == 1.0).all()


@given(st.lists(st.integers(-5, 4), min_size=1, max_size=8))
def test_select_takes_frames_with_their_labels(indices: list[int]) -> None:
    frames = made_up()
    chosen = frames.select(indices)
    assert len(chosen) == len(indices)
    for new, old in enumerate(indices):
        np.testing.assert_array_equal(chosen.positions[new], frames.positions[old])
        assert chosen.energies is not None
        assert frames.energies is not None
        assert chosen.energies[new] == frames.energies[old]


@pytest.mark.parametrize(
    ("indices", "message"),
    [([], "at least one frame index"), ([5], "there is no frame 5, expected 0 to 4"), ([0.5], "integers")],
)
def test_select_refuses(frames: Frames, indices: list, message: str) -> None:
    with pytest.raises(InputError, match=message):
        frames.select(indices)


def test_checksum_sees_content_and_only_content(frames: Frames) -> None:
    assert replace(frames, source="elsewhere").checksum == frames.checksum
    assert frames.select(range(len(frames))).checksum == frames.checksum
    others = [
        replace(frames, numbers=np.array([8, 1, 2])),
        replace(frames, positions=changed(frames.positions, (0, 0, 0), 7.0)),
        replace(frames, energies=changed(frames.energies, (0,), 7.0)),
        replace(frames, forces=changed(frames.forces, (4, 2, 2), 7.0)),
        replace(frames, forces=None),
        frames.select([1, 0, 2, 3, 4]),
    ]
    assert len({one.checksum for one in [frames, *others]}) == len(others) + 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("name", "place", "message"),
    [
        ("positions", (3, 2, 1), "the position of frame 3, atom 2 is {}"),
        ("energies", (4,), "the energy of frame 4 is {}"),
        ("forces", (1, 0, 2), "the force of frame 1, atom 0 is {}"),
    ],
)
def test_names_the_value_that_is_not_finite(
    frames: Frames, name: str, place: tuple[int, ...], message: str, value: float
) -> None:
    with pytest.raises(InputError, match=message.format(value)) as caught:
        replace(frames, **{name: changed(getattr(frames, name), place, value)})
    assert str(caught.value).startswith("made up: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions": np.zeros((5, 3))}, r"positions have shape \(5, 3\), expected \(n_frames, 3, 3\)"),
        ({"positions": np.zeros((5, 4, 3))}, r"positions have shape \(5, 4, 3\)"),
        ({"positions": np.zeros((0, 3, 3))}, "no frames"),
        ({"positions": np.full((5, 3, 3), "a")}, "positions have type <U1, expected real numbers"),
        ({"positions": [[[0.0, 0.0, 0.0]], [[0.0]]]}, "not a rectangular array"),
        ({"positions": np.zeros((5, 3, 3), dtype=complex)}, "positions have type complex128"),
        ({"energies": np.zeros((5, 1))}, r"energies have shape \(5, 1\), expected \(5,\)"),
        ({"forces": np.zeros((4, 3, 3))}, r"forces have shape \(4, 3, 3\), expected \(5, 3, 3\)"),
        ({"numbers": np.array([8, 0, 1])}, "atom 1 has atomic number 0, expected 1 to 118"),
        ({"numbers": np.array([8, 1, 119])}, "atom 2 has atomic number 119"),
        ({"numbers": np.array([8.0, 1.0, 1.0])}, "expected integers"),
        ({"numbers": np.array([[8, 1, 1]])}, "expected integers"),
        ({"numbers": np.array([], dtype=int)}, "expected integers"),
    ],
)
def test_refuses(frames: Frames, change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(frames, **change)


def test_to_dict_describes_without_the_frames(frames: Frames) -> None:
    described = frames.to_dict()
    assert described["n_frames"] == 5
    assert described["checksum"] == frames.checksum
    assert "positions" not in described
