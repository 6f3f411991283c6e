"""A recording becomes a draft, window by window, and what one run left the next one goes on with."""

import io
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from threadpoolctl import threadpool_info, threadpool_limits

from pipeline import contents, stages
from pipeline.recording import arriving, confined, intake
from pipeline.recording.decode import decode
from pipeline.recording.intake import opened
from pipeline.reviews import find_conversation
from pipeline.transcription import progress, runs, transcribing
from pipeline.transcription.doubts import Rule
from pipeline.transcription.speech import Engine
from pipeline.transcription.transcribing import LeaseLost, Progress
from pipeline.transcripts import reviewing
from pipeline.transcripts.transcript import Span, Speaker, Turn
from retention import withdrawal
from storage import models
from storage.blobs import BlobRef
from storage.durable import DiskFull
from storage.errors import CandourError
from storage.log.log import Event
from storage.log.signer import Signer
from storage.models import Conversation, Doubt, Incident, Recording, State, Window
from storage.sealed import open_value
from storage.vault import KeyClass
from tests import engines, story
from tests.pipeline import media
from tests.story import FIRST, OTHER, SAID, Stage, Story


def engine(told: Story) -> Engine:
    return Engine.load(told.home.models / "scripted", 1)


def work(told: Story, reference: str = FIRST) -> stages.Work:
    return stages.Work(conversation=told.conversation(reference).id, reference=reference)


def draft(told: Story, reference: str = FIRST) -> tuple[Turn, ...]:
    with told.home.reading() as session:
        return contents.draft(told.home, find_conversation(session, reference))


def row(told: Story, reference: str = FIRST) -> Recording:
    found = told.conversation(reference).recording
    assert found is not None
    return found


def short_windows(told: Story, seconds: float = 20.0) -> None:
    speech = replace(told.home.settings.speech, window_seconds=seconds)
    told.home.settings = replace(told.home.settings, speech=speech)


def upload(told: Story, data: bytes) -> None:
    intake.receive(told.home, told.ana, FIRST, io.BytesIO(data))


@pytest.fixture
def long(tmp_path: Path) -> Story:
    """A recording of 44 seconds, which is three windows of twenty."""
    told = story.at(Stage.PLANNED, tmp_path)
    upload(told, story.recording(*(["woman", "man"] * 4)))
    short_windows(told)
    return told


def test_the_draft_is_what_the_model_heard_with_its_times(tmp_path: Path) -> None:
    told = story.at(Stage.TRANSCRIBED, tmp_path)
    turns = draft(told)
    assert [turn.text for turn in turns] == [SAID] * 3
    assert {turn.speaker for turn in turns} == {Speaker.UNKNOWN}
    starts = [word.start for turn in turns for word in turn.words]
    assert starts == sorted(starts) and starts[-1] < row(told).duration
    assert told.conversation().state is State.TRANSCRIBED
    assert [event for event in told.events() if event.startswith(("work", "transcript"))] == [
        Event.WORK_STARTED,
        Event.TRANSCRIPT_DRAFTED,
    ]


def test_every_second_is_accounted_for(tmp_path: Path) -> None:
    told = story.at(Stage.TRANSCRIBED, tmp_path)
    with told.home.reading() as session:
        (window,) = session.query(Window).all()
    seconds = window.transcribed + window.silence + window.damaged + window.skipped
    assert seconds == pytest.approx(row(told).duration, abs=0.01)
    assert window.transcribed > 5 and window.silence > 5


ODD = {
    "eight channels": lambda: media.many(8),
    "a rate far beyond hearing": lambda: media.many(1, rate=192_000),
    "silence alone": lambda: media.encoded(np.zeros((1, 30 * 16_000), np.int16), "flac"),
    "a twentieth of a second": lambda: media.encoded(media.hum(0.05), "wav"),
    "a single sample": lambda: media.encoded(media.hum(1 / 16_000), "wav"),
    "noise alone in two channels": lambda: media.encoded(np.repeat(media.hum(30.0), 2, axis=0), "mp3"),
}


