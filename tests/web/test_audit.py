"""The auditors' pages, and the check in the browser, which must find by itself what is wrong."""

import html
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from access import sessions
from retention import destroy, plan
from retention.certificate_check import verify_certificate
from storage.log.events import Event
from storage.log.log import LogRolledBack
from storage.log.note import KeyKind, SigningKey
from storage.log.tables import AuditLeaf
from storage.log.witness import WitnessFolder
from tests import story
from tests.story import Stage
from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Client, Site
from web.files import STATIC
from web.log_words import WORDS

# How a script of the page comes to the check itself.
IMPORTED = f'await import("{STATIC}/js/audit/log.js")'


@pytest.fixture
def stage() -> Stage:
    return Stage.SIGNED


@pytest.fixture
def destroyed(site: Site) -> Site:
    """The story after its recording was destroyed."""
    for number in plan.due(site.home, site.home.now()):
        destroy.carry_out(site.home, number)
    return site


def bundle(client: Client) -> str:
    return client.get("/audit/bundle").text


def spoil(site: Site, place: int) -> None:
    """Flip the last bit of a character in an entry, behind the product's back."""
    body = next(body for seq, body in story_entries(site) if seq == place)
    overwrite(site, place, _flipped(body, body.index(b'"actor":"') + 9))


def overwrite(site: Site, place: int, body: bytes) -> None:
    """Put other bytes where an entry was, behind the product's back."""
    with site.home.engine.begin() as connection:
        guards = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_leaf'"
        for (guard,) in connection.exec_driver_sql(guards).all():
            connection.exec_driver_sql(f"DROP TRIGGER {guard}")
    story.change(site.home, update(AuditLeaf).where(AuditLeaf.idx == place).values(body=body))


def _flipped(body: bytes, at: int) -> bytes:
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


def story_entries(site: Site) -> list[tuple[int, bytes]]:
    return [(entry.seq, entry.encode()) for entry in site.story.log()]


def test_the_log_is_told_in_words_and_checked_when_it_is_looked_at(site: Site) -> None:
    page = site.client("dora").get("/audit").text
    assert re.search(r"\d+ entries, unbroken\.</strong> Checked now in \d+ ms", page)
    assert "sealed a recording" in page and "C-001" in page
    client = site.client("dora")
    spoil(site, 12)
    for _ in range(2):
        assert "Entry 12 is the first that is not what it should be" in client.get("/audit").text


def test_a_log_that_takes_no_entry_any_more_is_shown_all_the_same(site: Site) -> None:
    client, another = site.client("dora"), site.client("ana")
    assert "unbroken" in client.get("/audit").text
    spoil(site, 12)
    story.change(site.home, update(AuditLeaf).where(AuditLeaf.idx == 12).values(hash=bytes(32)))
    with pytest.raises(LogRolledBack), site.home.writing():
        pass
    for one in (client, another):
        assert "Entry 12 is the first that is not what it should be" in one.get("/audit").text


def test_an_entry_that_cannot_be_read_hides_nothing_else(site: Site) -> None:
    client, entries = site.client("dora"), dict(story_entries(site))
    newest = max(entries)
    overwrite(site, newest, entries[newest][:-9])
    page = client.get("/audit")
    assert page.status == 200
    assert "an entry that cannot be read" in page.text and "sealed a recording" in page.text
    assert ">This is an entry that cannot be read.<" in client.get(f"/audit/entries/{newest}").text
    assert "an entry that cannot be read" not in client.get("/audit?from=1999-01-01").text


def test_every_event_is_told_in_words() -> None:
    assert set(Event) - WORDS.keys() == set()


