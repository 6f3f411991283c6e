"""The table of conversations and the page of one."""

import json
import re

from playwright.sync_api import expect
from sqlalchemy import update

from retention import destroy, holds, plan
from storage.models import Conversation, State
from tests import story
from tests.web.conftest import Visitor
from tests.web.sites import Site


def test_the_table_shows_every_conversation_and_no_real_name(site: Site) -> None:
    page = site.client("ana").get("/conversations").text
    for text in ("C-001", "C-002", "C-003", "Health visitor 1", "coded", "recorded", "planned", "Sign off", "days"):
        assert text in page
    # The name of everybody in the register of this story; the role that may read it has another page.
    assert "A B" not in page


def test_the_table_and_the_page_of_one_count_the_same_days(site: Site) -> None:
    client = site.client("ana")
    table = client.get("/conversations?state=recorded").text
    page = client.get("/conversations/C-002").text
    days = re.compile(r"\d+ days")
    assert days.findall(table) == days.findall(page) != []


def test_filters_are_plain_addresses(site: Site) -> None:
    client = site.client("ana")
    assert "1 of 3 conversations" in client.get("/conversations?state=coded").text
    assert "C-002" not in client.get("/conversations?with=ana").text
    assert "C-001" in client.get("/conversations?with=ana&review=LT-1").text
    assert "No conversation is like that" in client.get("/conversations?review=LT-9").text


def test_the_progress_of_the_machine_is_shown_as_it_goes_on(visitor: Visitor, site: Site) -> None:
    page = visitor("ana", "/conversations")
    row = page.locator('tr[data-conversation="C-002"]')
    assert "recorded" in row.inner_text()
    changed = update(Conversation).where(Conversation.reference == "C-002").values(state=State.TRANSCRIBED)
    story.change(site.home, changed)
    row.get_by_text("transcribed").wait_for(timeout=10_000)
    assert page.locator("#live").inner_text() == "C-002 is transcribed"
    expect(row.get_by_role("link", name="in C-002")).to_have_attribute("href", "/conversations/C-002/transcript")
    assert page.get_by_role("link", name="Sign off in C-001").get_attribute("href") == "/conversations/C-001/sign-off"


def test_looking_at_the_table_keeps_nobody_signed_in(site: Site) -> None:
    client = site.client("ana")
    progress = json.loads(client.get("/conversations/progress").text)
    path = "/conversations/C-001/sign-off"
    assert progress["C-001"] == {"state": "coded", "next": "Sign off", "path": path, "transcribed": 1.0}


def test_a_conversation_lists_what_is_open_before_it_is_signed_off(site: Site) -> None:
    page = site.client("ana").get("/conversations/C-001").text
    assert page.count(">Done</div>") == 6
    assert "An export of the extracts as they are." in page
    assert "candour " not in page, "a page says what to do in words of its own"
    assert site.client("ana").get("/conversations/C-004").status == 404


def test_a_hold_is_seen_in_the_table_and_at_the_conversation_and_its_reason_only_by_some(site: Site) -> None:
    holds.place(site.home, site.story.ben, story.password("ben"), "C-001", reason="a hearing", reference="letter 7")
    ana, ben = site.client("ana"), site.client("ben")
    assert "hold 1" in ana.get("/conversations").text and "on hold" in ana.get("/conversations").text
    page = ben.get("/conversations/C-001").text
    assert "Hold 1" in page and "a hearing" in page
    assert "a hearing" not in ben.get("/conversations/C-002").text


def test_a_destroyed_conversation_leads_to_its_certificate(site: Site) -> None:
    story._export(site.story)
    story._sign(site.story)
    for number in plan.due(site.home, site.home.now()):
        destroy.carry_out(site.home, number)
    page = site.client("ana").get("/conversations/C-001").text
    assert 'href="/audit/certificates/C-001/1"' in page
    assert "destroyed" in site.client("ana").get("/conversations").text
