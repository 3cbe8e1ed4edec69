"""The feature cache: computed once, resumed after a kill, recomputed when damaged, never read for other inputs."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from experiments.backbones.free_molecule import of_batches
from experiments.backbones.protocol import Card
from experiments.features import PART, FeatureReader, Sites
from experiments.structures import Structures
from span_theorem.errors import InputError
from tests.experiments.synthetic import Spectrum, random_frames

FRAMES = random_frames(2 * PART + 7, 0)
NUMBERS, POSITIONS = FRAMES.stacked()


def read(reader, backbone, structures, atom, jacobian=False):
    """Features of the same atom of every structure."""
    return reader.read(of_batches(backbone), structures, Sites.same(structures, atom), jacobian)


class Counting(Spectrum):
    """A synthetic backbone with an identity that counts the frames it was shown."""

    def __init__(self, weights="a" * 64, layer="0"):
        super().__init__([0, 1, 2])
        self.shown = 0
        self.card = Card(
            layers={"0": str(self.irreps), "1": str(self.irreps)},
            layer=layer,
            default_layer="1",
            default_reason="test",
            labels="parity",
            parameters=0,
            source="test",
            licence="MIT",
            settings={"weights_sha256": weights},
        )

    def features(self, numbers, positions):
        self.shown += len(positions)
        return super().features(numbers, positions)


def parts(folder):
    return sorted(folder.glob("features/*/*.npz"))


def test_values_and_jacobian_are_those_of_the_backbone(tmp_path):
    kept = read(FeatureReader(tmp_path), Counting(), FRAMES, 1, jacobian=True)
    plain = read(FeatureReader(), Counting(), FRAMES, 1, jacobian=True)
    np.testing.assert_array_equal(kept.values, plain.values)
    np.testing.assert_array_equal(kept.jacobian, plain.jacobian)
    step = 1e-5
    moved = np.array(POSITIONS)
    moved[:, 2, 0] += step
    other = read(FeatureReader(), Counting(), Structures.of_molecule(NUMBERS, moved), 1)
    np.testing.assert_allclose(kept.jacobian[:, :, 2, 0], (other.values - plain.values) / step, atol=1e-3)


@pytest.mark.parametrize("jacobian", [False, True])
def test_computed_once(tmp_path, jacobian):
    first, second = Counting(), Counting()
    one = read(FeatureReader(tmp_path), first, FRAMES, 1, jacobian)
    two = read(FeatureReader(tmp_path), second, FRAMES, 1, jacobian)
    assert (first.shown, second.shown) == (len(FRAMES), 0)
    np.testing.assert_array_equal(one.values, two.values)


def test_never_read_back_for_other_inputs(tmp_path):
    reader = FeatureReader(tmp_path)
    read(reader, Counting(), FRAMES, 1)
    nudged = np.array(POSITIONS)
    nudged[0, 0, 0] = np.nextafter(nudged[0, 0, 0], np.inf)
    others = [
        (Counting(weights="b" * 64), FRAMES, 1, False),
        (Counting(layer="1"), FRAMES, 1, False),
        (Counting(), FRAMES, 0, False),
        (Counting(), FRAMES, 1, True),
        (Counting(), Structures.of_molecule(NUMBERS, nudged, source=FRAMES.source), 1, False),
        (Counting(), FRAMES.subset(range(PART)), 1, False),
    ]
    for backbone, frames, site, jacobian in others:
        read(reader, backbone, frames, site, jacobian)
        assert backbone.shown == len(frames)


def test_a_backbone_without_an_identity_is_not_cached(tmp_path):
    read(FeatureReader(tmp_path), Spectrum([0, 1]), FRAMES, 1)
    assert not parts(tmp_path)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "text", "empty", "other part"])
def test_a_damaged_part_is_computed_again(tmp_path, damage):
    reader = FeatureReader(tmp_path)
    expected = read(reader, Counting(), FRAMES, 1).values
    first, second, _ = parts(tmp_path)
    if damage == "truncated":
        second.write_bytes(second.read_bytes()[:-200])
    elif damage == "flipped":
        content = bytearray(second.read_bytes())
        content[len(content) // 2] ^= 0xFF
        second.write_bytes(bytes(content))
    elif damage == "text":
        second.write_text("not an archive")
    elif damage == "empty":
        second.write_bytes(b"")
    else:
        second.write_bytes(first.read_bytes())
    backbone = Counting()
    np.testing.assert_array_equal(read(reader, backbone, FRAMES, 1).values, expected)
    assert backbone.shown == PART
    assert first.exists()


def test_killed_at_any_moment_it_continues(tmp_path):
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from experiments.features import FeatureReader
        from tests.experiments.test_features import FRAMES, Counting, read

        read(FeatureReader(Path(sys.argv[1]), progress=lambda done: time.sleep(60)), Counting(), FRAMES, 1)
        """
    )
    run = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], env=os.environ)
    deadline = time.monotonic() + 120
    while not parts(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert len(parts(tmp_path)) == 1
    backbone = Counting()
    values = read(FeatureReader(tmp_path), backbone, FRAMES, 1).values
    assert backbone.shown == len(FRAMES) - PART
    np.testing.assert_array_equal(values, read(FeatureReader(), Counting(), FRAMES, 1).values)


def test_features_that_are_not_finite_stop_the_run_and_are_not_kept(tmp_path):
    class Broken(Counting):
        def features(self, numbers, positions):
            return super().features(numbers, positions) / 0

    with pytest.raises(InputError, match="not finite"):
        read(FeatureReader(tmp_path), Broken(), FRAMES, 1)
    assert not parts(tmp_path)


def test_a_cache_that_cannot_be_written(tmp_path):
    (tmp_path / "features").write_text("a file in the way")
    with pytest.raises(InputError, match="cannot make the cache folder"):
        read(FeatureReader(tmp_path), Counting(), FRAMES, 1)
