"""Recovery copies: made and numbered here, listed with what has become of them, attested by those who destroyed theirs.

A copy opens what the vault held in its epoch. A destruction or a new passphrase begins another epoch, and with it every earlier
copy is obsolete: certificates name those that were on record, until their holders sign that they are destroyed.
"""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from retention import signatures
from storage import age, durable, recovery
from storage.errors import BadInput, NotFound, Refused, Unavailable
from storage.home import Home
from storage.log.entry import Entry
from storage.log.log import Event, entries, stored_size
from storage.log.statements import copy_statement
from storage.models import Conversation, Copy, Review
from storage.recovery import Known, RecoveryCopy
from storage.vault import Vault


class NoCustodian(BadInput):
    """recovery copy: name with --recipient for whom it is sealed, an age recipient (age1...), one for each custodian"""


class CopyFileExists(Refused):
    """recovery copy: there is a file at that place already; name a new one, nothing was changed"""


class NoPlaceForCopy(Unavailable):
    """recovery copy: no file can be written at that place; name a folder that exists and can be written to"""


class CopyNotWritten(Unavailable):
    """recovery copy: copy {number} is on record, but its file could not be written whole; remove what is there, then
    `candour vault attest {number}`, and make another
    """


class UnknownCopy(NotFound):
    """recovery copy: there is no copy {number}; `candour vault copies` shows them"""


class CopyAttested(Refused):
    """recovery copy: copy {number} is attested as destroyed already"""


class CopyState(StrEnum):
    """What is to be done with a copy."""

    CURRENT = "current"
    BEHIND = "behind: lacks newer keys, make another"
    OBSOLETE = "obsolete: destroy it, then attest"
    ATTESTED = "attested as destroyed"


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyView:
    """A copy on record; `lacks` counts the reviews and conversations that are newer than it."""

    number: int
    epoch: int
    made_at: datetime
    made_by: str
    state: CopyState
    lacks: int
    attested_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Attestation:
    """Someone's word, signed in entry `entry` of the log, that a copy is destroyed."""

    number: int
    by: str
    at: datetime
    entry: int


def make(home: Home, actor: Person, file: Path, recipients: Sequence[str]) -> CopyView:
    """Make a recovery copy of the vault's present epoch and the log's signing key, for one or several custodians.

    It is on record before the file is there: a copy that nobody knows of must not come to be, one that never was may.

    Raises:
        NotAllowed, NoCustodian, BadRecipient, MixedRecipients, CopyFileExists, NoPlaceForCopy, CopyNotWritten, VaultClosed
    """
    require(actor.roles, Act.BACKUP, actor.name)
    custodians = [age.parse_recipient(recipient) for recipient in recipients]
    if not custodians:
        raise NoCustodian
    if os.path.lexists(file):
        raise CopyFileExists
    if not os.access(file.absolute().parent, os.W_OK | os.X_OK):
        raise NoPlaceForCopy
    # In the transaction nobody plans or destroys, so that the copy holds just the keys of what is older than it.
    with home.writing() as session:
        taken = home.vault.take(home.signer.secret_text.encode())
        row = Copy(id=uuid4(), epoch=taken.epoch, made_at=home.now(), made_by=actor.name)
        row.number = (session.scalar(select(func.max(Copy.number))) or 0) + 1
        session.add(row)
        session.flush()
        copy = RecoveryCopy(
            number=row.number,
            made_at=row.made_at,
            log=home.signer.verifier_key,
            entries=stored_size(session),
            known=tuple(_known(one) for one in session.scalars(select(Copy).order_by(Copy.number))),
            taken=taken,
        )
        sealed = recovery.seal(copy, custodians, home.signer.sign)
        counts = {
            "number": row.number,
            "epoch": row.epoch,
            "keys": len(home.vault.ids()),
            "recipients": len(custodians),
        }
        home.log(session, Event.COPY_MADE, actor=actor.name, obj=[row.id], ref=copy.digest, detail=counts)
    try:
        durable.replace(file, sealed)
    except OSError:
        raise CopyNotWritten(number=row.number) from None
    return _view(row, taken.epoch, [])


def attest(home: Home, actor: Person, password: str, number: int) -> None:
    """Sign that a copy is destroyed, as the one who held it.

    Raises:
        NotAllowed, UnknownCopy, CopyAttested, WrongPassword
    """
    require(actor.roles, Act.ATTEST_COPY, actor.name)
    with home.reading() as session:
        _unattested(session, number)
    with signatures.signing(home, actor, password, Act.ATTEST_COPY) as (session, key):
        row = _unattested(session, number)
        row.attested_at = home.now()
        signed = signatures.sign(key, copy_statement, obj=[row.id], detail={"number": number})
        signatures.log(home, session, Event.COPY_ATTESTED, signed)


def views(home: Home) -> list[CopyView]:
    """All copies on record, the newest last. Needs no passphrase."""
    epoch = Vault.epoch_of(home.folder / "vault")
    with home.reading() as session:
        made = [*session.scalars(select(Conversation.created_at)), *session.scalars(select(Review.created_at))]
        return [_view(row, epoch, made) for row in session.scalars(select(Copy).order_by(Copy.number))]


def attestations(home: Home, numbers: Collection[int]) -> list[Attestation]:
    """Those of these copies in the log, in its order."""
    found = []
    with home.reading() as session:
        for seq, body in entries(session):
            if Event.COPY_ATTESTED.encode() in body:
                entry = Entry.decode(body)
                number = int(entry.detail.get("number", 0))
                if entry.event == Event.COPY_ATTESTED and number in numbers:
                    found.append(Attestation(number=number, by=entry.actor, at=entry.t, entry=seq))
    return found


def merge(session: Session, known: Collection[Known]) -> None:
    """Take over, in the caller's transaction, what a recovery copy knows of itself and those before it."""
    rows = {row.number: row for row in session.scalars(select(Copy))}
    for one in known:
        row = rows.get(one.number)
        if row is None:
            made = {"made_at": one.made_at, "made_by": one.made_by, "attested_at": one.attested_at}
            session.add(Copy(id=one.id, number=one.number, epoch=one.epoch, **made))
        elif row.attested_at is None:
            row.attested_at = one.attested_at
    session.flush()


def refuse_attested(session: Session, number: int) -> None:
    """Refuse a copy that its holder said was destroyed."""
    row = session.scalar(select(Copy).where(Copy.number == number))
    if row is not None and row.attested_at is not None:
        raise CopyAttested(number=number)


def _find(session: Session, number: int) -> Copy:
    row = session.scalar(select(Copy).where(Copy.number == number))
    if row is None:
        raise UnknownCopy(number=number)
    return row


def _unattested(session: Session, number: int) -> Copy:
    row = _find(session, number)
    if row.attested_at is not None:
        raise CopyAttested(number=number)
    return row


def _view(row: Copy, epoch: int, made: Collection[datetime]) -> CopyView:
    lacks = sum(at > row.made_at for at in made)
    state = CopyState.BEHIND if lacks else CopyState.CURRENT
    if row.attested_at is not None:
        state = CopyState.ATTESTED
    elif row.epoch != epoch:
        state = CopyState.OBSOLETE
    return CopyView(
        number=row.number,
        epoch=row.epoch,
        made_at=row.made_at,
        made_by=row.made_by,
        state=state,
        lacks=lacks,
        attested_at=row.attested_at,
    )


def _known(row: Copy) -> Known:
    return Known(
        id=row.id,
        number=row.number,
        epoch=row.epoch,
        made_at=row.made_at,
        made_by=row.made_by,
        attested_at=row.attested_at,
    )
