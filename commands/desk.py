"""What every command shares: where the home is, who asks, secrets, output for people or for programs, errors, progress.

@group.command()
@click.argument("reference")
@with_desk
def show(desk: Desk, reference: str) -> None:
    desk.unlock()
    desk.result({"state": ...}, "planned")
"""

from __future__ import annotations

import errno
import functools
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from storage.durable import DiskFull
from storage.errors import FAMILIES, BadInput, CandourError, Locked

if TYPE_CHECKING:
    from access.people import Person
    from storage.home import Home


class NoSecret(Locked):
    """{what}: none was given; type it at the prompt on a terminal, or name a file with {option}"""


class BadSecretFile(BadInput):
    """{what}: the file named by {option} cannot be read or is empty"""


class NobodyNamed(BadInput):
    """person: say who you are with --as NAME or CANDOUR_PERSON; `candour person list` shows everyone"""


class Desk:
    """One command at work."""

    def __init__(
        self, folder: Path, person: str | None, passphrase_file: Path | None, password_file: Path | None, as_json: bool
    ) -> None:
        self.folder = folder
        self.as_json = as_json
        self._person = person
        self._passphrase_file = passphrase_file
        self._password_file = password_file
        self._home: Home | None = None

    @property
    def home(self) -> Home:
        # Only here, because some commands need no home, and it comes with the database's libraries.
        from storage.home import Home

        if self._home is None:
            self._home = Home.open(self.folder)
        return self._home

    @home.setter
    def home(self, home: Home) -> None:
        self._home = home

    def close(self) -> None:
        if self._home is not None:
            self._home.close()

    def unlock(self) -> Home:
        """The home with its vault open."""
        self.home.unlock(self.passphrase())
        return self.home

    @property
    def actor(self) -> Person:
        """Who is asking: `--as`, or the only person there is."""
        return self.actor_in(self.home)

    def actor_in(self, home: Home) -> Person:
        """The same in another home, one that is being restored."""
        from access import directory

        if self._person is not None:
            return directory.find(home, self._person)
        people = [person for person in directory.everyone(home) if not person.disabled]
        if len(people) != 1:
            raise NobodyNamed
        return people[0]

    def passphrase(self, *, new: bool = False) -> bytes:
        credential = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent")) / "candour-passphrase"
        file = self._passphrase_file or (credential if credential.is_file() else None)
        return _secret("passphrase of the vault", file, "--passphrase-file", new=new).encode()

    def new_passphrase(self, file: Path | None) -> bytes:
        return _secret("new passphrase of the vault", file, "--new-passphrase-file", new=True).encode()

    def password(self, name: str = "", *, file: Path | None = None, new: bool = False) -> str:
        what = f"password of {name}" if name else "password"
        return _secret(what, file or self._password_file, "--password-file", new=new)

    def new_password(self, name: str, file: Path | None) -> str:
        return _secret(f"new password of {name}", file, "--new-password-file", new=True)

    def say(self, text: str = "") -> None:
        """A line for people; programs asked for --json and get the result only."""
        if not self.as_json:
            click.echo(text)

    def result(self, data: object, text: str = "") -> None:
        """What the command found or did, as text for people or as one JSON value for programs."""
        if self.as_json:
            click.echo(json.dumps(data, default=_plain, ensure_ascii=False, indent=2))
        elif text:
            click.echo(text)

    def table(self, rows: Sequence[Mapping[str, object]], empty: str) -> None:
        """Rows with the same fields, as columns or as a JSON list."""
        if self.as_json:
            click.echo(json.dumps([dict(row) for row in rows], default=_plain, ensure_ascii=False, indent=2))
        else:
            click.echo(columns(rows) if rows else empty)

    @contextmanager
    def progress(self, label: str, total: float) -> Iterator[Callable[[float], None]]:
        """A bar with time left on a terminal, a line at each tenth otherwise; call with how much is done."""
        begun = time.monotonic()
        with self.forecast(label, total) as update:
            yield lambda done: update(done, (time.monotonic() - begun) * (total - done) / done if done else None)

    @contextmanager
    def forecast(self, label: str, total: float) -> Iterator[Callable[[float, float | None], None]]:
        """The same where something better than the mean speed tells the seconds left: call with these too, None if unknown."""
        if self.as_json:
            yield lambda _done, _left: None
        elif sys.stderr.isatty():
            length = 1000
            with click.progressbar(
                length=length,
                label=label,
                file=sys.stderr,
                show_eta=False,
                item_show_func=_shown,
            ) as bar:

                def update(done: float, left: float | None) -> None:
                    to = int(length * min(1.0, done / (total or 1)))
                    bar.update(max(0, to - bar.pos), None if left is None else round(left))

                yield update
        else:
            yield _tenths(label, total)


def _shown(left: int | None) -> str:
    return time_left(left).removeprefix(", ")


def _tenths(label: str, total: float) -> Callable[[float, float | None], None]:
    shown = 0

    def update(done: float, left: float | None) -> None:
        nonlocal shown
        tenth = min(10, int(10 * done / (total or 1)))
        if tenth > shown:
            shown = tenth
            click.echo(f"{label}: {10 * tenth} %{time_left(left) if tenth < 10 else ''}", err=True)

    return update


