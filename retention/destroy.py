"""Destruction: a machine of small steps that only ever rolls forward.

    approved → hold check → intent, quarantine → new vault root without the victims, every survivor checked
             → hold check → old root erased (the point of no return) → verified, swept → done, certificate

Each step is durable before the next. After a crash the order stands at the last durable step and `carry_out` goes on from
there; before the point of no return nothing is lost, after it no victim can be read. Deleting rows and files is housekeeping:
what destroys is that the keys no longer exist under any root that does.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID, uuid4

from sqlalchemy import Executable, delete, func, select, update
from sqlalchemy.orm import Session

from pipeline.history import Field
from retention import certificates, holds, orders, rotation, witnessing
from retention.orders import ACTOR, Reason
from storage import age
from storage.blobs import BlobRef, NoSuchBlob
from storage.errors import NotVerified, Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import (
    Arrival,
    Change,
    Conversation,
    Correction,
    Doubt,
    Extract,
    Hearing,
    Hold,
    HoldLift,
    NameDecision,
    Order,
    OrderState,
    Override,
    Participant,
    Recording,
    Review,
    SignOff,
    State,
    Window,
)
from storage.sealed import slot
from storage.vault import KeyClass, Rotation

# Rows that belong to one conversation.
_OfOne: TypeAlias = Arrival | Window | Correction | Hearing | Doubt | Extract | Change | Override | SignOff


class Held(Refused):
    """retention: order {number} is stopped by hold {hold}; two people can lift it with `candour hold lift {hold}`"""


class Kept(Refused):
    """retention: order {number} is not carried out, because the recording is kept until {until}; see `candour retention plan`"""


class StillOpens(NotVerified):
    """retention: after order {number} a destroyed object could still be opened; this is an incident, keep the machine as it is"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of an order. `about` is the reference of its conversation or review."""

    order: int
    about: str
    certificate: str


def carry_out(home: Home, number: int) -> Outcome:
    """Carry out an approved order, or finish one that was interrupted; the caller is the only one at it (`Home.working`).

    Raises:
        UnknownOrder, OrderClosed: it is not approved by two people.
        Held: a hold stands; nothing was destroyed.
        StillOpens: verification failed.
    """
    with home.reading() as session:
        order = orders.find(session, number)
        about = orders.reference(order)
        state = order.state
        certificate = order.certificate
    if state is OrderState.APPROVED:
        _intend(home, number)
        # Seen from outside before the point of no return, so that nobody can later deny that it was announced.
        witnessing.ask_those_reachable(home, ACTOR)
        state = OrderState.INTENDED
    if state is OrderState.INTENDED:
        _erase(home, number)
        state = OrderState.ERASED
    if state is OrderState.ERASED:
        _verify_and_sweep(home, number)
        state = OrderState.DONE
    if state is not OrderState.DONE:
        raise orders.OrderClosed(number=number, state=state.value)
    if certificate is None:
        certificates.issue(home, number)
    return Outcome(order=number, about=about, certificate=f"D-{number:04}")


def _refuse_held(session: Session, order: Order) -> None:
    one = order.conversation
    standing = holds.standing(session, one) if one else holds.standing_in(session, order.review)
    if standing:
        raise Held(number=order.number, hold=standing[0])


def _refuse_kept(home: Home, order: Order) -> None:
    one = order.conversation
    if one is None or order.reason not in {Reason.SIGNED_OFF.value, Reason.BACKSTOP.value}:
        return
    if one.keep_until is not None and one.keep_until > home.now():
        raise Kept(number=order.number, until=one.keep_until.date().isoformat())


def _intend(home: Home, number: int) -> None:
    with home.writing() as session:
        order = orders.find(session, number)
        _refuse_held(session, order)
        _refuse_kept(home, order)
        conversation = order.conversation
        order.state = OrderState.INTENDED
        order.facts = order.facts | {
            "epoch_before": home.vault.epoch,
            "blobs": _digests(conversation),
            "destroyed": _what_there_is(session, order),
        }
        if conversation is not None:
            # A worker that comes back from the dead finds another token and writes nothing.
            conversation.quarantined, conversation.run_token = True, uuid4()
        home.log(session, Event.DESTROY_INTENT, actor=ACTOR, obj=orders.objects(order), ref=order.digest)
        home.log(session, Event.DESTROY_QUARANTINED, actor=ACTOR, obj=orders.objects(order))


