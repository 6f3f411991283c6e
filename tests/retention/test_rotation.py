"""A key whose maker was killed before it wrote what the key is for goes with the next root; no other key does."""

import os
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete

from pipeline import reviews
from retention import destroy, rotation
from storage.home import Home
from storage.models import Conversation
from tests import story
from tests.story import PLANNED, POSITIONS, REVIEW, Stage, Story


@pytest.fixture
def planned(tmp_path: Path) -> Story:
    return story.at(Stage.PLANNED, tmp_path)


def plan(told: Story) -> Conversation:
    return reviews.plan_conversation(told.home, told.ana, REVIEW, POSITIONS[0], interviewer="Lead", on=None)


def killed_between_keys_and_row(told: Story) -> Mapping[UUID, object]:
    """The keys that are left."""
    before, child = told.home.vault.ids().keys(), os.fork()
    if child == 0:
        # Whatever happens, the child must not go on with the tests.
        try:
            Home.log = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment, method-assign]
            plan(told)
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    return {key: kind for key, kind in told.home.vault.ids().items() if key not in before}


def swept(told: Story) -> list[set[str]]:
    return [set(entry.obj) for entry in told.log() if entry.event == "vault.swept"]


def test_keys_without_a_conversation_go_with_the_next_root_on_record(planned: Story) -> None:
    living = planned.home.vault.ids().keys()
    left = killed_between_keys_and_row(planned)
    assert len(left) == 2, "there is something to sweep"
    kept = plan(planned)
    rotation.rotate(planned.home, planned.ana, story.PASSPHRASE)
    assert planned.home.vault.ids().keys() == living | {kept.recording_key, kept.extract_key}
    assert swept(planned) == [{str(key) for key in left}]
    rotation.rotate(planned.home, planned.ana, story.PASSPHRASE)
    assert len(swept(planned)) == 1
    assert planned.findings() == ()


def test_a_sweep_that_was_announced_and_killed_is_announced_again(planned: Story) -> None:
    left = killed_between_keys_and_row(planned)
    with rotation.prepared(planned.home, ()):
        pass
    assert left.keys() <= planned.home.vault.ids().keys()
    rotation.rotate(planned.home, planned.ana, story.PASSPHRASE)
    assert not left.keys() & planned.home.vault.ids().keys()
    assert len(swept(planned)) == 2


def test_who_is_about_to_write_a_row_keeps_its_keys(planned: Story) -> None:
    home = planned.home
    has_keys, log = threading.Event(), home.log

    def slow(*arguments: object, **named: object) -> int:
        has_keys.set()
        # As long as the other one needs to get to the vault.
        time.sleep(0.3)
        return log(*arguments, **named)  # type: ignore[arg-type]

    home.log = slow  # type: ignore[method-assign]
    made: list[Conversation] = []
    planner = threading.Thread(target=lambda: made.append(plan(planned)))
    planner.start()
    assert has_keys.wait(60)
    other = story.opened(home.folder)
    rotation.rotate(other.home, other.ana, story.PASSPHRASE)
    planner.join()
    assert {made[0].recording_key, made[0].extract_key} <= other.home.vault.ids().keys()
    assert swept(other) == []


def test_whoever_takes_a_row_away_destroys_no_key_by_that(planned: Story) -> None:
    gone = planned.conversation(PLANNED)
    story.change(planned.home, delete(Conversation).where(Conversation.id == gone.id))
    rotation.rotate(planned.home, planned.ana, story.PASSPHRASE)
    assert {gone.recording_key, gone.extract_key} <= planned.home.vault.ids().keys()
    assert swept(planned) == []


def test_a_destruction_sweeps_too_and_its_order_stays_its_own(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    left = killed_between_keys_and_row(told)
    destroy.carry_out(told.home, 1)
    assert not left.keys() & told.home.vault.ids().keys()
    assert swept(told) == [{str(key) for key in left}]
    assert [finding for finding in told.findings() if finding.fatal] == []