def test_reading_the_log_is_in_the_log_once_a_session_and_day(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def readings() -> list[str]:
        return [entry.actor for entry in site.story.log() if entry.event == Event.LOG_READ]

    dora, ana = site.client("dora"), site.client("ana")
    assert readings() == []
    for path in ("/audit", "/audit/bundle", "/audit/entries/1", "/audit/verify", "/audit?who=ana", "/audit"):
        assert dora.get(path).status == 200
    assert readings() == ["dora"]
    page = ana.get("/audit?what=log.read").text
    assert readings() == ["dora", "ana"] and "read the log" in page, "who looks sees their own look"
    site.client("dora").get("/audit/leaves")
    assert readings() == ["dora", "ana", "dora"], "another session"
    day = site.home.now() + timedelta(days=1)
    monkeypatch.setattr(sessions, "is_over", lambda *_: False)
    monkeypatch.setattr(site.home, "machine_clock", lambda: day)
    dora.get("/audit")
    assert readings() == ["dora", "ana", "dora", "dora"], "another day"
    assert [finding for finding in site.story.findings() if finding.fatal] == []


def test_filters_are_addresses_that_stand_in_a_report(site: Site) -> None:
    client = site.client("dora")

    def found(query: str) -> set[str]:
        return set(re.findall(r'href="/audit/entries/(\d+)"', client.get(f"/audit?{query}").text))

    events = {str(entry.seq): entry for entry in site.story.log()}
    assert found("what=signoff.given") == {seq for seq, one in events.items() if one.event == "signoff.given"} != set()
    assert found("who=ben&what=person.added") == {seq for seq, one in events.items() if one.event == "person.added"}
    assert found("on=C-002") == {
        seq for seq, one in events.items() if str(site.story.conversation("C-002").id) in one.obj
    }
    assert found("from=1999-01-01&to=1999-12-31") == set()
    assert found("from=nonsense&page=nonsense") == found("")


def test_one_entry_comes_with_its_proof_and_the_command_that_verifies_elsewhere(site: Site) -> None:
    client = site.client("dora")
    page = client.get("/audit/entries/12").text
    proof = client.get("/audit/entries/12/proof")
    assert proof.text.startswith("c2sp.org/tlog-proof@v1\nindex 12\n")
    assert 'filename="entry-12.tlog-proof"' in proof.headers["content-disposition"]
    assert "python standalone.py log.jsonl --key" in page
    assert site.home.signer.verifier_key.replace("+", "&#43;") in page or site.home.signer.verifier_key in page
    for nothing in ("9999", "-1", "x", "1" * 30):
        assert client.get(f"/audit/entries/{nothing}").status == 404


def test_what_is_downloaded_verifies_with_the_verifier_that_is_downloaded(site: Site, tmp_path: Path) -> None:
    client = site.client("dora")
    log, verifier = tmp_path / "log.jsonl", tmp_path / "standalone.py"
    verifier.write_text(client.get("/audit/verifier").text, encoding="utf-8")

    def verified() -> bool:
        command = [sys.executable, str(verifier), str(log), "--key", site.home.signer.verifier_key]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    log.write_text(bundle(client), encoding="utf-8")
    assert verified()
    log.write_text(bundle(client).replace('"actor":"ana"', '"actor":"bna"', 1), encoding="utf-8")
    assert not verified()


def test_a_certificate_is_read_printed_and_verified(destroyed: Site) -> None:
    client = destroyed.client("dora")
    assert 'href="/audit/certificates/C-001/1"' in client.get("/audit/certificates").text
    page = client.get("/audit/certificates/C-001/1").text
    assert "Certificate of destruction D-0001" in page and "Verified just now" in page
    text = client.get("/audit/certificates/C-001/1.txt").text
    data = client.get("/audit/certificates/C-001/1.json").text
    for document in (text, data):
        assert verify_certificate(document, destroyed.home.signer.verifier_key).ok
    # The page says all that is certified.
    for claim in json.loads(data)["certificate"]["not_claimed"]:
        assert claim in html.unescape(page)
    assert json.loads(data)["digest"] in page
    assert client.get("/audit/certificates/C-001/2").status == 404
    assert client.get("/audit/certificates/C-002/1").status == 404


def test_a_certificate_is_for_everyone(visitor: Visitor, destroyed: Site) -> None:
    page = visitor("dora", "/audit/certificates/C-001/1")
    for path in ("/audit/certificates", "/audit/certificates/C-001/1"):
        page.goto(path)
        assert axe.violations(page) == []
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 320, "height": 640})
        assert axe.violations(page) == [] and axe.too_wide(page) == []
    page.emulate_media(media="print")
    assert page.get_by_role("heading", name="What is not claimed").is_visible()
    assert not page.get_by_role("button", name="Print").is_visible()


