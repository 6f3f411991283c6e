"""Witnesses of a home's log: what each is asked, what comes back, and who has seen how much of the log.

They are set in candour.toml, [log] witnesses. By file: `request`, carried there, and `take` when it comes back. Over the web:
`ask`, only those with an address. Each cosignature is logged when it is taken in.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from storage.errors import CandourError, NotFound, NotVerified, Refused
from storage.home import Home
from storage.log import witness_http
from storage.log.cosigning import Request, cosignatures
from storage.log.keys import Signature
from storage.log.log import (
    Entry,
    Event,
    add_cosignature,
    consistency,
    cosigned_checkpoints,
    entries,
    last_cosigned,
    latest_checkpoint,
)
from storage.log.note import Checkpoint, Note
from storage.log.policy import BadPolicy, Policy, Witness


class NoSuchWitness(NotFound):
    """witness: none of that name is set in candour.toml, [log] witnesses; `candour audit witness list` shows who is"""


class NobodyKnown(NotVerified):
    """witness: none of those set in candour.toml, [log] witnesses, has signed this; check whose answer it is"""


class NotOurs(NotVerified):
    """witness: this is a cosignature of another log than that of this home"""


class SetBack(NotVerified):
    """witness: {name} has cosigned {known} entries of this log, which holds {size}; it was set back. Bring back the newest
    database, or keep this one as evidence"""


class NoAddress(Refused):
    """witness: {name} has no address in candour.toml; carry it a file from `candour audit witness request {name}`"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What a witness has seen: `size` entries at its time `at`, neither before the first; `behind` came later."""

    name: str
    key: str
    address: str
    size: int | None
    at: datetime | None
    behind: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What became of asking a witness; `trouble` is empty when it cosigned, or has nothing new to cosign."""

    name: str
    size: int | None
    trouble: str = ""


def policy(home: Home) -> Policy:
    """Who is set to cosign this log, and how many must. Raises BadPolicy."""
    text = home.settings.log.witnesses
    return Policy.parse(text) if text.strip() else Policy(witnesses={}, groups={})


def standings(home: Home) -> list[Standing]:
    """All witnesses that are set, in the order of the settings."""
    with home.reading() as session:
        size = _head(session).size
        return [_standing(session, witness, size) for witness in policy(home).witnesses.values()]


def quorate(home: Home) -> int | None:
    """How many entries the newest head covers that enough witnesses have cosigned; None when no head is."""
    wanted = policy(home)
    with home.reading() as session:
        if wanted.satisfied(()):
            return _head(session).size
        for size, note in cosigned_checkpoints(session):
            signed = {(one.name, one.key_id) for one in Note.parse(note).signatures}
            names = {one.name for one in wanted.witnesses.values() if (one.key.name, one.key.id) in signed}
            if wanted.satisfied(names):
                return size
    return None


def request(home: Home, name: str) -> Request:
    """What the witness of this name needs to cosign the newest head.

    Raises:
        NoSuchWitness.
    """
    witness = _find(home, name)
    with home.reading() as session:
        seen = last_cosigned(session, witness.key)
        return _request(session, 0 if seen is None else seen[0])


def take(home: Home, actor: str, answer: str) -> list[Asked]:
    """Take in a checkpoint with cosignatures of witnesses that are set.

    Raises:
        BadNote, WrongSignature: it is no checkpoint, or a signature under it is false.
        NotOurs, NobodyKnown, StrangeHead: nothing was taken in.
    """
    note = Note.parse(answer)
    if Checkpoint.parse(note.text).origin != home.signer.origin:
        raise NotOurs
    signed = [witness for witness in policy(home).witnesses.values() if note.signed_by(witness.key)]
    if not signed:
        raise NobodyKnown
    with home.writing() as session:
        return [Asked(name=witness.name, size=_keep(home, session, actor, answer, witness)) for witness in signed]


def ask(home: Home, actor: str, name: str | None = None) -> list[Asked]:
    """Ask witnesses over the web: the one of this name, or all that have an address. Each is tried, whatever the others say.

    Raises:
        NoSuchWitness, NoAddress: the one named cannot be asked.
    """
    if name is None:
        asked = [witness for witness in policy(home).witnesses.values() if witness.address]
    else:
        asked = [_find(home, name)]
        if not asked[0].address:
            raise NoAddress(name=name)
    return [_ask(home, actor, witness) for witness in asked]


def ask_those_reachable(home: Home, actor: str) -> None:
    """Ask all that have an address, for a step that waits for nobody: who is away, or was set wrongly, is passed over."""
    with suppress(BadPolicy):
        ask(home, actor)


def _ask(home: Home, actor: str, witness: Witness) -> Asked:
    with home.reading() as session:
        seen = last_cosigned(session, witness.key)
        old = 0 if seen is None else seen[0]
        if seen is not None and not _news(session, old):
            return Asked(name=witness.name, size=old)
        wanted = _request(session, old)
    try:
        answer = _exchange(home, witness, wanted)
        lines = cosignatures(answer, wanted.checkpoint, witness.key)
        with home.writing() as session:
            return Asked(name=witness.name, size=_keep(home, session, actor, _with(wanted, lines), witness))
    except CandourError as error:
        return Asked(name=witness.name, size=None if seen is None else old, trouble=str(error))


def _exchange(home: Home, witness: Witness, wanted: Request) -> str:
    try:
        return witness_http.add_checkpoint(witness.name, witness.address, wanted)
    except witness_http.WitnessAhead as ahead:
        known = int(str(ahead.fields["known"]))
    with home.reading() as session:
        size = _head(session).size
        if known > size:
            raise SetBack(name=witness.name, known=known, size=size)
        # It has cosigned without our knowing, or forgotten: begin where it says
        again = _request(session, known, wanted.checkpoint)
    return witness_http.add_checkpoint(witness.name, witness.address, again)


def _keep(home: Home, session: Session, actor: str, note: str, witness: Witness) -> int:
    size = add_cosignature(session, note, home.signer.verifier, witness.key)
    home.log(session, Event.LOG_CHECKPOINT_COSIGNED, actor=actor, detail={"size": size, "witness": witness.key.name})
    return size


def _with(wanted: Request, lines: tuple[Signature, ...]) -> str:
    return wanted.checkpoint + "".join(map(str, lines))


def _request(session: Session, old: int, checkpoint: str | None = None) -> Request:
    note = checkpoint if checkpoint is not None else latest_checkpoint(session) or ""
    size = Checkpoint.parse(Note.parse(note).text).size
    proof = consistency(session, old, size) if old else []
    return Request(old=old, proof=tuple(proof), checkpoint=note)


def _head(session: Session) -> Checkpoint:
    return Checkpoint.parse(Note.parse(latest_checkpoint(session) or "").text)


def _standing(session: Session, witness: Witness, head: int) -> Standing:
    seen = last_cosigned(session, witness.key)
    size, at = (None, None) if seen is None else seen
    return Standing(
        name=witness.name, key=str(witness.key), address=witness.address, size=size, at=at, behind=head - (size or 0)
    )


def _news(session: Session, size: int) -> bool:
    """Whether more than cosignatures was logged since a head of this size."""
    return any(_is_news(body) for _, body in entries(session, size))


def _is_news(body: bytes) -> bool:
    return Entry.decode(body).event != Event.LOG_CHECKPOINT_COSIGNED


def _find(home: Home, name: str) -> Witness:
    found = policy(home).witnesses.get(name)
    if found is None:
        raise NoSuchWitness
    return found
