"""The page of a transcript in a real browser: by keyboard alone, without a word lost, and without a trace left behind."""

import os
import re
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from pipeline.transcription import glossary
from pipeline.transcripts import editing, reviewing
from pipeline.transcripts.standing import Transcript
from tests import story
from tests.story import FIRST, Stage
from tests.web import axe, conftest
from tests.web.conftest import Visitor
from tests.web.sites import Site
from tests.web.watching import Watch
from web import headers

PAGE = f"/conversations/{FIRST}/transcript"
READY = "html[data-ready]"


@pytest.fixture
def stage() -> Stage:
    return Stage.TRANSCRIBED


def opened(visitor: Visitor, name: str = "ana", path: str = PAGE, **options: object) -> Page:
    page = visitor(name, path, **options)
    page.wait_for_selector(READY)
    return page


def stands(site: Site) -> Transcript:
    return reviewing.read(site.home, site.story.ana, FIRST).transcript


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_text(re.compile("Saved"))


def words(page: Page, kind: str) -> list[str]:
    """What is highlighted in the text."""
    found: list[str] = page.evaluate(
        "kind => [...(CSS.highlights.get(kind) ?? [])].map(range => range.toString())", f"review-{kind}"
    )
    return found


def until(page: Page, script: str, argument: object = None) -> None:
    """Wait until a script says yes. The browser's own way to wait needs what the policy forbids."""
    for _ in range(300):
        if page.evaluate(script, argument):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never: {script}")


def played(page: Page, to: float) -> None:
    until(page, "to => document.getElementById('sound').currentTime > to", to)


def at(page: Page) -> float:
    time: float = page.evaluate("document.getElementById('sound').currentTime")
    return time


