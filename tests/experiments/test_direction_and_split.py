"""The marked direction, and the division of frames into training and test."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.environments import Pair
from experiments.split import divide, require_disjoint, sample
from span_theorem.errors import InputError
from tests.experiments.synthetic import random_frames


def test_marked_direction():
    frames = random_frames(10, 0)
    directions = Pair(2, 0)(frames).directions
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    np.testing.assert_allclose(directions, -Pair(0, 2)(frames).directions)


@given(st.integers(20, 60), st.integers(2, 40), st.integers(2, 40), st.integers(0, 5))
def test_divided_frames_are_disjoint_and_within_their_numbers(total, n_training, n_test, seed):
    frames = random_frames(total, 0)
    training, test = divide(frames, n_training, n_test, seed)
    require_disjoint(training, test)
    assert 1 <= len(training) <= n_training
    assert 1 <= len(test) <= n_test
    if total >= n_training + n_test:
        assert (len(training), len(test)) == (n_training, n_test)


def test_drawing_more_frames_than_there_are_takes_all():
    frames = random_frames(5, 0)
    assert sample(frames, 10, seed=0) is frames
    assert len(sample(frames, 3, seed=0)) == 3


def test_a_shared_frame_is_refused():
    frames = random_frames(5, 0)
    with pytest.raises(InputError, match=r"1 test structures .*first: 0, which is 2"):
        require_disjoint(frames, frames.subset([2]))