def test_a_witness_is_sent_a_request_and_brings_back_a_signature(site: Site, tmp_path: Path) -> None:
    witness = WitnessFolder.create(tmp_path / "witness", "witness.example/w1", KeyKind.WITNESS)
    assert "Nobody outside is set" in site.client("dora").get("/audit/elsewhere").text
    settings = replace(site.home.settings.log, witnesses=f"witness one {witness.verifier}\nquorum one\n")
    site.home.settings = replace(site.home.settings, log=settings)
    client = site.client("dora")
    assert "Not enough of them have signed yet." in client.get("/audit/elsewhere").text
    wanted = client.get("/audit/request?witness=one").text
    assert client.get("/audit/request?witness=two").status == 404
    signed = witness.cosign(wanted, datetime.now(UTC), site.home.signer.verifier)
    stranger = WitnessFolder.create(tmp_path / "stranger", "stranger.example/w1", KeyKind.WITNESS)
    unknown = stranger.cosign(wanted, datetime.now(UTC), site.home.signer.verifier)
    for wrong in (client.get("/audit/checkpoint").text, "nonsense", signed.replace("\n", "9\n", 2), unknown):
        refused = client.post("/audit/witness", {"note": wrong})
        assert refused.status == 422 and 'href="#note"' in refused.text
    kept = client.post("/audit/witness", {"note": signed.replace("\n", "\r\n")})
    assert kept.location == "/audit/elsewhere?done=witness"
    assert "log.checkpoint_cosigned" in site.story.events()
    assert "Enough of them have seen" in client.get("/audit/elsewhere").text
    assert "last seen by a witness" in client.get("/audit").text
    seq, body = next((seq, body) for seq, body in story_entries(site)[::-1] if b'"log.checkpoint_cosigned"' in body)
    overwrite(site, seq, body[:-9])
    assert f"Entry {seq} is the first that is not what it should be" in client.get("/audit").text


def test_the_browser_verifies_by_itself(visitor: Visitor, site: Site) -> None:
    page = visitor("dora", "/audit/verify")
    page.get_by_role("button", name="Verify").click()
    page.get_by_role("heading", name="Verified", exact=True).wait_for()
    assert "entries, unbroken, under the signature of test.example/log." in page.locator("#result").inner_text()


def verdict(
    visitor: Visitor, text: str, key: str, earlier: str = "", hints: list[int] | None = None
) -> dict[str, object]:
    """What the check in the browser says of a bundle."""
    page = visitor("dora", "/audit")
    said: dict[str, object] = page.evaluate(
        """async ([bundle, key, earlier, hints]) => (IMPORTED)
             .verify(bundle, key, { earlier, hints: new Uint8Array(hints) })""".replace("IMPORTED", IMPORTED),
        [text, key, earlier, hints or []],
    )
    return said


def test_the_browser_names_the_entry_that_was_changed(visitor: Visitor, site: Site) -> None:
    client, key = site.client("dora"), site.home.signer.verifier_key
    good, hints = bundle(client), list(client.get("/audit/leaves").body)
    lines = [line for line in good.split("\n") if line.startswith('{"actor"')]
    assert verdict(visitor, good, key, hints=hints)["ok"]
    page = visitor("dora", "/audit")
    found = page.evaluate(
        """async ([bundle, key, hints, lines]) => {
             const { verify } = IMPORTED;
             const wrong = [];
             for (const [place, line] of lines.entries()) {
               const at = line.indexOf('"actor":"') + 9;
               const flipped = line.slice(0, at) + String.fromCharCode(line.charCodeAt(at) ^ 1) + line.slice(at + 1);
               const said = await verify(bundle.replace(line, flipped), key, { hints: new Uint8Array(hints) });
               if (said.ok || said.bad !== place) wrong.push(place);
             }
             return wrong;
           }""".replace("IMPORTED", IMPORTED),
        [good, key, hints, lines],
    )
    assert found == []


