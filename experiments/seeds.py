"""One seed, one independent stream of random numbers for every purpose."""

import numpy as np


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Random numbers for one purpose; other purposes and other seeds have independent streams.

    >>> bool(generator(0, "test").random() == generator(0, "training").random())
    False
    """
    return np.random.default_rng([seed, *purpose.encode()])
