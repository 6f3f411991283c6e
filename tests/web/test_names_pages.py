"""Names decided at the page: one after another by key alone, without script, taken back, and never for somebody else's review."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from configs import read
from pipeline import reviews
from pipeline.codes.codebook import parse
from pipeline.pseudonyms import naming
from pipeline.pseudonyms.names import Kind
from pipeline.pseudonyms.naming import New
from pipeline.transcripts import reviewing
from storage.models import State
from tests.story import FIRST, OTHER, REVIEW, Stage
from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Answer, Client, Site
from tests.web.watching import Watch

PAGE = f"/conversations/{FIRST}/names"
SAYS = (
    "I rang Marlowe and her sister Jenny Harding about St Brannoc's School in Eastmere.",
    "Dr Patel told us that Hanna was not at home.",
    "We told Tyrone twice, and Jenny rang 07700 900123.",
)
CANDIDATES = [
    "Marlowe", "Jenny Harding", "St Brannoc's School", "Eastmere", "Patel", "Hanna", "Tyrone", "Jenny", "07700 900123",
]  # fmt: skip


@pytest.fixture
def stage() -> Stage:
    return Stage.REVIEWED


@pytest.fixture
def spoken(site: Site) -> Site:
    """Nine candidates, and a key with one term that two of them are like."""
    for turn, text in enumerate(SAYS, 1):
        reviewing.correct(site.home, site.story.ana, FIRST, [turn], text=text, speaker=None)
    naming.add(site.home, site.story.ana, REVIEW, "Hannah Marlowe", replacement="Mother", kind=Kind.FAMILY)
    return site


def left(site: Site) -> list[str]:
    return [one.shown for one in naming.open_candidates(site.home, site.story.ana, FIRST)]


def handle(site: Site, shown: str) -> str:
    return next(one.handle for one in naming.open_candidates(site.home, site.story.ana, FIRST) if one.shown == shown)


def decide(client: Client, site: Site, shown: str, decision: str, **fields: str) -> Answer:
    return client.post(PAGE, {"candidate": handle(site, shown), "decision": decision} | fields)


def in_hand(page: Page, shown: str) -> None:
    expect(page.locator("#word")).to_have_text(shown)
    expect(page.locator("#word")).to_be_focused()


def test_all_candidates_are_decided_by_key_alone(visitor: Visitor, spoken: Site) -> None:
    assert left(spoken) == CANDIDATES
    page = visitor("ana", PAGE)
    keys = page.keyboard
    in_hand(page, "Marlowe")
    assert axe.violations(page) == []
    expect(page.get_by_role("button", name="[Mother] Hannah Marlowe")).to_be_visible()
    keys.press("1")  # it is the mother
    in_hand(page, "Jenny Harding")
    keys.press("n")
    keys.type("Aunt")
    keys.press("Tab")
    keys.type("family")
    keys.press("Tab")
    keys.press("Enter")
    in_hand(page, "St Brannoc's School")
    keys.press("n")  # as it is proposed
    expect(page.locator("#replacement")).to_have_value("School 1")
    keys.press("Enter")
    in_hand(page, "Eastmere")
    keys.press("s")
    in_hand(page, "Patel")
    keys.press("x")
    in_hand(page, "Hanna")
    keys.press("i")
    keys.type("[Mother")
    keys.press("Escape")
    in_hand(page, "Hanna")
    keys.press("i")
    keys.press("Enter")
    in_hand(page, "Tyrone")
    keys.press("x")
    in_hand(page, "Jenny")
    expect(page.get_by_role("button", name="[Aunt] Jenny Harding")).to_be_visible()
    keys.press("u")  # Tyrone was a name after all
    in_hand(page, "Tyrone")
    keys.press("r")
    in_hand(page, "Eastmere")
    keys.press("u")
    in_hand(page, "Tyrone")
    keys.press("n")
    keys.press("Enter")
    in_hand(page, "Jenny")
    keys.press("1")
    in_hand(page, "07700 900123")
    keys.press("x")
    in_hand(page, "Eastmere")
    assert axe.violations(page) == []
    keys.press("n")
    keys.press("Enter")
    expect(page.locator("#left")).to_have_text(re.compile("Every candidate is decided"))
    assert left(spoken) == []
    terms = {
        term.real: (term.replacement, term.kind.value, term.also)
        for term in naming.listed(spoken.home, spoken.story.ana, REVIEW)
    }
    assert terms == {
        "Hannah Marlowe": ("Mother", "family member", ("Marlowe", "Hanna")),
        "Jenny Harding": ("Aunt", "family member", ("Jenny",)),
        "St Brannoc's School": ("School 1", "school", ()),
        "Tyrone": ("Person 1", "person", ()),
        "Eastmere": ("Place 1", "place", ()),
    }
    assert spoken.story.conversation(FIRST).state is State.PSEUDONYMISED


def test_without_script_the_same_forms_do_the_same(visitor: Visitor, spoken: Site) -> None:
    page = visitor("ana", PAGE, java_script_enabled=False)
    page.get_by_role("button", name="[Mother] Hannah Marlowe").click()
    expect(page.locator("#word")).to_have_text("Jenny Harding")
    page.get_by_label("what stands in its place").fill("Aunt")
    page.get_by_label("Kind").select_option("family member")
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("link", name="Skip", exact=True).click()
    expect(page.locator("#word")).to_have_text("Eastmere")
    page.get_by_role("button", name="Not a name").click()
    expect(page.locator("#word")).to_have_text("Patel")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#list")).to_contain_text("Eastmere")
    page.get_by_role("link", name="Tyrone").click()
    page.get_by_label("It is", exact=True).select_option("[Aunt] Jenny Harding")
    page.get_by_role("button", name="It is this").click()
    assert left(spoken) == ["St Brannoc's School", "Eastmere", "Patel", "Hanna", "Jenny", "07700 900123"]
    page.goto(f"{PAGE}?after=99.9")
    expect(page.locator(".govuk-inset-text")).to_contain_text("the first that is still open")


def test_what_is_wrong_is_said_and_nothing_is_decided(visitor: Visitor, spoken: Site, watch: Watch) -> None:
    ana = spoken.client("ana")
    for decision, fields, field, words in (
        ("new", {"replacement": "the [mother]"}, "replacement", "without square brackets"),
        ("new", {"replacement": "Hannah Marlowe"}, "replacement", "names nobody"),
        ("is", {"term": "T9"}, "term", "no term T9"),
    ):
        answer = decide(ana, spoken, "Tyrone", decision, **fields)
        assert answer.status == 422 and f'id="{field}-error"' in answer.text and words in answer.text
        assert (
            '<h2 class="govuk-heading-m names-word" id="word" tabindex="-1" translate="no">Tyrone</h2>' in answer.text
        )
    page = visitor("ana", f"{PAGE}?at={handle(spoken, 'Tyrone')}")
    watch.expected.add(409)
    page.keyboard.press("n")
    page.keyboard.type("Hannah Marlowe")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("names nobody")
    in_hand(page, "Tyrone")
    assert axe.violations(page) == []
    assert left(spoken) == CANDIDATES


def test_no_letter_does_anything_while_something_else_has_the_focus(visitor: Visitor, spoken: Site) -> None:
    page = visitor("ana", PAGE)
    page.locator("#again button").first.focus()
    for key in ("x", "s", "n", "1", "u"):
        page.keyboard.press(key)
    page.get_by_label("what stands in its place").fill("x")
    page.keyboard.press("s")
    expect(page.locator("#word")).to_have_text("Marlowe")
    assert left(spoken) == CANDIDATES


def test_what_was_no_name_can_be_asked_about_again(site: Site) -> None:
    ana = site.client("ana")
    place = handle(site, "Marlowe")
    assert decide(ana, site, "Marlowe", "not-a-name").location == f"{PAGE}?after={place}"
    text = ana.get(PAGE).text
    assert "Every candidate is decided" in text and "Ask again" in text
    assert ana.post(PAGE, {"candidate": place, "decision": "reopen"}).status == 303
    assert left(site) == ["Marlowe"]


def test_undo_and_redo_are_a_persons_own(site: Site) -> None:
    ana, cara = site.client("ana"), site.client("cara")
    decide(ana, site, "Marlowe", "new", replacement="Boy", kind="family member")
    assert cara.post(f"{PAGE}/again", {"way": "undo"}).status == 404
    for way, open_ones in (("undo", ["Marlowe"]), ("redo", [])):
        assert ana.post(f"{PAGE}/again", {"way": way}).location == f"{PAGE}?done={way}"
        assert left(site) == open_ones


def test_a_script_is_told_what_is_open_and_what_may_be_proposed(spoken: Site) -> None:
    answer = spoken.client("ana").post(
        PAGE,
        {"candidate": handle(spoken, "Tyrone"), "decision": "new", "replacement": "Boy"},
        Accept="application/json",
    )
    told = json.loads(answer.text)
    assert handle(spoken, "Marlowe") in told["open"] and told["open"][handle(spoken, "Marlowe")] == ["T1"]
    assert told["terms"] == [["T2", "[Boy] Tyrone"], ["T1", "[Mother] Hannah Marlowe"]]
    assert told["proposals"]["place"] == "Place 1"
    missing = spoken.client("ana").post(PAGE, {"candidate": "9.9", "decision": "not-a-name"}, Accept="application/json")
    assert missing.status == 404


def test_a_candidate_of_another_conversation_is_not_here(site: Site) -> None:
    reviews.create_review(
        site.home,
        site.story.ana,
        "LT-2",
        schedule=read("retention/research.toml"),
        codebook=parse(read("codebooks/learning-together.toml")),
    )
    naming.decide(site.home, site.story.ana, FIRST, handle(site, "Marlowe"), New(replacement="Boy", kind=Kind.PERSON))
    ana = site.client("ana")
    assert ana.get("/conversations/C-099/names").status == 404
    assert ana.get(f"/conversations/{OTHER}/names").status == 409, "nothing was transcribed there"
    assert ana.post(PAGE, {"candidate": "1.1", "decision": "no such thing"}).status == 404
