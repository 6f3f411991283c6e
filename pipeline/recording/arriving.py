"""A recording that comes in pieces, over minutes or days, and is sealed as it comes.

    with begin(home, actor, reference, size, mark) as arrival:
        arrival.receive(piece), arrival.receive(piece), … arrival.finish()

What has come lies sealed in a draft, which a row knows. Whoever comes later, after a cut or in another process, picks it up: the
key of a draft is that of its conversation's slot, so all of it opens again but for its last 64 KiB, which were in memory. It is
sealed anew then, under another file key, because no place in a sealed file may be written twice.

A recording that is made here has no size before its end, and nothing else holds it: it is never given up by itself. It goes when
somebody says so, or with the key of its conversation.
"""

import hashlib
import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import BinaryIO, Final, Self, cast
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.people import Person
from pipeline.recording import intake
from pipeline.recording.beginning import tells
from pipeline.recording.confined import probe
from pipeline.recording.sound import AudioFacts
from pipeline.reviews import find_conversation
from storage import age, models
from storage.blobs import BlobRef, Draft, DraftBusy, NoSuchBlob
from storage.errors import BadInput, NotFound
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, Recording, State
from storage.sealed import open_value, seal_value, slot

FIRST_LOOK: Final = 1 << 20
# After this long without a byte an upload is given up; the file is still where it came from.
IDLE: Final = timedelta(hours=24)
ACTOR: Final = "worker"


class WrongSize(BadInput):
    """recording: more or fewer bytes came than were announced; choose the file again, and send all of it"""


class NothingArriving(NotFound):
    """recording: nothing is on its way to {reference}; begin it again"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is on its way to a conversation. `size` is None for a recording that is made here; `here` in bytes, sealed."""

    id: UUID
    person: str
    size: int | None
    here: int
    begun_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class _Note:
    """What is sealed beside a draft: the digest of a file's beginning, and seconds that somebody marked."""

    mark: str = ""
    moments: tuple[float, ...] = ()

    def sealed(self, key: bytes, row: UUID) -> bytes:
        body = json.dumps({"mark": self.mark, "moments": self.moments}).encode()
        return seal_value(key, f"arrival.sealed:{row}", body)

    @classmethod
    def of(cls, key: bytes, row: models.Arrival) -> "_Note":
        body = json.loads(open_value(key, f"arrival.sealed:{row.id}", row.sealed))
        return cls(mark=body["mark"], moments=tuple(body["moments"]))


