"""A local HTTP server that serves a folder, well or badly: the first part of the address says how."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    folder: Path
    requests: list[str]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        _, manner, name = self.path.split("/", 2)
        path = self.server.folder / name
        if manner == "absent" or not path.exists():
            self.send_error(404)
            return
        if manner == "broken":
            self.send_error(500)
            return
        if manner == "silent":
            time.sleep(3)
            return
        content = path.read_bytes()
        if manner == "corrupted":
            middle = len(content) // 2
            content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        self.send_response(200)
        if manner != "unsized":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        half = content[: len(content) // 2]
        if manner in ("truncated", "unsized"):
            self.wfile.write(half)
        elif manner == "interrupted" or (manner == "recovering" and len(self.server.requests) == 1):
            self.wfile.write(half)
            self.wfile.flush()
            # linger of zero: closing sends a reset instead of an orderly end
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif manner == "slow":
            with suppress(OSError):  # until the client has had enough
                for start in range(len(content)):
                    self.wfile.write(content[start : start + 1])
                    self.wfile.flush()
                    time.sleep(0.02)
        else:
            self.wfile.write(content)

    def finish(self) -> None:
        with suppress(OSError):  # after a reset there is nothing left to flush
            super().finish()

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve ``folder``; yields the address, to be followed by a manner, and the list of requested paths."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.folder, server.requests = folder, []
    server.handle_error = lambda *arguments: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.requests
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
