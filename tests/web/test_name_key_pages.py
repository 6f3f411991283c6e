"""The name key, the register and the glossary of a review at the page."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pipeline.pseudonyms import naming
from pipeline.pseudonyms.dates import Relative, Shift
from pipeline.pseudonyms.names import Kind
from pipeline.transcription import glossary
from pipeline.transcripts import reviewing
from storage.log.log import Event
from tests.story import FIRST, REVIEW, Stage
from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Answer, Client, Site

PAGE = f"/reviews/{REVIEW}/names"
REGISTER, GLOSSARY = f"/reviews/{REVIEW}/register", f"/reviews/{REVIEW}/glossary"


@pytest.fixture
def stage() -> Stage:
    return Stage.NAMED


def key(site: Site) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    terms = naming.listed(site.home, site.story.ana, REVIEW)
    return {term.real: (term.replacement, term.kind.value, term.also) for term in terms}


def test_the_key_says_in_which_forms_and_how_often_each_term_stands(visitor: Visitor, site: Site) -> None:
    reviewing.correct(site.home, site.story.ana, FIRST, [2], text="Marlowe's sister and Marlow came.", speaker=None)
    page = visitor("ana", PAGE)
    expect(page.locator("#terms [data-forms]")).to_have_text("Marlowe 3, Marlow (misspelt?)")
    expect(page.locator("#terms [data-count]")).to_have_text("4")
    expect(page.locator("#open")).to_contain_text(f"{FIRST} 0 open")
    assert axe.violations(page) == []
    plain = visitor("ana", PAGE, java_script_enabled=False)
    plain.get_by_role("link", name="Count where they stand").click()
    expect(plain.locator("#terms [data-count]")).to_have_text("4")
    page.get_by_role("link", name="Marlowe", exact=True).click()
    expect(page.get_by_role("list").last).to_contain_text("We told Marlowe about it twice.")
    expect(page.get_by_text("taken for a misspelling")).to_have_count(1)
    assert axe.violations(page) == []
    page.get_by_role("link", name=f"{FIRST}, turn 2").first.click()
    assert page.url.endswith(f"/conversations/{FIRST}/transcript#turn-2")


def test_a_term_is_added_changed_and_removed_and_each_is_taken_back(site: Site) -> None:
    ana = site.client("ana")
    before = key(site)
    assert ana.post(PAGE, {"real": "Eastmere", "replacement": "Town", "kind": "place"}).location == f"{PAGE}?done=added"
    assert key(site)["Eastmere"] == ("Town", "place", ())
    changed = {"real": "Eastmere", "also": "East Mere\r\nEasty", "replacement": "Village", "kind": "place"}
    assert ana.post(f"{PAGE}/T2", changed).status == 303
    assert key(site)["Eastmere"] == ("Village", "place", ("East Mere", "Easty"))
    assert ana.post(f"{PAGE}/T2/remove").status == 303
    assert key(site) == before
    for _ in range(3):
        assert ana.post(f"{PAGE}/again", {"way": "undo"}).status == 303
    assert key(site) == before
    ana.post(f"{PAGE}/again", {"way": "redo"})
    assert key(site)["Eastmere"] == ("Town", "place", ())


def test_what_is_wrong_is_said_at_its_field(site: Site) -> None:
    ana, before = site.client("ana"), key(site)

    def refused(answer: Answer, field: str, words: str) -> None:
        assert answer.status == 422 and f'id="{field}-error"' in answer.text and words in answer.text

    refused(ana.post(PAGE, {"real": "Marlowe", "replacement": "x"}), "real", "already in the name key as T1")
    refused(ana.post(PAGE, {"real": "-", "replacement": "x"}), "real", "needs a real term")
    refused(ana.post(f"{PAGE}/T1", {"real": "Marlowe", "replacement": "[x]"}), "real", "square brackets")
    refused(ana.post(f"{PAGE}/table", {"table": "real,stands\nAnna,B"}), "table", "a column is missing")
    refused(ana.post(f"{PAGE}/table", {"table": "real,replacement,kind\nAnna,B,pet"}), "table", "is not known")
    refused(ana.post(f"{PAGE}/dates", {"way": "relative", "origin": "soon", "called": "x"}), "origin", "Write the day")
    refused(ana.post(f"{PAGE}/dates", {"way": "relative", "origin": "2021-03-03"}), "called", "needs a word")
    nothing = site.client("cara").post(f"{PAGE}/again", {"way": "undo"})
    assert nothing.status == 422 and "There is a problem" in nothing.text
    assert key(site) == before


def test_a_table_comes_from_a_file_or_a_sheet_all_or_nothing(visitor: Visitor, site: Site, tmp_path: Path) -> None:
    table = tmp_path / "names.csv"
    table.write_text("real,replacement,kind\nEastmere,Town,place\nNora Quill,Midwife,\n", encoding="utf-8-sig")
    page = visitor("ana", PAGE)
    page.get_by_label("Or a file").set_input_files(table)
    expect(page.get_by_label("Rows of a CSV table")).to_have_value(table.read_text(encoding="utf-8-sig"))
    page.get_by_role("button", name="Add all").click()
    expect(page.get_by_role("alert")).to_contain_text("Destroy the table itself")
    assert (key(site)["Eastmere"], key(site)["Nora Quill"]) == (("Town", "place", ()), ("Midwife", "person", ()))
    answer = site.client("ana").post(f"{PAGE}/table", {"table": "real\treplacement\nPond\tA\nMarlowe\tB\n"})
    assert answer.status == 422 and "Pond" not in key(site)
    assert site.client("ana").post(f"{PAGE}/table", {"table": "real\treplacement\nPond\tA\n"}).status == 303
    assert key(site)["Pond"] == ("A", "person", ())


def test_dates_are_shifted_told_from_a_day_or_asked_about(site: Site) -> None:
    ana = site.client("ana")

    def dates() -> object:
        return naming.key_of(site.home, site.story.ana, REVIEW).dates

    ana.post(f"{PAGE}/dates", {"way": "shift"})
    assert isinstance(dates(), Shift)
    page = ana.get(PAGE).text
    assert "which nobody is told" in page and str(getattr(dates(), "weeks", None)) + " weeks" not in page
    ana.post(f"{PAGE}/dates", {"way": "relative", "origin": "2021-03-03", "called": "the birth"})
    assert isinstance(dates(), Relative) and "before or after the birth" in ana.get(PAGE).text
    ana.post(f"{PAGE}/dates", {"way": "ask"})
    assert dates() is None
    assert ana.post(f"{PAGE}/dates", {"way": "guess"}).status == 404


def test_a_word_marked_in_a_transcript_is_offered_for_the_key(visitor: Visitor, site: Site) -> None:
    page = visitor("ana", f"/conversations/{FIRST}/transcript")
    page.get_by_role("tab", name="This turn").click()
    page.locator("#text-2").evaluate(
        """(text) => { const range = document.createRange(); range.setStart(text.firstChild, 0); range.setEnd(text.firstChild, 6);
           getSelection().removeAllRanges(); getSelection().addRange(range); }"""
    )
    expect(page.get_by_label("A name nobody was asked about")).to_have_value("Nobody")
    assert axe.violations(page) == []
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="To the name key").click()
    other = opened.value
    expect(other.get_by_label("Real term")).to_have_value("Nobody")
    assert "Nobody" not in other.url
    other.get_by_label("What stands in its place").fill("Someone")
    other.get_by_role("button", name="Add it").click()
    expect(other.get_by_role("alert")).to_contain_text("Added")
    assert key(site)["Nobody"] == ("Someone", "person", ())


def test_a_script_is_told_what_was_counted(site: Site) -> None:
    told = json.loads(site.client("ana").get(f"{PAGE}/found").text)
    assert told == {"terms": {"T1": [["Marlowe", True, 2]]}, "open": {FIRST: 0}}


def test_nothing_of_another_review_is_here(site: Site) -> None:
    ana = site.client("ana")
    naming.add(site.home, site.story.ana, REVIEW, "Eastmere", replacement="Town", kind=Kind.PLACE)
    for path in (
        "/reviews/LT-9/names",
        "/reviews/LT-9/names/found",
        f"{PAGE}/T9",
        "/reviews/LT-9/names/T1",
        "/reviews/LT-9/glossary",
    ):
        assert ana.get(path).status == 404, path
    assert ana.post(f"{PAGE}/T9/remove").status == 404 and ana.post("/reviews/LT-9/names", {"real": "x"}).status == 404
    assert len(key(site)) == 2


def test_the_register_is_read_and_changed_by_a_registrar_and_the_log_says_so(
    visitor: Visitor, site: Site, fay: Client
) -> None:
    page = visitor("fay", REGISTER)
    assert axe.violations(page) == []
    entry = page.get_by_role("form", name="Head teacher 1")
    expect(entry.get_by_label("Real name")).to_have_value("A B")
    entry.get_by_label("Real name").fill("Nora Quill")
    entry.get_by_role("button", name="Change").click()
    expect(page.get_by_role("alert")).to_contain_text("logged")
    expect(entry.get_by_label("Real name")).to_have_value("Nora Quill")
    events = site.story.events()
    assert events.count(Event.REGISTER_READ) == 2 and events.count(Event.PARTICIPANT_CHANGED) == 1
    assert fay.post(REGISTER, {"position": "Head teacher 1", "name": " "}).status == 422
    assert fay.post(REGISTER, {"position": "Nurse 1", "name": "x"}).status == 404
    for name in ("ana", "ben", "dora"):
        assert site.client(name).get(REGISTER).status == 403
    for path in (f"/reviews/{REVIEW}", f"/reviews/{REVIEW}/participants", "/conversations", f"/conversations/{FIRST}"):
        assert "Nora" not in site.client("ana").get(path).text


def test_the_glossary_is_kept_at_the_page(visitor: Visitor, site: Site) -> None:
    page = visitor("ana", GLOSSARY)
    page.get_by_label("New terms").fill("Larkfield\nOkafor")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("listitem").filter(has_text="Okafor")).to_be_visible()
    assert axe.violations(page) == []
    page.get_by_role("button", name="Remove Larkfield").click()
    assert glossary.read(site.home, site.story.ana, REVIEW) == ("Okafor",)
    answer = site.client("ana").post(GLOSSARY, {"terms": "x" * 81})
    assert answer.status == 422 and 'id="terms-error"' in answer.text
