"""Taguette 1.5.2 itself takes our file and shows every extract; what it writes then comes back to us.

With TAGUETTE=1, as in CI, it is installed into an environment of its own (80 MB, half a minute); TAGUETTE=/path/to/python uses
one that is there. It must not share ours: it needs an older SQLAlchemy.
"""

import csv
import http.cookiejar
import io
import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.export import taguette
from pipeline.export.model import Project, names
from pipeline.export.plain import TURN_HEAD
from pipeline.imports import taguette as reader
from tests.pipeline.export.samples import project
from tests.pipeline.imports.test_planning import imported, talk

LOCK = Path(__file__).with_name("taguette.txt")
WANTED = os.environ.get("TAGUETTE", "")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not WANTED, reason="TAGUETTE=1 installs Taguette 1.5.2 and lets it import our file"),
]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has Taguette."""
    if WANTED != "1":
        return Path(WANTED)
    folder = tmp_path_factory.mktemp("taguette") / "venv"
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    try:
        for command in ([sys.executable, "-m", "venv", str(folder)], [*pip, "-r", str(LOCK)]):
            subprocess.run(command, check=True, timeout=90)
    except subprocess.TimeoutExpired:
        pytest.skip("Taguette was not installed within its time; the machine has too much else to do")
    return folder / "bin" / "python"


class Server:
    """Taguette as one person uses it, asked over HTTP."""

    def __init__(self, address: str) -> None:
        jar = http.cookiejar.CookieJar()
        self._web = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self._root = address.partition("?")[0].rstrip("/")
        self._web.open(address).read()
        self._token = str(re.findall(r'name="_xsrf" value="([^"]+)"', self.get("/project/new").decode())[0])

    def get(self, path: str) -> bytes:
        data: bytes = self._web.open(self._root + path).read()
        return data

    def take(self, file: bytes) -> int:
        """Import a project file; the number of the new project."""
        assert [one["id"] for one in self._post(file)["projects"]] == [1]
        return int(self._post(file, project_id="1")["project_id"])

    def _post(self, file: bytes, **fields: str) -> dict[str, Any]:
        edge = "a-line-nobody-writes"
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in {"_xsrf": self._token, **fields}.items()
        ]
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="p.sqlite3"\r\n\r\n'.encode()
        body = b"".join([*parts, head, file, f"\r\n--{edge}--\r\n".encode()])
        headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        request = urllib.request.Request(f"{self._root}/api/import", body, headers)  # noqa: S310
        found = self._web.open(request).read()
        answer: dict[str, Any] = json.loads(found)
        return answer


@pytest.fixture(scope="module")
def server(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(python), "-m", "taguette.main", "--no-browser", "--port", str(port)]
    command += ["--database", str(folder / "own.sqlite3")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "HOME": str(folder)}
    ) as process:
        try:
            assert process.stdout is not None
            address = next(found for line in process.stdout if (found := re.search(r"http://\S+token=\S+", line)))
            yield Server(address[0])
        finally:
            process.terminate()


def squeezed(text: str) -> str:
    return "".join(text.split())


def shown(server: Server, number: int) -> Counter[tuple[str, str, str]]:
    """Document, tag and words of all that Taguette lists as tagged highlights, white space left aside."""
    table = csv.DictReader(io.StringIO(server.get(f"/project/{number}/export/highlights/.csv").decode("utf-8-sig")))
    return Counter(
        (row["document"], row["tag"], squeezed(TURN_HEAD.sub("", "\n" + row["content"].replace(" [", "\n["))))
        for row in table
    )


def meant(whole: Project) -> Counter[tuple[str, str, str]]:
    titles = {document.conversation: taguette.title(document) for document in whole.documents}
    return Counter(
        (titles[one.conversation], tag, squeezed(one.quote)) for one in whole.extracts for tag in names(whole, one)
    )


@pytest.mark.parametrize("whole", [project(), talk(100, 300)], ids=["sample", "any characters"])
def test_taguette_shows_every_extract_with_its_tags(whole: Project, server: Server) -> None:
    number = server.take(taguette.write(whole))
    assert shown(server, number) == meant(whole)
    assert sum(meant(whole).values()) >= len(whole.extracts)


def test_what_taguette_writes_comes_back(server: Server) -> None:
    whole = talk(100, 300)
    number = server.take(taguette.write(whole))
    back = imported(whole, reader.read(io.BytesIO(server.get(f"/project/{number}/export/project.sqlite3"))))
    assert [(one.anchor, one.quote, one.codes) for one in back.extracts] == [
        (one.anchor, one.quote, one.codes) for one in whole.extracts
    ]
