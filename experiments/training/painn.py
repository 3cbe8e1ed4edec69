"""Train a small PaiNN on the embedded frames and write the features that the study `architecture` reads.

Background: SchNetPack needs an environment of its own (docs/backbones.md). Provides: training by SchNetPack's own
``spktrain``, errors on frames that were not trained on, and a feature file of the frames that the study shows, with the
training on its card. In the environment of SchNetPack:

    python -m experiments.training.painn FILE.npz --work results/training/aspirin-gfn2-painn

Killed and started again, it goes on from Lightning's last checkpoint.
"""

import shutil
from pathlib import Path

from experiments.training.elsewhere import call, main, started

CONFIG = Path(__file__).with_suffix(".yaml")
NAME = "aspirin-gfn2-painn"
UNITS = {"energy": "eV", "forces": "eV/Ang"}


def train(work: Path, trust: bool = False) -> Path:
    """Train in ``work``; the model file, a pickle that this training made.

    Raises:
        MissingPackage: this is not the environment of SchNetPack.
        InputError: the training failed, or ``work`` holds another's and there is no ``trust``.
    """
    import numpy as np
    from schnetpack.data import ASEAtomsData

    program, *sets = started("spktrain", "schnetpack", work, trust)
    work = work.resolve()
    database, split = work / "frames.db", work / "split.npz"
    if not split.exists():  # the last file of these, so all are there
        database.unlink(missing_ok=True)
        created = ASEAtomsData.create(str(database), distance_unit="Ang", property_unit_dict=UNITS)
        for one in sets:
            frames = one.to_ase()
            created.add_systems(
                [
                    {"energy": np.array([atoms.get_potential_energy()]), "forces": atoms.get_forces()}
                    for atoms in frames
                ],
                frames,
            )
        first = np.arange(len(sets[0]))
        second = len(first) + np.arange(len(sets[1]))
        np.savez(split, train_idx=first, val_idx=second, test_idx=second)
    (work / "experiment").mkdir(exist_ok=True)
    shutil.copy(CONFIG, work / "experiment" / f"{NAME}.yaml")
    call(
        [
            *(str(program), f"--config-dir={work}", f"experiment={NAME}", f"data.datapath={database}"),
            *(f"data.split_file={split}", f"run.path={work}", f"run.data_dir={work}"),
        ],
        cwd=work,
    )
    return work / "run" / "best_model"


if __name__ == "__main__":
    main("painn", NAME, "schnetpack", CONFIG, train)
