"""The scripts and what others wrote: types, rules that a checker would not know, digests."""

import hashlib
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = sorted((ROOT / "web" / "static").rglob("*.js"))
TEMPLATES = sorted((ROOT / "web" / "templates").rglob("*.html"))
RECORDS = sorted([*(ROOT / "web").rglob("VENDORED.toml"), *(ROOT / "tests" / "web").rglob("VENDORED.toml")])
TSC = ROOT / "tools" / "typescript" / "node_modules" / ".bin" / "tsc"
# What the policy would refuse, and every place in a browser where something would stay.
NEVER = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|localStorage|sessionStorage|indexedDB|caches\b"
    r"|serviceWorker|setAttribute\(\s*[\"'](?:style|on\w+)"
)
INLINE = re.compile(r"<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|<style|https?://|javascript:", re.IGNORECASE)


def test_the_types_of_the_scripts_hold() -> None:
    found = TSC if TSC.exists() else shutil.which("tsc")
    if not found:
        pytest.skip("needs the TypeScript compiler (npm ci --prefix tools/typescript)")
    done = subprocess.run([str(found), "-p", str(ROOT / "web")], capture_output=True, text=True)
    assert done.stdout == "" and done.returncode == 0


def test_every_script_asks_to_be_checked_and_keeps_nothing_in_the_browser() -> None:
    assert len(SCRIPTS) > 2
    for script in SCRIPTS:
        text = script.read_text(encoding="utf-8")
        assert text.startswith("// @ts-check\n"), script.name
        assert NEVER.findall(text) == [], script.name


def test_no_template_holds_script_style_or_an_address_elsewhere() -> None:
    assert len(TEMPLATES) > 5
    for template in TEMPLATES:
        assert INLINE.findall(template.read_text(encoding="utf-8")) == [], template.name


def test_the_checks_see_what_they_look_for() -> None:
    for script in ("x.innerHTML = y", "localStorage.a", 'e.setAttribute("style", s)', "caches.open('x')"):
        assert NEVER.search(script)
    for template in ("<script>", '<p style="">', "<a onclick=x>", '<a href="https://x">', "<style>"):
        assert INLINE.search(template)
    assert not INLINE.search('<script type="module" src="/static/js/x.js"></script>')


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.parent.name)
def test_what_others_wrote_is_what_was_copied_with_its_licence(record: Path) -> None:
    said = tomllib.loads(record.read_text(encoding="utf-8"))
    files = {path.name: path for path in record.parent.iterdir() if path != record}
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == said["sha256"]
    assert "LICENSE" in files and said["licence"] and said["version"]


def test_all_that_others_wrote_has_its_record() -> None:
    assert {path.parent.parent for path in RECORDS} == {ROOT / "web" / "vendor", ROOT / "tests" / "web" / "vendor"}
    for shelf in {path.parent.parent for path in RECORDS}:
        assert all((folder / "VENDORED.toml").is_file() for folder in shelf.iterdir())
    assert "GDS Transport" not in (ROOT / "web/vendor/govuk-frontend/govuk-frontend.css").read_text(encoding="utf-8")