class Arrival:
    """One recording on its way in. Not for two threads at once. What is not finished stays, until it is given up."""

    def __init__(
        self, home: Home, actor: Person, conversation: Conversation, key: bytes, row: models.Arrival, draft: Draft
    ) -> None:
        self.id, self.size, self.received = row.id, row.size, 0
        self._home, self._actor = home, actor
        self._conversation, self._key = conversation, key
        self._note = _Note.of(key, row)
        self._sealed_before = row.sealed_before
        self._draft = draft
        self._head = bytearray()
        self._plain = hashlib.sha256()
        self._writer: age.Writer | None = None
        if self._sealed_before is False:
            self._writer = age.Writer(draft, [slot(key).recipient()])

    @property
    def live(self) -> bool:
        """Whether it is recorded here, and nothing else holds it."""
        return self.size is None

    @property
    def mark(self) -> str:
        """By what the file is known again."""
        return self._note.mark

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.let_go()

    def receive(self, piece: bytes) -> None:
        """Take the next bytes.

        Raises:
            WrongSize, DiskFull; NotAudio and its kin once the first bytes tell, after which nothing is left of an upload.
        """
        with self._all_or_nothing():
            if self.size is not None and self.received + len(piece) > self.size:
                raise WrongSize
            self.received += len(piece)
            if self._sealed_before is not None:
                self._store(piece)
                return
            self._head += piece
            if self.size is not None and len(self._head) >= min(FIRST_LOOK, self.size):
                self._look()

    def mark_moments(self, moments: Sequence[float]) -> None:
        """Keep the seconds that were marked, all of them; they become doubts, to be heard."""
        self._note = _Note(mark=self._note.mark, moments=tuple(sorted(moments)))
        with self._home.writing() as session:
            session.get_one(models.Arrival, self.id).sealed = self._note.sealed(self._key, self.id)

    def finish(self, *, broken_off: bool = False) -> Recording:
        """All has come: check it, and make it the recording of its conversation. `broken_off`: nobody ended it.

        Raises:
            WrongSize, and what `intake.receive` raises; nothing is left of an upload then, all of what was recorded here.
        """
        with self._all_or_nothing():
            if self.size not in {None, self.received}:
                raise WrongSize
            if self._sealed_before is None:
                self._look()
            if self._writer is not None:
                self._writer.close()
            self._draft.finish()
            facts = self._facts()
            came = intake.Came(
                arrival=self.id,
                moments=self._note.moments,
                broken_off=broken_off,
                original_gone=self._home.now() if self.live else None,
            )
            row = intake.keep(
                self._home, self._actor, self._conversation, self._draft, facts, self._plain.digest(), came
            )
        self.let_go()
        return row

    def give_up(self, refuse: Callable[[Session], None] = lambda _: None) -> None:
        """Leave nothing of it; after `finish` this does nothing. What `refuse` raises, in the transaction, leaves all of it."""
        with self._home.writing() as session:
            refuse(session)
            theirs = _forget(session, self.id, self._draft.ref)
            if theirs:
                _log_given_up(self._home, session, self._actor.name, self._conversation, self.received)
        if theirs:
            self._home.blobs.destroy(self._draft.ref)
        self.let_go()

    def hand_to(self, actor: Person) -> Self:
        """From now on it is theirs: the log names them for what becomes of it."""
        self._actor = actor
        return self

    def let_go(self) -> None:
        """Leave it as it is, to be picked up."""
        self._head.clear()
        self._draft.let_go()

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """What goes wrong leaves nothing of an upload, and all of what was recorded here."""
        try:
            yield
        except BaseException:
            if self.live:
                self.let_go()
            else:
                self.give_up()
            raise

    def _facts(self) -> AudioFacts:
        with self._home.blobs.open(self._draft.ref) as file:
            if not self._sealed_before:
                with age.Reader(file, [slot(self._key)]) as plain:
                    return probe(cast("BinaryIO", plain))
            facts = intake.facts_of_sealed(file, self._conversation, self._key)
            file.seek(0)
            self._plain = hashlib.sha256()
            for chunk in age.read(file, [slot(self._key)]):
                self._plain.update(chunk)
            return facts

    def _look(self) -> None:
        head = bytes(self._head)
        self._head.clear()
        sealed_before = head.startswith(intake.AGE_MAGIC)
        if not sealed_before:
            # what does not tell yet is judged when all has come
            if len(head) == self.size or tells(head):
                probe(io.BytesIO(head))
            self._writer = age.Writer(self._draft, [slot(self._key).recipient()])
        self._store(head)
        # Told last: what is written before is not picked up.
        with self._home.writing() as session:
            session.get_one(models.Arrival, self.id).sealed_before = sealed_before
        self._sealed_before = sealed_before

    def _store(self, piece: bytes) -> None:
        before = self._draft.size
        if self._writer is None:
            self._draft.write(piece)
        else:
            self._plain.update(piece)
            self._writer.write(piece)
        if self.live and self._draft.size > before:
            self._draft.sync()

    def _take_over(self, old: BinaryIO) -> None:
        """All that opens of a draft somebody else wrote."""
        if self._sealed_before is None:
            return
        if self._writer is None:
            while block := old.read(FIRST_LOOK):
                self.received += self._draft.write(block)
            return
        # It ends where its writer did.
        with suppress(age.PayloadError, age.HeaderError):
            for chunk in age.read(old, [slot(self._key)]):
                self.received += len(chunk)
                self._store(chunk)


def begin(home: Home, actor: Person, reference: str, size: int | None, mark: str = "") -> Arrival:
    """A recording begins to come: `size` bytes, or nobody knows how many because it is recorded here.

    Raises:
        NotAllowed, UnknownConversation, AlreadyRecorded, OnItsWay, ConversationGone, VaultClosed, DiskFull.
    """
    conversation, key = intake.waiting(home, actor, reference)
    draft = home.blobs.drafting()
    try:
        row = models.Arrival(
            id=uuid4(),
            conversation_id=conversation.id,
            person_id=actor.id,
            blob=draft.ref,
            size=size,
            # what is recorded here needs no look at its beginning, and must not wait for one
            sealed_before=False if size is None else None,
            begun_at=home.now(),
        )
        row.sealed = _Note(mark=mark).sealed(key, row.id)
        # Before its row: it writes, and a disk may be full.
        arrival = Arrival(home, actor, conversation, key, row, draft)
        with home.writing() as session:
            intake.refuse_others(session, conversation, None)
            session.add(row)
        return arrival
    except BaseException:
        draft.give_up()
        raise


