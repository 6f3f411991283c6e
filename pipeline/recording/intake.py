"""A recording comes in: checked, sealed as it streams, logged.

The plaintext goes from the caller's file through memory into an age file, once. A file that the recorder sealed to the slot's
recipient is taken as it is, and verified while it is copied. Nothing is stored unless all of it is.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, cast
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline.recording.confined import measure, probe
from pipeline.recording.decode import AudioFacts
from pipeline.reviews import find_conversation, recording_key
from storage import age
from storage.blobs import BlobRef, BlobSink
from storage.errors import Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, Recording, State
from storage.sealed import keyed_digest, slot
from storage.vault import KeyClass

CHUNK: Final = 1 << 20
AGE_MAGIC: Final = b"age-encryption.org/v1\n"

Progress = Callable[[int], None]


class AlreadyRecorded(Refused):
    """recording: {reference} has its recording already; plan another conversation for a second one"""


class Duplicate(Refused):
    """recording: this very recording was uploaded for {reference} before; check which conversation it belongs to"""


class NotForThisSlot(Refused):
    """recording: the file is sealed, but not to the recipient of {reference}; see `candour conversation recipient {reference}`"""


class NotForThisSlotAlone(Refused):
    """recording: the file is sealed to others as well, who could open it for ever; seal it to the recipient of {reference} alone,
    which `candour conversation recipient {reference}` prints
    """


def receive(
    home: Home, actor: Person, reference: str, source: BinaryIO, *, progress: Progress = lambda _: None
) -> Recording:
    """Take in the recording of a conversation from a seekable binary file; `progress` hears the bytes taken so far.

    Raises:
        NotAllowed, UnknownConversation, AlreadyRecorded, ConversationGone, Duplicate, NotForThisSlot, NotForThisSlotAlone,
        NotAudio and its kin, DiskFull.
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
    return keep(home, actor, conversation, sink, facts, heard.plain.digest())


def waiting(home: Home, actor: Person, reference: str) -> tuple[Conversation, bytes]:
    """A conversation that waits for its recording, and the key of its slot.

    Raises:
        NotAllowed, UnknownConversation, AlreadyRecorded, ConversationGone.
    """
    require(actor.roles, Act.UPLOAD, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        return conversation, _key(home, conversation)


def keep(
    home: Home, actor: Person, conversation: Conversation, sink: BlobSink, facts: AudioFacts, digest: bytes
) -> Recording:
    """Make a sealed file the recording of its conversation, or take it away again. `digest` is the SHA-256 of the plaintext."""
    try:
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
        )
        return _record(home, actor, conversation, row, digest)
    except BaseException:
        home.blobs.destroy(sink.ref)
        raise


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


def _record(home: Home, actor: Person, conversation: Conversation, row: Recording, digest: bytes) -> Recording:
    with home.writing() as session:
        current = find_conversation(session, conversation.reference)
        # Another upload or a withdrawal may have come meanwhile.
        _key(home, current)
        same = _same_recording(home, session, current, digest)
        if same is None:
            session.add(row)
            current.state, current.state_at = State.RECORDED, home.now()
            home.log(
                session,
                Event.RECORDING_SEALED,
                actor=actor.name,
                obj=[current.id, row.id],
                ref=row.digest,
                detail={"bytes": row.size},
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
