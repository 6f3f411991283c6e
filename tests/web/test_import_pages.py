"""Imports at the page: handed in, looked at, then brought in, all of it or nothing, and never on a disk."""

import io
import os
import threading
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.codes import bookkeeping, extracting
from pipeline.codes.codebook import Code
from pipeline.export import exporting
from pipeline.export.model import Profile
from retention import approvals
from storage.log.log import Event
from tests import story
from tests.pipeline.transcription.test_speech import Writes
from tests.story import CORRECTED, FIRST, REVIEW
from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Answer, Client, Site
from tests.web.watching import Watch
from web.handed import KEPT, Handed, NotKept

PAGE, WHOLE = f"/conversations/{FIRST}/import", f"/reviews/{REVIEW}/import"
FOREIGN = Path(__file__).parents[1] / "vectors" / "refi-qda" / "probes" / "ok-baseline.qdpx"
TABLE = f'turn,quote,codes,memo\n2,"{CORRECTED}",f1,"A thought"\n'.encode()


def exported(site: Site, format: str = "qdpx") -> bytes:
    return exporting.hand_over(site.home, site.story.ana, FIRST, format=format, profile=Profile.INTERNAL)


def hand_in(client: Client, data: bytes, path: str = PAGE, name: str = "a name.qdpx") -> Answer:
    mark = "----a mark of the browser's"
    body = (
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode() + data + f"\r\n--{mark}--\r\n".encode()  # fmt: skip
    return client.ask("POST", path, body, {"Content-Type": f'multipart/form-data; boundary="{mark}"'})


def bring_in(client: Client, looked: Answer, path: str = PAGE, codes: str = "") -> Answer:
    token = looked.location.partition("file=")[2]
    return client.post(f"{path}/bring-in", {"file": token, "codes": codes})


def numbers(site: Site) -> list[int]:
    return [number for number, _, _ in extracting.listed(site.home, site.story.ana, FIRST)]


@pytest.mark.parametrize("path", [PAGE, WHOLE])
@pytest.mark.parametrize("format", ["qdpx", "taguette"])
def test_what_was_taken_out_comes_back_once_somebody_says_yes(format: str, path: str, site: Site) -> None:
    ana, told = site.client("ana"), site.story
    data = exported(site, format)
    extracting.remove(told.home, told.ana, FIRST, 1, 2)
    looked = hand_in(ana, data, path)
    assert looked.status == 303
    page = ana.get(looked.location).text
    assert "2 new extracts" in page and "Nothing was changed yet." in page
    assert ("A project of Taguette" in page) is (format == "taguette")
    assert numbers(site) == []
    done = bring_in(ana, looked, path)
    assert done.location == f"{path}?extracts=2&codes=0"
    assert "Added 2 extracts and 0 codes." in ana.get(done.location).text
    assert len(numbers(site)) == 2
    assert [one.detail["count"] for one in told.log() if one.event == Event.EXTRACT_ADDED][-1] == 2
    again = ana.get(hand_in(ana, data, path).location).text
    assert "2 are there already" in again and "There is nothing to add." in again


def test_codes_that_are_lacking_are_named_and_added_on_demand(site: Site) -> None:
    ana, told = site.client("ana"), site.story
    fear = Code(id="fear", name="Fear of the father")
    bookkeeping.add(told.home, told.ana, REVIEW, fear)
    extracting.add(told.home, told.ana, FIRST, codes=(fear.id,), quote=CORRECTED, memo="")
    data = exported(site)
    extracting.undo(told.home, told.ana, FIRST)
    bookkeeping.remove(told.home, told.ana, REVIEW, fear.id)
    looked = hand_in(ana, data)
    page = ana.get(looked.location).text
    assert "codes this codebook lacks: Fear of the father" in page and "--add-codes" not in page
    assert "Add 1 extract and 1 code" in page
    assert bring_in(ana, looked, codes="add").location.endswith("?extracts=1&codes=1")
    assert "Fear of the father" in {one.name for one in bookkeeping.read(told.home, told.ana, REVIEW).codes}


def test_a_table_of_quotes_comes_into_a_conversation(site: Site) -> None:
    ana = site.client("ana")
    looked = hand_in(ana, TABLE)
    assert "1 extract, every one found" in ana.get(looked.location).text
    assert bring_in(ana, looked).status == 303 and numbers(site) == [1, 2, 3]
    wrong = hand_in(ana, TABLE.replace(b"Nobody came", b"Everybody came"))
    assert wrong.status == 422 and "row 2" in wrong.text and 'href="#file"' in wrong.text
    assert "is neither a REFI-QDA project" in hand_in(ana, TABLE, WHOLE).text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no file was chosen"),
        (b"PK but no archive", "is no exchange archive"),
        (FOREIGN.read_bytes(), "no text in this file is a conversation of c-001"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(data: bytes, said: str, site: Site) -> None:
    answer = hand_in(site.client("ana"), data)
    assert answer.status == 422 and said in answer.text.lower()
    assert site.client("ana").post(PAGE, {"file": "x"}).status == 422, "a form of another kind has no file"
    assert numbers(site) == [1, 2]


def test_a_file_is_somebodys_and_of_one_place(site: Site) -> None:
    ana, cara = site.client("ana"), site.client("cara")
    looked = hand_in(ana, exported(site))
    assert cara.get(looked.location).status == 404
    assert bring_in(cara, looked).status == 404
    assert ana.get(looked.location.replace(PAGE, WHOLE)).status == 404
    assert bring_in(ana, looked).status == 303
    assert ana.get(looked.location).status == 404, "what was brought in is not kept"
    for path in ("/reviews/LT-9/import", f"/reviews/{FIRST}/import", f"/conversations/{REVIEW}/import"):
        assert ana.get(path).status == hand_in(ana, exported(site), path).status == 404


def test_what_nobody_brings_in_is_forgotten_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    handed, running = Handed(), set(threading.enumerate())
    monkeypatch.setattr("web.handed.KEPT", timedelta(milliseconds=1))
    tokens = {name: handed.keep(name, PAGE, name.encode()) for name in ("ana", "cara")}
    timers = set(threading.enumerate()) - running
    monkeypatch.setattr("web.handed.KEPT", KEPT)
    lasting = handed.keep("cara", PAGE, b"another")
    for timer in timers:
        timer.join(60)
    for name, token in tokens.items():
        with pytest.raises(NotKept):
            handed.find(name, PAGE, token)
    assert handed.find("cara", PAGE, lasting) == b"another", "it has its own ten minutes"
    handed.drop("cara")


def test_a_signed_conversation_takes_nothing_in(site: Site) -> None:
    looked = hand_in(site.client("ana"), TABLE)
    exported(site)
    for name in ("ana", "ben"):
        approvals.sign_off(site.home, getattr(site.story, name), story.password(name), FIRST)
    answer = bring_in(site.client("ana"), looked)
    assert answer.status == 422 and "There is a problem" in answer.text
    assert numbers(site) == [1, 2]


def test_the_server_writes_no_file_with_it(site: Site) -> None:
    ana = site.client("ana")
    whole = io.BytesIO(exported(site))
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr("sources/more.bin", os.urandom(3 * 2**20))
    with Writes() as opened:
        looked = hand_in(ana, whole.getvalue())
        ana.get(looked.location)
    assert looked.status == 303
    assert [path for path in opened.paths if not path.startswith(str(site.home.folder))] == []


def test_handing_in_and_saying_yes_by_keyboard_without_script(visitor: Visitor, site: Site, watch: Watch) -> None:
    data = exported(site)
    extracting.remove(site.home, site.story.ana, FIRST, 1)
    page = visitor("ana", PAGE, java_script_enabled=False)
    page.get_by_label("File").set_input_files({"name": "x.qdpx", "mimeType": "application/zip", "buffer": data})
    page.get_by_role("button", name="Look what it would do").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What this file would do").wait_for()
    assert "as the standard says" in page.inner_text("main")
    page.get_by_role("button", name="Add 1 extract").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Added 1 extract and 0 codes.").wait_for()
    assert numbers(site) != [2]


def test_it_is_for_everyone(visitor: Visitor, site: Site, watch: Watch) -> None:
    location = hand_in(site.client("ana"), exported(site)).location
    page = visitor("ana", PAGE)
    for dark in (False, True):
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.goto(location)
        assert page.get_by_role("heading", name="What this file would do").is_visible()
        assert axe.violations(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert axe.too_wide(page) == []
    watch.expected.add(422)
    page.goto(PAGE)
    page.get_by_role("button", name="Look what it would do").click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    assert (axe.violations(page), axe.too_wide(page)) == ([], [])
