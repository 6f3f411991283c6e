"""A conversation is recorded at the page, with a microphone that plays a file: it is sealed as it is spoken, and nowhere else."""

import gc
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Response, Route, expect

from access import directory
from pipeline.recording import arriving
from pipeline.recording.confined import probe
from pipeline.recording.confined_sound import decode
from pipeline.recording.intake import marks
from pipeline.recording.sound import RATE, AudioFacts
from retention import holds, withdrawal
from storage.blobs import BlobRef, DraftBusy, NoSuchBlob
from storage.models import Arrival, Incident, State
from storage.vault import KeyClass
from tests import story
from tests.pipeline import media
from tests.story import FIRST, Stage, Story
from tests.web import axe, sites
from tests.web.conftest import CHROMIUM, Visitor
from tests.web.sites import Site
from tests.web.test_upload import PART, SOUND, TUS, begun, offset
from tests.web.watching import Watch
from web import arrivals

RECORD = f"/conversations/{FIRST}/record"
PITCH = 700


@pytest.fixture
def stage() -> Stage:
    return Stage.PLANNED


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the microphone hears, again and again: a tone that stops for a while."""
    file = tmp_path_factory.mktemp("microphone") / "heard.wav"
    time = np.arange(3 * RATE) / RATE
    tone = (9_000 * np.sin(2 * np.pi * PITCH * time) * (time < 2.5)).astype(np.int16)
    file.write_bytes(media.encoded(tone[None, :], "wav"))
    return file


@pytest.fixture(scope="module")
def browser(browser: Browser, played: Path) -> Iterator[Browser]:
    """Another one, whose microphone plays the file."""
    started = browser.browser_type.launch(executable_path=CHROMIUM, args=arguments(played))
    yield started
    started.close()


def arguments(played: Path) -> list[str]:
    return [
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={played}",
    ]


def begin(page: Page) -> None:
    """By keyboard alone."""
    page.get_by_label("The participant has heard this and agrees").press("Space")
    page.get_by_role("button", name="Start recording").press("Enter")
    expect(page.locator("#state")).to_have_text("Recording")


def seconds(page: Page, least: int) -> None:
    """Wait until so much was recorded and has arrived."""
    expect(page.locator("#clock")).to_have_text(re.compile(rf"0:00:(0[{least}-9]|[1-5]\d)"), timeout=60_000)
    expect(page.locator("#arrived")).to_contain_text("arrived and is sealed", timeout=60_000)


def sound(told: Story, reference: str = FIRST) -> np.ndarray:
    """What is stored, decoded: shape (channels, samples)."""
    with told.playing(reference) as plain:
        return np.concatenate([block.samples for block in decode(plain)], axis=1)


def pitch(samples: np.ndarray) -> float:
    loud = samples.astype(np.float64)[RATE : 3 * RATE]
    return float(np.abs(np.fft.rfft(loud)).argmax() * RATE / len(loud))


def test_what_is_spoken_is_sealed_and_decodes(visitor: Visitor, site: Site) -> None:
    page = visitor("ana", RECORD)
    assert axe.violations(page) == []
    page.get_by_role("button", name="Try the microphones").click()
    expect(page.locator("#levels")).to_be_visible()
    expect(page.locator("#first option")).not_to_have_count(1)
    begin(page)
    assert axe.violations(page) == []
    seconds(page, 3)
    page.get_by_role("button", name="Mark this moment").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#state")).to_have_text("Paused")
    assert axe.violations(page) == []
    then = page.locator("#clock").inner_text()
    page.wait_for_timeout(2_000)
    assert page.locator("#clock").inner_text() == then
    page.keyboard.press("Control+Space")
    expect(page.locator("#state")).to_have_text("Recording")
    seconds(page, 5)
    page.keyboard.press("Control+m")
    page.get_by_role("button", name="End and keep").click()
    expect(page).to_have_url(f"{site.origin}/conversations/{FIRST}/recording?done=sealed")
    assert axe.violations(page) == []
    expect(page.get_by_role("img", name="Levels of channel 1")).to_be_visible()
    assert "straight into the sealed store" in page.get_by_role("main").inner_text()
    one = site.story.conversation(FIRST)
    assert one.state is State.RECORDED and one.recording is not None
    heard = sound(site.story)
    assert 5 <= heard.shape[1] / RATE <= 30
    assert pitch(heard[0]) == pytest.approx(PITCH, abs=3)
    key = site.home.vault.get(one.recording_key, KeyClass.RECORDING)
    marked = marks(one.recording, key)
    assert len(marked) == 2 and 3 <= marked[0] < marked[1] <= heard.shape[1] / RATE + 0.5
    assert story.rows(site.home, Incident) == 0


def test_two_microphones_become_two_channels(visitor: Visitor, site: Site) -> None:
    page = visitor("ana", RECORD)
    page.get_by_role("button", name="Try the microphones").click()
    expect(page.locator("#second option")).not_to_have_count(1)
    names = page.locator("#first option").all_inner_texts()
    page.get_by_label("Microphone 1, the interviewer’s").select_option(label=names[0])
    page.get_by_label("Microphone 2, the participant’s").select_option(label=names[1])
    expect(page.locator("#meter-2-row")).to_be_visible()
    begin(page)
    seconds(page, 3)
    page.get_by_role("button", name="End and keep").click()
    expect(page).to_have_url(re.compile("done=sealed"))
    heard = sound(site.story)
    assert heard.shape[0] == 2 and [pitch(one) for one in heard] == pytest.approx([PITCH, PITCH], abs=3)
    expect(page.get_by_role("img")).to_have_count(2)


def test_nothing_is_recorded_before_somebody_agreed(visitor: Visitor, site: Site) -> None:
    page = visitor("ana", RECORD)
    page.get_by_role("button", name="Start recording").click()
    expect(page.get_by_role("alert")).to_contain_text("Ask first")
    assert arriving.known(site.home, FIRST) is None


@pytest.mark.parametrize(
    "refusing",
    ["window.MediaRecorder = class { constructor() { refuse(); } }", "MediaRecorder.prototype.start = refuse"],
)
def test_a_browser_that_cannot_record_says_so_and_begins_nothing(visitor: Visitor, site: Site, refusing: str) -> None:
    page = visitor("ana", RECORD)
    page.evaluate(
        f"() => {{ const refuse = () => {{ throw new DOMException('', 'NotSupportedError'); }}; {refusing}; }}"
    )
    page.get_by_label("The participant has heard this and agrees").check()
    page.get_by_role("button", name="Start recording").click()
    expect(page.get_by_role("alert")).to_have_text(
        "This browser cannot record in a form that can be kept. Use another one."
    )
    assert arriving.known(site.home, FIRST) is None


def test_while_a_recording_begins_its_microphones_stay(visitor: Visitor, site: Site, watch: Watch) -> None:
    page = visitor("ana", RECORD)
    page.get_by_label("The participant has heard this and agrees").check()
    waiting = list[Route]()
    page.route("**/upload", lambda route: waiting.append(route))
    start = page.get_by_role("button", name="Start recording")
    with page.expect_request("**/upload"):
        start.press("Enter")
    choices = [page.locator(f"#{name}") for name in ("first", "second", "try", "start")]
    for choice in choices:
        expect(choice).to_be_disabled()
    watch.expected.add(503)
    waiting.pop().fulfill(status=503)
    expect(page.get_by_role("alert")).to_contain_text("The server answered 503")
    for choice in choices:
        expect(choice).to_be_enabled()
    page.unroute("**/upload")
    start.press("Enter")
    seconds(page, 2)
    page.get_by_role("button", name="End and keep").click()
    expect(page).to_have_url(re.compile("done=sealed"))
    assert pitch(sound(site.story)[0]) == pytest.approx(PITCH, abs=3)


def test_only_this_page_may_use_a_microphone(site: Site) -> None:
    client = site.client("ana")
    assert "microphone=(self)" in client.get(RECORD).headers["permissions-policy"]
    for path in (f"/conversations/{FIRST}", f"/conversations/{FIRST}/upload", "/conversations"):
        assert "microphone=()" in client.get(path).headers["permissions-policy"]


def test_a_lost_network_loses_nothing_and_says_so(visitor: Visitor, site: Site, watch: Watch) -> None:
    page = visitor("ana", RECORD)
    begin(page)
    seconds(page, 2)
    watch.expected.add(503)
    page.route("**/upload/*", lambda route: route.fulfill(status=503))
    expect(page.locator("#arrived")).to_contain_text("Not yet arrived:", timeout=20_000)
    expect(page.locator("#warning")).to_contain_text("Keep this page open: the recording goes on")
    assert axe.violations(page) == []
    page.wait_for_timeout(3_000)
    page.unroute("**/upload/*")
    expect(page.locator("#arrived")).to_contain_text("arrived and is sealed", timeout=40_000)
    length = page.locator("#clock").inner_text()
    page.get_by_role("button", name="End and keep").click()
    expect(page).to_have_url(re.compile("done=sealed"))
    heard = sound(site.story)
    assert heard.shape[1] / RATE >= int(length.rpartition(":")[2]) - 1
    # The tone comes back every three seconds: a hole would have moved it.
    assert pitch(heard[0]) == pytest.approx(PITCH, abs=3) and story.rows(site.home, Incident) == 0


def test_a_draft_that_is_held_elsewhere_for_a_moment_does_not_end_a_recording(
    visitor: Visitor, site: Site, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visitor("ana", RECORD)
    begin(page)
    seconds(page, 2)
    monkeypatch.setattr(arrivals, "HELD", timedelta(0))
    watch.expected.add(409)
    with taken(site), page.expect_response(asked_in_vain):
        expect(page.locator("#arrived")).to_contain_text("Not yet arrived:", timeout=20_000)
    seconds(page, 4)
    expect(page.locator("#error")).to_be_hidden()
    page.get_by_role("button", name="End and keep").click()
    expect(page).to_have_url(re.compile("done=sealed"))
    assert sound(site.story).shape[1] / RATE >= 4


def taken(site: Site) -> BinaryIO:
    """The draft, as another process holds it; the server takes it up again with each part that comes."""
    client = site.client("cara")
    for _ in range(100):
        client.get("/conversations")
        with site.home.reading() as session:
            (arrival,) = session.query(Arrival).all()
        with suppress(DraftBusy, NoSuchBlob):
            return site.home.blobs.drafted(BlobRef(arrival.blob))
    raise AssertionError("the server never let go of it")


def asked_in_vain(answer: Response) -> bool:
    """Such an answer has no body that could tell why."""
    return answer.request.method == "HEAD" and answer.status == 409


def broken_off(visitor: Visitor, least: int = 4) -> None:
    page = visitor("ana", RECORD)
    begin(page)
    seconds(page, least)
    page.close(run_before_unload=False)


def test_a_closed_browser_loses_the_last_seconds_and_says_so(
    visitor: Visitor, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_off(visitor)
    page = visitor("cara", RECORD)
    expect(page.get_by_role("heading", level=1)).to_contain_text("is being recorded")
    assert site.client("cara").post(f"{RECORD}/keep").status == 409
    assert "Being recorded" in site.client("cara").get("/conversations").text
    monkeypatch.setattr(arrivals, "SILENT", timedelta(0))
    assert "Recording broke off" in site.client("cara").get("/conversations").text
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("was recorded and broke off")
    assert axe.violations(page) == []
    page.get_by_role("button", name="Keep what has arrived").click()
    expect(page).to_have_url(re.compile("done=sealed"))
    heard = sound(site.story)
    assert heard.shape[1] / RATE >= 3 and pitch(heard[0]) == pytest.approx(PITCH, abs=3)
    with site.home.reading() as session:
        (incident,) = session.query(Incident).all()
    assert incident.start == pytest.approx(heard.shape[1] / RATE, abs=0.5)
    sealed = site.story.log()[-1]
    assert sealed.detail["broken_off"] is True and sealed.actor == "cara", "who decided, not who recorded"


def test_what_broke_off_is_given_up_by_who_means_it_and_where_no_hold_forbids(
    visitor: Visitor, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_off(visitor, 1)
    monkeypatch.setattr(arrivals, "SILENT", timedelta(0))
    client = site.client("ana")
    assert client.post(f"{RECORD}/discard", {"typed": "C-9"}).status == 422
    number = holds.place(site.home, site.story.ben, story.password("ben"), FIRST, reason="court", reference="x")
    assert client.post(f"{RECORD}/discard", {"typed": FIRST}).status == 409
    assert arriving.known(site.home, FIRST) is not None
    for name in ("ben", "eve"):
        person = directory.find(site.home, name)
        holds.lift(site.home, person, story.password(name), number, reason="over", reference="x")
    assert client.post(f"{RECORD}/discard", {"typed": FIRST}).status == 303
    assert not list(site.home.blobs.survey()) and site.story.events()[-1] == "recording.given_up"
    assert site.story.conversation(FIRST).state is State.PLANNED


@pytest.mark.parametrize("silent", [timedelta(0), timedelta(hours=1)])
def test_the_next_step_leads_to_what_is_recorded_here(
    site: Site, monkeypatch: pytest.MonkeyPatch, silent: timedelta
) -> None:
    client = site.client("ana")
    client.ask("POST", f"/conversations/{FIRST}/upload", headers={**TUS, "Upload-Defer-Length": "1"})
    monkeypatch.setattr(arrivals, "SILENT", silent)
    says = "Being recorded" if silent else "Recording broke off: keep it or give it up"
    for table in ("/conversations", f"/reviews/{story.REVIEW}"):
        assert re.findall(f'href="([^"]*)"[^>]*>{says}<', client.get(table).text) == [RECORD]
    assert client.get(RECORD).status == 200


def test_while_it_is_sealed_nobody_else_decides_about_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, go_on = threading.Event(), threading.Event()

    def slowly(file: BinaryIO) -> AudioFacts:
        looked.set()
        assert go_on.wait(60)
        return probe(file)

    ana, cara = site.client("ana"), site.client("cara")
    begun_live = {**TUS, "Upload-Defer-Length": "1"}
    place = ana.ask("POST", f"/conversations/{FIRST}/upload", headers=begun_live).location
    monkeypatch.setattr(arriving, "probe", slowly)
    monkeypatch.setattr(arrivals, "SILENT", timedelta(0))
    last = {**PART, "Upload-Offset": "0", "Upload-Length": str(len(SOUND))}
    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(ana.ask, "PATCH", place, SOUND, last)
        try:
            assert looked.wait(60)
            assert cara.post(f"{RECORD}/discard", {"typed": FIRST}).status == 409
            assert cara.post(f"{RECORD}/keep").status == 409
            assert "Being recorded" in cara.get("/conversations").text
        finally:
            go_on.set()
        assert ending.result().status == 204
    assert site.story.stored() == SOUND


def test_what_somebody_took_is_not_sealed_by_who_comes_late(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "SILENT", timedelta(0))
    several = arrivals.Arrivals(site.home)
    late = several.begin(site.story.ana, FIRST, None, "")
    late.arrival.receive(SOUND)
    several.take(directory.find(site.home, "cara"), FIRST).give_up()
    again = several.begin(site.story.ana, FIRST, None, "")
    with pytest.raises(arrivals.NoSuchUpload):
        several.finish(late)
    several.end(late)
    assert several.find(site.story.ana, FIRST, again.id) is again, "another one is not ended with it"
    again.arrival.give_up()
    given_up = [entry.actor for entry in site.story.log() if entry.event == "recording.given_up"]
    assert given_up == ["cara", "ana"], "the log names who decided"


def test_a_withdrawal_ends_a_recording(visitor: Visitor, site: Site, watch: Watch) -> None:
    page = visitor("ana", RECORD)
    begin(page)
    seconds(page, 2)
    watch.expected.add(410)
    withdrawal.withdraw(site.home, site.story.ben, story.password("ben"), FIRST)
    expect(page.locator("#error")).to_contain_text("The recording has stopped")
    assert axe.violations(page) == []
    assert site.client("ana").get(RECORD).status == 410


def test_an_end_that_is_refused_says_so(visitor: Visitor, watch: Watch) -> None:
    page = visitor("ana", RECORD)
    begin(page)
    seconds(page, 1)
    watch.expected.add(422)

    def refuse_the_end(route: Route) -> None:
        if "upload-length" in route.request.headers:
            route.fulfill(status=422)
        else:
            route.continue_()

    page.route("**/upload/*", refuse_the_end)
    page.get_by_role("button", name="End and keep").click()
    expect(page.locator("#error")).to_contain_text("The recording has stopped")


def test_what_nobody_goes_on_with_is_let_go_of(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = site.client("ana")
    place = begun(client, SOUND)
    client.ask("PATCH", place, SOUND[:1_500_000], {**PART, "Upload-Offset": "0"})
    with pytest.raises(DraftBusy):
        arriving.pick_up(site.home, site.story.ana, FIRST)
    assert "Being uploaded" in client.get("/conversations").text
    monkeypatch.setattr(arrivals, "HELD", timedelta(0))
    assert "Upload stopped" in client.get("/conversations").text
    arriving.pick_up(site.home, site.story.ana, FIRST).let_go()
    at = offset(client, place)
    assert client.ask("PATCH", place, SOUND[at:], {**PART, "Upload-Offset": str(at)}).status == 204
    assert site.story.stored() == SOUND


def test_a_server_that_is_started_anew_costs_nothing(browser: Browser, tmp_path: Path) -> None:
    told = story.at(Stage.PLANNED, tmp_path)
    with sites.serving(told.home) as origin:
        page = browser.new_context(base_url=origin).new_page()
        form: dict[str, str | float | bool] = {"name": "ana", "password": story.password("ana")}
        page.context.request.post("/sign-in", form=form, headers={"Sec-Fetch-Site": "same-origin"}, max_redirects=0)
        page.goto(RECORD)
        begin(page)
        seconds(page, 3)
    # As another process finds it: nobody holds the draft.
    gc.collect()
    expect(page.locator("#warning")).to_contain_text("The server cannot be reached", timeout=20_000)
    with sites.serving(told.home, int(origin.rpartition(":")[2])):
        seconds(page, 8)
        page.get_by_role("button", name="End and keep").click()
        expect(page).to_have_url(re.compile("done=sealed"), timeout=20_000)
    heard = sound(told)
    assert heard.shape[1] / RATE >= 7 and pitch(heard[0]) == pytest.approx(PITCH, abs=3)
    page.context.close()
    told.home.close()


def test_neither_a_disk_nor_a_browser_keeps_any_of_it(
    browser: Browser, site: Site, played: Path, tmp_path: Path
) -> None:
    """What was recorded is looked for in the store, in temporary files and in everything a browser has written."""
    profile = tmp_path / "profile"
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=CHROMIUM, args=arguments(played), base_url=site.origin
    )
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill(story.password("ana"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/conversations")
    page.goto(RECORD)
    begin(page)
    seconds(page, 6)
    page.get_by_role("button", name="End and keep").click()
    page.wait_for_url("**/recording?done=sealed")
    context.close()
    spoken = site.story.stored()
    slices = [spoken[at : at + 48] for at in range(len(spoken) // 8, len(spoken) - 48, len(spoken) // 40)]
    # A run of zeros, which an encoder may write, stands in any database.
    slices = [one for one in slices if len(set(one)) > len(one) // 2]
    assert len(slices) > 20
    assert found(tmp_path, slices) == []
    (profile / "planted").write_bytes(spoken[: len(spoken) // 2])
    assert found(tmp_path, slices) == [profile / "planted"], "the control: it would be found"


def found(folder: Path, slices: list[bytes]) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path for path in files if any(one in path.read_bytes() for one in slices)]
