"""A recording comes in: checked, sealed as it streams, logged.

The plaintext goes from the caller's file through memory into an age file, once. A file that the recorder sealed to the slot's
recipient is taken as it is, and verified while it is copied. Nothing is stored unless all of it is.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final, cast
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline.recording.confined import measure, probe
from pipeline.recording.sound import AudioFacts
from pipeline.reviews import find_conversation, recording_key
from storage import age, orphans
from storage.blobs import BlobRef, BlobSink
from storage.errors import Busy, Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import Arrival, Conversation, Incident, Recording, State
from storage.sealed import keyed_digest, open_value, seal_value, slot
from storage.vault import KeyClass

CHUNK: Final = 1 << 20
AGE_MAGIC: Final = b"age-encryption.org/v1\n"

Progress = Callable[[int], None]


class AlreadyRecorded(Refused):
    """recording: {reference} has its recording already; plan another conversation for a second one"""


class OnItsWay(Busy):
    """recording: one is already on its way to {reference}; go on with that one, or give it up first"""


class Duplicate(Refused):
    """recording: this very recording was uploaded for {reference} before; check which conversation it belongs to"""


class NotForThisSlot(Refused):
    """recording: the file is sealed, but not to the recipient of {reference}; see `candour conversation recipient {reference}`"""


class NotForThisSlotAlone(Refused):
    """recording: the file is sealed to others as well, who could open it for ever; seal it to the recipient of {reference} alone,
    which `candour conversation recipient {reference}` prints
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Came:
    """How a recording came, where it was not a file in one go: the row of its arrival, seconds that were marked in it, whether
    nobody ended it, and since when nothing of it is on a recorder.
    """

    arrival: UUID | None = None
    moments: tuple[float, ...] = ()
    broken_off: bool = False
    original_gone: datetime | None = None


IN_ONE_GO: Final = Came()


def receive(
    home: Home, actor: Person, reference: str, source: BinaryIO, *, progress: Progress = lambda _: None
) -> Recording:
    """Take in the recording of a conversation from a seekable binary file; `progress` hears the bytes taken so far.

    Raises:
        NotAllowed, UnknownConversation, AlreadyRecorded, OnItsWay, ConversationGone, Duplicate, NotForThisSlot,
        NotForThisSlotAlone, NotAudio and its kin, DiskFull.
    """
    conversation, key = waiting(home, actor, reference)
    sealed_already = source.read(len(AGE_MAGIC)) == AGE_MAGIC
    facts = facts_of_sealed(source, conversation, key) if sealed_already else probe(source)
    source.seek(0)
    with home.blobs.writing() as sink:
        heard = _Heard(source, sink if sealed_already else None, progress)
        if sealed_already:
            for chunk in age.read(cast("BinaryIO", heard), [slot(key)]):
                heard.plain.update(chunk)
        else:
            with age.Writer(sink, [slot(key).recipient()]) as writer:
                while chunk := heard.read(CHUNK):
                    heard.plain.update(chunk)
                    writer.write(chunk)
    try:
        return keep(home, actor, conversation, sink, facts, heard.plain.digest())
    except BaseException:
        orphans.drop(home, sink.ref)
        raise


