"""A recording comes in: checked, sealed as it streams, read back, logged.

The plaintext goes from the caller's file through memory into an age file, once. A file that the recorder sealed to the slot's
recipient is taken as it is. Nothing is stored unless all of it is.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import BinaryIO, Final
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline.recording.decode import probe
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
    require(actor.roles, Act.UPLOAD, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        key = _key(home, conversation)
    sealed_already = source.read(len(AGE_MAGIC)) == AGE_MAGIC
    source.seek(0)
    if sealed_already:
        _refuse_others(source, conversation)
    else:
        probe(source)
    source.seek(0)
    with home.blobs.writing() as sink:
        target = nullcontext(sink) if sealed_already else age.Writer(sink, [slot(key).recipient()])
        with target as writer:
            for chunk in _chunks(source, progress):
                writer.write(chunk)
    try:
        return _record(home, actor, conversation, key, sink)
    except BaseException:
        home.blobs.destroy(sink.ref)
        raise


def _refuse_others(source: BinaryIO, conversation: Conversation) -> None:
    # What somebody else's key opens cannot be destroyed by destroying ours.
    if len(age.recipients_of(source.read(age.MAX_HEADER))) > 1:
        raise NotForThisSlotAlone(reference=conversation.reference)


def _chunks(source: BinaryIO, progress: Progress) -> Iterator[bytes]:
    done = 0
    while chunk := source.read(CHUNK):
        yield chunk
        done += len(chunk)
        progress(done)


def _record(home: Home, actor: Person, conversation: Conversation, key: bytes, sealed: BlobSink) -> Recording:
    with opened(home, sealed.ref, key, conversation.reference) as plain:
        facts = probe(plain)
        plain.seek(0)
        digest_of_plain = hashlib.sha256()
        while chunk := plain.read(CHUNK):
            digest_of_plain.update(chunk)
    row = Recording(
        id=uuid4(),
        conversation_id=conversation.id,
        blob=sealed.ref,
        digest=sealed.sha256,
        keyed_digest=keyed_digest(key, digest_of_plain.digest()).hex(),
        size=sealed.size,
        duration=facts.duration or 0.0,
        channels=facts.channels,
        sealed_at=home.now(),
    )
    with home.writing() as session:
        current = find_conversation(session, conversation.reference)
        # Another upload or a withdrawal may have come meanwhile.
        _key(home, current)
        same = _same_recording(home, session, current, digest_of_plain.digest())
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
            yield reader  # type: ignore[misc]


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