def test_a_conversation_is_reviewed_by_keyboard_alone(visitor: Visitor, site: Site) -> None:
    page = opened(visitor)
    turns = page.locator(".turn")
    before = turns.count()
    assert len(words(page, "doubt")) == len(reviewing.open_doubts(site.home, site.story.ana, FIRST)) > 0
    # one Tab stop, arrows inside
    page.locator("#turn-1").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#turn-2")).to_be_focused()
    page.keyboard.press("ArrowUp")
    # what is read cannot be changed by a stray key
    page.keyboard.type("xyz")
    assert stands(site).version == 0
    # listen
    page.keyboard.press("Escape")
    played(page, 0.6)
    page.keyboard.press("Escape")
    assert page.evaluate("document.getElementById('sound').paused")
    assert words(page, "word")
    # write
    page.keyboard.press("Enter")
    expect(page.locator("#text-1")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("We told nobody. We told Marlowe twice.")
    saved(page)
    assert stands(site).find(1).turn.text == "We told nobody. We told Marlowe twice."
    # cut in two, give the second half to somebody, make it whole again
    for _ in range(len(" We told Marlowe twice.")):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(turns).to_have_count(before + 1)
    page.keyboard.type("Yes. ")
    page.keyboard.press("Control+2")
    saved(page)
    first, second = stands(site).turns[:2]
    assert (first.text, second.text, second.speaker.value) == (
        "We told nobody.",
        "Yes. We told Marlowe twice.",
        "Participant",
    )
    page.keyboard.press("Home")
    page.keyboard.press("Backspace")
    expect(turns).to_have_count(before)
    saved(page)
    assert stands(site).find(1).turn.text == "We told nobody. Yes. We told Marlowe twice."
    # undo goes back step by step, also after a reload
    page.reload()
    page.wait_for_selector(READY)
    page.keyboard.press("Control+z")
    expect(turns).to_have_count(before + 1)
    page.keyboard.press("Control+y")
    expect(turns).to_have_count(before)
    # right, next
    page.locator("#turn-1").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#turn-2")).to_be_focused()
    expect(page.locator("#turn-1 .turn-mark--checked")).to_have_text("Checked by ana")
    # doubts one after the other, each with one key
    left = len(reviewing.open_doubts(site.home, site.story.ana, FIRST))
    page.keyboard.press("Control+.")
    assert len(words(page, "doubt-now")) <= 1
    while left:
        page.keyboard.press("Alt+Enter")
        left -= 1
        expect(page.locator("#doubts li")).to_have_count(left)
    assert reviewing.open_doubts(site.home, site.story.ana, FIRST) == []
    # a note, and away with F6
    page.keyboard.press("Control+m")
    expect(page.locator("#note-text")).to_be_focused()
    page.keyboard.type("Ask her again")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#notes li")).to_have_count(1)
    page.keyboard.press("F6")
    assert page.evaluate("document.activeElement.dataset.action") == "play"
    page.keyboard.press("F6")
    expect(page.locator(".turn:focus")).to_have_count(1)
    # Tab leads out of a text that is written in: nobody is trapped
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.closest('.turns')")
    assert page.locator("[contenteditable]").count() == 0


def test_what_plays_is_shown_without_touching_the_text_and_counts_as_heard(visitor: Visitor, site: Site) -> None:
    page = opened(visitor)
    page.evaluate("""() => {
        window.touched = 0;
        new MutationObserver(all => window.touched += all.length)
            .observe(document.querySelector('.turns'), {subtree: true, childList: true, characterData: true});
    }""")
    page.keyboard.press("Control+Space")
    played(page, 2.2)
    page.keyboard.press("Control+Space")
    assert page.evaluate("window.touched") == 0
    assert words(page, "word")
    until(page, "fetch('?').then(a => a.text()).then(t => !t.includes('data-heard=\"\"'))")
    (listening,) = reviewing.read(site.home, site.story.ana, FIRST).listened
    assert sum(span.end - span.start for span in listening.played) > 1
    # going on begins a little before
    paused = at(page)
    page.keyboard.press("F3")
    assert at(page) > paused
    page.keyboard.press("Shift+F2")
    assert at(page) == 0
    page.keyboard.press("F8")
    assert page.locator("#speed").inner_text() == "1.1×"
    for _ in range(20):
        page.keyboard.press("F7")
    assert page.locator("#speed").inner_text() == "0.6×"


def test_play_begins_a_little_before_where_it_was_paused(visitor: Visitor) -> None:
    page = opened(visitor)
    page.keyboard.press("Escape")
    played(page, 2)
    page.keyboard.press("Escape")
    paused = at(page)
    page.keyboard.press("Escape")
    assert at(page) < paused - 0.5


def test_a_word_is_jumped_to_by_clicking_it_with_alt(visitor: Visitor, site: Site) -> None:
    page = opened(visitor)
    box = page.evaluate("""() => {
        const range = document.createRange(); const node = document.querySelector('#text-1').firstChild;
        range.setStart(node, 8); range.setEnd(node, 9);
        const {left, top, width, height} = range.getBoundingClientRect(); return [left + width / 2, top + height / 2];
    }""")
    page.keyboard.down("Alt")
    page.mouse.click(*box)
    page.keyboard.up("Alt")
    word = stands(site).find(1).turn.words[2]
    assert abs(at(page) - word.start) < 0.02
    assert page.locator("[contenteditable]").count() == 0
    # without Alt the turn is written in, with the caret where it was clicked
    page.mouse.click(*box)
    page.keyboard.type("Z")
    saved(page)
    assert "Z" in stands(site).find(1).turn.text.split()[2]


def test_a_stale_version_shows_both_texts_and_leaves_the_choice(visitor: Visitor, site: Site, watch: Watch) -> None:
    watch.expected.add(409)
    page = opened(visitor)
    for choice, expected in (("Keep mine", "Keep mine goes on"), ("Take theirs", "Theirs to Take theirs")):
        theirs = f"Theirs to {choice}"
        page.locator("#turn-1").focus()
        page.keyboard.press("Enter")
        editing.rewrite(site.home, site.story.cara, FIRST, 1, theirs)
        page.keyboard.press("Control+a")
        with page.expect_response(lambda answer: answer.url.endswith("/text")) as answer:
            page.keyboard.type(f"{choice} goes on")
        assert answer.value.status == 409
        expect(page.locator(".conflict-theirs")).to_have_text(theirs)
        assert stands(site).find(1).turn.text == theirs
        assert axe.violations(page) == []
        page.get_by_role("button", name=choice).click()
        saved(page)
        expect(page.locator("#text-1")).to_have_text(expected)
        expect(page.locator(".conflict")).to_have_count(0)
        assert stands(site).find(1).turn.text == expected


def test_who_is_at_work_is_said_and_can_be_taken_over(visitor: Visitor, site: Site, watch: Watch) -> None:
    watch.expected.add(409)
    ana, cara = opened(visitor), opened(visitor, "cara")
    ana.locator("#turn-1").focus()
    ana.keyboard.press("Control+1")
    saved(ana)
    cara.locator("#turn-2").focus()
    cara.keyboard.press("Control+2")
    expect(cara.locator("#held")).to_be_visible()
    assert cara.locator("#held-by").inner_text() == "ana"
    expect(cara.locator("#turn-2 .turn-who")).to_have_text(stands(site).find(2).turn.speaker.value)
    assert axe.violations(cara) == []
    cara.get_by_role("button", name="Take it over").click()
    expect(cara.locator("#held")).to_be_hidden()
    cara.locator("#turn-2").focus()
    cara.keyboard.press("Control+2")
    saved(cara)
    assert stands(site).find(2).turn.speaker.value == "Participant"


def test_find_and_replace_is_shown_first_and_undone_in_one_step(visitor: Visitor, site: Site) -> None:
    page = opened(visitor)
    page.locator("#turn-1").focus()
    page.keyboard.press("Control+h")
    page.keyboard.type("marlowe")
    hits = page.locator("#hits li")
    expect(hits.first).to_be_visible()
    count = hits.count()
    assert count >= 2 and words(page, "found") == ["Marlowe"] * count
    assert axe.violations(page) == []
    hits.first.get_by_role("checkbox").uncheck()
    page.get_by_label("Replace with").fill("Harlow")
    page.get_by_role("button", name=f"Replace {count - 1} place").click()
    expect(hits).to_have_count(1)
    assert sum("Harlow" in turn.text for turn in stands(site).turns) >= 1
    page.locator("[data-action=undo]").click()
    expect(page.locator("#toast-words")).to_have_text("Taken back")
    assert not any("Harlow" in turn.text for turn in stands(site).turns)


def test_a_term_of_the_glossary_heard_wrongly_is_offered(visitor: Visitor, site: Site) -> None:
    glossary.change(site.home, site.story.ana, story.REVIEW, add=["Marlow"])
    page = opened(visitor)
    page.keyboard.press("Control+h")
    page.get_by_role("button", name="Marlowe → Marlow").click()
    expect(page.locator("#find-count")).to_have_text(re.compile("place"))
    page.get_by_role("button", name=re.compile("^Replace")).click()
    expect(page.locator("#hits li")).to_have_count(0)
    assert all("Marlow " in turn.text for turn in stands(site).turns)
    assert axe.violations(page) == []


def test_keys_are_changed_and_a_pedal_is_learnt(visitor: Visitor) -> None:
    page = opened(visitor)
    page.keyboard.press("Control+/")
    dialog = page.get_by_role("dialog", name="Keys and settings")
    expect(dialog).to_be_visible()
    assert axe.violations(page) == []
    dialog.get_by_label("Keys", exact=True).select_option("pedals")
    dialog.locator("#change-play").click()
    page.keyboard.press("a")
    expect(dialog.locator("#keys-learn")).to_contain_text("needed for writing")
    with page.expect_response("**/review-keys"):
        page.keyboard.press("F9")
    expect(dialog.locator("#keys-learn")).to_contain_text("“Repeat this turn” has lost this key")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.reload()
    page.wait_for_selector(READY)
    until(page, "document.querySelector('[data-action=play]').getAttribute('aria-keyshortcuts') === 'F9'")
    page.keyboard.press("F9")
    played(page, 0.2)


def test_how_it_is_written_stands_above_every_view(site: Site) -> None:
    for view in ("", "?view=pseudonyms", "?view=machine"):
        assert "Written as: intelligent verbatim, without hesitation" in site.client("ana").get(f"{PAGE}{view}").text


def test_every_state_is_for_everyone(visitor: Visitor, site: Site) -> None:
    page = opened(visitor)
    editing.note(site.home, site.story.cara, FIRST, 2, "a note")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.locator("#turn-1").focus()
        assert axe.violations(page) == []
        page.keyboard.press("Enter")
        assert axe.violations(page) == []
        page.get_by_role("tab", name="This turn").click()
        page.locator("#history summary").click()
        assert axe.violations(page) == []
        page.locator("#history summary").click()
        for view in ("pseudonyms", "machine"):
            page.goto(f"{PAGE}?view={view}")
            page.wait_for_selector(READY)
            assert axe.violations(page) == []
            assert page.locator("button.turn-who, [data-editable]").count() == 0
        page.goto(PAGE)
        page.wait_for_selector(READY)
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.locator("[data-action=side]").click()
    expect(page.locator("#side")).to_be_visible()
    assert axe.violations(page) == []


def test_the_focus_is_never_behind_the_player(visitor: Visitor) -> None:
    page = opened(visitor, viewport={"width": 800, "height": 420})
    page.locator("#turn-1").focus()
    for _ in range(page.locator(".turn").count()):
        page.keyboard.press("ArrowDown")
        hidden = page.evaluate("""() => document.activeElement.getBoundingClientRect().bottom >
            document.getElementById('dock').getBoundingClientRect().top + 1""")
        assert not hidden


def test_without_script_it_is_read_and_a_doubt_is_resolved(visitor: Visitor, site: Site) -> None:
    page = visitor("ana", PAGE, java_script_enabled=False)
    said = [turn.text for turn in stands(site).turns]
    assert page.locator(".turn-text").all_inner_texts() == said
    assert not page.locator("#dock").is_visible()
    before = page.locator("#doubts li").count()
    page.get_by_role("button", name=re.compile("It is right now")).first.click()
    assert page.locator("#doubts li").count() == before - 1


def test_a_lost_connection_loses_nothing(visitor: Visitor, site: Site, watch: Watch) -> None:
    page = opened(visitor)
    page.route("**/transcript/text", lambda route: route.abort())
    page.locator("#turn-1").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("kept all the same")
    expect(page.locator("#saved")).to_have_text("Not saved, trying again")
    page.unroute("**/transcript/text")
    saved(page)
    assert stands(site).find(1).turn.text == "kept all the same"
    watch.problems[:] = [one for one in watch.problems if "ERR_FAILED" not in one]


def test_signed_out_nothing_is_lost(visitor: Visitor, site: Site, watch: Watch) -> None:
    page = opened(visitor)
    page.locator("#turn-1").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    watch.expected.add(401)
    cookies = page.context.cookies()
    page.context.clear_cookies()
    # in one go: what is typed once the dialog is open is typed into the dialog
    page.keyboard.insert_text("still here")
    expect(page.get_by_role("dialog", name="You are signed out")).to_be_visible()
    assert axe.violations(page) == []
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    page.get_by_role("button", name="Save now").click()
    expect(page.locator("#signed-out")).to_be_hidden()
    saved(page)
    assert stands(site).find(1).turn.text == "still here"


def test_the_address_leads_back_to_the_same_turn_and_second(visitor: Visitor) -> None:
    page = opened(visitor)
    page.locator("#turn-2").focus()
    page.keyboard.press("F3")
    page.keyboard.press("ArrowDown")
    page.wait_for_url(re.compile("turn=3"))
    there = at(page)
    page.reload()
    page.wait_for_selector(READY)
    expect(page.locator("#turn-3")).to_be_focused()
    until(page, "time => Math.abs(document.getElementById('sound').currentTime - time) < 0.1", there)


def used(browser: Browser, profile: Path, site: Site) -> BrowserContext:
    """A browser with a profile on the disk, in which ana has opened the page."""
    arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=conftest.CHROMIUM, args=arguments, base_url=site.origin
    )
    page = context.pages[0]
    page.goto("/sign-in")
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill(story.password("ana"))
    page.get_by_role("button", name="Sign in").click()
    page.goto(PAGE)
    page.wait_for_selector(READY)
    return context


