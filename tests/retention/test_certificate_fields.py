"""A certificate has every field that is asked of one, in its JSON, its text, its page, and at the page of the auditors.

The list follows the certificate of sanitization of NIST SP 800-88 and what Candour adds to it; each field is one or more claims.
"""

import html
import json
import os
import re
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from retention import certificate_page, certificates, program
from retention.certificate import SECTIONS
from retention.destroy import carry_out
from retention.standalone import SECTIONS as ELSEWHERE
from storage.models import Copy
from tests import story
from tests.story import FIRST, Stage, Story

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "number of the certificate": ("number",),
    "digest of the order": ("order_digest", "order", "order_detail"),
    "ids, and digests of the ciphertext": ("objects", "recordings"),
    "number of objects": ("object_count",),
    "what was destroyed, size and length": ("destroyed",),
    "reason and rule of the schedule": ("rule", "order_detail"),
    "result of the hold check": ("hold_check",),
    "method": ("method",),
    "technique": ("technique",),
    "assurance class, and why": ("assurance", "assurance_meaning", "assurance_reasons"),
    "algorithms and strengths": ("algorithms", "erasure_strength"),
    "epoch before and after": ("epoch_before", "epoch_after"),
    "type of the anchor": ("anchor",),
    "make, model, serial and file system of the medium": ("medium",),
    "tool, version, build": ("tool", "build"),
    "register of copies": ("copies", "status"),
    "how it was verified, with what result": ("checks", "verified_by"),
    "validation, and who accepts what remains": ("validation", "accepted_by"),
    "who approved, with role, time and signature": ("people",),
    "who carried it out": ("carried_out_by",),
    "when, in UTC and local": ("started", "finished", "finished_local"),
    "site": ("site",),
    "what is not claimed": ("not_claimed",),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Story:
    told = story.at(Stage.SIGNED, tmp_path_factory.mktemp("told"))
    with told.home.writing() as session:
        row = Copy(epoch=told.home.vault.epoch, number=1, made_at=told.home.now(), made_by="ana")
        session.add(row)
    carry_out(told.home, 1)
    return told


@pytest.fixture(scope="module")
def document(told: Story) -> str:
    ((_, encoded, _),) = certificates.shown(told.home, FIRST)
    return encoded


def values(claim: Any) -> list[str]:
    """Every value in a claim, as it is shown."""
    if isinstance(claim, dict):
        return [one for part in claim.values() if part != "" for one in values(part)]
    if isinstance(claim, list):
        return [one for part in claim for one in values(part)]
    return ["yes" if claim else "no"] if isinstance(claim, bool) else [str(claim)]


def lacking(claims: Mapping[str, Any], shown: str) -> list[str]:
    """The fields of the list that are not among the claims, are empty, or are not shown."""
    return [
        field
        for field, names in FIELDS.items()
        if any(not claims.get(name) or any(one not in shown for one in values(claims[name])) for name in names)
    ]


def readable(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def test_every_field_is_in_the_json_the_text_and_the_page(document: str, told: Story) -> None:
    claims = json.loads(document)["certificate"]
    ((_, _, text),) = certificates.shown(told.home, FIRST)
    above = text.split("-----BEGIN")[0]
    page = readable(certificate_page.page(document).split("-----BEGIN")[0])
    for shown in (above, page):
        assert lacking(claims, shown) == []
        assert json.loads(document)["digest"] in shown
    assert json.loads(document)["proof"] in page and json.loads(document)["entry"] in page


@pytest.mark.parametrize("field", FIELDS)
def test_the_look_sees_a_field_that_is_missing(field: str, document: str) -> None:
    """The control."""
    claims = json.loads(document)["certificate"]
    text = "\n".join(one for claim in claims.values() for one in values(claim))
    assert lacking(claims, text) == []
    del claims[FIELDS[field][0]]
    assert field in lacking(claims, text)


def test_no_claim_is_left_out_of_the_list_or_of_either_program(document: str) -> None:
    claims = json.loads(document)["certificate"]
    listed = {name for names in FIELDS.values() for name in names}
    assert claims.keys() - {"v"} == listed
    assert {name for _, names in SECTIONS for name in names} == listed | {"method"}
    assert [(title, tuple(names.split())) for title, names in ELSEWHERE.items()] == list(SECTIONS)


def test_its_build_is_what_the_tools_of_a_shell_make_of_all_that_is_installed() -> None:
    root = Path(__file__).parents[2]
    included = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    (find,) = re.findall(
        r"^find .*sha256sum$", (root / "docs/how-to/verify-as-an-auditor.md").read_text(), re.MULTILINE
    )
    assert sorted(find.split(" -")[0].split()[1:]) == sorted(included["only-include"])
    told = subprocess.run(
        ["sh", "-c", find], cwd=root, env=os.environ | {"LC_ALL": "C"}, capture_output=True, text=True, check=True
    )
    assert told.stdout.split()[0] == program.installed()


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("configs/words/harm.toml", True),
        ("web/templates/layout.html", True),
        ("web/static/js/page.js", True),
        ("web/static/app.css", True),
        ("storage/migrations/script.py.mako", True),
        ("cli.py", True),
        ("web/__pycache__/app.cpython-311.pyc", False),
        ("demo/.work/left.txt", False),
        ("tests/test_docs.py", False),
    ],
)
def test_its_build_is_another_when_anything_that_ships_is(file: str, counts: bool, tmp_path: Path) -> None:
    def put(name: str, content: bytes) -> str:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
        return program.digest(tmp_path)

    first = put("access/roles.py", b"one\n")
    with_it = put(file, b"two\n")
    assert (with_it != first) is counts
    assert (put(file, b"two\r\n") != with_it) is counts, "line endings as they are"


def test_what_it_says_is_so(document: str, told: Story) -> None:
    claims = json.loads(document)["certificate"]
    assert claims["status"] == "pending: copies 1"
    assert re.fullmatch(r"recovery copy 1, made 20\d\d-\d\d-\d\d by ana; .*", claims["copies"][0]["label"])
    assert re.fullmatch("[0-9a-f]{64}", claims["build"]) and claims["build"] == program.installed()
    recording = told.conversation().recording
    assert recording is not None
    assert claims["destroyed"][0] == f"the recording: {recording.size} bytes sealed, {recording.duration:.0f} seconds"
    assert {"its playback copy", "its waveform", "the draft"} <= set(claims["destroyed"])
    assert not any("extract" in one for one in claims["destroyed"]), "they live on"
    for matter in (
        "copy of a key",
        "memory of a machine",
        "backups",
        "recorder's own card",
        "wrote down",
        "event was logged",
    ):
        assert any(matter in one for one in claims["not_claimed"]), matter
