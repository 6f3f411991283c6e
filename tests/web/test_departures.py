"""Where a transcript is not written as its conventions say: a list at the page that leads to each turn, and what it mends."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipeline.pseudonyms.naming import NotAName
from pipeline.transcripts import editing, reviewing
from retention import approvals
from tests import story
from tests.story import FIRST, PLANNED
from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Site

PAGE = f"/conversations/{FIRST}/transcript/conventions"


def test_what_is_otherwise_is_listed_with_its_turn(visitor: Visitor, site: Site) -> None:
    assert "Written so, as far as a machine can see." in site.client("ana").get(PAGE).text
    editing.rewrite(site.home, site.story.ana, FIRST, 1, "Um, nobody came to the meeting.")
    page = visitor("ana", f"/conversations/{FIRST}/transcript", java_script_enabled=False)
    page.get_by_role("link", name="Where it is not").click()
    row = page.get_by_role("row").nth(1)
    assert row.inner_text().split("\t") == ["1, 0:00", "hesitation is left out", "Um,", ""]
    row.get_by_role("link").click()
    assert page.url.endswith(f"/conversations/{FIRST}/transcript#turn-1")


def hesitant(site: Site, *turns: int) -> list[str]:
    """The transcript with an "um" in these turns, and with a false start, which is left to a person; the texts as they were."""
    before = texts(site)
    for turn in turns:
        editing.rewrite(site.home, site.story.ana, FIRST, turn, f"Um, {before[turn - 1]}")
    editing.rewrite(site.home, site.story.ana, FIRST, 3, f"{before[2]} th- then")
    return [*before[:2], f"{before[2]} th- then"]


def texts(site: Site) -> list[str]:
    return [one.text for one in reviewing.read(site.home, site.story.ana, FIRST).turns]


@pytest.mark.parametrize("script", [True, False])
def test_what_takes_no_ear_is_mended_by_key_and_taken_back(visitor: Visitor, site: Site, script: bool) -> None:
    mended = hesitant(site, 1, 2)
    before = texts(site)
    page = visitor("ana", PAGE, java_script_enabled=script)
    page.locator("summary").press("Enter")
    expect(page.get_by_role("group").get_by_role("listitem")).to_have_count(2)
    assert mended[1] in page.get_by_role("group").inner_text()
    if script:
        in_every_light(page)
    page.get_by_role("button", name="Mend 2 turns").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("2 turns mended.")
    assert texts(site) == mended
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("button", name="Mend")).to_have_count(0)
    if script:
        in_every_light(page)
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_role("row")).to_have_count(4)
    assert texts(site) == before


def in_every_light(page: Page) -> None:
    assert axe.violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 320, "height": 640})
    assert axe.violations(page) == [] and axe.too_wide(page) == []
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_what_was_mended_is_undone_here_only_while_it_is_the_newest(site: Site) -> None:
    hesitant(site, 1)
    client = site.client("ana")
    done = client.post(PAGE).location
    assert "1 turn mended." in client.get(done).text and f"{PAGE}/undo" in client.get(done).text
    editing.check(site.home, site.story.ana, FIRST, [1])
    assert "mended." not in client.get(done).text and f"{PAGE}/undo" not in client.get(done).text
    again = client.get(client.post(PAGE).location).text
    assert "Nothing was left to mend." in again and f"{PAGE}/undo" not in again
    assert "mended" not in client.get(f"{PAGE}?mended=%3Cb%3E&version={done.rpartition('=')[2]}").text


def test_two_people_do_not_mend_at_once(site: Site) -> None:
    hesitant(site, 1)
    before = texts(site)
    cara, ana = site.client("cara"), site.client("ana")
    assert cara.post(f"/conversations/{FIRST}/transcript/lease").status == 200
    answer = ana.post(PAGE)
    assert answer.status == 409 and "cara has been at work" in answer.text
    assert ana.post(f"{PAGE}/undo").status == 409 and texts(site) == before
    cara.post(f"/conversations/{FIRST}/transcript/lease", {"leave": "yes"})
    assert ana.post(PAGE).status == 303 and texts(site) != before


def test_who_may_not_read_and_what_has_no_transcript_has_no_such_list(site: Site) -> None:
    assert site.client("ben").get(PAGE).status == 403
    assert site.client("ana").get(PAGE.replace(FIRST, PLANNED)).status in {404, 409}
    assert site.client("ana").get(PAGE.replace(FIRST, "C-999")).status == 404


def test_what_is_signed_is_listed_and_stays_as_it_is(site: Site, tmp_path: Path) -> None:
    hesitant(site, 1)
    client = site.client("ana")
    assert "Mend 1 turn" in client.get(PAGE).text, "the control"
    story.decide(site.story, NotAName())
    story.export(site.story, tmp_path / "export.csv")
    approvals.sign_off(site.home, site.story.ana, story.password("ana"), FIRST)
    page = client.get(PAGE).text
    assert "hesitation is left out" in page and "Mend" not in page
    assert client.post(PAGE).status == 409
