"""A browser that leaves in the middle of a request is no failure: nothing is logged, nothing is half done, the server goes on."""

import logging
import socket

import pytest

from tests.story import PLANNED
from tests.web.sites import Client, Site
from tests.web.test_upload import SOUND, begun, cut, settled
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


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("hear", [0, 12])
def test_who_leaves_is_not_logged(site: Site, caplog: pytest.LogCaptureFixture, hear: int) -> None:
    client = site.client("ana")
    place = begun(client, SOUND, PLANNED)
    for method, path, body, length in LEAVES * 3:
        leave(client, method, path, body, length, hear=hear)
    for sent in range(1, 300_000, 50_000):
        cut(client, place, settled(client, place, len(SOUND)), SOUND, sent)
    assert client.get("/conversations").status == 200, "not even signed out"
    assert said(caplog) == []


def test_what_really_fails_is(site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    client = site.client("ana")
    monkeypatch.setattr(overview, "rows", lambda *_: 1 / 0)
    assert client.get("/conversations").status == 500
    assert "a page failed" in said(caplog)
