"""Destruction: a machine of small steps that only ever rolls forward.

    approved → hold check → intent, quarantine → new vault root without the victims, every survivor checked
             → hold check → old root erased (the point of no return) → verified, swept → done, certificate

Each step is durable before the next. After a crash the order stands at the last durable step and `carry_out` goes on from
there; before the point of no return nothing is lost, after it no victim can be read. Deleting rows and files is housekeeping:
what destroys is that the keys no longer exist under any root that does.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from retention import certificates, holds, orders
from retention.orders import ACTOR
from storage import age
from storage.blobs import BlobRef, NoSuchBlob
from storage.errors import NotVerified, Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import (
    Change,
    Conversation,
    Correction,
    Doubt,
    Extract,
    Hearing,
    Order,
    OrderState,
    Override,
    Recording,
    SignOff,
    State,
    Window,
)
from storage.sealed import slot
from storage.vault import KeyClass, Rotation


class Held(Refused):
    """retention: order {number} is stopped by hold {hold}; two people can lift it with `candour hold lift {hold}`"""


class StillOpens(NotVerified):
    """retention: after order {number} a destroyed object could still be opened; this is an incident, keep the machine as it is"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of an order."""

    order: int
    conversation: str
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
        conversation = order.conversation
        state = order.state
        certificate = order.certificate
    if state is OrderState.APPROVED:
        _intend(home, number)
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
    return Outcome(order=number, conversation=conversation.reference, certificate=f"D-{number:04}")


def _refuse_held(session: Session, order: Order) -> None:
    standing = holds.standing(session, order.conversation)
    if standing:
        raise Held(number=order.number, hold=standing[0])


def _intend(home: Home, number: int) -> None:
    with home.writing() as session:
        order = orders.find(session, number)
        _refuse_held(session, order)
        conversation = order.conversation
        order.state = OrderState.INTENDED
        order.facts = {"epoch_before": home.vault.epoch, "blobs": _digests(session, conversation)}
        # A worker that comes back from the dead finds another token and writes nothing.
        conversation.quarantined, conversation.run_token = True, uuid4()
        home.log(session, Event.DESTROY_INTENT, actor=ACTOR, obj=orders.objects(order), ref=order.digest)
        home.log(session, Event.DESTROY_QUARANTINED, actor=ACTOR, obj=orders.objects(order))


def _digests(session: Session, conversation: Conversation) -> list[str]:
    recording = session.scalar(select(Recording).where(Recording.conversation_id == conversation.id))
    return [recording.digest] if recording else []


def _erase(home: Home, number: int) -> None:
    with home.reading() as session:
        order = orders.find(session, number)
    try:
        # The transaction has the write lock: a hold is either seen here, or placed after the keys are gone.
        with _rotation(home, order) as rotation, home.writing() as session:
            order = orders.find(session, number)
            if rotation is not None:
                _refuse_held(session, order)
                rotation.commit()
            orders.mark_erased(home, session, order)
    except Held:
        _step_back(home, number)
        raise


def _rotation(home: Home, order: Order) -> AbstractContextManager[Rotation | None]:
    """The new root without the victims; none when a run that died has erased the old one already."""
    living = orders.keys(order) & set(home.vault.ids())
    return home.vault.prepare(living) if living else nullcontext()


def _step_back(home: Home, number: int) -> None:
    with home.writing() as session:
        order = orders.find(session, number)
        order.state = OrderState.APPROVED
        order.conversation.quarantined = False
        home.log(session, Event.DESTROY_FAILED, actor=ACTOR, obj=orders.objects(order), detail={"reason": "hold"})


def _verify_and_sweep(home: Home, number: int) -> None:
    with home.reading() as session:
        order = orders.find(session, number)
        recording = session.scalar(select(Recording).where(Recording.conversation_id == order.conversation_id))
        files = [b for b in (recording.blob, recording.playback) if b] if recording else []
        takes_recording = str(order.conversation.recording_key) in order.objects
    checks = [_vault_check(home, order)]
    if takes_recording:
        checks.append(_files_check(home, order, files))
        for blob in files:
            home.blobs.destroy(BlobRef(blob))
    with home.writing() as session:
        order = orders.find(session, number)
        removed = sweep_rows(session, order.conversation, orders.keys(order))
        checks.append({"name": "rows", "passed": True, "found": f"{removed} rows of ciphertext removed"})
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
    found = f"none of the {len(order.objects)} keys is among the {len(living)} that the vault holds, all of which open"
    return {"name": "vault", "passed": True, "found": found}


def _files_check(home: Home, order: Order, files: list[str]) -> dict[str, object]:
    if any(_opens(home, blob) for blob in files):
        raise StillOpens(number=order.number)
    tried = sum(1 for kind in home.vault.ids().values() if kind is KeyClass.RECORDING)
    found = f"{len(files)} sealed files opened with none of the {tried} recording keys still held, then removed"
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


def sweep_rows(session: Session, conversation: Conversation, gone: set[UUID]) -> int:
    """Remove the ciphertext that the keys which are gone opened, in the caller's transaction; returns how many rows."""
    tables: list[type[Window | Correction | Hearing | Doubt | Extract | Change | Override | SignOff]] = []
    if conversation.recording_key in gone:
        tables += [Window, Correction, Hearing, Doubt]
        conversation.draft = conversation.said = None
        session.execute(
            update(Recording).where(Recording.conversation_id == conversation.id).values(playback=None, waveform=None)
        )
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
