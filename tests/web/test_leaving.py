"""A browser that leaves in the middle of a request is no failure: nothing is logged, nothing is half done, the server goes on."""

import logging
import socket
from collections.abc import Iterator

import pytest

from tests.web.sites import Client, Site
from web import overview

FORM = "application/x-www-form-urlencoded"
LEAVES = (
    ("GET", "/conversations", "", 0),
    ("GET", "/conversations/progress", "", 0),
    ("GET", "/conversations/C-001/transcript", "", 0),
    ("GET", "/conversations/C-001/playback", "", 0),
    ("GET", "/audit/bundle", "", 0),
    ("POST", "/conversations/C-001/transcript/text", "turn=1", 40),
    ("POST", "/conversations/C-001/sign-off", "typed=C-001", 11),
    ("POST", "/sign-out", "", 10),
)


def leave(client: Client, method: str, path: str, body: str, length: int, *, hear: int) -> None:
    """Send a request that announces `length` bytes of body, hear `hear` bytes of the answer, and be gone."""
    place = client.origin.removeprefix("http://")
    host, port = place.split(":")
    headers = {**client.headers, "Host": place, "Content-Type": FORM, "Content-Length": str(length)}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", body]
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall("\r\n".join(lines).encode())
        if hear and len(body) >= length:
            connection.recv(hear)


@pytest.fixture
def failures(caplog: pytest.LogCaptureFixture) -> Iterator[list[logging.LogRecord]]:
    with caplog.at_level(logging.WARNING):
        yield caplog.records


@pytest.mark.parametrize("hear", [0, 12])
def test_who_leaves_is_not_logged(site: Site, failures: list[logging.LogRecord], hear: int) -> None:
    client = site.client("ana")
    for method, path, body, length in LEAVES * 3:
        leave(client, method, path, body, length, hear=hear)
    assert client.get("/conversations").status == 200, "not even signed out"
    assert [record.getMessage() for record in failures] == []


def test_what_really_fails_is(site: Site, failures: list[logging.LogRecord], monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    client = site.client("ana")
    monkeypatch.setattr(overview, "rows", lambda *_: 1 / 0)
    assert client.get("/conversations").status == 500
    assert "a page failed" in [record.getMessage() for record in failures]
