"""Where a transcript is not written as its conventions say: the list at the page leads to each turn."""

from pipeline.transcripts import editing
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
    assert axe.violations(visitor("ana", PAGE)) == []
    row.get_by_role("link").click()
    assert page.url.endswith(f"/conversations/{FIRST}/transcript#turn-1")


def test_who_may_not_read_and_what_has_no_transcript_has_no_such_list(site: Site) -> None:
    assert site.client("ben").get(PAGE).status == 403
    assert site.client("ana").get(PAGE.replace(FIRST, PLANNED)).status in {404, 409}
    assert site.client("ana").get(PAGE.replace(FIRST, "C-999")).status == 404