def pick_up(home: Home, actor: Person, reference: str) -> Arrival:
    """What somebody began, in this process or another one, as far as it was stored.

    Raises:
        NothingArriving, DraftBusy, and what `begin` raises.
    """
    with home.reading() as session:
        row = _row(session, reference)
        if row is None:
            raise NothingArriving(reference=reference.upper())
    conversation, key = intake.waiting(home, actor, reference, own=row.id)
    try:
        old = home.blobs.drafted(BlobRef(row.blob))
    except NoSuchBlob:
        with home.writing() as session:
            forgotten = _forget(session, row.id, row.blob)
        if not forgotten:
            raise DraftBusy from None
        # A backup holds no drafts.
        raise NothingArriving(reference=conversation.reference) from None
    with old:
        draft = home.blobs.drafting()
        try:
            arrival = Arrival(home, actor, conversation, key, row, draft)
            arrival._take_over(old)
            with home.writing() as session:
                unchanged = _unchanged(session, row.id, row.blob)
                if unchanged is None:
                    raise DraftBusy
                unchanged.blob = draft.ref
        except BaseException:
            draft.give_up()
            raise
        # While it is held: nobody else takes it up.
        home.blobs.destroy(BlobRef(row.blob))
    return arrival


def known(home: Home, reference: str) -> Known | None:
    """What is on its way to a conversation, without opening it."""
    with home.reading() as session:
        row = _row(session, reference)
        if row is None:
            return None
        person = session.get_one(models.Person, row.person_id).name
    here = next((found.size for found in home.blobs.survey() if found.name.startswith(row.blob)), 0)
    return Known(id=row.id, person=person, size=row.size, here=here, begun_at=row.begun_at)


def all_known(home: Home) -> dict[str, tuple[bool, bool]]:
    """Of every conversation to which something is on its way: whether it is recorded here, and whether somebody holds it now."""
    with home.reading() as session:
        query = select(Conversation.reference, models.Arrival).join(
            Conversation, Conversation.id == models.Arrival.conversation_id
        )
        rows = [(reference, row) for reference, row in session.execute(query)]
    return {reference: (row.size is None, _held(home, BlobRef(row.blob))) for reference, row in rows}


def _held(home: Home, blob: BlobRef) -> bool:
    try:
        with home.blobs.drafted(blob):
            return False
    except DraftBusy:
        return True
    except NoSuchBlob:
        return False


def forget_idle(home: Home) -> int:
    """Give up uploads that nobody goes on with, and those of a conversation that is closed; returns how many.

    The person still has the file. What was recorded here lies nowhere else: it stays until somebody decides about it, or goes
    with the key of its conversation.
    """
    forgotten = 0
    with home.reading() as session:
        query = select(models.Arrival, Conversation.state).join(
            Conversation, Conversation.id == models.Arrival.conversation_id
        )
        rows = [(row, state) for row, state in session.execute(query.where(models.Arrival.size.is_not(None)))]
    moved = {found.name.partition(".")[0]: found.moved for found in home.blobs.survey()}
    for row, state in rows:
        # Looked at first without its lock and without waiting to write: somebody may be coming back to it just now.
        if not _over(home, state, moved.get(row.blob, row.begun_at)):
            continue
        try:
            with home.blobs.drafted(BlobRef(row.blob)) as draft:
                status = os.fstat(draft.fileno())
                if _forget_if_over(home, row, datetime.fromtimestamp(status.st_mtime, UTC), status.st_size):
                    home.blobs.destroy(BlobRef(row.blob))
                    forgotten += 1
        except DraftBusy:
            continue
        except NoSuchBlob:
            forgotten += _forget_if_over(home, row, row.begun_at, 0)
    return forgotten


def _over(home: Home, state: State, moved: datetime) -> bool:
    return state is not State.PLANNED or home.machine_clock() - moved > IDLE


def _forget_if_over(home: Home, row: models.Arrival, moved: datetime, size: int) -> bool:
    with home.writing() as session:
        conversation = session.get_one(Conversation, row.conversation_id)
        theirs = _over(home, conversation.state, moved) and _forget(session, row.id, row.blob)
        if theirs:
            _log_given_up(home, session, ACTOR, conversation, size)
    return theirs


def _row(session: Session, reference: str) -> models.Arrival | None:
    conversation = find_conversation(session, reference)
    return session.scalar(select(models.Arrival).where(models.Arrival.conversation_id == conversation.id))


def _unchanged(session: Session, row: UUID, blob: str) -> models.Arrival | None:
    """It, if nobody has picked it up since it was looked at: that puts another draft in the place of this one."""
    return session.scalar(select(models.Arrival).where(models.Arrival.id == row, models.Arrival.blob == blob))


def _forget(session: Session, row: UUID, blob: str) -> bool:
    unchanged = _unchanged(session, row, blob)
    if unchanged is not None:
        session.delete(unchanged)
    return unchanged is not None


def _log_given_up(home: Home, session: Session, actor: str, conversation: Conversation, size: int) -> None:
    home.log(session, Event.RECORDING_GIVEN_UP, actor=actor, obj=[conversation.id], detail={"bytes": size})
