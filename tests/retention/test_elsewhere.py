"""The page for auditors, followed to the letter: every command of it runs, on a bundle as the product makes it."""

import json
import re
import shutil
import subprocess
import sys
from html import escape
from pathlib import Path
from zipfile import ZipFile

import pytest

import configs
from retention import bundling, certificate_page, certificates
from retention.bundle import Bundle, verify_bundle
from retention.certificate_check import verify_certificate
from retention.destroy import carry_out
from tests import story
from tests.story import FIRST, Stage, Story

PAGE = Path(__file__).parents[2] / "docs" / "verify-elsewhere.md"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Story:
    made = story.at(Stage.SIGNED, tmp_path_factory.mktemp("told"))
    carry_out(made.home, 1)
    return made


@pytest.fixture(scope="module")
def place(told: Story, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as an auditor has it: the bundle, and a checkpoint from before."""
    folder = tmp_path_factory.mktemp("auditor")
    with told.home.reading() as session:
        pieces = list(bundling.stream(session, told.home.signer.verifier_key))
    (folder / "bundle.zip").write_bytes(b"".join(pieces))
    (folder / "checkpoint-2026-03.txt").write_text(told.home.signer.state())
    with ZipFile(folder / "bundle.zip") as archive:
        archive.extractall(folder / "bundle")
    return folder


def run(place: Path, script: str, key: str) -> subprocess.CompletedProcess[str]:
    """A block of the page, stopping at its first failure; python3 is the Python of these tests."""
    shell = f'set -e\npython3() {{ {sys.executable} -W error "$@"; }}\n{script}'
    command = ["bash", "-c", shell]
    environment = {"KEY": key, "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=120, check=False)


def check(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-W", "error", str(place / "bundle" / "check.py"), *words]
    return subprocess.run(command, cwd=place, env={}, capture_output=True, text=True, timeout=60, check=False)


def test_every_command_of_the_page_runs(told: Story, place: Path) -> None:
    missing = [program for program in ("bash", "unzip", "openssl") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    shutil.rmtree(place / "bundle")
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    said = ""
    for block in blocks:
        done = run(place, block, told.home.signer.verifier_key)
        assert done.returncode == 0, block + done.stdout + done.stderr
        said += done.stdout
    assert said.count("verified\n") == 5
    assert "Signature Verified Successfully" in said
    bent = run(place, blocks[-1].replace("head -n 3 checkpoint", "head -n 2 checkpoint"), told.home.signer.verifier_key)
    assert bent.returncode != 0, "the control: what was not signed does not verify"


def test_the_short_script_is_short_and_formatted_like_the_rest(place: Path) -> None:
    text = configs.read("audit/check.py")
    assert len(text.splitlines()) <= 60
    assert max(map(len, text.splitlines())) <= 120
    assert (place / "bundle" / "check.py").read_text() == text


def test_the_short_script_finds_every_kind_of_change(told: Story, place: Path, tmp_path: Path) -> None:
    key = told.home.signer.verifier_key
    lines = (place / "bundle" / "log.jsonl").read_bytes().splitlines(keepends=True)
    entries = [at for at, line in enumerate(lines) if line.startswith(b'{"actor":')]
    some = entries[len(entries) // 2]
    changed = {
        "edited": [*lines[:some], lines[some].replace(b'"v":1', b'"v":2'), *lines[some + 1 :]],
        "taken out": [*lines[:some], *lines[some + 1 :]],
        "doubled": [*lines[:some], lines[some], *lines[some:]],
        "swapped": [*lines[:some], lines[entries[0]], *lines[some + 1 :]],
        "cut": lines[: entries[-1]],
        "signed by nobody": [lines[0].replace(b"\\n\\n", b"\\n\\nx", 1), *lines[1:]],
    }
    for what, bent in changed.items():
        (tmp_path / "log").write_bytes(b"".join(bent))
        done = check(place, str(tmp_path / "log"), key)
        assert done.returncode != 0, what
        assert done.stdout != "verified\n"
    assert check(place, str(place / "bundle" / "log.jsonl"), key).stdout == "verified\n"
    assert check(place, str(place / "bundle" / "log.jsonl"), key[:-2] + "AA").returncode != 0


def test_the_short_script_holds_the_log_against_an_earlier_checkpoint(told: Story, place: Path, tmp_path: Path) -> None:
    key, log = told.home.signer.verifier_key, str(place / "bundle" / "log.jsonl")
    with told.home.reading() as session:
        heads = [json.loads(line)["checkpoint"] for line in bundling.other_heads(session)]
    for number in (0, len(heads) // 2, -1):
        (tmp_path / "earlier").write_text(heads[number])
        assert check(place, log, key, str(tmp_path / "earlier")).returncode == 0
    (tmp_path / "earlier").write_text(heads[3].replace("\n", "x\n", 1))
    assert check(place, log, key, str(tmp_path / "earlier")).returncode != 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"number":"D-0001"', '"number":"D-0002"'),
        ('"reason":"signed-off"', '"reason":"withdrawal"'),
        ('\\"event\\":\\"destroy.done\\"', '\\"event\\":\\"destroy.else\\"'),
        ("\\nindex ", "\\nindex 1"),
    ],
)
def test_the_short_script_finds_a_changed_certificate(
    told: Story, place: Path, tmp_path: Path, old: str, new: str
) -> None:
    text = (place / "bundle" / "certificates" / "D-0001.json").read_text()
    key = told.home.signer.verifier_key
    assert check(place, str(place / "bundle" / "certificates" / "D-0001.json"), key).stdout == "verified\n"
    assert old in text
    (tmp_path / "certificate.json").write_text(text.replace(old, new))
    done = check(place, str(tmp_path / "certificate.json"), key)
    # The place in the log comes from the entry itself: what else the proof says of it does not matter.
    assert (done.returncode == 0) is (old == "\\nindex ")


def test_the_bundle_is_the_same_for_the_same_log_and_comes_in_pieces(told: Story, place: Path) -> None:
    with told.home.reading() as session:
        again = b"".join(bundling.stream(session, told.home.signer.verifier_key))
    assert again == (place / "bundle.zip").read_bytes()
    with ZipFile(place / "bundle.zip") as archive, archive.open("log.jsonl") as member:
        report = verify_bundle(Bundle(member), told.home.signer.verifier_key)
        assert report.ok
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == [
            "certificates/D-0001.html", "certificates/D-0001.json", "check.py", "heads.jsonl", "log.jsonl", "verify.py",
        ]  # fmt: skip


def test_page_and_data_of_a_certificate_say_the_same(told: Story, place: Path) -> None:
    ((_, encoded, _),) = certificates.shown(told.home, FIRST)
    page = (place / "bundle" / "certificates" / "D-0001.html").read_text()
    body = json.loads(encoded)
    assert certificate_page.document(page) == encoded
    assert body["digest"] in page
    for name, value in body["certificate"].items():
        for shown in value if isinstance(value, list) else [value]:
            if isinstance(shown, str) and name not in {"v"}:
                assert escape(shown) in page, name
    assert not re.search(r"<script|https?://|<link|<img|src=", page), "nothing runs and nothing comes from elsewhere"
    assert "@media print" in page
    key = told.home.signer.verifier_key
    assert verify_certificate(page, key).findings == ()
    for changed in (page.replace("D-0001", "D-0002", 1), page.replace("ana", "eve", 1), page + " "):
        assert verify_certificate(changed, key).findings
