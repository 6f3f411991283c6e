"""A recording comes in through a browser: however often it is cut, all of it, once, and nothing in the clear on the way."""

import hashlib
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import sleep

import numpy as np
import pytest
from playwright.sync_api import Route, expect

from access import directory
from access.roles import Role
from pipeline.recording import arriving
from tests import story
from tests.pipeline import media
from tests.pipeline.transcription.test_speech import Writes
from tests.story import FIRST, OTHER, Stage, Story
from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Client, Site
from tests.web.watching import Watch

SOUND = media.encoded(media.hum(90), "wav")
TUS = {"Tus-Resumable": "1.0.0", "Accept": "application/json"}
ROOT = Path(__file__).parents[2]
MOST = 4 << 20  # bytes of one part
MOST_MEMORY = 100  # MB of the whole process that serves the page
PART = {**TUS, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def stage() -> Stage:
    return Stage.PLANNED


def begun(client: Client, data: bytes, reference: str = FIRST) -> str:
    mark = hashlib.sha256(data[: 1 << 20]).hexdigest()
    headers = {**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": f"mark {mark}"}
    answer = client.ask("POST", f"/conversations/{reference}/upload", headers=headers)
    assert answer.status == 201, answer.text
    return answer.location


def offset(client: Client, place: str) -> int:
    answer = client.ask("HEAD", place, headers=TUS)
    assert answer.status == 200
    return int(answer.headers["upload-offset"])


def cut(client: Client, place: str, at: int, data: bytes, sent: int) -> None:
    """Announce the rest and close the connection after `sent` bytes of it."""
    connection = HTTPConnection(client.origin.removeprefix("http://"), timeout=30)
    connection.putrequest("PATCH", place)
    for name, value in {
        **client.headers,
        **PART,
        "Upload-Offset": str(at),
        "Content-Length": str(len(data) - at),
    }.items():
        connection.putheader(name, value)
    connection.endheaders(data[at : at + sent])
    connection.close()


def settled(client: Client, place: str, least: int) -> int:
    """How far the server is once it has noticed that a connection was cut."""
    before, still = -1, 0
    while still < 10:
        now = offset(client, place)
        if now >= least:
            return now
        before, still = now, still + 1 if now == before else 0
        sleep(0.02)
    return before


def remnants(folder: Path, words: bytes) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and words in path.read_bytes())


@contextmanager
def server(told: Story, temporary: Path) -> Iterator[tuple[str, int]]:
    """`candour serve` in a process of its own; yields where it is and its process. It is killed, not stopped."""
    temporary.mkdir(exist_ok=True)
    environment = told.environment() | {"TMPDIR": str(temporary)}
    command = [sys.executable, "-c", "from cli import main; main()", "serve", "--port", "0", "--no-link"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1], process.pid
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def most_memory(process: int) -> int:
    """The most that a process has held at once, in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024


@pytest.mark.slow
def test_an_upload_that_is_cut_a_hundred_times_is_whole(tmp_path: Path) -> None:
    """By a server that is killed four times too: all of it arrives, no part twice, little memory, nothing in the clear."""
    told, rng = story.at(Stage.PLANNED, tmp_path), random.Random(11)  # noqa: S311 - the same cuts each time
    data = SOUND * 30  # what follows the first end is kept all the same
    cuts, twice, grown, sizes, words = 0, list[int](), list[int](), list[int](), data[4_000_000:4_000_064]
    while cuts < 100:
        with server(told, tmp_path / "temporary") as (origin, process):
            client = Client(origin).signed_in("ana")
            before = most_memory(process)
            place = begun(client, data)
            at = offset(client, place)
            for _ in range(25):
                sent = min(rng.randrange(1, len(data) // 55), len(data) - at - 1)
                cut(client, place, at, data, sent)
                there, cuts = settled(client, place, at + sent), cuts + 1
                twice.append(at + sent - there)
                at = there
            sizes.append(most_memory(process))
            grown.append(sizes[-1] - before)
            assert not list(remnants(tmp_path, words))
    with server(told, tmp_path / "temporary") as (origin, process):
        client = Client(origin).signed_in("ana")
        place = begun(client, data)
        for at in iter(lambda: offset(client, place), -1):
            answer = client.ask("PATCH", place, data[at : at + MOST], {**PART, "Upload-Offset": str(at)})
            assert answer.status == 204, answer.text
            if int(answer.headers["upload-offset"]) == len(data):
                break
        sizes.append(most_memory(process))
    assert story.opened(told.home.folder).stored() == data
    assert max(twice) <= MOST
    assert max(sizes) < MOST_MEMORY
    assert max(grown) < len(data) // 2_000_000, "the control: the file itself is twice as large"
    (tmp_path / "planted").write_bytes(data[: len(data) // 2])
    assert list(remnants(tmp_path, words)) == [tmp_path / "planted"], "the control: it would be found"
    print(
        f"{len(data) / 1e6:.0f} MB, {cuts} cuts, at most {max(twice)} bytes sent twice after one, {sum(twice)} in all; "
        f"a server grew by {max(grown)} MB at most and was {max(sizes)} MB at most"
    )


def test_nothing_lies_in_the_clear_while_it_comes(site: Site, tmp_path: Path) -> None:
    client = site.client("ana")
    place = begun(client, SOUND)
    cut(client, place, 0, SOUND, 2_000_000)
    settled(client, place, 2_000_000)
    words = SOUND[500_000:500_064]
    assert not list(remnants(tmp_path, words))
    (tmp_path / "planted").write_bytes(SOUND[:600_000])
    assert list(remnants(tmp_path, words)) == [tmp_path / "planted"], "the control: it would be found"


def test_the_same_file_goes_on_and_another_one_does_not(site: Site) -> None:
    client = site.client("ana")
    place = begun(client, SOUND)
    assert begun(client, SOUND) == place
    mark = {**TUS, "Upload-Length": "9", "Upload-Metadata": f"mark {'0' * 64}"}
    assert client.ask("POST", f"/conversations/{FIRST}/upload", headers=mark).status == 409
    assert client.ask("DELETE", place, headers=TUS).status == 204
    assert client.ask("HEAD", place, headers=TUS).status == 404
    assert not list(site.home.blobs.survey())
    assert begun(client, SOUND) != place


def test_somebody_elses_upload_is_not_there(site: Site) -> None:
    place = begun(site.client("ana"), SOUND)
    told = site.story
    directory.add(told.home, told.ben, "fay", story.password("fay"), [Role.RECORDER], work=story.LIGHT)
    other = site.client("fay")
    for method in ("HEAD", "PATCH", "DELETE"):
        assert other.ask(method, place, headers={**PART, "Upload-Offset": "0"}).status == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Offset": "5"}, 409),
        ({"Upload-Offset": ""}, 409),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 422),
        ({"Tus-Resumable": "0.2"}, 422),
    ],
)
def test_a_part_that_is_not_understood_changes_nothing(site: Site, headers: dict[str, str], status: int) -> None:
    client = site.client("ana")
    place = begun(client, SOUND)
    answer = client.ask("PATCH", place, b"12345", {**PART, "Upload-Offset": "0", **headers})
    assert answer.status == status
    assert offset(client, place) == 0


def test_what_is_no_recording_is_refused_by_its_beginning_and_leaves_nothing(site: Site) -> None:
    client = site.client("ana")
    text = b"minutes of the meeting\n" * 200_000
    place = begun(client, text)
    answer = client.ask("PATCH", place, text[: 2 << 20], {**PART, "Upload-Offset": "0"})
    assert answer.status == 422 and "audio" in answer.text
    assert not list(site.home.blobs.survey())
    assert client.ask("HEAD", place, headers=TUS).status == 404


def test_a_conversation_that_has_its_recording_takes_no_other(site: Site) -> None:
    client = site.client("ana")
    place = begun(client, SOUND)
    assert client.ask("PATCH", place, SOUND, {**PART, "Upload-Offset": "0"}).status == 204
    assert client.get(f"/conversations/{FIRST}/upload").status == 409


def test_a_person_uploads_by_keyboard_and_sees_it_sealed(visitor: Visitor, site: Site) -> None:
    page = visitor("ana", f"/conversations/{FIRST}")
    page.get_by_role("button", name="Upload the recording").press("Enter")
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    page.get_by_label("Recording", exact=True).set_input_files(
        {"name": "kelly marlowe.wav", "mimeType": "audio/wav", "buffer": SOUND}
    )
    assert axe.violations(page) == []
    page.get_by_role("button", name="Seal and upload").press("Enter")
    expect(page).to_have_url(f"{site.origin}/conversations/{FIRST}/recording?done=sealed")
    expect(page.get_by_role("main")).to_contain_text("1:30")
    expect(page.get_by_role("img", name="Levels of channel 1")).to_be_visible()
    assert site.story.stored() == SOUND
    page.get_by_label("The file is destroyed").press("Space")
    page.get_by_role("button", name="Note it").press("Enter")
    expect(page.get_by_role("main")).to_contain_text("Nothing is left on the recorder, as somebody said")
    assert axe.violations(page) == []
    assert [entry.actor for entry in site.story.log() if entry.event == "recording.original_gone"] == ["ana"]


def test_what_is_odd_about_a_recording_is_asked_and_a_recorder_sees_no_levels(site: Site) -> None:
    told = site.story
    directory.add(told.home, told.ben, "fay", story.password("fay"), [Role.RECORDER], work=story.LIGHT)
    voice = media.person("woman")
    quiet = np.concatenate([voice, media.silence(150), voice], axis=1)
    both = media.encoded(np.concatenate([quiet, np.zeros_like(quiet)]), "wav")
    client = site.client("fay")
    place = begun(client, both)
    assert client.ask("PATCH", place, both, {**PART, "Upload-Offset": "0"}).status == 204
    for name, pictures in (("fay", 0), ("ana", 2)):
        page = site.client(name).get(f"/conversations/{FIRST}/recording").text
        assert "2 minutes are silent: is this the right file?" in page
        assert "Nothing is to be heard in channel 2: was that microphone on?" in page
        assert page.count("<svg") == pictures
    assert client.post(f"/conversations/{FIRST}/recording/original-gone").status == 303
    assert told.conversation(FIRST).recording.original_gone is None, "the box was not ticked"  # type: ignore[union-attr]


def test_the_same_recording_again_is_refused_in_words(visitor: Visitor, site: Site, watch: Watch) -> None:
    client = site.client("ana")
    assert client.ask("PATCH", begun(client, SOUND), SOUND, {**PART, "Upload-Offset": "0"}).status == 204
    page = visitor("ana", f"/conversations/{OTHER}/upload")
    watch.expected.add(409)
    page.get_by_label("Recording", exact=True).set_input_files(
        {"name": "a.wav", "mimeType": "audio/wav", "buffer": SOUND}
    )
    page.get_by_role("button", name="Seal and upload").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(f"This very recording was uploaded for {FIRST} before")
    assert len(list(site.home.blobs.survey())) == 1


def test_an_answer_that_is_lost_on_the_last_part_is_no_loss(visitor: Visitor, site: Site, watch: Watch) -> None:
    page = visitor("ana", f"/conversations/{FIRST}/upload")
    watch.expected |= {502, 404}

    def lose(route: Route) -> None:
        if route.request.method == "PATCH":
            route.fetch()
            route.fulfill(status=502)
        else:
            route.continue_()

    page.route("**/upload/*", lose)
    page.get_by_label("Recording", exact=True).set_input_files(
        {"name": "a.wav", "mimeType": "audio/wav", "buffer": SOUND}
    )
    page.get_by_role("button", name="Seal and upload").press("Enter")
    expect(page).to_have_url(f"{site.origin}/conversations/{FIRST}/recording?done=sealed")
    assert site.story.stored() == SOUND


def test_a_person_pauses_and_goes_on(visitor: Visitor, site: Site, watch: Watch) -> None:
    page = visitor("ana", f"/conversations/{OTHER}/upload")
    watch.expected |= {503, 409}
    # As while another process holds the draft: what asks how far it is gets no body that tells why not.
    page.route("**/upload/*", lambda route: route.fulfill(status=503 if route.request.method == "PATCH" else 409))
    page.get_by_label("Recording", exact=True).set_input_files(
        {"name": "a.wav", "mimeType": "audio/wav", "buffer": SOUND}
    )
    page.get_by_role("button", name="Seal and upload").click()
    expect(page.get_by_text("The connection was cut")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    expect(page.get_by_role("progressbar")).not_to_have_accessible_name(re.compile("Infinity|NaN"))
    assert axe.violations(page) == []
    page.unroute("**/upload/*")
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(f"{site.origin}/conversations/{OTHER}/recording?done=sealed")
    assert site.story.stored(OTHER) == SOUND


@pytest.mark.parametrize("cut", [False, True])
def test_it_can_be_given_up_from_the_start(visitor: Visitor, site: Site, watch: Watch, cut: bool) -> None:
    page = visitor("ana", f"/conversations/{FIRST}/upload")
    watch.expected.add(503)

    def answer(route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
        elif cut:
            route.fulfill(status=503)
        # Otherwise the part is never answered: it is being sent.

    page.route("**/upload/*", answer)
    stop = page.get_by_role("button", name="Give it up")
    expect(stop).to_be_hidden()
    page.locator("#file").set_input_files({"name": "a.wav", "mimeType": "audio/wav", "buffer": SOUND})
    page.get_by_role("button", name="Seal and upload").click()
    expect(stop).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    if cut:
        expect(page.get_by_text("The connection was cut")).to_be_visible()
    assert axe.violations(page) == []
    assert arriving.known(site.home, FIRST) is not None, "there is something to give up"
    stop.press("Enter")
    expect(page.get_by_text("Given up: nothing of it was kept.").first).to_be_visible()
    expect(page.get_by_role("button", name="Seal and upload")).to_be_enabled()
    expect(page.get_by_role("alert")).to_be_hidden()
    assert arriving.known(site.home, FIRST) is None
    assert page.url.endswith(f"/conversations/{FIRST}/upload")


def test_what_was_given_up_is_said_by_what_the_server_answered(visitor: Visitor, site: Site, watch: Watch) -> None:
    page = visitor("ana", f"/conversations/{FIRST}/upload")
    watch.expected |= {500, 404}
    page.locator("#file").set_input_files({"name": "a.wav", "mimeType": "audio/wav", "buffer": SOUND})
    answers: list[Callable[[Route], None]] = [
        lambda route: route.fulfill(status=500),
        lambda route: route.abort(),
        lambda route: route.fulfill(status=404),
    ]

    def answer(route: Route) -> None:
        if route.request.method == "DELETE":
            (answers.pop(0) if answers else Route.continue_)(route)
        # A part is never answered: the upload is under way.

    page.route("**/upload/*", answer)
    stop, problem = page.get_by_role("button", name="Give it up"), page.get_by_role("alert")
    page.get_by_role("button", name="Seal and upload").click()
    page.get_by_role("button", name="Pause").click()
    for said in (
        "The server answered 500. What has arrived is still",
        "The server cannot be reached. What has arrived",
    ):
        stop.click()
        expect(problem).to_contain_text(said)
        assert "nothing of it was kept" not in page.locator("main").inner_text()
        expect(stop).to_be_visible()
    assert axe.violations(page) == [], "while a refusal is shown"
    stop.click()
    expect(problem).to_contain_text("Look at the conversation")
    expect(stop).to_be_hidden()
    assert arriving.known(site.home, FIRST) is not None, "the last answer was not the server's own"
    page.get_by_role("button", name="Seal and upload").click()
    page.get_by_role("button", name="Pause").click()
    stop.click()
    expect(page.get_by_text("Given up: nothing of it was kept.").first).to_be_visible()
    expect(problem).to_be_hidden()
    assert arriving.known(site.home, FIRST) is None
    lost = watch.problems.pop()
    assert "ERR_FAILED" in lost, "the answer that was lost"


def test_a_file_that_is_no_recording_is_refused_in_words(visitor: Visitor, watch: Watch) -> None:
    page = visitor("ana", f"/conversations/{FIRST}/upload")
    watch.expected.add(422)
    page.get_by_label("Recording", exact=True).set_input_files(
        {"name": "a.wav", "mimeType": "audio/wav", "buffer": b"minutes\n" * 1000}
    )
    page.get_by_role("button", name="Seal and upload").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not an audio or video file")
    assert axe.violations(page) == []


def test_without_script_a_form_sends_it_in_one_and_it_is_sealed_from_memory(
    visitor: Visitor, site: Site, watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a name.wav"
    file.write_bytes(SOUND)
    page = visitor("ana", f"/conversations/{FIRST}/upload", java_script_enabled=False)
    assert "up to 33.6 MB" in page.locator("main").inner_text()
    watch.expected.add(422)
    page.get_by_role("button", name="Seal and upload").click()
    assert "No file was chosen; choose one." in page.get_by_role("alert").inner_text()
    page.locator("#whole").set_input_files({"name": "x.txt", "mimeType": "text/plain", "buffer": b"no sound"})
    page.get_by_role("button", name="Seal and upload").click()
    assert page.get_by_role("alert").count() == 1 and site.story.conversation().recording is None
    monkeypatch.setattr("web.handed.LARGEST", len(SOUND) - 5000)
    page.locator("#whole").set_input_files(file)
    page.get_by_role("button", name="Seal and upload").click()
    assert "larger than 32 MiB" in page.get_by_role("alert").inner_text()
    monkeypatch.undo()
    page.locator("#whole").set_input_files(file)
    with Writes() as opened_files:
        page.get_by_role("button", name="Seal and upload").click()
    assert page.url.endswith(f"/conversations/{FIRST}/recording?done=sealed")
    within = str(site.home.folder)
    # the reader of recordings is a process with pipes, whose names are numbers
    files = [path for path in opened_files.paths if not path.isdecimal() and path != os.devnull]
    assert files and [path for path in files if not path.startswith(within)] == []
    kept = b"".join(path.read_bytes() for path in site.home.folder.rglob("*") if path.is_file())
    assert SOUND[5000:5064] not in kept and SOUND[5000:5064] in file.read_bytes()
    assert site.story.conversation().recording is not None
