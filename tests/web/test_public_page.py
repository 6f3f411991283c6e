"""What may leave for the public, decided at the page: in general by a reviewer, confirmed or answered for by governance."""

import pytest
from playwright.sync_api import expect

from pipeline.export.model import Profile
from pipeline.pseudonyms import disclosing
from pipeline.pseudonyms.naming import NotAName
from pipeline.transcripts import reviewing
from storage.log.log import Event
from tests import story
from tests.story import FIRST, OTHER, Stage
from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Client, Site
from tests.web.watching import Watch

PAGE = f"/conversations/{FIRST}/public"


@pytest.fixture
def stage() -> Stage:
    return Stage.NAMED


@pytest.fixture
def open_site(site: Site) -> Site:
    """A role and two places are open for the public; their names were decided to be none."""
    text = "The head teacher at Eastmere rang the Civic Hall."
    reviewing.correct(site.home, site.story.ana, FIRST, [2], text=text, speaker=None)
    story.decide(site.story, NotAName())
    return site


def places(site: Site) -> dict[str, str]:
    """What is open, by its words."""
    return {one.words: one.at for one in disclosing.standing(site.home, site.story.ana, FIRST).open}


def post(client: Client, what: str, **fields: str) -> int:
    return client.post(f"{PAGE}/{what}", fields).status


def test_every_refusal_leads_to_where_it_is_decided_until_nothing_is_open(visitor: Visitor, open_site: Site) -> None:
    page = visitor("ana", f"/conversations/{FIRST}/export?for=public")
    page.get_by_role("link", name="decide in C-001 (a place)").click()
    assert page.url.endswith(PAGE)
    expect(page.get_by_text("The head teacher at Eastmere rang")).to_have_count(2)
    assert axe.violations(page) == []
    for words, shown in (("Eastmere", "a town"), ("head teacher", "a member of staff"), ("Civic Hall", "an office")):
        page.get_by_label(f"The public reads instead of {words}").fill(shown)
        page.get_by_role("button", name=f"Say so instead of {words}").click()
        expect(page.get_by_role("alert")).to_contain_text("Said in general")
    page.get_by_role("link", name="Export it for the public").click()
    expect(page.get_by_role("heading", name="This can leave")).to_be_visible()
    assert "[a town]" in page.request.get(f"/reviews/{story.REVIEW}/names").text()


def test_governance_confirms_without_reading_a_word(visitor: Visitor, open_site: Site, watch: Watch) -> None:
    page = visitor("ben", PAGE)
    assert axe.violations(page) == []
    for words in places(open_site):
        assert words not in page.content()
    page.get_by_role("checkbox").nth(1).check()
    page.get_by_role("button", name="Confirm what is ticked").click()
    expect(page.get_by_role("alert")).to_contain_text("Confirmed")
    assert set(places(open_site)) == {"head teacher", "Civic Hall"}
    page.get_by_role("button", name="Take back").click()
    assert set(places(open_site)) == {"head teacher", "Eastmere", "Civic Hall"}
    watch.expected.add(422)
    page.get_by_role("button", name="Confirm what is ticked").click()
    expect(page.get_by_role("alert")).to_contain_text("Tick what you confirm")
    assert open_site.story.events().count(Event.DISCLOSURE_CONFIRMED) == 2


def test_an_override_needs_the_role_and_a_reason_and_ends_with_what_it_was_for(open_site: Site) -> None:
    ana, ben = open_site.client("ana"), open_site.client("ben")
    assert post(ana, "override", reader="public", reason="x") == 403
    answer = ben.post(f"{PAGE}/override", {"reader": "public", "reason": " "})
    assert answer.status == 422 and 'id="reason-error"' in answer.text and "needs a reason" in answer.text
    inside = ben.post(f"{PAGE}/override", {"reader": "internal", "reason": "x"})
    assert inside.status == 422 and "nothing to override" in inside.text
    assert post(ben, "override", reader="public", reason="the coroner asks") == 303
    assert "answers for letting it leave for the public" in ben.get(PAGE).text
    assert open_site.story.events()[-1] == Event.DISCLOSURE_OVERRIDDEN
    (left,) = disclosing.left(open_site.home, open_site.story.ana, story.REVIEW)
    assert (left.reason, left.profile) == ("the coroner asks", Profile.PUBLIC.value)
    post(ana, "general", at=places(open_site)["Eastmere"], shown="a town")
    assert "answers for letting it leave" not in ben.get(PAGE).text


def test_each_act_is_for_its_role_and_its_conversation(open_site: Site) -> None:
    ana, ben = open_site.client("ana"), open_site.client("ben")
    at = places(open_site)["Eastmere"]
    assert post(ana, "confirm", at=at) == 403 and post(ana, "back", at=at) == 403
    assert post(ben, "general", at=at, shown="a town") == 403
    assert open_site.client("dora").get(PAGE).status == 403
    assert post(ana, "general", at="99.9", shown="x") == 404 and post(ben, "confirm", at="99.9") == 404
    refused = ana.post(f"{PAGE}/general", {"at": at, "shown": "[x]"})
    assert refused.status == 422 and f'id="shown-{at}-error"' in refused.text
    assert "has no pseudonymised transcript yet" in ana.get(f"/conversations/{OTHER}/public").text
    assert ana.get("/conversations/C-099/public").status == 404
    assert set(places(open_site)) == {"head teacher", "Eastmere", "Civic Hall"}
