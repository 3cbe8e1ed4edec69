"""A real browser without a screen: Chromium, spoken to through its DevTools pipe, so that no other package is needed.

`python -m tests.browser PAGE.html PICTURE.png` takes a picture of the top of a page.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ABSENT = "Chromium is not installed: apt-get install chromium"
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
PATIENCE = 60.0


class Browser:
    """One tab.

    Attributes:
        events: what the browser told, method and parameters.
    """

    def __init__(self, reading: int, writing: int):
        self._reading, self._writing = reading, writing
        self._rest, self._last, self._session = b"", 0, {}
        self.events: list[tuple[str, dict]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = {
            "sessionId": self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        }
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters):
        """The answer to one command of the DevTools protocol."""
        self._last += 1
        command = {"id": self._last, "method": method, "params": parameters, **self._session}
        os.write(self._writing, json.dumps(command).encode() + b"\0")
        while True:
            message = self._message()
            if message.get("id") == self._last:
                assert "error" not in message, message
                return message["result"]

    def wait_for(self, method: str) -> dict:
        """The next event of a kind, unless it has come already."""
        while True:
            for name, parameters in self.events:
                if name == method:
                    return parameters
            self._message()

    def open(self, path: Path) -> None:
        """Load a file and wait until it is there."""
        self.events.clear()
        self.call("Page.navigate", url=Path(path).resolve().as_uri())
        self.wait_for("Page.loadEventFired")

    def run(self, script: str):
        """The value of a script, awaited."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def complaints(self) -> list[str]:
        """What the browser wrote to its console, and exceptions."""
        kinds = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [json.dumps(parameters) for name, parameters in self.events if name in kinds]

    def requests(self) -> list[str]:
        """Addresses that were asked for."""
        return [event["request"]["url"] for name, event in self.events if name == "Network.requestWillBeSent"]

    def resize(self, width: int, height: int, mobile: bool = False) -> None:
        """Give the tab a size in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=mobile,
        )  # fmt: skip

    def picture(self) -> bytes:
        """PNG of what is seen."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def _message(self) -> dict:
        end = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._reading], [], [], max(end - time.monotonic(), 0))
            part = os.read(self._reading, 2**16) if ready else b""
            if not part:
                raise TimeoutError("the browser does not answer")
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\0")
        message = json.loads(line)
        if "method" in message:
            self.events.append((message["method"], message["params"]))
        return message


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with a profile of its own, ended afterwards."""
    assert CHROMIUM is not None, ABSENT
    to_read, its_writing = os.pipe()
    its_reading, to_write = os.pipe()
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # it reads from descriptor 3 and writes to 4
        script = f'exec "$@" 3<&{its_reading} 4>&{its_writing}'
        process = subprocess.Popen(
            ["bash", "-c", script, "bash", CHROMIUM, *OPTIONS, f"--user-data-dir={profile}"],
            pass_fds=(its_reading, its_writing),
            stderr=subprocess.DEVNULL,
        )
        os.close(its_reading)
        os.close(its_writing)
        try:
            yield Browser(to_read, to_write)
        finally:
            process.terminate()
            process.wait()
            os.close(to_read)
            os.close(to_write)


if __name__ == "__main__":
    with browser() as tab:
        tab.resize(1100, 1400)
        tab.open(Path(sys.argv[1]))
        if len(sys.argv) > 3:
            tab.run(f"scrollTo(0, document.querySelector('{sys.argv[3]}').offsetTop)")
        Path(sys.argv[2]).write_bytes(tab.picture())
