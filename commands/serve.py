"""`candour serve`: the page, on this machine."""

import socket
from contextlib import suppress
from typing import Final

import click
import uvicorn

from access import signing_in
from access.people import Person
from access.roles import Act, allowed
from commands.desk import Desk, NobodyNamed, with_desk
from storage.errors import Unavailable
from web.app import create_app

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class PortTaken(Unavailable):
    """serve: port {port} of {host} cannot be had, something else may be using it; name another with --port"""


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen; other machines reach 127.0.0.1 not."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8337, show_default=True, help="0 takes a free one.")
@click.option("--origin", help="Address that people type, when a proxy with a certificate stands in front: https://...")
@click.option("--link/--no-link", default=True, help="Print a link that signs you in once.")
@with_desk
def serve(desk: Desk, host: str, port: int, origin: str | None, link: bool) -> None:
    """Serve the page for reviewers and auditors until it is stopped with Ctrl+C. The vault is open for as long."""
    if host not in LOOPBACK and not (origin or "").startswith("https://"):
        raise click.UsageError(
            "Beyond this machine people need --origin https://..., with a proxy that holds the certificate."
        )
    home = desk.unlock()
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    origins = [origin.rstrip("/")] if origin else [f"http://{name}:{port}" for name in ("127.0.0.1", "localhost")]
    _announce(desk, origins[0], link)
    config = uvicorn.Config(
        create_app(home, origins),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=origin is not None,
    )
    # Ctrl+C is how it is meant to end.
    with suppress(KeyboardInterrupt), home.forgetting():
        uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
    except OSError:
        raise PortTaken(host=host, port=port) from None
    # Handed down to every connection: without it an answer's body waits, after its head, until the browser has acknowledged that,
    # which it puts off for 40 milliseconds.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _announce(desk: Desk, address: str, link: bool) -> None:
    text, once = f"Candour is at {address}", None
    if person := _who_gets_a_link(desk) if link else None:
        once = f"{address}/sign-in/link?token={signing_in.make_link(desk.home, person, person.name)}"
        text += f"\nSign in as {person.name}, once, within a day:\n  {once}"
    desk.result({"address": address, "link": once}, f"{text}\nStop it with Ctrl+C.")


def _who_gets_a_link(desk: Desk) -> Person | None:
    """Who was named with --as, or is the only one there, and may manage people; everybody else gets theirs from them."""
    try:
        person = desk.actor
    except NobodyNamed:
        return None
    return person if allowed(person.roles, Act.MANAGE_PEOPLE) else None
