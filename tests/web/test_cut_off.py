"""What ends in the middle of work: a server that is killed, and a session that nobody used. Nothing acknowledged is lost."""

import random
import re
import threading
from collections.abc import Mapping
from datetime import timedelta
from http.client import HTTPException
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pipeline.transcripts import reviewing
from tests import story
from tests.commands.test_serve import said, started
from tests.story import FIRST, Stage
from tests.web.conftest import Visitor
from tests.web.sites import Client, Site
from tests.web.test_review import READY, at, opened, saved, until
from tests.web.test_review_edits import JSON, post, told
from tests.web.watching import Watch

TURNS = (1, 2, 3)


@pytest.fixture
def stage() -> Stage:
    return Stage.TRANSCRIBED


def saved_until_cut_off(client: Client, killer: threading.Timer) -> tuple[dict[int, str], tuple[int, str]]:
    """Save turn after turn until the server is gone; what it acknowledged last of each, and what was on its way.

    Its end is set off only after the first edits, however slow the machine is.
    """
    since = told(client.get(f"/conversations/{FIRST}/transcript/since?version=0", **JSON))
    versions, acknowledged = {turn["number"]: turn["version"] for turn in since.get("turns", ())}, dict[int, str]()
    for number in count():
        turn = TURNS[number % len(TURNS)]
        text = f"what was said, as typed for the {number}th time"
        try:
            answer = post(client, "text", turn=turn, text=text, base=versions.get(turn, 0))
        except (OSError, HTTPException):
            return acknowledged, (turn, text)
        assert answer.status == 200, answer.text
        acknowledged[turn], versions[turn] = text, told(answer)["version"]
        if number == len(TURNS):
            killer.start()
    raise AssertionError


def lost(standing: Mapping[int, str], acknowledged: Mapping[int, str], on_its_way: tuple[int, str]) -> list[int]:
    """The turns that do not say what was acknowledged last, nor what came after it."""
    return [
        turn for turn, text in acknowledged.items() if standing[turn] != text and (turn, standing[turn]) != on_its_way
    ]


@pytest.mark.slow
def test_a_killed_server_loses_no_edit_that_it_acknowledged(tmp_path: Path) -> None:
    dice = random.Random(5)  # noqa: S311
    kept = story.at(Stage.TRANSCRIBED, tmp_path)
    for _ in range(3):
        process = started(kept, "ana")
        client = Client(str(said(process)["address"])).signed_in("ana")
        killer = threading.Timer(dice.uniform(0.2, 2), process.kill)
        acknowledged, on_its_way = saved_until_cut_off(client, killer)
        process.communicate(timeout=60)
        assert process.returncode == -9
        kept = story.opened(kept.home.folder)
        transcript = reviewing.read(kept.home, kept.ana, FIRST).transcript
        standing = {turn: transcript.find(turn).turn.text for turn in TURNS}
        assert lost(standing, acknowledged, on_its_way) == []
        assert lost(standing | {2: "the first"}, acknowledged | {2: "the second"}, on_its_way) == [2], "the control"
    kept.home.close()


def test_who_was_signed_out_for_idleness_is_back_at_the_same_turn_and_second_with_every_word(
    visitor: Visitor, site: Site, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(visitor)
    page.locator("#turn-2").focus()
    page.keyboard.press("F3")
    page.keyboard.press("ArrowDown")
    page.wait_for_url(re.compile("turn=3"))
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("every word of this")
    saved(page)
    page.keyboard.press("Escape")
    there, clock = at(page), site.home.machine_clock
    monkeypatch.setattr(site.home, "machine_clock", lambda: clock() + timedelta(minutes=16))
    watch.expected.add(401)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_url("**/sign-in?next=*")
    assert "every word of this" not in page.content()
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill(story.password("ana"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(READY)
    expect(page.locator("#turn-3")).to_be_focused()
    expect(page.locator("#turn-3")).to_contain_text("every word of this")
    until(page, "time => Math.abs(document.getElementById('sound').currentTime - time) < 0.1", there)
