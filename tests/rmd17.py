"""Where the published rMD17 split files lie, for the tests marked ``rmd17``."""

import os
from pathlib import Path

VARIABLE = "SPAN_THEOREM_TEST_RMD17"
RMD17 = Path(os.environ.get(VARIABLE) or Path(__file__).resolve().parents[2] / "shared" / "rmd17")
ABSENT = f"no rMD17 split files in {RMD17} (set {VARIABLE} to their folder)"