SLICES = 40
HALF = 24  # bytes


def residue(profile: Path, site: Site) -> tuple[int, bool]:
    """How many of 40 slices of the sound lie in the profile, and whether a typed word does.

    A cache puts heads of its own between what it was given in one go. Such a head cuts one half of a slice and not both.
    """
    sound = site.client("ana").get(f"/conversations/{FIRST}/playback", Range="bytes=0-").body
    start = len(sound) // 4
    places = [start + (len(sound) - start - 2 * HALF) * number // SLICES for number in range(SLICES)]
    files = [file.read_bytes() for file in profile.rglob("*") if file.is_file()]
    found = sum(
        any(sound[at : at + HALF] in data for data in files for at in (place, place + HALF)) for place in places
    )
    typed = any(
        word in data for data in files for word in ("Quillfeather".encode(code) for code in ("utf-8", "utf-16-le"))
    )
    return found, typed


@pytest.mark.parametrize("careless", [False, True], ids=["as it is", "control"])
def test_a_used_browser_holds_no_sound_and_no_word(
    browser: Browser, tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch, careless: bool
) -> None:
    if careless:
        # what a framework says by itself about a file that it serves
        for name, value in (("Cache-Control", "private, max-age=3600"), ("ETag", '"1"')):
            monkeypatch.setitem(headers.HEADERS, name, value)
    context = used(browser, tmp_path / "profile", site)
    page = context.pages[0]
    page.keyboard.press("Escape")
    played(page, 1)
    # all of it has come to the browser, which a browser that keeps it will then have kept
    until(page, "(sound => sound.buffered.end(0) > sound.duration - 0.1)(document.getElementById('sound'))")
    page.keyboard.press("Escape")
    page.locator("#turn-1").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Quillfeather ")
    saved(page)
    page.keyboard.press("Control+m")
    if careless:
        page.evaluate("document.getElementById('note-text').removeAttribute('autocomplete')")
    page.keyboard.type("Quillfeather")
    page.wait_for_timeout(500)
    page.goto("/account")
    context.close()
    sound, typed = residue(tmp_path / "profile", site)
    assert (sound, typed) == ((SLICES, True) if careless else (0, False))


def test_a_killed_browser_loses_at_most_five_letters(browser: Browser, tmp_path: Path, site: Site) -> None:
    typed = "all of this was said and it is written down as fast as somebody can"
    context = used(browser, tmp_path / "killed", site)
    page = context.pages[0]
    page.locator("#turn-1").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type(typed, delay=62)
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        # its own browser, by the profile on its command line; some processes end while one looks
        with suppress(OSError):
            if str(tmp_path / "killed").encode() in process.read_bytes():
                os.kill(int(process.parent.name), signal.SIGKILL)
    kept = stands(site).find(1).turn.text
    assert typed.startswith(kept)
    assert len(typed) - len(kept) <= 5
