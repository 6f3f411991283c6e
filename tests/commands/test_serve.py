"""`candour serve` as a person starts it: it says where it is, signs in once by link, and stops when asked."""

import json
import signal
import socket
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

from commands.serve import _listen
from tests import story
from tests.commands import asking
from tests.story import Stage, Story
from tests.web.sites import Client


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.PLANNED, tmp_path)


def started(told: Story, person: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cli", "serve", "--port", "0", "--json", *words]
    surroundings = told.environment(person)
    return subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> dict[str, str | None]:
    """The JSON that it prints once it listens."""
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    while lines[-1] not in {"}\n", ""}:
        lines.append(process.stdout.readline())
    found: dict[str, str | None] = json.loads("".join(lines))
    return found


def test_an_answer_does_not_wait_for_the_browser_to_acknowledge_its_head() -> None:
    with _listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_it_serves_the_page_signs_in_once_and_stops_when_asked(told: Story) -> None:
    process = started(told, "ben")
    try:
        answer = said(process)
        address, link = answer["address"] or "", answer["link"] or ""
        client = Client(address)
        assert client.get("/sign-in").status == 200
        assert client.post("/sign-in/link", {"token": link.partition("token=")[2]}).location == "/"
        assert "ben" in client.get("/account").text
        connection = HTTPConnection(address.removeprefix("http://"))
        connection.request("GET", "/", headers={"Host": "evil.example"})
        assert connection.getresponse().status == 403
        connection.close()
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert errors == ""


def test_who_may_not_manage_people_gets_no_link(told: Story) -> None:
    process = started(told, "dora")
    try:
        assert said(process)["link"] is None
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_it_stays_on_this_machine_unless_a_certificate_stands_before_it(told: Story) -> None:
    for line in ("serve --host 0.0.0.0", "serve --host 0.0.0.0 --origin http://candour.example"):
        code, message = asking.refused(told, line, person="ben")
        assert code == 2 and "--origin https://" in message


def test_a_port_that_is_taken_is_said_to_be(told: Story) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, message = asking.refused(told, f"serve --port {port}", person="ben")
    assert code == 9 and f"port {port} of 127.0.0.1 cannot be had" in message
