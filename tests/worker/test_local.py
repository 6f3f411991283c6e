"""The worker: one in a home, what fails stops nothing else, and destruction waits for nothing but its signatures."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from access.roles import NotAllowed
from pipeline import stages
from pipeline.transcription import chosen, model_store
from pipeline.transcription.chosen import ManyModels, ModelUnknown, NoModel
from pipeline.transcription.model_store import add
from retention import holds
from storage import orphans
from storage.blobs import Kind
from storage.durable import DiskFull
from storage.home import Home, WorkerRunning
from storage.log.log import Event
from storage.models import Conversation, Order, OrderState, Recording, Review, State
from tests import speakers, story
from tests.pipeline.transcription.test_transcribing import row, spoil
from tests.story import FIRST, OTHER, Stage, Story
from worker.local import (
    Done,
    NothingToRetry,
    retry,
    work,
    work_once,
)


def settings(home: Home, section: str, **values: object) -> None:
    changed = replace(getattr(home.settings, section), **values)
    home.settings = replace(home.settings, **{section: changed})


def without_models(told: Story) -> None:
    shutil.rmtree(told.home.models)
    told.home.models.mkdir()


def test_what_is_due_is_done_and_then_nothing_is(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    assert work_once(told.home) == Done(transcribed=[OTHER], destroyed=["D-0001"], failed=[])
    assert (told.conversation().state, told.conversation(OTHER).state) == (State.DESTROYED, State.TRANSCRIBED)
    events = told.events()
    assert work_once(told.home) == Done()
    assert told.events() == events
    assert told.findings() == ()


def test_one_worker_at_a_time(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    with story.opened(told.home.folder).home.working(), pytest.raises(WorkerRunning):
        work_once(told.home)
    assert told.conversation().state is State.SIGNED_OFF
    assert work_once(told.home).destroyed == ["D-0001"]


def test_a_worker_that_died_holds_no_lock(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    dying = (
        "import os, sys; from pathlib import Path; from storage.home import Home\n"
        "with Home.open(Path(sys.argv[1])).working(): os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", dying, str(told.home.folder)], check=False)
    assert done.returncode == 9
    assert work_once(told.home).destroyed == ["D-0001"]


def test_a_recording_that_fails_stops_no_other_and_is_tried_so_many_times(tmp_path: Path) -> None:
    told = story.at(Stage.TRANSCRIBED, tmp_path)
    again = update(Conversation).where(Conversation.reference == FIRST).values(state=State.RECORDED, draft=None)
    story.change(told.home, again)
    spoil(told)
    first = work_once(told.home)
    assert first.transcribed == [OTHER]
    assert [reference for reference, _ in first.failed] == [FIRST]
    tries = [len(work_once(told.home).failed) for _ in range(4)]
    assert tries == [1, 1, 0, 0]
    assert told.conversation().trouble == first.failed[0][1]


def test_how_often_is_a_setting(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    settings(told.home, "work", attempts=1)
    spoil(told)
    assert [len(work_once(told.home).failed) for _ in range(2)] == [1, 0]


def test_what_was_given_up_is_tried_again_when_somebody_says_so(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    with pytest.raises(NothingToRetry):
        retry(told.home, told.ana, FIRST)
    story.change(told.home, update(Conversation).values(runs=3, trouble="no progress"))
    assert work_once(told.home) == Done()
    with pytest.raises(NotAllowed):
        retry(told.home, told.dora, FIRST)
    retry(told.home, told.ana, FIRST)
    assert told.events()[-1] == Event.WORK_RETRIED
    assert work_once(told.home).transcribed == [FIRST]


def test_destruction_waits_for_no_speech_model(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    without_models(told)
    done = work_once(told.home)
    assert done.destroyed == ["D-0001"] and isinstance(done.unheard, NoModel)
    assert told.conversation().state is State.DESTROYED
    assert told.conversation(OTHER).runs == 0, "that is no failure of the recording"


def test_a_worker_that_cannot_clear_up_goes_on_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = story.at(Stage.SIGNED, tmp_path)

    def full(_: Home) -> int:
        raise DiskFull

    monkeypatch.setattr(orphans, "sweep", full)
    assert work_once(told.home) == Done(
        transcribed=[OTHER], destroyed=["D-0001"], failed=[("clearing up", str(DiskFull()))]
    )


def test_without_a_recording_that_waits_no_model_is_needed(tmp_path: Path) -> None:
    told = story.at(Stage.PLANNED, tmp_path)
    without_models(told)
    assert work_once(told.home) == Done()


def test_what_a_hold_protects_stays(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    holds.place(told.home, told.ben, story.password("ben"), story.REVIEW, reason="an inquiry", reference="L 1")
    assert work_once(told.home).destroyed == []
    assert told.conversation().state is State.SIGNED_OFF


def test_an_order_that_fails_stops_no_transcription(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    other = row(told, OTHER).blob
    first = told.conversation().id
    story.change(told.home, update(Recording).where(Recording.conversation_id == first).values(playback=other))
    done = work_once(told.home)
    assert [what for what, _ in done.failed] == ["order 1"]
    assert "incident" in done.failed[0][1]
    assert done.transcribed == [OTHER]


def test_on_the_last_day_of_a_recording_the_worker_makes_the_order(tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    schedule = told.conversation(OTHER).review.schedule.replace("P6M", "P0D")
    story.change(told.home, update(Review).values(schedule=schedule))
    work_once(told.home)
    with told.home.reading() as session:
        made = [(order.state, order.reason, order.made_by) for order in session.query(Order)]
    assert made == [(OrderState.MADE, "backstop", "schedule")] * 2
    assert told.events().count(Event.ORDER_MADE) == 2
    work_once(told.home)
    assert story.rows(told.home, Order) == 2


def test_asked_to_stop_it_begins_nothing(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    before = told.events()
    assert work_once(told.home, stop=lambda: True) == Done()
    assert told.events() == before


def test_what_dead_writers_left_is_swept(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    left = told.home.folder / "blobs" / f"{'0' * 32}.unfinished"
    left.write_bytes(b"half of a sealed file")
    work_once(told.home)
    assert {found.kind for found in told.home.blobs.survey()} == {Kind.BLOB}


def test_it_works_until_it_is_asked_to_stop(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    settings(told.home, "work", poll_seconds=0.01)
    rounds: list[Done] = []
    work(told.home, report=lambda _: None, stop=lambda: len(rounds) == 3, finished=rounds.append)
    assert [(len(one.transcribed), len(one.destroyed)) for one in rounds] == [(1, 1), (0, 0), (0, 0)]


def test_the_only_model_is_taken_and_of_several_the_one_that_is_named(tmp_path: Path) -> None:
    told = story.at(Stage.PLANNED, tmp_path)
    home = told.home
    assert chosen.speech_model(home).name == "scripted"
    add(home.models / "scripted", "second", home.models)
    with pytest.raises(ManyModels, match="scripted, second"):
        chosen.speech_model(home)
    settings(home, "speech", model="second")
    assert chosen.speech_model(home).folder == home.models / "second"
    settings(home, "speech", model="third")
    with pytest.raises(ModelUnknown, match="third"):
        chosen.speech_model(home)


def test_a_speaker_model_is_taken_where_there_is_one_and_is_no_speech_model(tmp_path: Path) -> None:
    home = story.at(Stage.PLANNED, tmp_path).home
    assert chosen.speaker_model(home) is None
    for name in ("near", "far"):
        add(speakers.statistics(tmp_path / name), name, home.models, kind=model_store.Kind.SPEAKERS)
    assert chosen.speech_model(home).name == "scripted"
    with pytest.raises(ManyModels, match=r"several speaker models \(far, near\).*\[speech\] speakers"):
        chosen.speaker_model(home)
    settings(home, "speech", speakers="near")
    found = chosen.speaker_model(home)
    assert found is not None
    assert found.name == "near"
    settings(home, "speech", speakers="scripted")
    with pytest.raises(ModelUnknown, match="no speaker model"):
        chosen.speaker_model(home)


def test_what_waits_is_not_lost_when_its_run_dies(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    with told.home.reading() as session:
        (one,) = stages.due(session, 3)
    stages_before = told.conversation().state

    class Killed(BaseException):
        pass

    def killed(_: object) -> None:
        raise Killed

    with pytest.raises(Killed):
        work_once(told.home, report=killed)
    assert told.conversation().state is stages_before
    assert work_once(told.home).transcribed == [one.reference]