@pytest.mark.parametrize("what", ODD)
def test_a_recording_in_which_nobody_speaks_comes_to_its_end_with_every_second_accounted_for(
    what: str, tmp_path: Path
) -> None:
    told = story.at(Stage.PLANNED, tmp_path)
    upload(told, ODD[what]())
    short_windows(told)
    assert transcribing.advance(told.home, engine(told), work(told))
    assert told.conversation().state is State.TRANSCRIBED
    assert draft(told) == ()
    with told.home.reading() as session:
        windows = session.query(Window).all()
        assert contents.doubts(told.home, session, find_conversation(session, FIRST)) == []
    seconds = sum(one.transcribed + one.silence + one.damaged + one.skipped for one in windows)
    assert seconds == pytest.approx(row(told).duration, abs=0.001)
    assert row(told).playback is not None and row(told).waveform is not None


def test_the_playback_copy_is_sealed_and_sounds_like_the_recording(tmp_path: Path) -> None:
    told = story.at(Stage.TRANSCRIBED, tmp_path)
    recording = row(told)
    key = told.home.vault.get(told.conversation().recording_key, KeyClass.RECORDING)
    assert recording.playback is not None and recording.waveform is not None
    with opened(told.home, BlobRef(recording.playback), key, FIRST) as plain:
        copy = np.concatenate([block.samples for block in decode(plain)], axis=1)
    with opened(told.home, BlobRef(recording.blob), key, FIRST) as plain:
        original = np.concatenate([block.samples for block in decode(plain)], axis=1)
    assert abs(media.shift(original, copy, at=6.0, length=2.0)) < 0.1, "an encoder begins with a frame of its own"
    assert open_value(key, f"recording.waveform:{recording.id}", recording.waveform)
    stored = (told.home.folder / "blobs" / recording.playback).read_bytes()
    assert b"ftyp" not in stored and b"OggS" not in stored and b"webm" not in stored


def test_what_fails_after_the_draft_is_there_does_not_take_the_playback_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = story.at(Stage.PLANNED, tmp_path)
    upload(told, media.encoded(media.hum(0.05), "wav"))
    write = Signer._write_state

    def full(signer: Signer, note: str) -> None:
        if told.conversation().state is State.TRANSCRIBED:
            raise DiskFull
        write(signer, note)

    with monkeypatch.context() as disk, pytest.raises(DiskFull):
        disk.setattr(Signer, "_write_state", full)
        transcribing.advance(told.home, engine(told), work(told))
    playback = row(told).playback
    assert playback in {found.name for found in told.home.blobs.survey()}


def test_doubts_are_stored_gravest_first(tmp_path: Path) -> None:
    told = story.at(Stage.TRANSCRIBED, tmp_path)
    with told.home.reading() as session:
        found = contents.doubts(told.home, session, find_conversation(session, FIRST))
    assert [number.number for number, _ in found] == [1, 2, 3]
    risks = [doubt.risk for _, doubt in found]
    assert risks == sorted(risks, reverse=True)
    assert story.rows(told.home, Doubt) == 3


def test_what_somebody_marked_while_it_was_recorded_is_heard_first(tmp_path: Path) -> None:
    told = story.at(Stage.PLANNED, tmp_path)
    with arriving.begin(told.home, told.ana, FIRST, None) as arrival:
        arrival.receive(story.recording("woman", "man"))
        arrival.mark_moments([6.5])
        arrival.finish(broken_off=True)
    assert transcribing.advance(told.home, engine(told), work(told))
    with told.home.reading() as session:
        (_, first), *others = contents.doubts(told.home, session, find_conversation(session, FIRST))
        incidents = session.query(Incident).all()
    assert first.rule is Rule.MARKED and first.span == Span(start=0.0, end=8.5) and first.turn is not None
    assert "marked this while it was recorded" in first.reason
    assert all(doubt.rule is not Rule.MARKED for _, doubt in others)
    assert len(incidents) == 1, "that it broke off is not forgotten by the machine"


def test_two_microphones_say_who_speaks(tmp_path: Path) -> None:
    told = story.at(Stage.PLANNED, tmp_path)
    samples, _ = media.two_microphones(4)
    upload(told, media.encoded(samples, "wav"))
    assert transcribing.advance(told.home, engine(told), work(told))
    assert {turn.speaker for turn in draft(told)} == {Speaker.INTERVIEWER, Speaker.PARTICIPANT}


