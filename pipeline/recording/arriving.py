"""A recording that comes in pieces, over minutes or days, and is sealed as it comes.

    with arriving:  receive(piece), receive(piece), … finish()

What has come lies sealed in a file without a name; only `finish` makes it the recording. A process that ends before leaves
a sealed remnant that the next sweep takes away, and the upload begins anew: the key of an unfinished file is kept nowhere.
"""

import hashlib
import io
from contextlib import ExitStack
from types import TracebackType
from typing import BinaryIO, Final, Self, cast

from access.people import Person
from pipeline.recording import intake
from pipeline.recording.confined import probe
from storage import age
from storage.errors import BadInput
from storage.home import Home
from storage.models import Recording
from storage.sealed import slot

FIRST_LOOK: Final = 1 << 20
# Their index or their cover picture may be longer than the first look: the first sound is found when all has come.
LONG_HEADS: Final = (b"ID3", b"ftyp")


class WrongSize(BadInput):
    """recording: more or fewer bytes came than were announced; choose the file again, and send all of it"""


class _GivenUp(Exception):
    """tells the store that the file will not be finished"""


class Arrival:
    """One recording on its way in. Not for two threads at once. Leaving `with` before `finish` leaves nothing behind."""

    def __init__(self, home: Home, actor: Person, reference: str, size: int) -> None:
        """`size` is the number of bytes that will come.

        Raises:
            NotAllowed, UnknownConversation, AlreadyRecorded, ConversationGone, VaultClosed, EmptyFile, DiskFull.
        """
        self.size, self.received = size, 0
        self._home, self._actor = home, actor
        self._conversation, self._key = intake.waiting(home, actor, reference)
        self._head, self._looked = bytearray(), False
        self._sealed_before = False
        self._plain = hashlib.sha256()
        self._open = ExitStack()
        self._sink = self._open.enter_context(home.blobs.writing())
        self._writer: age.Writer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.give_up()

    def receive(self, piece: bytes) -> None:
        """Take the next bytes.

        Raises:
            WrongSize, DiskFull; NotAudio and its kin once the first bytes tell, after which nothing is left of it.
        """
        if self.received + len(piece) > self.size:
            raise WrongSize
        try:
            self.received += len(piece)
            if self._looked:
                self._store(piece)
                return
            self._head += piece
            if len(self._head) >= min(FIRST_LOOK, self.size):
                self._look()
        except BaseException:
            self.give_up()
            raise

    def finish(self) -> Recording:
        """All has come: check it, and make it the recording of its conversation.

        Raises:
            WrongSize, and what `intake.receive` raises; nothing is left then.
        """
        try:
            if self.received != self.size:
                raise WrongSize
            if not self._looked:
                self._look()
            if self._writer is not None:
                self._writer.close()
        except BaseException:
            self.give_up()
            raise
        self._open.close()
        sink = self._sink
        try:
            with self._home.blobs.open(sink.ref) as file:
                if self._sealed_before:
                    facts = intake.facts_of_sealed(file, self._conversation, self._key)
                    file.seek(0)
                    for chunk in age.read(file, [slot(self._key)]):
                        self._plain.update(chunk)
                else:
                    with age.Reader(file, [slot(self._key)]) as plain:
                        facts = probe(cast("BinaryIO", plain))
        except BaseException:
            self._home.blobs.destroy(sink.ref)
            raise
        return intake.keep(self._home, self._actor, self._conversation, sink, facts, self._plain.digest())

    def give_up(self) -> None:
        """Leave nothing of it; after `finish` this does nothing."""
        self._head.clear()
        self._open.__exit__(_GivenUp, _GivenUp(), None)

    def _look(self) -> None:
        head, self._head, self._looked = bytes(self._head), bytearray(), True
        self._sealed_before = head.startswith(intake.AGE_MAGIC)
        if not self._sealed_before:
            if not any(mark in head[:8] for mark in LONG_HEADS):
                probe(io.BytesIO(head))
            self._writer = age.Writer(self._sink, [slot(self._key).recipient()])
        self._store(head)

    def _store(self, piece: bytes) -> None:
        if self._writer is None:
            self._sink.write(piece)
        else:
            self._plain.update(piece)
            self._writer.write(piece)
