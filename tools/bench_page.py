"""The review and the coding page with 15,000 words and an hour and a half, in Chromium: `python -m tools.bench_page`.

Each figure stands beside the pattern that transcript editors use most, measured in the same run: one box to write in with an
element around every word. Read the ratios; the rest depends on the machine.
"""

import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

import numpy as np
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import delete

from pipeline import contents
from pipeline.codes import coding
from pipeline.codes.quotes import Anchor
from pipeline.recording.playback import Playback
from pipeline.recording.sound import RATE
from pipeline.reviews import codebook_of, find_conversation, recording_key
from pipeline.transcription import doubts
from pipeline.transcripts.document import Document, Passage
from pipeline.transcripts.transcript import Span, Speaker, Turn, Word, turns_to_json
from storage import age
from storage.models import Doubt
from storage.sealed import seal_value, slot
from tests import story
from tests.story import FIRST, Stage, Story
from tests.web import sites
from tools import bench_log
from web.files import STATIC

WORDS: Final = 15_000
TURNS: Final = 450
ENTRIES: Final = 10_000
MINUTES: Final = 90
EXTRACTS: Final = 2_000
SAID: Final = (
    "we told them about it twice but nobody came to the house when the mother had asked, forty families at that point"
)
CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")

# When a page says that it is ready, by its own clock, which began when the address was asked for; loading sound is no part of it.
READY: Final = """new MutationObserver((_, watch) => {
    if (!document.documentElement?.dataset.ready) return;
    window.readyAt = performance.now();
    watch.disconnect();
}).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ['data-ready']});"""
# How long each of sixty acts takes until its frame is there.
TO_FRAME: Final = """async () => {
    const times = [];
    for (let number = 0; number < 60; number += 1) {
        const begun = performance.now();
        %s;
        await new Promise(done => requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = done;
            channel.port2.postMessage(0);
        }));
        times.push(performance.now() - begun);
    }
    return times;
}"""
KEYS: Final = TO_FRAME % "document.execCommand('insertText', false, 'a')"
MOVES: Final = TO_FRAME % (
    "document.activeElement.dispatchEvent("
    "new KeyboardEvent('keydown', {key: 'ArrowDown', bubbles: true, cancelable: true}))"
)
SEEKS: Final = """async () => {
    const sound = document.getElementById('sound');
    const times = [];
    const begun = performance.now();
    await sound.play();
    const start = performance.now() - begun;
    const found = [];
    for (let number = 1; number <= 60; number += 1) {
        const from = performance.now();
        const since = name => new Promise(done => sound.addEventListener(name, done, {once: true}))
            .then(() => performance.now() - from);
        const [seeked, playing] = [since('seeked'), since('playing')];
        sound.currentTime = (number * 0.61803 % 1) * sound.duration * 0.98;
        found.push(await seeked);
        times.push(await playing);
    }
    sound.pause();
    return [start, found, times];
}"""
SPANS: Final = """() => {
    const box = document.createElement('div');
    box.contentEditable = 'true';
    for (const text of [...document.querySelectorAll('.turn-text')].map(one => one.textContent)) {
        const paragraph = box.appendChild(document.createElement('p'));
        for (const word of text.split(' ')) {
            const span = paragraph.appendChild(document.createElement('span'));
            span.textContent = word + ' ';
        }
    }
    document.querySelector('.review').replaceWith(box);
    box.focus();
    getSelection().collapse(box.children[20].firstChild.firstChild, 1);
}"""


VERIFY: Final = """
async ([bundle, key]) => {
  const { verify } = IMPORTED;
  const times = [];
  for (let time = 0; time < 5; time++) {
    const begun = performance.now();
    const said = await verify(bundle, key);
    if (!said.ok) throw new Error(said.text);
    times.push(performance.now() - begun);
  }
  return times;
}""".replace("IMPORTED", f'await import("{STATIC}/js/audit/log.js")')


def main() -> None:
    if CHROMIUM is None:
        sys.exit("This needs Chromium (on Debian and Ubuntu: apt install chromium).")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        told = story.at(Stage.TRANSCRIBED, Path(folder))
        _lengthen(told)
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        with sites.serving(told.home) as origin:
            page = browser.new_page(base_url=origin, viewport={"width": 1280, "height": 900})
            page.add_init_script(READY)
            page.goto("/sign-in")
            page.get_by_label("Name").fill("ana")
            page.get_by_label("Password").fill(story.password("ana"))
            page.get_by_role("button", name="Sign in").click()
            _measure(page)
            _verify(page, Path(folder) / "log")
            _measure_coding(page, told)
        browser.close()
        told.home.close()


def _measure(page: Page) -> None:
    ready, painted = [], []
    for _ in range(10):
        ready.append(_ready(page, f"/conversations/{FIRST}/transcript"))
        painted.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"))
    print(f"{WORDS:,} words in {TURNS} turns, {MINUTES} minutes of sound; milliseconds, median and 95th percentile\n")
    _line("first paint", painted)
    _line("ready to be edited", ready)
    start, found, sounding = page.evaluate(SEEKS)
    _line("play begins", [start])
    _line("jump to any second until it is found", found)
    _line("jump to any second until it sounds", sounding)
    page.locator("#turn-20").focus()
    page.keyboard.press("Enter")
    ours: list[float] = page.evaluate(KEYS)
    _line("key to frame", ours)
    page.wait_for_timeout(3_000)
    page.evaluate(SPANS)
    theirs: list[float] = page.evaluate(KEYS)
    _line("key to frame, an element a word", theirs)
    print(
        f"\nkey to frame: {np.median(theirs) / np.median(ours):.1f} times as fast as with an element around each word"
    )


