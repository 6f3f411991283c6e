"""Coding at the page, in a real browser: by keyboard alone, by mouse, without script, and two coders kept apart."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from access import directory
from pipeline.codes import bookkeeping, extracting, finding
from pipeline.codes.coding import Extract
from pipeline.reviews import codebook_of, find_review
from storage.log.log import Event
from tests.story import FIRST, REVIEW, Stage
from tests.web import axe, coded
from tests.web.coded import SAID
from tests.web.conftest import Visitor
from tests.web.sites import Site
from tests.web.watching import Watch

PAGE = f"/conversations/{FIRST}/coding"
READY = "html[data-ready]"
JSON = {"Accept": "application/json"}


@pytest.fixture
def stage() -> Stage:
    return Stage.NAMED


@pytest.fixture(autouse=True)
def said(site: Site) -> None:
    coded.lay(site.home)


def opened(visitor: Visitor, name: str = "ana", path: str = PAGE, **options: object) -> Page:
    page = visitor(name, path, **options)
    page.wait_for_selector(READY)
    return page


def extracts(site: Site, coder: str | None = None) -> dict[int, Extract]:
    return {number: one for number, one, _ in extracting.listed(site.home, site.story.ana, FIRST, coder=coder)}


def names(site: Site, one: Extract) -> list[str]:
    with site.home.reading() as session:
        book = codebook_of(site.home, find_review(session, REVIEW))
    return [book.find(id).name for id in one.codes]


def labels(page: Page) -> list[str]:
    page.wait_for_load_state()  # before its styles are there a page is not laid out, and shows no text
    return page.locator(".turn-code").all_inner_texts()


def count(page: Page, number: int) -> None:
    expect(page.locator("#count")).to_have_text(f"{number} extract{'' if number == 1 else 's'} of yours")


def test_a_conversation_is_coded_by_keyboard_alone(visitor: Visitor, site: Site) -> None:
    page = opened(visitor)
    page.locator("#turn-1").focus()
    # a turn: letters of a code, Enter
    page.keyboard.press("ArrowDown")
    page.keyboard.type("work")
    expect(page.locator("[role=option][aria-selected=true]")).to_contain_text("Workload")
    page.keyboard.press("Enter")
    count(page, 1)
    expect(page.locator("#turn-2")).to_be_focused()
    # the same words again under another code: one extract, two codes
    page.keyboard.type("e1")
    page.keyboard.press("Enter")
    expect(page.locator("#turn-2 .turn-code-name")).to_have_count(2)
    # words of a turn, overlapping
    page.keyboard.press("ArrowRight")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#hand")).to_have_text("¶2: I took over from")
    page.keyboard.press("Control+Shift+ArrowLeft")
    page.keyboard.type("f1")
    page.keyboard.press("Enter")
    count(page, 2)
    # over turns
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Alt+1")
    count(page, 3)
    # a memo
    page.keyboard.press("Control+m")
    expect(page.locator("#memo")).to_be_focused()
    page.keyboard.type("Ask the school")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#turn-3 .turn-code-memo")).to_have_count(1)
    page.keyboard.press("Escape")
    assert [(one.quote, names(site, one), one.memo) for one in extracts(site).values()] == [
        (SAID[1], ["C3.3 Workload", "E1 Work that went well"], ""),
        ("I took over fro", ["F1 What you thought was going on"], ""),
        ("\n".join(SAID[2:4]), ["F1 What you thought was going on"], "Ask the school"),
    ]
    # away with one, and back; undo goes on after a reload
    page.keyboard.press("Delete")
    count(page, 2)
    page.keyboard.press("Control+z")
    count(page, 3)
    page.reload()
    page.wait_for_selector(READY)
    for left in (3, 2, 1):
        page.keyboard.press("Control+z")
        count(page, left)
    assert [names(site, one) for one in extracts(site).values()] == [["C3.3 Workload", "E1 Work that went well"]]
    page.keyboard.press("Control+y")
    count(page, 2)
    # from extract to extract
    page.locator("#turn-1").focus()
    page.keyboard.press("Control+.")
    expect(page.locator("#panel-title")).to_have_text("Extract 1")
    page.keyboard.press("Control+.")
    expect(page.locator("#panel-title")).to_have_text("Extract 2")
    # Tab leads on: nobody is trapped
    page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.closest('.turns')")
    # and there they are, among the extracts
    page.goto(f"/reviews/{REVIEW}/extracts?code=c33")
    assert page.locator(".extract-quote").all_inner_texts() == [SAID[1]]


def test_an_utterance_is_coded_with_three_keys_and_the_next_one_with_two(visitor: Visitor, site: Site) -> None:
    bookkeeping.change(site.home, site.story.ana, REVIEW, "c33", shortcut="w")
    coded.lay(site.home)
    page = opened(visitor)
    page.locator("#turn-1").focus()
    keys = 0

    def press(key: str) -> None:
        nonlocal keys
        keys += 1
        page.keyboard.press(key)

    for key in ("ArrowDown", "w", "Enter"):
        press(key)
    count(page, 1)
    assert keys == 3
    for key in ("ArrowDown", "Alt+1"):
        press(key)
    count(page, 2)
    assert keys == 5
    # on with Shift: code it, and stand on the next
    for key in ("e", "1", "Shift+Enter"):
        press(key)
    expect(page.locator("#turn-4")).to_be_focused()
    for key in ("e", "2", "Shift+Enter"):
        press(key)
    count(page, 3)
    assert [(one.anchor.first_turn, names(site, one)) for one in extracts(site).values()] == [
        (2, ["C3.3 Workload"]),
        (3, ["C3.3 Workload", "E1 Work that went well"]),
        (4, ["E2 What made it possible"]),
    ]


def selected(page: Page, first: str, start: int, last: str, end: int) -> None:
    """Select with the mouse."""
    points = page.evaluate(
        """([first, start, last, end]) => [[first, start], [last, end]].map(([id, char]) => {
            const range = document.createRange(); const node = document.getElementById(id).firstChild;
            range.setStart(node, char); range.setEnd(node, Math.min(char + 1, node.length));
            const {left, top, height} = range.getBoundingClientRect(); return [left + 0.5, top + height / 2];
        })""",
        [first, start, last, end],
    )
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move(*points[1], steps=4)
    page.mouse.up()


def test_words_are_coded_with_the_mouse_and_hearing_them_needs_a_recording(visitor: Visitor, site: Site) -> None:
    page = opened(visitor)
    page.evaluate("document.getElementById('turn-3').scrollIntoView()")
    selected(page, "text-4", 2, "text-6", 26)
    expect(page.locator("#hand")).to_contain_text("¶4–6: thought somebody")
    page.keyboard.type("mind")
    page.get_by_role("option", name="F2 At the front of your mind").click()
    count(page, 1)
    (one,) = extracts(site).values()
    assert one.quote == "\n".join((SAID[3][2:], SAID[4], SAID[5][:26]))
    painted = page.evaluate(
        "[...CSS.highlights].filter(([name]) => /coding-[0-9A-F]/.test(name)).flatMap(([, all]) => [...all].map(String))"
    )
    assert painted == one.quote.split("\n")
    assert page.locator(".bar").count() == 3 and labels(page) == ["F2 At the front of your mind"]
    # what is copied says where it comes from
    copied = page.evaluate("""() => {
        const data = new DataTransfer();
        document.activeElement.dispatchEvent(new ClipboardEvent('copy', {clipboardData: data, bubbles: true, cancelable: true}));
        return data.getData('text/plain');
    }""")
    assert copied == f"“{one.quote.replace(chr(10), ' / ')}” (Health visitor 1, C-001 ¶4–6)"
    # a click into coded words takes their extract in hand; once more goes on to what lies above it
    page.locator("#turn-1").click(position={"x": 5, "y": 5})
    expect(page.locator("#panel-title")).to_have_text("No extract in hand")
    page.locator("#text-5").click(position={"x": 20, "y": 12})
    expect(page.locator("#panel-title")).to_have_text("Extract 1")
    page.locator("#panel").get_by_role("button", name="Hear it").click()
    for _ in range(100):
        if page.evaluate("!document.getElementById('sound').paused"):
            break
        page.wait_for_timeout(50)
    begun = page.evaluate("document.getElementById('sound').currentTime")
    assert begun >= one.start - 0.5 or begun == page.evaluate("document.getElementById('sound').duration")


def test_a_character_of_two_units_counts_as_one(visitor: Visitor, site: Site) -> None:
    turn = "They wrote \U0001f600 beneath it, every week."
    coded.lay(site.home, (SAID[0], turn))
    page = opened(visitor)
    page.locator("#turn-2").focus()
    page.keyboard.type("c3.3")
    page.keyboard.press("Enter")
    count(page, 1)
    # "They wrote" is in hand, and letter by letter what follows it
    for key in ("ArrowRight", "Shift+ArrowRight", "Control+Shift+ArrowRight", "Control+Shift+ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.type("f1")
    page.keyboard.press("Enter")
    count(page, 2)
    begun, end = (len(text.encode("utf-16-le")) // 2 for text in (turn[:13], turn[:23]))
    selected(page, "text-2", begun, "text-2", end)
    expect(page.locator("#hand")).to_have_text("¶2: beneath it")
    page.keyboard.type("f2")
    page.keyboard.press("Enter")
    count(page, 3)
    quotes = [one.quote for one in extracts(site).values()]
    assert quotes == [turn, turn[:12], "beneath it"]
    page.reload()
    page.wait_for_selector(READY)
    painted = page.evaluate(
        "[...CSS.highlights].filter(([name]) => /coding-[0-9A-F]/.test(name)).flatMap(([, all]) => [...all].map(String))"
    )
    assert sorted(painted) == sorted(quotes)


def test_a_participants_own_words_become_a_code(visitor: Visitor, site: Site) -> None:
    page = opened(visitor)
    page.locator("#turn-6").focus()
    page.keyboard.press("ArrowRight")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Alt+i")
    expect(page.locator("#turn-6 .turn-code")).to_have_text("“I had thirty-two families”")
    # it is a code like any other from now on
    page.locator("#turn-5").focus()
    page.keyboard.type("thirty")
    page.keyboard.press("Enter")
    expect(page.locator("#turn-5 .turn-code")).to_have_text("“I had thirty-two families”")
    assert site.story.events().count(Event.EXTRACT_ADDED) == 2


def test_an_extract_without_its_words_is_put_on_others(visitor: Visitor, site: Site) -> None:
    number, _ = extracting.add(site.home, site.story.ana, FIRST, codes=("c33",), quote="thirty-two families")
    coded.lay(site.home, (*SAID[:5], "I had forty families, and I was covering for a colleague as well."))
    page = opened(visitor)
    expect(page.locator("#mend-list")).to_contain_text("thirty-two families")
    assert axe.violations(page) == []
    page.get_by_role("button", name=f"Mend extract {number}").click()
    expect(page.locator("#turn-6")).to_be_focused()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Put it on what is selected").click()
    expect(page.locator("#mend")).to_be_hidden()
    assert extracts(site)[number].quote == "forty families" and labels(page) == ["C3.3 Workload"]
    page.keyboard.press("Control+z")
    expect(page.locator("#mend-list")).to_contain_text("thirty-two families")


def test_two_coders_are_kept_apart(visitor: Visitor, site: Site) -> None:
    extracting.add(site.home, site.story.cara, FIRST, codes=("c33",), turn=6, memo="cara thinks so")
    page = opened(visitor)
    assert labels(page) == [] and "cara thinks so" not in page.content()
    listed = json.loads(site.client("ana").get(f"{PAGE}/extracts", **JSON).text)
    assert listed["extracts"] == []
    # her own coding of the same words is her own extract
    page.locator("#turn-6").focus()
    page.keyboard.type("e1")
    page.keyboard.press("Enter")
    count(page, 1)
    assert {one.coder: names(site, one) for one in extracts(site).values()} == {
        "cara": ["C3.3 Workload"], "ana": ["E1 Work that went well"],
    }  # fmt: skip
    # afterwards she may look, and changes nothing
    page.get_by_role("link", name="And cara’s").click()
    page.wait_for_selector(READY)
    assert sorted(labels(page)) == ["E1 Work that went well", "cara:\nC3.3 Workload\nmemo"]
    assert axe.violations(page) == []
    page.locator(".turn-code", has_text="cara").click()
    expect(page.locator("#panel-memo")).to_have_text("cara thinks so")
    assert not page.locator("#memo").is_visible()
    assert not page.get_by_role("button", name="Remove it").is_visible()
    # when cara has left, her work is everybody's
    directory.disable(site.home, site.story.ben, "cara")
    page.goto(PAGE)
    page.wait_for_selector(READY)
    assert sorted(labels(page)) == ["E1 Work that went well", "cara:\nC3.3 Workload\nmemo"]


def test_a_turn_is_coded_without_script(visitor: Visitor, site: Site, watch: Watch) -> None:
    page = visitor("ana", PAGE, java_script_enabled=False)
    page.get_by_role("link", name="Code turn 6").click()
    page.locator(".turn-form select").select_option(label="C3.3 Workload")
    page.get_by_label("Only these words of the turn").fill("thirty-two families")
    page.locator(".turn-form").get_by_label("Memo").fill("Caseload")
    page.get_by_role("button", name="Code it").click()
    assert "It is coded." in page.get_by_role("alert").inner_text()
    assert [(one.quote, one.memo) for one in extracts(site).values()] == [("thirty-two families", "Caseload")]
    page.get_by_label("Only these words of the turn").fill("forty families")
    page.locator(".turn-form select").select_option(label="C3.3 Workload")
    watch.expected.add(422)
    page.get_by_role("button", name="Code it").click()
    assert "not in turn 6" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Only these words of the turn").input_value() == "forty families"
    page.get_by_role("button", name="Code it").click()
    assert "No code was named" in page.get_by_role("alert").inner_text()
    page.get_by_role("button", name="Undo").click()
    assert extracts(site) == {}
    page.get_by_role("button", name="Redo").click()
    assert labels(page) == ["C3.3 Workload"]
    watch.expected.add(404)
    page.get_by_role("button", name="Redo").click()
    assert "taken back nothing" in page.get_by_role("alert").inner_text()


def test_every_state_is_for_everyone(visitor: Visitor, site: Site) -> None:
    for number in (2, 4, 6):
        extracting.add(site.home, site.story.ana, FIRST, codes=("c33", "e1"), turn=number, memo="x")
    extracting.add(site.home, site.story.ana, FIRST, codes=("f1",), turn=2, last=6)
    page = opened(visitor)
    for scheme in ("light", "dark"):
        for width in (1280, 320):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 700})
            page.keyboard.press("Control+.")
            assert axe.violations(page) == [], "an extract in hand"
            page.locator("#turn-2").focus()
            page.keyboard.type("w")
            assert axe.violations(page) == [], "a code being named"
            page.keyboard.type("qqq")
            assert axe.violations(page) == [], "no such code"
            assert axe.too_wide(page) == []
            page.keyboard.press("Escape")
    plain = visitor("ana", f"{PAGE}?turn=2")
    assert axe.violations(plain) == []


def test_what_is_signed_can_be_read_and_not_coded(site: Site) -> None:
    answer = site.client("ana").post(f"{PAGE}/add", {"turn": "2", "codes": "nothing/at-all"}, **JSON)
    assert answer.status == 404
    wrong: list[dict[str, str]] = [
        {"codes": "c33"}, {"turn": "2"}, {"turn": "2", "codes": "c"}, {"turn": "99", "codes": "c33"},
    ]  # fmt: skip
    for fields in wrong:
        assert site.client("ana").post(f"{PAGE}/add", fields, **JSON).status == 422, fields
    assert extracts(site) == {}
    assert site.client("ana").post(f"{PAGE}/undo", {}, **JSON).status == 404
    assert site.client("ana").get("/conversations/C-099/coding").status == 404
    assert site.client("ana").get("/conversations/C-003/coding").status == 409, "it has no pseudonymised transcript"


def test_an_answer_tells_the_extract(site: Site) -> None:
    fields = {"first_turn": "6", "first_char": "6", "last_turn": "6", "last_char": "25", "codes": "c33; e1"}
    told: dict[str, Any] = json.loads(site.client("ana").post(f"{PAGE}/add", fields, **JSON).text)
    one = finding.one(site.home, site.story.ana, FIRST, told["number"]).extract
    assert (told["quote"], told["place"], told["codes"]) == ("thirty-two families", [6, 6, 6, 25], list(one.codes))


def test_on_a_narrow_page_a_finger_opens_what_is_beside_the_text(visitor: Visitor, site: Site) -> None:
    page = opened(visitor, viewport={"width": 360, "height": 740}, has_touch=True)
    side, button = page.locator("#side"), page.get_by_role("button", name="Memo and keys")
    expect(side).to_be_hidden()
    page.locator(".turn").nth(1).tap()
    page.get_by_role("button", name="In vivo").tap()
    count(page, 1)
    button.tap()
    expect(side).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    assert axe.violations(page) == []
    page.get_by_label("Memo", exact=True).fill("Said at once.")
    page.get_by_role("button", name="Keep memo").tap()
    expect(page.locator("#toast-words")).to_have_text("The memo is kept.")
    assert [one.memo for one in extracts(site).values()] == ["Said at once."]
    button.tap()
    expect(side).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(button).to_be_hidden()
    expect(side).to_be_visible()
