"""The entries of the log that a filter admits, newest first: found by their bytes, and read as objects only where shown."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from storage.log.events import Event
from web.log_words import Line, line, references

PORTION: Final = 50
_READ: Final = 2048
# What an entry begins with, as `Entry.encode` writes it; where a detail has a brace inside, the entry is read as a whole.
_GLANCE: Final = re.compile(rb'\{"actor":"([^"\\]+)",(?:"detail":\{[^{}]*\},)?"event":"([^"\\]+)",')


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The filter, which is the address: `/audit?who=ruth&what=order.made&from=2026-03-01&to=2026-03-31&on=C-001`."""

    who: str = ""
    what: str = ""
    since: str = ""
    until: str = ""
    on: str = ""

    def may_admit(self, who: str, what: str) -> bool:
        """Whether an entry of this actor and event may be admitted."""
        return self.who in {"", who} and (not self.what or what == self.what or what.startswith(f"{self.what}."))

    def admits(self, one: Line) -> bool:
        day = one.at.date().isoformat() if one.at else ""
        return (
            self.may_admit(one.actor, one.event)
            and (not self.since or self.since <= day)
            and (not self.until or day <= self.until)
            and (not self.on or self.on in one.on)
        )


_EVERYTHING: Final = Wanted()


@dataclass(kw_only=True, slots=True)
class Found:
    """One page of the entries that are admitted; how many are, of how many; whose and which there are at all; and when a witness
    last saw the log.
    """

    lines: Sequence[Line] = ()
    count: int = 0
    total: int = 0
    people: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)
    cosigned: datetime | None = None


def search(session: Session, wanted: Wanted, page: int) -> Found:
    """The page of that number, from 1."""
    known, found = references(session), Found()
    ids = [one.encode() for one, called in known.items() if called == wanted.on] or [wanted.on.encode()]
    everything = wanted == _EVERYTHING
    admitted: list[tuple[int, bytes]] = []
    cosigned: list[tuple[int, bytes]] = []
    for seq, body in _bodies(session):
        found.total += 1
        who, what = _glance(seq, body, known)
        found.people.add(who)
        found.events.add(what)
        if what == Event.LOG_CHECKPOINT_COSIGNED:
            cosigned.append((seq, body))
        hopeless = not wanted.may_admit(who, what) or (wanted.on and not any(one in body for one in ids))
        if everything or (not hopeless and wanted.admits(line(seq, body, known))):
            admitted.append((seq, body))
    found.cosigned = next((one.at for one in (line(*each, known) for each in reversed(cosigned)) if one.at), None)
    found.count = len(admitted)
    shown = admitted[::-1][(page - 1) * PORTION : page * PORTION]
    found.lines = [line(seq, body, known) for seq, body in shown]
    return found


def _bodies(session: Session) -> Iterator[tuple[int, bytes]]:
    # As text, because a query that knows its types looks at each value again
    query = text("SELECT idx, body FROM audit_leaf ORDER BY idx")
    for part in session.execute(query.execution_options(stream_results=True, max_row_buffer=_READ)).partitions(_READ):
        yield from ((row[0], row[1]) for row in part)


def _glance(seq: int, body: bytes, known: Mapping[str, str]) -> tuple[str, str]:
    """Whose entry it is, and which event."""
    seen = _GLANCE.match(body)
    if seen is None:
        read = line(seq, body, known)
        return read.actor, read.event
    return seen[1].decode(errors="replace"), seen[2].decode(errors="replace")
