"""The one list of conditions before sign-off."""

from pathlib import Path

import pytest
from sqlalchemy import update

from pipeline.codes import extracting
from pipeline.reviews import UnknownConversation
from retention.readiness import readiness
from storage.models import Export
from tests import story
from tests.story import FIRST, Stage, Story

NAMES = ["audio", "damage", "doubts", "heard", "names", "extracts", "export"]
OPEN = {
    Stage.RECORDED: ["audio", "heard", "names", "extracts", "export"],
    Stage.TRANSCRIBED: ["doubts", "heard", "names", "extracts", "export"],
    Stage.REVIEWED: ["names", "extracts", "export"],
    Stage.NAMED: ["extracts", "export"],
    Stage.CODED: ["export"],
    Stage.EXPORTED: [],
    Stage.SIGNED: [],
}


def still_open(told: Story) -> list[str]:
    found = readiness(told.home, FIRST)
    assert [one.name for one in found] == NAMES
    assert all(one.met is (not one.todo) for one in found)
    return [one.name for one in found if not one.met]


@pytest.mark.parametrize("stage", OPEN)
def test_what_is_open_at_each_stage(stage: Stage, tmp_path: Path) -> None:
    assert still_open(story.at(stage, tmp_path)) == OPEN[stage]


def test_an_export_counts_as_long_as_the_extracts_are_those_in_it(tmp_path: Path) -> None:
    told = story.at(Stage.EXPORTED, tmp_path)
    number = story.extract(told, "We told", 1)
    assert still_open(told) == ["export"]
    extracting.remove(told.home, told.ana, FIRST, number)
    assert still_open(told) == [], "what was exported stands again"
    story.change(told.home, update(Export).values(digest="0" * 64))
    assert still_open(told) == ["export"]


def test_an_export_of_another_conversation_does_not_count(tmp_path: Path) -> None:
    told = story.at(Stage.EXPORTED, tmp_path)
    other = told.conversation(story.OTHER).id
    story.change(told.home, update(Export).values(conversation_id=other))
    assert still_open(told) == ["export"]


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnknownConversation):
        readiness(story.at(Stage.PLANNED, tmp_path).home, "C-999")