def test_a_damaged_stretch_becomes_an_incident(tmp_path: Path) -> None:
    told = story.at(Stage.PLANNED, tmp_path)
    upload(told, media.damaged(media.encoded(media.hum(20), "flac"), size=3000))
    assert transcribing.advance(told.home, engine(told), work(told))
    with told.home.reading() as session:
        incidents = session.query(Incident).all()
        damaged = sum(window.damaged for window in session.query(Window))
    assert incidents and all(one.acknowledged_by is None for one in incidents)
    assert damaged > 0
    assert sum(one.end - one.start for one in incidents) == pytest.approx(damaged)


def test_progress_is_told_window_by_window(long: Story) -> None:
    heard: list[Progress] = []
    assert transcribing.advance(long.home, engine(long), work(long), report=heard.append)
    assert len(heard) > story.rows(long.home, Window) == 3, "also within a window"
    assert [one.done for one in heard] == sorted(one.done for one in heard)
    assert heard[-1].done == pytest.approx(heard[-1].total) == pytest.approx(row(long).duration)
    assert heard[-1].left == 0
    assert story.rows(long.home, models.Progress) == 0


def test_while_it_hears_numpy_multiplies_in_one_thread(long: Story) -> None:
    def threads() -> set[int]:
        return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        seen: list[set[int]] = []
        stop = iter([False, True])
        transcribing.advance(
            long.home, engine(long), work(long), report=lambda _: seen.append(threads()), stop=lambda: next(stop)
        )
        assert seen and all(one == {1} for one in seen)
        assert threads() == {2}, "the control: afterwards it may use more again"


def test_progress_is_seen_from_another_process_and_never_goes_back(
    long: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "NOTED", 0.0)
    seen: list[Progress] = []

    def look(_: Progress) -> None:
        other = story.opened(long.home.folder).home
        with other.reading() as session:
            seen.append(progress.read(session, find_conversation(session, FIRST), other.now()))
        other.close()

    stop = iter([False, False, True])
    transcribing.advance(long.home, engine(long), work(long), report=look, stop=lambda: next(stop))
    first = len(seen)
    transcribing.advance(long.home, engine(long), work(long), report=look)
    done = [one.done for one in seen]
    assert done == sorted(done) and len(set(done)) > 4
    assert all(one.total == pytest.approx(row(long).duration) for one in seen)
    assert seen[first - 1].left is not None
    assert seen[-1].left == pytest.approx(0, abs=5)


def test_asked_to_stop_it_keeps_what_it_has_and_goes_on_later(long: Story, tmp_path: Path) -> None:
    whole = story.at(Stage.PLANNED, tmp_path / "undisturbed")
    upload(whole, story.recording(*(["woman", "man"] * 4)))
    short_windows(whole)
    transcribing.advance(whole.home, engine(whole), work(whole))
    for windows in (1, 2):
        stop = iter([False, *[True] * 9] if windows == 1 else [False, False, *[True] * 9])
        assert not transcribing.advance(long.home, engine(long), work(long), stop=lambda stop=stop: next(stop))  # type: ignore[misc]
        assert story.rows(long.home, Window) == windows
        assert len(list(long.home.blobs.survey())) == 1, "no half of a playback copy is left"
    assert transcribing.advance(long.home, engine(long), work(long))
    assert draft(long) == draft(whole)


# A run that is killed at one of its steps: around every transaction, every window that is heard, every piece of the copy
KILLED = """
import os, signal, sys
from msgspec.structs import replace
from pathlib import Path
from pipeline import stages
from pipeline.recording.playback import Playback
from pipeline.transcription import transcribing
from pipeline.transcription.speech import Engine
from storage.home import Home
from tests import engines, story
steps = 0
def step():
    global steps
    steps += 1
    if steps == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
def watched(kind, name):
    act = getattr(kind, name)
    def stepping(*given, **named):
        step()
        result = act(*given, **named)
        step()
        return result
    setattr(kind, name, stepping)
told = story.opened(Path(sys.argv[1]))
speech = replace(told.home.settings.speech, window_seconds=20.0)
told.home.settings = replace(told.home.settings, speech=speech)
for kind, name in ((Engine, "hear"), (Playback, "add"), (transcribing, "_commit_window"), (transcribing, "_finish")):
    watched(kind, name)
with told.home.reading() as session:
    (work,) = stages.due(session, 99)
transcribing.advance(told.home, Engine.load(told.home.models / "scripted", 1), work)
"""


