"""A witness on the web, for tests: c2sp.org/tlog-witness over the folder of `storage.log.witness`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from storage.log.cosigning import NotContinued, OtherSize
from storage.log.note import BadNote, NoteNotSigned, VerifierKey, WrongSignature
from storage.log.witness import UnknownLog, WitnessFolder


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, WitnessServer)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        server.requests.append((self.path, body))
        status, answer = server.forced or server.answer(body)
        self.send_response(status)
        self.send_header("Content-Type", "text/x.tlog.size" if status == 409 else "text/plain")
        self.send_header("Content-Length", str(len(answer.encode())))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on standard error."""


class WitnessServer(ThreadingHTTPServer):
    """`forced` is answered instead of what is right."""

    def __init__(self, folder: WitnessFolder, log: VerifierKey) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._folder, self._log = folder, log
        self.requests: list[tuple[str, str]] = []
        self.forced: tuple[int, str] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/w1"

    def answer(self, body: str) -> tuple[int, str]:
        try:
            return 200, self._folder.cosign(body, datetime.now(UTC), self._log).splitlines(keepends=True)[-1]
        except OtherSize as error:
            return 409, f"{error.fields['known']}\n"
        except NotContinued:
            return 422, ""
        except UnknownLog:
            return 404, ""
        except (NoteNotSigned, WrongSignature):
            return 403, ""
        except BadNote:
            return 400, ""


@contextmanager
def serving(folder: WitnessFolder, log: VerifierKey) -> Iterator[WitnessServer]:
    with WitnessServer(folder, log) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
