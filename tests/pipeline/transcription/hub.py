"""A hub of models on this machine: as much of the protocol as fetching a model takes."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def serving(files: Mapping[str, bytes], lies: Mapping[str, bytes] | None = None) -> Iterator[tuple[str, list[str]]]:
    """The address of a hub whose every model has these files, and what was asked of it; for `lies` it gives other bytes."""
    asked: list[str] = []

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            asked.append(self.path)
            path = self.path.partition("?")[0]
            name = path.rpartition("/")[2]
            if "/tree/" in path:
                entries = [
                    {"type": "file", "path": name, "size": len(data), "oid": "0"} for name, data in files.items()
                ]
                self._send(json.dumps(entries).encode(), "tree", body)
            elif path.startswith("/api/models/"):
                about = {"id": "x/y", "sha": COMMIT, "siblings": [_sibling(*file) for file in files.items()]}
                self._send(json.dumps(about).encode(), "about", body)
            elif name in files:
                self._send((lies or {}).get(name, files[name]), hashlib.sha256(files[name]).hexdigest(), body)
            else:
                self.send_error(404)

        def _send(self, data: bytes, tag: str, body: bool) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("ETag", f'"{tag}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if body:
                self.wfile.write(data)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _sibling(name: str, data: bytes) -> dict[str, object]:
    lfs = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 100}
    return {"rfilename": name, "size": len(data), "blobId": "0"} | ({"lfs": lfs} if name == "model.bin" else {})
