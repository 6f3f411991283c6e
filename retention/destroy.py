"""Destruction: a machine of small steps that only ever rolls forward.

    approved → hold check → intent, quarantine → new vault root without the victims, every survivor checked
             → hold check → old root erased (the point of no return) → verified, swept → done, certificate

Each step is durable before the next. After a crash the order stands at the last durable step and `carry_out` goes on from
there; before the point of no return nothing is lost, after it no victim can be read. Deleting rows and files is housekeeping:
what destroys is that the keys no longer exist under any root that does.
"""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from retention import certificates, holds, orders
from retention.orders import Reason
from storage import age
from storage.blobs import BlobRef, NoSuchBlob
from storage.errors import NotVerified, Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import (
    Conversation,
    Correction,
    Doubt,
    Extract,
    Hearing,
    Order,
    OrderState,
    Recording,
    SignOff,
    State,
    Window,
)
from storage.sealed import slot
from storage.vault import KeyClass

ACTOR = "retention"


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
    """Carry out an approved order, or finish one that was interrupted.

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


def _objects(order: Order) -> list[object]:
    return [order.id, order.conversation_id, *order.objects]


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
        home.log(session, Event.DESTROY_INTENT, actor=ACTOR, obj=_objects(order), ref=order.digest)
        home.log(session, Event.DESTROY_QUARANTINED, actor=ACTOR, obj=_objects(order))


def _digests(session: Session, conversation: Conversation) -> list[str]:
    recording = session.scalar(select(Recording).where(Recording.conversation_id == conversation.id))
    return [recording.digest] if recording else []


def _erase(home: Home, number: int) -> None:
    with home.reading() as session:
        victims = {UUID(key) for key in orders.find(session, number).objects}
    living = victims & set(home.vault.ids())
    rotation = home.vault.prepare(living) if living else None
    try:
        # The transaction has the write lock: a hold is either seen here, or placed after the key is gone and refused then.
        with home.writing() as session:
            order = orders.find(session, number)
            _refuse_held(session, order)
            order.state = OrderState.ERASED
            if rotation is not None:
                rotation.commit()
            order.facts = order.facts | {"epoch_after": home.vault.epoch}
    except Held:
        if rotation is not None:
            rotation.abandon()
        _step_back(home, number)
        raise


def _step_back(home: Home, number: int) -> None:
    with home.writing() as session:
        order = orders.find(session, number)
        order.state = OrderState.APPROVED
        order.conversation.quarantined = order.reason == Reason.WITHDRAWAL.value
        home.log(session, Event.DESTROY_FAILED, actor=ACTOR, obj=_objects(order), detail={"reason": "hold"})


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
        removed = _sweep_rows(session, order)
        checks.append({"name": "rows", "passed": True, "found": f"{removed} rows of ciphertext removed"})
        order.conversation.state_at = home.now()
        order.state = OrderState.DONE
        order.facts = order.facts | {"done_at": home.now().isoformat(), "checks": checks}
        certificates.log_done(home, session, order)
    _truncate_journal(home)


def _vault_check(home: Home, order: Order) -> dict[str, object]:
    living = set(home.vault.ids())
    if {UUID(key) for key in order.objects} & living:
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
    """Whether any key that is still held opens this sealed file: the positive proof that erasure did its work."""
    held = [slot(home.vault.get(key, kind)) for key, kind in home.vault.ids().items() if kind is KeyClass.RECORDING]
    try:
        with home.blobs.open(BlobRef(blob)) as sealed:
            age.Reader(sealed, held).close()
    except (age.NoMatch, NoSuchBlob):
        return False
    return True


def _sweep_rows(session: Session, order: Order) -> int:
    conversation = order.conversation
    tables: list[type[Window | Correction | Hearing | Doubt | Extract | SignOff]] = []
    objects = {UUID(key) for key in order.objects}
    if conversation.recording_key in objects:
        tables += [Window, Correction, Hearing, Doubt]
        conversation.draft = None
        session.execute(
            update(Recording).where(Recording.conversation_id == conversation.id).values(playback=None, waveform=None)
        )
        conversation.state = State.DESTROYED
    if conversation.extract_key in objects:
        tables += [Extract, SignOff]
        conversation.document = conversation.document_digest = None
    if order.reason == Reason.WITHDRAWAL.value:
        conversation.state = State.WITHDRAWN
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
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[attr-defined]  # outside any transaction
        finally:
            raw.close()