def test_killed_again_and_again_it_goes_on_and_the_draft_is_the_same(long: Story, tmp_path: Path) -> None:
    whole = story.at(Stage.PLANNED, tmp_path / "undisturbed")
    upload(whole, story.recording(*(["woman", "man"] * 4)))
    short_windows(whole)
    transcribing.advance(whole.home, engine(whole), work(whole))
    windows, died = [0], 0
    for last_step in (4, 7, 9, 999):
        run = subprocess.run([sys.executable, "-c", KILLED, str(long.home.folder), str(last_step)])
        windows.append(story.rows(long.home, Window))
        if run.returncode == 0:
            break
        assert run.returncode == -signal.SIGKILL
        died += 1
    assert died == 3
    assert windows == sorted(windows) and windows[-1] == 3, "what was committed stays"
    assert draft(long) == draft(whole)
    assert told_of(long) == told_of(whole)


def told_of(told: Story) -> tuple[object, ...]:
    """What a draft comes with: its doubts, what became of each second, and the length of the copy that is played."""
    with told.home.reading() as session:
        doubts = [doubt for _, doubt in contents.doubts(told.home, session, find_conversation(session, FIRST))]
        spent = [
            (one.transcribed, one.silence, one.damaged, one.skipped)
            for one in session.query(Window).order_by(Window.number)
        ]
    playback = row(told).playback
    assert playback is not None
    return doubts, spent, (told.home.folder / "blobs" / playback).stat().st_size


def test_asked_to_stop_before_its_first_window_it_has_not_failed(long: Story) -> None:
    for _ in range(4):
        assert not transcribing.advance(long.home, engine(long), work(long), stop=lambda: True)
    assert (long.conversation().runs, long.conversation().trouble) == (0, None)


