"""Feature files, model cards and configurations with anything in their fields: refused in one line, or harmless."""

import json
import shutil
from dataclasses import asdict

import numpy as np
import pytest

from experiments.backbones import card_of, shipped
from experiments.backbones.batch import Batch
from experiments.backbones.extraction import extract
from experiments.backbones.feature_file import read_features, write_features
from experiments.backbones.feature_format import _checksum
from experiments.backbones.shipped.format import paths
from experiments.backbones.verification import verify
from experiments.cli import main
from span_theorem.reading import sha256
from tests.experiments.synthetic import random_frames
from tests.experiments.test_features import Counting
from tests.fuzz.damage import ODD, case, mutated, refused

FRAMES = random_frames(6, 0)
NETWORK = "aspirin-gfn2-0"


@pytest.fixture
def copied(tmp_path):
    for path in paths(shipped.FOLDER, NETWORK):
        shutil.copy(path, tmp_path)
    return tmp_path


def altered(values, random):
    """An array of another type, shape or content."""
    kinds = ("f2", "f4", ">f8", "f8", "i4", "i8", "u1", "?", "U3", "c16", "S2")
    match random.choice(("type", "shape", "cut", "odd")):
        case "type":
            return values.astype(random.choice(kinds))
        case "shape":
            return random.choice((values[None], values.ravel(), values.T, np.array(0), values[:0]))
        case "cut":
            return values[: random.randrange(len(values) + 1)]
        case "odd":
            return np.full(values.shape, random.choice((-1, 0, 1, 100))).astype(values.dtype)


def test_a_feature_file(tmp_path, fuzz_seeds):
    path = tmp_path / "features.npz"
    write_features(path, extract(Counting(), [FRAMES], site=1, jacobian=True))
    with np.load(path) as archive:
        arrays = {key: archive[key] for key in archive}
    metadata = json.loads(str(arrays.pop("metadata")))
    batch = Batch.of(FRAMES)
    original = read_features(path)
    for seed in fuzz_seeds:
        with case(seed) as random:
            values, kept = metadata, dict(arrays)
            if random.random() < 0.7:
                values = mutated(metadata, random)
            else:
                key = random.choice(sorted(kept))
                kept[key] = altered(kept[key], random)
            same = values == metadata and all(
                one.dtype == kept[key].dtype and one.shape == kept[key].shape and (one == kept[key]).all()
                for key, one in arrays.items()
            )
            sealed = random.random() < 0.8
            if sealed:
                values = {**values, "checksum": _checksum(values, kept)}
            np.savez(path, metadata=np.array(json.dumps(values)), **kept)
            backbone = refused(lambda: read_features(path))
            if backbone is None:
                continue
            assert sealed or same
            # a whole file, which says something else: whatever it says is used without a traceback
            assert backbone.irreps == original.irreps
            json.dumps(card_of(backbone).to_dict()), json.dumps(asdict(verify(backbone, FRAMES)))
            refused(lambda: backbone.site_features(batch, batch.first[:-1] + 1))  # noqa: B023


def test_a_model_card(copied, capsys, fuzz_seeds):
    _, _, path = paths(copied, NETWORK)
    whole = json.loads(path.read_text())
    for seed in fuzz_seeds:
        with case(seed) as random:
            path.write_text(json.dumps(mutated(whole, random)))
            status = main(("train", "table", "--from", str(copied)))
            printed = capsys.readouterr()
            assert (status, printed.err.count("\n")) in ((0, 0), (2, 1)), printed.err
            assert "\x1b" not in printed.out + printed.err


@pytest.mark.parametrize("whole", [False, True], ids=["card", "evaluate"])
def test_a_card_is_used_whole_or_not_at_all(copied, capsys, fuzz_seeds, whole):
    """`train evaluate` on other frames than the card's, so that nothing is compared."""
    from experiments.data import read_structures, write_npz

    _, _, path = paths(copied, NETWORK)
    content = json.loads(path.read_text())
    write_npz(read_structures("embedded:test").subset(range(2)), copied / "frames.npz")
    for seed in fuzz_seeds[: 1 + len(fuzz_seeds) // 5]:
        with case(seed) as random:
            path.write_text(json.dumps(content if whole else mutated(content, random)))
            status = main(("train", "evaluate", str(path), "--test", str(copied / "frames.npz")))
            error = capsys.readouterr().err
            assert (status, error.count("\n")) in (((0, 0),) if whole else ((0, 0), (2, 1))), error
        if whole:
            break


def test_a_configuration(copied, fuzz_seeds):
    _, config, card_path = paths(copied, NETWORK)
    whole, card = json.loads(config.read_text()), json.loads(card_path.read_text())
    keys = [*whole, "compile_mode", "pair_potential", "num_bessels", "convnet_nonlinearity_gates", "_target_"]
    for seed in fuzz_seeds:
        with case(seed) as random:
            changed = mutated(whole, random)
            for key in random.sample(keys, random.randrange(2)):
                changed[key] = random.choice((*ODD, 4096, 8, 32, [4096] * 3, {"_target_": "torch.save"}))
            config.write_text(json.dumps(changed))
            card_path.write_text(json.dumps({**card, "config_sha256": sha256(config)}))
            files = refused(lambda: shipped.read(NETWORK, copied))
            if files is not None:
                assert all(
                    isinstance(value, str | int | float | list | None) for value in files.config.values()
                )
                # what is built is at most a few times as large as the weights that are there
                assert shipped.check_config(files.config, config).fewest_parameters() <= 51_776