def _digests(conversation: Conversation | None) -> list[str]:
    return [conversation.recording.digest] if conversation and conversation.recording else []


def _what_there_is(session: Session, order: Order) -> list[str]:
    """What goes with the keys of an order, in words and numbers."""
    one, keys, found = order.conversation, orders.keys(order), list[str]()
    if one is not None and one.recording_key in keys:
        if one.recording is not None:
            found.append(f"the recording: {one.recording.size} bytes sealed, {one.recording.duration:.0f} seconds")
            found += ["its playback copy"] * bool(one.recording.playback)
            found += ["its waveform"] * bool(one.recording.waveform)
        found += ["the draft"] * bool(one.draft)
        counts: Mapping[str, type[_OfOne]] = {
            "recordings on their way": Arrival,
            "windows of transcription": Window,
            "corrections": Correction,
            "doubts": Doubt,
            "records of what was heard": Hearing,
        }
        found += _counts(session, one, counts)
    if one is not None and one.extract_key in keys:
        found += ["the pseudonymised transcript"] * bool(one.document)
        found += _counts(session, one, {"extracts": Extract, "changes to them": Change})
    if one is None and order.review.names_key in keys:
        found.append("the name key, the glossary and the register of participants")
    if one is None and order.review.review_key in keys:
        found.append("the codebook, and the reasons of holds")
    return found


def _counts(session: Session, one: Conversation, tables: Mapping[str, type[_OfOne]]) -> list[str]:
    numbers = {
        what: session.scalar(select(func.count()).select_from(table).where(table.conversation_id == one.id)) or 0
        for what, table in tables.items()
    }
    return [f"{what}: {number}" for what, number in numbers.items() if number]


def _erase(home: Home, number: int) -> None:
    with home.reading() as session:
        order = orders.find(session, number)
    try:
        # The transaction has the write lock: a hold is either seen here, or placed after the keys are gone.
        with _rotation(home, order) as new_root, home.writing() as session:
            order = orders.find(session, number)
            if new_root is not None:
                _refuse_held(session, order)
                new_root.commit()
            orders.mark_erased(home, session, order)
    except Held:
        _step_back(home, number)
        raise


def _rotation(home: Home, order: Order) -> AbstractContextManager[Rotation | None]:
    """The new root without the victims; none when a run that died has erased the old one already."""
    living = orders.keys(order) & set(home.vault.ids())
    return rotation.prepared(home, living) if living else nullcontext()


def _step_back(home: Home, number: int) -> None:
    with home.writing() as session:
        order = orders.find(session, number)
        order.state = OrderState.APPROVED
        if order.conversation is not None:
            order.conversation.quarantined = False
        home.log(session, Event.DESTROY_FAILED, actor=ACTOR, obj=orders.objects(order), detail={"reason": "hold"})


def _verify_and_sweep(home: Home, number: int) -> None:
    with home.reading() as session:
        order = orders.find(session, number)
        conversation = order.conversation
        recording = conversation.recording if conversation else None
        files = [b for b in (recording.blob, recording.playback) if b] if recording else []
        takes_recording = conversation is not None and str(conversation.recording_key) in order.objects
    checks = [_vault_check(home, order)]
    if takes_recording:
        checks.append(_check_and_remove(home, order, files))
    with home.writing() as session:
        order = orders.find(session, number)
        removed = _sweep(session, order)
        checks.append({"name": "rows", "passed": True, "found": f"{removed} rows of ciphertext removed"})
        if order.conversation is not None:
            order.conversation.quarantined, order.conversation.state_at = False, home.now()
        order.state = OrderState.DONE
        order.facts = order.facts | {"done_at": home.now().isoformat(), "checks": checks}
        certificates.log_done(home, session, order)
        orders.void_within(home, session, order, actor=ACTOR)
    _truncate_journal(home)


def _vault_check(home: Home, order: Order) -> dict[str, object]:
    living = home.vault.ids()
    if orders.keys(order) & living.keys():
        raise StillOpens(number=order.number)
    for key, kind in living.items():
        home.vault.get(key, kind)
    found = f"none of the {len(order.objects)} keys is among the {len(living)} that the vault holds, all of which open"
    return {"name": "vault", "passed": True, "found": found}


