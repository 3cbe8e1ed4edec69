"""Background: downloads are cut off, damaged, or never end. Question: are these the published bytes?
Provides: fetching one pinned file into the user's cache through pooch; whatever goes wrong, nothing stays
there under the right name.
"""

import re
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from experiments.data.rmd17 import is_published, registry, rmd17_folder
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from rich.progress import Progress

DEFAULT_URL = "https://raw.githubusercontent.com/andersx/rmd17-npz/main/rmd17-npz/"
URL_VARIABLE = "SPAN_THEOREM_RMD17_URL"
SILENCE = 30.0  # s without a byte before a connection counts as dead


class _Final(Exception):
    """A failure that trying again would not mend."""


def download(
    name: str, base_url: str, timeout: float = 300.0, retries: int = 2, progress: "Progress | None" = None
) -> Path:
    """Fetch the published file ``name`` into the user's cache, unless it is there already.

    Args:
        name: of a pinned file.
        base_url: address of the folder that holds it.
        timeout: seconds that one attempt may take altogether.
        retries: further attempts after a broken connection or damaged bytes.
        progress: where to draw a bar.

    Returns:
        Path in the cache.

    Raises:
        InputError: the file could not be had, or is not the published one; one line says why.
    """
    import pooch
    import requests

    folder = rmd17_folder()
    path = folder / name
    if is_published(path):
        return path
    url = base_url.rstrip("/") + "/" + name
    if not url.startswith(("http://", "https://")):
        raise InputError(
            f"the base address is {base_url!r}, expected one that begins with http:// or https://"
        )
    pooch.get_logger().setLevel("ERROR")
    store = pooch.create(
        folder, base_url.rstrip("/") + "/", registry={name: registry()[name].sha256}, retry_if_failed=retries
    )
    try:
        store.fetch(name, downloader=_Stream(timeout, progress))
    except _Final as error:
        raise InputError(f"{url}: {error}") from None
    except requests.exceptions.ConnectionError as error:
        raise InputError(
            f"{url}: the connection failed or broke off, expected {name} ({_cause(error)})"
        ) from None
    except requests.exceptions.RequestException as error:
        raise InputError(f"{url}: {_cause(error)}, expected {name}") from None
    except ValueError:  # pooch: the hash differs
        expected = registry()[name].sha256
        raise InputError(
            f"{url}: what came is not the published file (its SHA-256 differs), expected {expected}"
        ) from None
    except OSError as error:
        raise InputError(f"cannot write into the cache {folder}: {error.strerror or error}") from None
    return path


class _Stream:
    """A pooch downloader with a deadline: a server that trickles forever does not hold the command up."""

    def __init__(self, timeout: float, progress: "Progress | None") -> None:
        self.timeout = timeout
        self.progress = progress

    def __call__(self, url: str, output: str | Path | IO[bytes], pooch: Any) -> None:
        import requests
        from urllib3.exceptions import HTTPError

        deadline = time.monotonic() + self.timeout
        bar = None if self.progress is None else self.progress.add_task(url.rsplit("/", 1)[1], total=None)
        try:
            # uncompressed, so that bytes can be counted against Content-Length
            response = requests.get(
                url, stream=True, timeout=min(SILENCE, self.timeout), headers={"Accept-Encoding": "identity"}
            )
        except requests.exceptions.Timeout:
            raise _Final(f"no answer within {min(SILENCE, self.timeout):g} s, expected the file") from None
        with response, open(output, "wb") if isinstance(output, str | Path) else output as file:
            if 400 <= response.status_code < 500:
                status = f"{response.status_code} {response.reason}"
                raise _Final(f"{status}, expected the file (is the base address right?)")
            response.raise_for_status()
            length = response.headers.get("Content-Length", "")
            total = int(length) if re.fullmatch("[0-9]{1,15}", length) else None
            received = 0
            try:
                # read1 hands over what has arrived, so a trickle cannot hold the deadline up
                while data := response.raw.read1(1 << 16):
                    file.write(data)
                    received += len(data)
                    if self.progress is not None and bar is not None:
                        self.progress.update(bar, completed=received, total=total)
                    if time.monotonic() > deadline:
                        raise _Final(
                            f"only {received:,} bytes after {self.timeout:g} s, expected the whole file"
                        )
            except HTTPError as error:  # also when fewer bytes came than Content-Length promised
                if "timed out" in str(error).lower():
                    raise _Final(
                        f"silent for {min(SILENCE, self.timeout):g} s after {received:,} bytes"
                    ) from None
                raise requests.exceptions.ConnectionError(
                    f"broken off after {received:,} bytes" + (f" of {total:,}" if total else "")
                ) from error


def _cause(error: BaseException) -> str:
    """The innermost reason of a requests error, without urllib3's object addresses."""
    inner: Any = error
    while (deeper := getattr(inner, "reason", None) or (inner.args[0] if inner.args else None)) is not None:
        if not isinstance(deeper, BaseException):
            break
        inner = deeper
    text = str(inner)
    return text.split(">: ", 1)[-1].split("): ", 1)[-1] if "object at 0x" in text else text
