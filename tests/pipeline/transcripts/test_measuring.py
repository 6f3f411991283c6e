"""The error rate of a draft is there while people correct it, and stays as counts when the words are gone."""

from pathlib import Path

import pytest
from sqlalchemy import update

from access.roles import NotAllowed
from pipeline.reviews import ConversationGone
from pipeline.transcripts import measuring, reviewing
from pipeline.transcripts.accuracy import Tally
from pipeline.transcripts.measuring import NotMeasured
from retention import approvals
from storage.models import Conversation, State
from tests import story
from tests.story import FIRST, Stage


def test_the_rate_follows_the_corrections(tmp_path: Path) -> None:
    told = story.at(Stage.TRANSCRIBED, tmp_path)
    found = measuring.accuracy(told.home, told.ana, FIRST)
    assert (found.accuracy.every, found.heard, found.signed) == (Tally(words=18), 0.0, False)
    reviewing.correct(told.home, told.ana, FIRST, [2], text="We told Marlowe about it once.", speaker=None)
    found = measuring.accuracy(told.home, told.ana, FIRST)
    assert found.accuracy.every == Tally(words=18, wrong=1)
    assert 0 < found.heard < 1
    with pytest.raises(NotAllowed):
        measuring.accuracy(told.home, told.ben, FIRST)


def test_what_was_signed_is_measured_and_stays_when_the_recording_goes(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    kept = measuring.accuracy(told.home, told.ana, FIRST)
    assert kept.signed
    assert kept.accuracy.kinds["name"].errors == 1
    assert kept.accuracy.unknown_speaker == 18
    story.change(told.home, update(Conversation).values(state=State.DESTROYED, draft=None))
    assert measuring.accuracy(told.home, told.ana, FIRST) == kept
    story.change(told.home, update(Conversation).values(accuracy=None))
    with pytest.raises(NotMeasured):
        measuring.accuracy(told.home, told.ana, FIRST)
    with pytest.raises(ConversationGone):
        reviewing.read(told.home, told.ana, FIRST)


def test_a_signature_taken_back_takes_the_figures_with_it(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    approvals.take_back(told.home, told.ana, story.password("ana"), FIRST)
    assert not measuring.accuracy(told.home, told.ana, FIRST).signed