def waiting(home: Home, actor: Person, reference: str, own: UUID | None = None) -> tuple[Conversation, bytes]:
    """A conversation that waits for its recording, and the key of its slot; `own` is what the caller has brought on its way.

    Raises:
        NotAllowed, UnknownConversation, AlreadyRecorded, OnItsWay, ConversationGone.
    """
    require(actor.roles, Act.UPLOAD, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        key = _key(home, conversation)
        refuse_others(session, conversation, own)
        return conversation, key


def refuse_others(session: Session, conversation: Conversation, own: UUID | None) -> None:
    """Raises OnItsWay when a recording other than `own` is coming."""
    row = session.scalar(select(Arrival.id).where(Arrival.conversation_id == conversation.id))
    if row not in {None, own}:
        raise OnItsWay(reference=conversation.reference)


def keep(
    home: Home,
    actor: Person,
    conversation: Conversation,
    sink: BlobSink,
    facts: AudioFacts,
    digest: bytes,
    came: Came = IN_ONE_GO,
) -> Recording:
    """Make a sealed file the recording of its conversation. `digest` is the SHA-256 of the plaintext."""
    key = recording_key(home, conversation)
    duration = facts.duration if facts.duration is not None else _measured(home, conversation, key, sink.ref)
    row = Recording(
        id=uuid4(),
        conversation_id=conversation.id,
        blob=sink.ref,
        digest=sink.sha256,
        keyed_digest=keyed_digest(key, digest).hex(),
        size=sink.size,
        duration=duration,
        channels=facts.channels,
        sealed_at=home.now(),
        original_gone=came.original_gone,
    )
    if came.moments:
        row.marks = seal_value(key, f"recording.marks:{row.id}", json.dumps(came.moments).encode())
    return _record(home, actor, conversation, row, digest, came)


def original_gone(home: Home, actor: Person, reference: str) -> None:
    """Somebody says that nothing is left of a recording where it came from.

    Raises:
        NotAllowed, UnknownConversation.
    """
    require(actor.roles, Act.UPLOAD, actor.name)
    with home.writing() as session:
        conversation = find_conversation(session, reference)
        row = conversation.recording
        if row is not None and row.original_gone is None:
            row.original_gone = home.now()
            home.log(session, Event.RECORDING_ORIGINAL_GONE, actor=actor.name, obj=[conversation.id, row.id])


def marks(row: Recording, key: bytes) -> tuple[float, ...]:
    """The seconds of a recording that somebody marked while it was made."""
    if row.marks is None:
        return ()
    return tuple(json.loads(open_value(key, f"recording.marks:{row.id}", row.marks)))


class _Heard:
    """The source while it is read: who waits hears how far it is, and a copy goes where there is one."""

    def __init__(self, source: BinaryIO, copy: BlobSink | None, progress: Progress) -> None:
        self.plain = hashlib.sha256()
        self._source, self._copy, self._progress = source, copy, progress
        self._done = 0

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        if data:
            self._done += len(data)
            if self._copy is not None:
                self._copy.write(data)
            self._progress(self._done)
        return data


class _Lent:
    """A file for a reader that would close it."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek = file.read, file.seek

    def close(self) -> None:
        pass


def facts_of_sealed(source: BinaryIO, conversation: Conversation, key: bytes) -> AudioFacts:
    """What the recording in a file is that was sealed before it came.

    Raises:
        NotForThisSlot, NotForThisSlotAlone, NotAudio and its kin.
    """
    _refuse_others(source, conversation)
    try:
        with age.Reader(cast("BinaryIO", _Lent(source)), [slot(key)]) as plain:
            return probe(cast("BinaryIO", plain))
    except age.NoMatch:
        raise NotForThisSlot(reference=conversation.reference) from None


def _measured(home: Home, conversation: Conversation, key: bytes, blob: BlobRef) -> float:
    with opened(home, blob, key, conversation.reference) as plain:
        return measure(plain)


def _refuse_others(source: BinaryIO, conversation: Conversation) -> None:
    # What somebody else's key opens cannot be destroyed by destroying ours.
    source.seek(0)
    if len(age.recipients_of(source.read(age.MAX_HEADER))) > 1:
        raise NotForThisSlotAlone(reference=conversation.reference)


def _record(
    home: Home, actor: Person, conversation: Conversation, row: Recording, digest: bytes, came: Came
) -> Recording:
    with home.writing() as session:
        current = find_conversation(session, conversation.reference)
        # Another upload or a withdrawal may have come meanwhile.
        _key(home, current)
        refuse_others(session, current, came.arrival)
        same = _same_recording(home, session, current, digest)
        if same is None:
            session.add(row)
            session.execute(delete(Arrival).where(Arrival.id == came.arrival))
            current.state, current.state_at = State.RECORDED, home.now()
            if came.broken_off:
                # What was said after its end is lost: somebody must say that they know.
                session.add(Incident(id=uuid4(), conversation_id=current.id, start=row.duration, end=row.duration))
            home.log(
                session,
                Event.RECORDING_SEALED,
                actor=actor.name,
                obj=[current.id, row.id],
                ref=row.digest,
                detail={"bytes": row.size} | ({"broken_off": True} if came.broken_off else {}),
            )
        else:
            home.log(session, Event.RECORDING_DUPLICATE, actor=actor.name, obj=[current.id, same.id])
    if same is not None:
        raise Duplicate(reference=same.reference)
    return row


@contextmanager
def opened(home: Home, blob: BlobRef, key: bytes, reference: str) -> Iterator[BinaryIO]:
    """A sealed file as a seekable plaintext reader; the last chunk is verified before it is given out."""
    with home.blobs.open(blob) as sealed:
        try:
            reader = age.Reader(sealed, [slot(key)])
        except age.NoMatch:
            raise NotForThisSlot(reference=reference) from None
        with reader:
            yield cast("BinaryIO", reader)


def _key(home: Home, conversation: Conversation) -> bytes:
    """The key of a slot that waits for its recording."""
    key = recording_key(home, conversation)
    if conversation.state is not State.PLANNED:
        raise AlreadyRecorded(reference=conversation.reference)
    return key


def _same_recording(home: Home, session: Session, conversation: Conversation, digest: bytes) -> Conversation | None:
    # Each recording's digest is keyed with its own key, so that it dies with the recording: ask each living one.
    for other in session.scalars(select(Conversation).where(Conversation.review_id == conversation.review_id)):
        if other.recording is None or other.quarantined or other.state in {State.DESTROYED, State.WITHDRAWN}:
            continue
        key = home.vault.get(other.recording_key, KeyClass.RECORDING)
        if hmac.compare_digest(other.recording.keyed_digest, keyed_digest(key, digest).hex()):
            return other
    return None