def test_what_was_heard_is_not_heard_again(long: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = iter([False, False, True])
    transcribing.advance(long.home, engine(long), work(long), stop=lambda: next(stop))
    loaded = engine(long)
    seeds: list[int] = []
    hear = loaded.hear

    def counted(*arguments: object, seed: int, **named: object) -> object:
        seeds.append(seed)
        return hear(*arguments, seed=seed, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(loaded, "hear", counted)
    assert transcribing.advance(long.home, loaded, work(long))
    assert seeds == [2]


@pytest.mark.parametrize("seconds", [12.0, 60.0])
def test_windows_that_are_cut_in_another_way_since_are_heard_anew(long: Story, tmp_path: Path, seconds: float) -> None:
    whole = story.at(Stage.PLANNED, tmp_path / "undisturbed")
    upload(whole, story.recording(*(["woman", "man"] * 4)))
    stop = iter([False, False, True])
    transcribing.advance(long.home, engine(long), work(long), stop=lambda: next(stop))
    for told in (whole, long):
        short_windows(told, seconds)
        assert transcribing.advance(told.home, engine(told), work(told))
    assert draft(long) == draft(whole)
    assert told_of(long) == told_of(whole)


def test_what_another_model_heard_is_heard_anew(long: Story, tmp_path: Path) -> None:
    stop = iter([False, False, True])
    transcribing.advance(long.home, engine(long), work(long), stop=lambda: next(stop))
    other = Engine.load(engines.scripted(tmp_path / "other", engines.script("nobody came")), 1)
    assert transcribing.advance(long.home, other, work(long))
    assert {turn.text for turn in draft(long)} == {"nobody came"}


def spoil(told: Story, reference: str = FIRST) -> None:
    """Change a byte of the sealed recording, which then does not decrypt."""
    path = told.home.folder / "blobs" / row(told, reference).blob
    path.chmod(0o600)
    body = bytearray(path.read_bytes())
    body[-200_000] ^= 1
    path.write_bytes(body)


def test_trouble_is_kept_for_people_to_see_without_a_word_or_a_path(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    spoil(told)
    for run in (1, 2, 3):
        with pytest.raises(CandourError):
            transcribing.advance(told.home, engine(told), work(told))
        assert told.conversation().runs == run
    trouble = told.conversation().trouble
    assert trouble is not None and "sealed file" in trouble
    assert str(tmp_path) not in trouble and row(told).blob not in trouble
    assert told.events().count(Event.WORK_FAILED) == 3
    with told.home.reading() as session:
        assert (stages.due(session, 3), len(stages.due(session, 4))) == ([], 1)


def test_a_run_that_is_killed_is_seen_until_one_gets_further(long: Story) -> None:
    for _ in range(2):
        runs.begin(long.home, work(long))
    assert (long.conversation().runs, long.conversation().trouble) == (2, stages.NO_PROGRESS)
    transcribing.advance(long.home, engine(long), work(long))
    assert (long.conversation().runs, long.conversation().trouble) == (0, None)


def test_of_two_runs_the_newer_alone_writes(long: Story) -> None:
    def another(heard: Progress) -> None:
        if story.rows(long.home, Window) == 1 and not taken:
            taken.append(runs.begin(long.home, work(long)))

    taken: list[runs.Run] = []
    with pytest.raises(LeaseLost):
        transcribing.advance(long.home, engine(long), work(long), report=another)
    assert story.rows(long.home, Window) == 1
    assert long.conversation().draft is None
    assert len(list(long.home.blobs.survey())) == 1


def test_what_was_taken_over_at_the_end_leaves_no_playback_copy(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)

    def withdrawn(heard: Progress) -> None:
        if heard.done < heard.total:
            return
        withdrawal.withdraw(told.home, told.ana, story.password("ana"), FIRST)

    with pytest.raises(LeaseLost):
        transcribing.advance(told.home, engine(told), work(told), report=withdrawn)
    assert len(list(told.home.blobs.survey())) == 1
    assert Event.TRANSCRIPT_DRAFTED not in told.events()


@pytest.mark.parametrize("reference", [FIRST, OTHER])
def test_what_is_not_waiting_is_not_begun(reference: str, tmp_path: Path) -> None:
    told = story.at(Stage.TRANSCRIBED, tmp_path)
    if reference == OTHER:
        withdrawal.withdraw(told.home, told.ana, story.password("ana"), OTHER)
    before = told.events()
    with pytest.raises(LeaseLost):
        transcribing.advance(told.home, engine(told), work(told, reference))
    assert told.events() == before


def test_no_word_of_it_lies_open(tmp_path: Path) -> None:
    told = story.at(Stage.TRANSCRIBED, tmp_path)
    with told.home.reading() as session:
        values = [
            value
            for table in (Window, Doubt, Recording, Conversation)
            for one in session.query(table)
            for value in vars(one).values()
        ]
    bodies = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in values)
    assert b"Marlowe" not in bodies and b"twice" not in bodies
    assert FIRST.encode() in bodies, "the look must see what lies open"


def test_damage_must_be_acknowledged_before_the_conversation_goes_on(tmp_path: Path) -> None:
    told = story.at(Stage.PLANNED, tmp_path)
    upload(told, media.damaged(media.encoded(media.sound(story.recording(*(["woman", "man"] * 3))), "mp3")))
    assert transcribing.advance(told.home, engine(told), work(told))
    reviewing.hear(told.home, told.ana, FIRST, [])
    reviewing.resolve(told.home, told.ana, FIRST, [])

    def todo() -> dict[str, str]:
        with told.home.reading() as session:
            found = stages.conditions(told.home, session, find_conversation(session, FIRST))
        return {one.name: one.todo for one in found}

    assert "1 damaged stretch to acknowledge" in todo()["damage"]
    assert told.conversation().state is State.TRANSCRIBED
    assert todo()["audio"] == "", "damaged seconds are accounted for as well"
    reviewing.acknowledge_damage(told.home, told.ana, FIRST)
    assert todo()["damage"] == ""
    assert told.conversation().state is not State.TRANSCRIBED
    assert Event.INCIDENT_ACKNOWLEDGED in told.events()


def test_a_decoder_that_always_dies_costs_no_second_of_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(confined, "PROGRAM", ("-c", "import os; os.abort()"))
        with pytest.raises(confined.DecoderStopped, match="crashed"):
            transcribing.advance(told.home, engine(told), work(told))
    assert told.conversation().state is State.RECORDED
    assert "decoder crashed" in (told.conversation().trouble or "")
    assert told.events()[-1] == Event.WORK_FAILED
    assert transcribing.advance(told.home, engine(told), work(told))
    assert story.rows(told.home, Incident) == 0
    assert told.conversation().trouble is None
