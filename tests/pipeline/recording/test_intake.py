"""A recording comes in: all of it is stored, sealed to its slot alone, or nothing is."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from sqlalchemy import text

from access.roles import NotAllowed
from pipeline.recording import intake
from pipeline.recording.intake import AlreadyRecorded, Duplicate, NotForThisSlot, NotForThisSlotAlone, opened, receive
from pipeline.recording.sound import EmptyFile, NotAudio
from pipeline.reviews import ConversationGone, UnknownConversation
from retention import withdrawal
from storage import age
from storage.blobs import BlobRef
from storage.database import DatabaseTrouble
from storage.durable import DiskFull
from storage.log.log import Event
from storage.log.signer import Signer
from storage.models import Recording, State
from storage.sealed import keyed_digest
from storage.vault import KeyClass
from tests import story
from tests.pipeline import media
from tests.story import FIRST, OTHER, PLANNED, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.PLANNED, tmp_path)


def sealed(plain: bytes, *recipients: str) -> bytes:
    """An age file as a recorder makes it."""
    target = io.BytesIO()
    with age.Writer(target, [age.parse_recipient(text) for text in recipients]) as writer:
        writer.write(plain)
    return target.getvalue()


def upload(told: Story, data: bytes, reference: str = FIRST, **named: Any) -> Recording:
    return receive(told.home, told.ana, reference, io.BytesIO(data), **named)


def everything(told: Story, reference: str = FIRST) -> tuple[object, ...]:
    """What an upload may change."""
    files = sorted((found.name, found.kind) for found in told.home.blobs.survey())
    return files, story.rows(told.home, Recording), told.events(), told.conversation(reference).state


def key(told: Story, reference: str = FIRST) -> bytes:
    return told.home.vault.get(told.conversation(reference).recording_key, KeyClass.RECORDING)


def stored(told: Story, reference: str = FIRST) -> bytes:
    """The plaintext, as what is stored gives it back."""
    recording = told.conversation(reference).recording
    assert recording is not None
    with opened(told.home, BlobRef(recording.blob), key(told, reference), reference) as plain:
        return plain.read()


@pytest.mark.parametrize("form", ["wav", "m4a", "mp3", "flac"])
def test_a_file_in_the_clear_is_sealed_as_it_comes(form: str, told: Story) -> None:
    data = media.encoded(media.person("woman"), form)
    heard: list[int] = []
    row = upload(told, data, progress=heard.append)
    assert stored(told) == data
    blob = (told.home.folder / "blobs" / row.blob).read_bytes()
    assert age.recipients_of(blob) == ("mlkem768x25519",)
    assert (row.digest, row.size) == (hashlib.sha256(blob).hexdigest(), len(blob))
    assert row.keyed_digest == keyed_digest(key(told), hashlib.sha256(data).digest()).hex()
    assert abs(row.duration - media.person("woman").shape[1] / 16000) < 0.1
    assert row.channels == 1
    assert heard[-1] == len(data)
    conversation, entry = told.conversation(), told.log()[-1]
    assert conversation.state is State.RECORDED
    assert (entry.event, entry.ref, entry.detail["bytes"]) == (Event.RECORDING_SEALED, row.digest, row.size)
    assert told.findings() == ()


def test_a_long_file_is_taken_in_pieces(told: Story) -> None:
    data = media.encoded(media.hum(80), "wav")
    assert len(data) > 2 * intake.CHUNK
    heard: list[int] = []
    upload(told, data, progress=heard.append)
    assert heard == [intake.CHUNK, 2 * intake.CHUNK, len(data)]
    assert stored(told) == data


def test_no_sound_lies_in_the_home_in_the_clear(told: Story) -> None:
    samples = media.person("woman")
    data = media.encoded(samples, "wav")
    marker = samples[0, 20_000:20_032].tobytes()
    assert marker in data and len(set(marker)) > 20, "the look must be for something that is in the recording"
    upload(told, data)
    told.home.close()
    bodies = {path: path.read_bytes() for path in told.home.folder.rglob("*") if path.is_file()}
    assert not any(marker in body for body in bodies.values())
    planted = told.home.folder / "blobs" / "planted"
    planted.write_bytes(data)
    assert marker in planted.read_bytes()


def test_a_file_that_the_recorder_sealed_is_taken_as_it_is(told: Story) -> None:
    data = media.encoded(media.person("man"), "m4a")
    file = sealed(data, told.conversation().recipient)
    row = upload(told, file)
    assert (told.home.folder / "blobs" / row.blob).read_bytes() == file
    assert stored(told) == data
    assert row.keyed_digest == keyed_digest(key(told), hashlib.sha256(data).digest()).hex()


def stranger() -> str:
    return str(age.HybridIdentity.generate().recipient())


WAV = media.encoded(media.person("woman"), "wav")
REFUSED: dict[str, tuple[Callable[[Story], bytes], type[Exception]]] = {
    "sealed to somebody else": (lambda told: sealed(WAV, stranger()), NotForThisSlot),
    "sealed to another slot": (lambda told: sealed(WAV, told.conversation(OTHER).recipient), NotForThisSlot),
    "sealed with an older kind of key": (
        lambda told: sealed(WAV, str(age.X25519Identity.generate().recipient())),
        NotForThisSlot,
    ),
    "sealed to others as well": (
        lambda told: sealed(WAV, told.conversation().recipient, stranger()),
        NotForThisSlotAlone,
    ),
    "sealed and then cut": (lambda told: sealed(WAV, told.conversation().recipient)[:-20_000], age.PayloadError),
    "sealed, and changed in its middle": (
        lambda told: media.damaged(sealed(media.encoded(media.hum(8), "wav"), told.conversation().recipient), 20),
        age.PayloadError,
    ),
    "sealed, and its header cut": (lambda told: sealed(WAV, told.conversation().recipient)[:500], age.HeaderError),
    "sealed, and no sound": (lambda told: sealed(b"words " * 1000, told.conversation().recipient), NotAudio),
    "sealed, and nothing": (lambda told: sealed(b"", told.conversation().recipient), EmptyFile),
    "no sound": (lambda told: b"words " * 1000, NotAudio),
    "nothing": (lambda told: b"", EmptyFile),
    "a playlist": (lambda told: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", NotAudio),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_used_is_refused_and_leaves_nothing(what: str, told: Story) -> None:
    make, error = REFUSED[what]
    data, before = make(told), everything(told)
    with pytest.raises(error):
        upload(told, data)
    assert everything(told) == before
    upload(told, WAV)


@pytest.mark.parametrize("what", ["no sound", "nothing", "sealed, and no sound", "sealed to somebody else"])
def test_what_is_no_sound_is_refused_before_anything_is_sealed(what: str, told: Story) -> None:
    heard: list[int] = []
    with pytest.raises((NotAudio, EmptyFile, NotForThisSlot)):
        upload(told, REFUSED[what][0](told), progress=heard.append)
    assert heard == []


def test_the_same_recording_twice_in_a_review_is_refused_and_logged(told: Story) -> None:
    upload(told, WAV)
    before = everything(told, OTHER)
    for data in (WAV, sealed(WAV, told.conversation(OTHER).recipient)):
        with pytest.raises(Duplicate, match=FIRST):
            upload(told, data, OTHER)
    after = everything(told, OTHER)
    assert (after[0], after[1], after[3]) == (before[0], before[1], State.PLANNED)
    entries = told.log()[-2:]
    both = (str(told.conversation(OTHER).id), str(told.conversation().id))
    assert [(one.event, one.actor, one.obj) for one in entries] == [(Event.RECORDING_DUPLICATE, "ana", both)] * 2
    upload(told, media.encoded(media.person("man"), "wav"), OTHER)


def test_a_second_recording_of_one_conversation_is_refused(told: Story) -> None:
    upload(told, WAV)
    before = everything(told)
    with pytest.raises(AlreadyRecorded):
        upload(told, media.encoded(media.person("man"), "wav"))
    assert everything(told) == before


def test_of_two_uploads_at_once_one_is_stored(told: Story) -> None:
    def meanwhile(_: int) -> None:
        if told.conversation().state is State.PLANNED:
            upload(told, WAV)

    with pytest.raises(AlreadyRecorded):
        upload(told, media.encoded(media.person("man"), "wav"), progress=meanwhile)
    assert stored(told) == WAV
    assert len(list(told.home.blobs.survey())) == 1


def test_a_withdrawal_while_it_comes_in_stops_it(told: Story) -> None:
    def meanwhile(_: int) -> None:
        if told.conversation().state is State.PLANNED:
            withdrawal.withdraw(told.home, told.ana, story.password("ana"), FIRST)

    with pytest.raises(ConversationGone):
        upload(told, WAV, progress=meanwhile)
    assert list(told.home.blobs.survey()) == []
    assert told.conversation().recording is None


class Broken(Exception):
    pass


def fail(*_: object) -> None:
    raise Broken


def test_an_error_while_it_comes_in_leaves_nothing(told: Story) -> None:
    before = everything(told)
    with pytest.raises(Broken):
        upload(told, WAV, progress=fail)
    assert everything(told) == before


def test_a_database_that_fails_after_sealing_leaves_nothing(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(told)
    written: list[object] = []

    def then_fails(*arguments: Any) -> Any:
        # The sealed file is there and complete; from here on the database refuses.
        written.extend(told.home.blobs.survey())
        monkeypatch.setattr(told.home, "log", lambda session, *_, **__: session.execute(text("no sql")))
        return keyed_digest(*arguments)

    monkeypatch.setattr(intake, "keyed_digest", then_fails)
    with pytest.raises(DatabaseTrouble):
        upload(told, WAV)
    assert len(written) == 1
    monkeypatch.undo()
    assert everything(told) == before


def test_what_fails_after_its_row_is_there_does_not_take_its_file(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """The head of the log is signed after the commit, and a disk may be full then."""

    def full(*_: object) -> None:
        raise DiskFull

    with monkeypatch.context() as disk, pytest.raises(DiskFull):
        disk.setattr(Signer, "_write_state", full)
        upload(told, WAV)
    assert stored(told) == WAV


def test_a_source_that_cannot_be_read_leaves_nothing(told: Story) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() >= intake.CHUNK:
                raise OSError(5, "Input/output error")
            return super().read(size)

    before = everything(told)
    source: BinaryIO = Failing(media.encoded(media.hum(60), "wav"))
    with pytest.raises(OSError, match="Input/output"):
        receive(told.home, told.ana, FIRST, source)
    assert everything(told) == before


def test_who_may_not_upload(told: Story) -> None:
    with pytest.raises(NotAllowed):
        receive(told.home, told.ben, PLANNED, io.BytesIO(WAV))
    with pytest.raises(UnknownConversation):
        upload(told, WAV, "C-999")
    assert list(told.home.blobs.survey()) == []
