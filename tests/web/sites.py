"""A page that is really served: a home, a server on a free port in a thread of its own, and a client without a browser.

with sites.serving(told.home) as origin:
    answer = Client(origin).signed_in("ana").get("/conversations")
"""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from urllib.parse import urlencode

import uvicorn

from storage.home import Home
from tests import story
from tests.story import Story
from web import cookies
from web.app import create_app


@dataclass(frozen=True)
class Site:
    """A story that is served."""

    story: Story
    origin: str

    @property
    def home(self) -> Home:
        return self.story.home

    def client(self, name: str = "") -> "Client":
        """A client, signed in when a name is given."""
        client = Client(self.origin)
        return client.signed_in(name) if name else client


@contextmanager
def serving(home: Home, port: int = 0) -> Iterator[str]:
    """The page of a home on a port of this machine, a free one unless named, until the block ends; yields its origin."""
    listening = socket.create_server(("127.0.0.1", port))
    # as `candour serve` does
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
    config = uvicorn.Config(create_app(home, [origin]), log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield origin
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
        listening.close()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server said."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str:
        return self.headers.get("location", "")


@dataclass
class Client:
    """Asks as a page of ours would: with the headers a browser adds, and the cookie it was given."""

    origin: str
    headers: dict[str, str] = field(default_factory=lambda: {"Sec-Fetch-Site": "same-origin"})

    def signed_in(self, name: str, password: str = "") -> "Client":
        """The same, after signing in."""
        answer = self.post("/sign-in", {"name": name, "password": password or story.password(name)})
        assert answer.status == 303, answer.text
        return self

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> Answer:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, urlencode(fields or {}).encode(), form | headers)

    def ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        connection = HTTPConnection(self.origin.removeprefix("http://"), timeout=30)
        try:
            connection.request(method, path, body, {**self.headers, **(headers or {})})
            response = connection.getresponse()
            answer = Answer(status=response.status, headers=response.headers, body=response.read())
        finally:
            connection.close()
        for cookie in answer.headers.get_all("set-cookie") or []:
            if cookie.startswith(f"{cookies.NAME}="):
                self.headers["Cookie"] = cookie.partition(";")[0]
        return answer
