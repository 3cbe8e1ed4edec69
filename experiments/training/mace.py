"""Train a small MACE on the embedded frames and write the features that the study `architecture` reads.

Background: MACE needs an environment of its own, and its package has no weights in it (docs/backbones.md). Provides:
training by MACE's own ``mace_run_train``, errors on frames that were not trained on, and a feature file of the frames
that the study shows, with the training on its card. In the environment of MACE:

    python -m experiments.training.mace FILE.npz --work results/training/aspirin-gfn2-mace

Killed and started again, it goes on from MACE's last checkpoint.
"""

from pathlib import Path

from experiments.data.extxyz import write_extxyz
from experiments.training.elsewhere import call, main, started

CONFIG = Path(__file__).with_suffix(".yaml")
NAME = "aspirin-gfn2-mace"


def train(work: Path, trust: bool = False) -> Path:
    """Train in ``work``; the model file, a pickle that this training made.

    Raises:
        MissingPackage: this is not the environment of MACE.
        InputError: the training failed, or ``work`` holds another's and there is no ``trust``.
    """
    program, training, validation = started("mace_run_train", "mace-torch", work, trust)
    files = {"train_file": work / "training.xyz", "valid_file": work / "validation.xyz"}
    for frames, path in zip((training, validation), files.values(), strict=True):
        write_extxyz(frames, path)
    command = [str(program), "--config", str(CONFIG), "--work_dir", str(work), "--restart_latest"]
    call([*command, *(word for name, path in files.items() for word in (f"--{name}", str(path)))])
    return work / f"{NAME}.model"


if __name__ == "__main__":
    main("mace", NAME, "mace-torch", CONFIG, train)
