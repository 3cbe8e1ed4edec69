"""Background: downloaded data belongs to the user, not to the project's folder. Question: where is it kept?
Provides: the folder of the user's cache.
"""

import os
from pathlib import Path

VARIABLE = "SPAN_THEOREM_CACHE"


def cache_folder() -> Path:
    """``$SPAN_THEOREM_CACHE``, or the operating system's cache folder for ``span-theorem``."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    try:
        import pooch
    except ImportError:  # the diagnostic also runs without the extra `data`
        return Path.home() / ".cache" / "span-theorem"
    return Path(pooch.os_cache("span-theorem"))
