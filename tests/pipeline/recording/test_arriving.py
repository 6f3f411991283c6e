"""A recording that comes in pieces is the same however it was cut, and leaves nothing when it does not come to its end."""

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from access.roles import NotAllowed
from pipeline.recording.arriving import Arrival, WrongSize
from pipeline.recording.decode import EmptyFile, NotAudio
from pipeline.recording.intake import AlreadyRecorded, Duplicate, NotForThisSlot, NotForThisSlotAlone, opened
from storage import age
from storage.blobs import BlobRef
from storage.models import Recording, State
from storage.vault import KeyClass
from tests import story
from tests.pipeline import media
from tests.story import FIRST, OTHER, Stage, Story

SOUND = media.encoded(media.hum(3), "wav")


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.PLANNED, tmp_path)


def sent(told: Story, data: bytes, cuts: list[int], reference: str = FIRST, size: int | None = None) -> Recording:
    with Arrival(told.home, told.ana, reference, len(data) if size is None else size) as arrival:
        for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
            arrival.receive(data[begin:end])
        return arrival.finish()


def plain(told: Story, reference: str = FIRST) -> bytes:
    one = told.conversation(reference)
    assert one.recording is not None
    key = told.home.vault.get(one.recording_key, KeyClass.RECORDING)
    with opened(told.home, BlobRef(one.recording.blob), key, reference) as file:
        return file.read()


def sealed(data: bytes, *recipients: str) -> bytes:
    target = io.BytesIO()
    with age.Writer(target, [age.parse_recipient(text) for text in recipients]) as writer:
        writer.write(data)
    return target.getvalue()


def nothing(told: Story, reference: str = FIRST) -> bool:
    return told.conversation(reference).state is State.PLANNED and not list(told.home.blobs.survey())


@pytest.mark.parametrize("seed", range(8))
def test_however_it_is_cut_the_recording_is_the_same(told: Story, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same cuts each time
    data = SOUND * 25  # more than the first look; what follows the first end is kept all the same
    cuts = sorted(rng.randrange(len(data)) for _ in range(rng.randrange(60)))
    row = sent(told, data, cuts)
    assert plain(told) == data
    assert told.conversation(FIRST).state is State.RECORDED
    assert row.channels == 1 and row.duration == pytest.approx(3, abs=0.1)


def test_a_short_recording_needs_no_more_than_one_piece(told: Story) -> None:
    sent(told, SOUND, [])
    assert plain(told) == SOUND


def test_what_was_sealed_before_is_taken_as_it_is(told: Story) -> None:
    recipient = told.conversation(FIRST).recipient
    sent(told, sealed(SOUND, recipient), [7, 900])
    assert plain(told) == SOUND


def bad(told: Story) -> dict[str, tuple[Callable[[], object], type[Exception]]]:
    recipients = [told.conversation(reference).recipient for reference in (FIRST, OTHER)]
    text = b"minutes of the meeting, which are not a recording\n" * 40_000
    return {
        "nothing": (lambda: sent(told, b"", []), EmptyFile),
        "text": (lambda: sent(told, text, [100_000]), NotAudio),
        "too little": (lambda: sent(told, SOUND, [5], size=len(SOUND) + 1), WrongSize),
        "too much": (lambda: sent(told, SOUND, [5], size=len(SOUND) - 1), WrongSize),
        "sealed to another slot": (lambda: sent(told, sealed(SOUND, recipients[1]), []), NotForThisSlot),
        "sealed to two": (lambda: sent(told, sealed(SOUND, *recipients), []), NotForThisSlotAlone),
        "sealed, cut off": (lambda: sent(told, sealed(SOUND, recipients[0])[:-5], []), Exception),
    }


@pytest.mark.parametrize(
    "what", ["nothing", "text", "too little", "too much", "sealed to another slot", "sealed to two", "sealed, cut off"]
)
def test_what_cannot_be_used_leaves_nothing(told: Story, what: str) -> None:
    send, error = bad(told)[what]
    with pytest.raises(error):
        send()
    assert nothing(told)


def test_text_is_refused_long_before_its_end(told: Story) -> None:
    with Arrival(told.home, told.ana, FIRST, 1 << 40) as arrival, pytest.raises(NotAudio):
        for _ in range(100):
            arrival.receive(b"minutes of the meeting\n" * 4000)
    assert arrival.received < 2 << 20
    assert nothing(told)


def test_what_is_given_up_leaves_nothing(told: Story) -> None:
    with Arrival(told.home, told.ana, FIRST, len(SOUND)) as arrival:
        arrival.receive(SOUND[:-1])
        assert list(told.home.blobs.survey()), "the control: something lay there"
    assert nothing(told)


def test_a_second_one_is_refused(told: Story) -> None:
    sent(told, SOUND, [])
    with pytest.raises(AlreadyRecorded):
        sent(told, SOUND, [])
    with pytest.raises(Duplicate):
        sent(told, SOUND, [], OTHER)
    assert nothing(told, OTHER) is False and told.conversation(OTHER).state is State.PLANNED
    assert len(list(told.home.blobs.survey())) == 1


def test_one_who_may_not_is_refused(told: Story) -> None:
    with pytest.raises(NotAllowed):
        Arrival(told.home, told.dora, FIRST, 5)
    assert nothing(told)