FLIPS = """
async ([bundle, key, hints, times]) => {
  const { verify } = IMPORTED;
  const given = new Uint8Array(hints), bytes = new TextEncoder().encode(bundle);
  const entries = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    if (new TextDecoder().decode(bytes.subarray(at, at + 8)) === '{"actor"') entries.push([at, end]);
    at = end + 1;
  }
  let seed = 20261125;
  const below = (most) => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0) % most;
  };
  const wrong = [], places = new Set();
  for (let time = 0; time < times; time++) {
    const place = below(entries.length), [start, end] = entries[place];
    const at = start + below(end - start), bit = 1 << below(8);
    bytes[at] ^= bit;
    const said = await verify(new TextDecoder().decode(bytes), key, { hints: given });
    bytes[at] ^= bit;
    places.add(place);
    if (said.ok || said.bad !== place) wrong.push([place, at - start, bit, said.text]);
  }
  const whole = await verify(new TextDecoder().decode(bytes), key, { hints: given });
  return { wrong, places: places.size, entries: entries.length, whole: whole.ok };
}
""".replace("IMPORTED", IMPORTED)


def test_a_thousand_flipped_bits_anywhere_are_each_reported_at_their_entry(visitor: Visitor, site: Site) -> None:
    client, key = site.client("dora"), site.home.signer.verifier_key
    page = visitor("dora", "/account")
    hints = list(client.get("/audit/leaves").body)
    said = page.evaluate(FLIPS, [bundle(client), key, hints, 1000])
    assert said["wrong"] == []
    assert said["places"] == said["entries"], "no entry was left alone"
    assert said["whole"], "the control: with each bit put back the log verifies"
    blind = page.evaluate(FLIPS, [bundle(client), key, [0] * len(hints), 50])
    assert blind["wrong"], "the control: without hints that lead to the signed root not every entry is named"


def test_the_browser_sees_what_was_taken_out_added_or_signed_by_another(visitor: Visitor, site: Site) -> None:
    client, key = site.client("dora"), site.home.signer.verifier_key
    good = bundle(client)
    lines = good.split("\n")
    last = max(at for at, line in enumerate(lines) if line.startswith('{"actor"'))
    kept = client.get("/audit/checkpoint").text
    other = str(SigningKey.generate("test.example/log").verifier)
    page = visitor("dora", "/audit")
    said = page.evaluate(
        """async (cases) => {
             const { verify } = IMPORTED;
             return Promise.all(cases.map(async ([bundle, key, earlier]) => (await verify(bundle, key, { earlier })).text));
           }""".replace("IMPORTED", IMPORTED),
        [
            ["\n".join([*lines[:last], *lines[last + 1 :]]), key, ""],
            ["\n".join([*lines[: last + 1], lines[last], *lines[last + 1 :]]), key, ""],
            [good, other, ""],
            [good, key[:-2] + "x" + key[-1], ""],
            [good[:-5], key, ""],
            ["nonsense", key, ""],
            [good, key, kept],
            [good, key, kept.replace("test.example/log\n", "test.example/log\n9", 1)],
            [good, key, "nonsense"],
        ],
    )
    assert [re.sub(r"\d+", "N", one) for one in said] == [
        "N entries under the signed head are not there.",
        "Where entry N should be, there is one that says it is N.",
        "The newest head is not signed with this key.",
        said[3],
        "The bundle was cut off.",
        "This is not the bundle of a log.",
        "N entries, unbroken, under the signature of test.example/log."
        " Nothing among the N entries before your checkpoint has changed.",
        "The signature under the checkpoint that you kept is false: it was changed or forged.",
        "The checkpoint that you kept is not a checkpoint.",
    ]
    assert said[3].startswith("The public key")


def test_an_auditor_opens_nothing_else(site: Site) -> None:
    client = site.client("dora")
    assert client.get("/").location == "/audit"
    for path in ("/conversations", "/conversations/C-001", "/conversations/progress"):
        assert client.get(path).status == 403


def test_an_auditor_gets_from_signing_in_to_verified_by_keyboard_alone(visitor: Visitor) -> None:
    page = visitor("", "/sign-in")

    def reach(name: str) -> None:
        """Go on with Tab until the focus is on something of this name."""
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.innerText || document.activeElement.name || ''").strip() == name:
                return
        pytest.fail(f"no key leads to {name}")

    reach("name")
    page.keyboard.type("dora")
    reach("password")
    page.keyboard.type(story.password("dora"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/audit")
    reach("Verify in this browser")
    page.keyboard.press("Enter")
    page.wait_for_url("**/audit/verify")
    reach("Verify")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Verified", exact=True).wait_for()
    assert axe.violations(page) == []