def _check_and_remove(home: Home, order: Order, files: list[str]) -> dict[str, object]:
    if any(_opens(home, blob) for blob in files):
        raise StillOpens(number=order.number)
    tried = sum(1 for kind in home.vault.ids().values() if kind is KeyClass.RECORDING)
    remains = [left for blob in files for left in home.blobs.destroy(BlobRef(blob)).remains]
    found = f"{len(files)} sealed files opened with none of the {tried} recording keys still held, then removed"
    found += f"; of their ciphertext there remains: {', '.join(remains)}" if remains else ""
    return {"name": "sealed files", "passed": True, "found": found}


def _opens(home: Home, blob: str) -> bool:
    """Whether any key that is still held opens this sealed file, also a damaged one."""
    held = [slot(home.vault.get(key, kind)) for key, kind in home.vault.ids().items() if kind is KeyClass.RECORDING]
    try:
        with home.blobs.open(BlobRef(blob)) as sealed:
            age.Reader(sealed, held).close()
    except (age.HeaderMacError, age.PayloadError):
        return True
    except (age.NoMatch, age.HeaderError, NoSuchBlob):
        return False
    return True


def _sweep(session: Session, order: Order) -> int:
    if order.conversation is not None:
        return sweep_rows(session, order.conversation, orders.keys(order))
    return sweep_review(session, order.review, orders.keys(order))


def sweep_review(session: Session, review: Review, gone: set[UUID]) -> int:
    """Remove the ciphertext of a whole review that the keys which are gone opened; returns how many values."""
    removed = 0
    if review.names_key in gone:
        removed += sum(one is not None for one in (review.name_key, review.glossary))
        review.name_key = review.glossary = None
        removed += _sweep_changes(session, review, Field.NAMES)
        entries = update(Participant).where(Participant.review_id == review.id, Participant.sealed.is_not(None))
        removed += _count(session, entries.values(sealed=None))
        removed += _count(session, delete(NameDecision).where(NameDecision.review_id == review.id))
    if review.review_key in gone:
        removed += bool(review.codebook)
        review.codebook = b""
        removed += _sweep_changes(session, review, Field.CODES)
        of_review = select(Hold.id).where(Hold.review_id == review.id)
        removed += _count(session, update(Hold).where(Hold.id.in_(of_review)).values(sealed=b""))
        removed += _count(session, update(HoldLift).where(HoldLift.hold_id.in_(of_review)).values(sealed=b""))
    return removed


def _sweep_changes(session: Session, review: Review, field: Field) -> int:
    """The acts on names or codes, with what was before and after; those on extracts lie under keys of conversations."""
    about = (Change.review_id == review.id, Change.conversation_id.is_(None), Change.field == field.value)
    return _count(session, delete(Change).where(*about))


def _count(session: Session, statement: Executable) -> int:
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]


def sweep_rows(session: Session, conversation: Conversation, gone: set[UUID]) -> int:
    """Remove the ciphertext that the keys which are gone opened, in the caller's transaction; returns how many rows."""
    tables: list[type[_OfOne]] = []
    if conversation.recording_key in gone:
        tables += [Arrival, Window, Correction, Hearing, Doubt]
        conversation.draft = conversation.said = None
        theirs = update(Recording).where(Recording.conversation_id == conversation.id)
        session.execute(theirs.values(playback=None, waveform=None, marks=None))
        if conversation.state is not State.WITHDRAWN:
            conversation.state = State.DESTROYED
    if conversation.extract_key in gone:
        tables += [Extract, Change, Override, SignOff]
        conversation.document = conversation.document_digest = conversation.accuracy = None
    removed = 0
    for table in tables:
        rows = select(func.count()).select_from(table).where(table.conversation_id == conversation.id)
        removed += session.scalar(rows) or 0
        session.execute(delete(table).where(table.conversation_id == conversation.id))
    return removed


def _truncate_journal(home: Home) -> None:
    # Rows were ciphertext; that their remains leave the journal too is a second layer, not the destruction.
    if home.engine.dialect.name == "sqlite":
        raw = home.engine.raw_connection()
        try:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # outside any transaction
        finally:
            raw.close()
