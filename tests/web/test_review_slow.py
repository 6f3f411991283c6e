"""Typing while the server takes longer than a person: what arrives late never overwrites what was written meanwhile."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pipeline.transcripts import editing
from tests.story import Stage
from tests.web.conftest import Visitor
from tests.web.sites import Site
from tests.web.test_review import opened, saved, stands

TYPED = "we asked them twice and then we wrote it down"


@pytest.fixture
def stage() -> Stage:
    return Stage.TRANSCRIBED


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every save takes longer than three of them are apart."""
    real: Callable[..., Any] = editing.save

    def late(*given: Any, **named: Any) -> Any:
        time.sleep(0.8)
        return real(*given, **named)

    monkeypatch.setattr(editing, "save", late)


def rewritten(page: Page) -> None:
    page.locator("#turn-1").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type(TYPED, delay=50)


def test_a_text_that_is_typed_on_is_one_text(visitor: Visitor, site: Site) -> None:
    page = opened(visitor)
    rewritten(page)
    saved(page)
    assert stands(site).find(1).turn.text == page.locator("#text-1").inner_text() == TYPED
    expect(page.locator(".conflict")).to_have_count(0)


def test_a_turn_is_cut_and_written_on_before_its_text_has_arrived(visitor: Visitor, site: Site) -> None:
    page = opened(visitor)
    before = page.locator(".turn").count()
    rewritten(page)
    for _ in "we wrote it down":
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.keyboard.type("later ", delay=50)
    saved(page)
    texts = page.locator(".turn-text").all_inner_texts()
    assert len(texts) == before + 1
    assert texts[:2] == ["we asked them twice and then", "later we wrote it down"]
    assert [turn.text for turn in stands(site).turns] == texts


def test_a_turn_is_cut_and_made_whole_before_either_has_arrived(visitor: Visitor, site: Site) -> None:
    page = opened(visitor)
    rewritten(page)
    for _ in "we wrote it down":
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.keyboard.press("Backspace")
    page.keyboard.type("only ", delay=50)
    saved(page)
    assert page.locator("#text-1").inner_text() == "we asked them twice and then only we wrote it down"
    assert [turn.text for turn in stands(site).turns] == page.locator(".turn-text").all_inner_texts()