def _verify(page: Page, folder: Path) -> None:
    """The auditors' check in the browser, of a log written for this; without fetching it."""
    folder.mkdir()
    bench_log.make(folder, ENTRIES)
    given = [(folder / name).read_text(encoding="utf-8") for name in ("log.jsonl", "key")]
    page.goto("/account")
    _line(f"verify {ENTRIES:,} entries of a log", page.evaluate(VERIFY, given))


def _measure_coding(page: Page, told: Story) -> None:
    """The coding page without an extract and with as many as anybody makes; keys move the turn in hand."""
    print(f"\ncoding {WORDS:,} words in {TURNS} turns; milliseconds, median and 95th percentile\n")
    _lay_document(told)
    for count in (0, EXTRACTS):
        _code(told, count)
        ready = [_ready(page, f"/conversations/{FIRST}/coding") for _ in range(6)]
        _line(f"ready to be coded, {count:,} extracts", ready)
        page.locator("#turn-20").focus()
        moves: list[float] = page.evaluate(MOVES)
        _line(f"arrow to frame, {count:,} extracts", moves)


def _ready(page: Page, path: str) -> float:
    """Milliseconds from asking for a page until it can be worked on."""
    page.goto(path)
    page.wait_for_selector("html[data-ready]")
    found: float = page.evaluate("window.readyAt")
    return found


def _lay_document(told: Story) -> None:
    turns, _ = _draft()
    passages = (
        Passage(turn=one.number, speaker=one.speaker, start=one.start, end=one.end, text=one.text) for one in turns
    )
    with told.home.writing() as session:
        document = Document(conversation=FIRST, position="Health visitor 1", passages=tuple(passages))
        contents.set_document(told.home, find_conversation(session, FIRST), document)


def _code(told: Story, count: int) -> None:
    """Extracts of a few words to a few turns, many of them above each other."""
    pick = random.Random(2)  # noqa: S311
    with told.home.writing() as session:
        conversation = find_conversation(session, FIRST)
        document, book = contents.document(told.home, conversation), codebook_of(told.home, conversation.review)
        assert document is not None
        codes = [code.id for code in book.codes if code.codable]
        for _ in range(count):
            first = pick.randrange(TURNS - 2)
            last = first + pick.choice((0, 0, 0, 1, 2))
            anchor = Anchor(
                first_turn=first + 1,
                first_char=pick.randrange(20),
                last_turn=last + 1,
                last_char=pick.randrange(40, 80),
            )
            one = coding.extract(document, anchor, [pick.choice(codes)], codebook=book, coder="ana", at=told.home.now())
            contents.add_extract(told.home, session, conversation, told.ana, one)
            session.flush()


def _line(name: str, figures: Sequence[float]) -> None:
    print(f"{name:40}{np.median(figures):8.0f}{np.percentile(figures, 95):8.0f}")


def _lengthen(told: Story) -> None:
    """Make the first conversation as long as they become."""
    draft, end = _draft()
    known = doubts.Evidence(speech=(Span(start=0, end=end),), estimates=(), unheard=(), damaged=())
    found = doubts.find(draft, known, doubts.critical_lists())[:150]
    with told.home.writing() as session:
        conversation = find_conversation(session, FIRST)
        key = recording_key(told.home, conversation)
        conversation.draft = seal_value(key, f"conversation.draft:{conversation.id}", turns_to_json(draft))
        session.execute(delete(Doubt).where(Doubt.conversation_id == conversation.id))
        for number, doubt in enumerate(found, 1):
            row = Doubt(id=uuid4(), conversation_id=conversation.id, number=number)
            row.sealed = seal_value(key, f"doubt.sealed:{row.id}", doubts.to_json(doubt))
            session.add(row)
        with told.home.blobs.writing() as sink, age.Writer(sink, [slot(key).recipient()]) as sealed:
            copy = Playback(sealed, 1)  # type: ignore[arg-type]
            block = np.random.default_rng(1).normal(0, 2000, (1, 60 * RATE)).astype(np.int16)
            for _ in range(MINUTES):
                copy.add(block)
            copy.close()
        assert conversation.recording is not None
        conversation.recording.playback, conversation.recording.duration = sink.ref, MINUTES * 60


def _draft() -> tuple[tuple[Turn, ...], float]:
    pick, now = random.Random(1), 0.5  # noqa: S311
    turns = []
    for number in range(1, TURNS + 1):
        speaker = (Speaker.INTERVIEWER, Speaker.PARTICIPANT)[number % 2]
        words = []
        for _ in range(WORDS // TURNS):
            length = pick.uniform(0.12, 0.4)
            sure = 1.0 if pick.random() > 0.1 else pick.uniform(0.2, 0.6)
            words.append(
                Word(text=pick.choice(SAID.split()), start=now, end=now + length, probability=sure, speaker=speaker)
            )
            now += length + pick.uniform(0, 0.15)
        turns.append(Turn(number=number, speaker=speaker, words=tuple(words)))
    return tuple(turns), now


if __name__ == "__main__":
    main()