def time_left(seconds: float | None) -> str:
    """What to add to how far something is: ", about 5 min left", or nothing as long as that is not known."""
    if seconds is None:
        return ""
    return f", about {seconds:.0f} s left" if seconds < 90 else f", about {seconds / 60:.0f} min left"


def columns(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as aligned columns under their field names."""
    names = list(rows[0])
    cells = [names, *[[cell(row[name]) for name in names] for row in rows]]
    widths = [max(len(line[n]) for line in cells) for n in range(len(names))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells)


def cell(value: object) -> str:
    """A value as people read it in a table."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return "" if value is None else str(value)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def _secret(what: str, file: Path | None, option: str, *, new: bool) -> str:
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise BadSecretFile(what=what, option=option) from None
        if not text:
            raise BadSecretFile(what=what, option=option)
        return text
    if not sys.stdin.isatty():
        raise NoSecret(what=what, option=option)
    prompted: str = click.prompt(what.capitalize(), hide_input=True, confirmation_prompt=new, err=True)
    return prompted


_JSON = "candour.json"
_FILE = click.Path(dir_okay=False, path_type=Path)


def with_desk(function: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the shared options and, as its first argument, the desk."""

    @click.option(
        "--home",
        "home_folder",
        type=click.Path(path_type=Path),
        envvar="CANDOUR_HOME",
        default="candour-home",
        help="Where everything lives (CANDOUR_HOME).",
    )
    @click.option("--as", "person", envvar="CANDOUR_PERSON", help="Who you are (CANDOUR_PERSON).")
    @click.option(
        "--passphrase-file",
        type=_FILE,
        envvar="CANDOUR_PASSPHRASE_FILE",
        help="File with the vault's passphrase, instead of the prompt.",
    )
    @click.option(
        "--password-file",
        type=_FILE,
        envvar="CANDOUR_PASSWORD_FILE",
        help="File with your password, instead of the prompt.",
    )
    @click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output.")
    @functools.wraps(function)
    def command(
        home_folder: Path,
        person: str | None,
        passphrase_file: Path | None,
        password_file: Path | None,
        as_json: bool,
        **rest: Any,
    ) -> None:
        desk = Desk(home_folder, person, passphrase_file, password_file, as_json)
        click.get_current_context().call_on_close(desk.close)
        function(desk, **rest)

    return command


class Shown(click.ClickException):
    """An error as the user sees it: one sentence, or one JSON value."""

    def __init__(self, kind: str, message: str, exit_code: int, *, as_json: bool) -> None:
        super().__init__(message)
        self.kind, self.as_json = kind, as_json
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance too

    def show(self, file: Any = None) -> None:
        if self.as_json:
            body = {"error": {"kind": self.kind, "message": self.message, "exit_code": self.exit_code}}
            click.echo(json.dumps(body, ensure_ascii=False), err=True)
        else:
            click.echo(f"candour: {self.message}", err=True)


class Rooms(click.Group):
    """A group whose commands are in several modules of `commands`; `rooms` says for each in which.

    A module is imported when its command is asked for, so that a quick look at the state of things does not wait for the speech
    engine's libraries.
    """

    def __init__(self, *args: Any, rooms: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rooms = rooms

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._rooms)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._rooms:
            return None
        # `import` cannot be the name of a function
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        found = getattr(import_module(f"commands.{self._rooms[cmd_name]}"), name)
        assert isinstance(found, click.Command)
        return found


class Commands(Rooms):
    """The top of the command tree: turns every error into one sentence and its exit code."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # Known before anything can go wrong, so that even a command line nobody understands is answered in JSON.
        ctx.meta[_JSON] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        as_json = ctx.meta[_JSON]
        try:
            return self._invoke(ctx)
        except CandourError as error:
            raise Shown(type(error).__name__, str(error), error.exit_code, as_json=as_json) from None
        except click.UsageError as error:
            if not as_json:
                raise
            raise Shown(type(error).__name__, error.format_message(), error.exit_code, as_json=True) from None
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            # The message of an unforeseen exception may hold content; where it happened does not.
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{type(error).__name__} in {Path(place.filename).stem}, line {place.lineno}"
            message = f"an error nobody foresaw ({where}); nothing was half-written. Please report this line"
            raise Shown("Unforeseen", message, 1, as_json=as_json) from None

    def _invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OSError as error:
            # Whatever the storage does says so itself; this is what standard output is led to.
            if error.errno == errno.ENOSPC:
                raise DiskFull from None
            raise

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Exit codes"):
            known = [(0, "done"), (2, "the command line is not understood")]
            known += [(family.exit_code, family.meaning) for family in FAMILIES]
            formatter.write_dl([(str(code), meaning) for code, meaning in sorted(known)])


def confirm(desk: Desk, yes: bool, reference: str, consequence: str) -> None:
    """Nothing destructive without --yes or the typed reference."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{consequence} Add --yes to go ahead.")
    desk.say(consequence)
    typed = click.prompt(f"Type {reference} to go ahead", err=True)
    if typed != reference:
        raise click.Abort


def until_asked_to_stop() -> Callable[[], bool]:
    """For commands that go on until Ctrl-C or a service manager ends them: whether that has come. They end between two steps."""
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: asked.append(received))
    return lambda: bool(asked)
