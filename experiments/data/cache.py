"""Background: downloaded data belongs to the user, not to the project's folder. Question: where is it kept?
Provides: the folder of the user's cache.
"""

import os
from pathlib import Path

from span_theorem.errors import InputError

VARIABLE = "SPAN_THEOREM_CACHE"


def cache_folder() -> Path:
    """``$SPAN_THEOREM_CACHE``, or the operating system's cache folder for ``span-theorem``.

    Raises:
        InputError: there is no home folder to put it into.
    """
    chosen = os.environ.get(VARIABLE)
    try:
        if chosen:
            return Path(chosen).expanduser()
        home = Path.home()
    except RuntimeError as error:  # no such user, or one without a home
        given = f"{VARIABLE} is {chosen!r}" if chosen else "there is no folder for the cache"
        raise InputError(f"{given}: {error}; expected a folder in the variable {VARIABLE}") from None
    try:
        import pooch
    except ImportError:  # the diagnostic also runs without the extra `data`
        return home / ".cache" / "span-theorem"
    return Path(pooch.os_cache("span-theorem"))
