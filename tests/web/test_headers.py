"""What is refused before anybody looks at it, and what every answer says to the browser."""

import itertools
import re
from pathlib import Path

import pytest

from tests.story import FIRST
from tests.web.conftest import Visitor
from tests.web.sites import Client, Site
from web.files import STATIC, VENDOR, digest
from web.headers import HEADERS, content_policy, permissions, refusal

OURS = {"http://127.0.0.1:8337", "http://localhost:8337"}
HOST = {"host": "127.0.0.1:8337"}
SCRIPT = f"{STATIC}/js/page.js"
KEPT = "max-age=31536000, immutable"
SITES = (None, "same-origin", "same-site", "cross-site", "none", "nonsense", "")
ORIGINS = (
    None,
    "null",
    "http://127.0.0.1:8337",
    "http://localhost:8337",
    "http://127.0.0.1:9999",
    "https://evil.example",
    "",
)


@pytest.mark.parametrize(("site", "origin"), list(itertools.product(SITES, ORIGINS)))
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_change_comes_from_a_page_of_ours_or_not_at_all(method: str, site: str | None, origin: str | None) -> None:
    headers = HOST | {
        name: value for name, value in (("sec-fetch-site", site), ("origin", origin)) if value is not None
    }
    admitted = refusal(method, headers, OURS) == ""
    # A browser of our time says same-origin; an older one at least which origin; from elsewhere neither can be.
    assert admitted == (
        (site == "same-origin" and origin in {None, "null", *OURS}) or (site is None and origin in OURS)
    )


@pytest.mark.parametrize(
    "host", ["", "evil.example", "127.0.0.1", "127.0.0.1:80", "localhost:8337.evil.example", "LOCALHOST"]
)
def test_another_host_is_refused(host: str) -> None:
    assert refusal("GET", HOST, OURS) == ""
    assert refusal("GET", {"host": host}, OURS) == "This address is not one of Candour's."


def test_a_link_from_elsewhere_leads_here_and_nothing_is_fetched_into_another_page() -> None:
    for site in ("cross-site", "same-site"):
        assert refusal("GET", HOST | {"sec-fetch-site": site, "sec-fetch-mode": "navigate"}, OURS) == ""
        for mode in ("no-cors", "cors", "same-origin", "websocket"):
            assert refusal("GET", HOST | {"sec-fetch-site": site, "sec-fetch-mode": mode}, OURS)
    assert refusal("GET", HOST | {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"}, OURS) == ""


def test_the_server_refuses_what_the_rule_refuses(site: Site) -> None:
    fields = {"name": "ana", "password": "x"}
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        answer = Client(site.origin, headers).post("/sign-in", fields)
        assert (answer.status, answer.headers["content-type"]) == (403, "text/plain; charset=utf-8")
    assert "do not belong together" in Client(site.origin).post("/sign-in", fields).text


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in",
        "/conversations",
        "/no/such/page",
        SCRIPT,
        f"{STATIC}/none.js",
        "/static/js/page.js",
        "/session",
        "/%2e%2e/x",
    ],
)
def test_every_answer_carries_the_headers(site: Site, path: str) -> None:
    for client in (site.client(), site.client("ana"), Client(site.origin, {"Host": "evil.example"})):
        answer = client.get(path)
        for header, value in HEADERS.items():
            kept = header == "Cache-Control" and path == SCRIPT and answer.status == 200
            assert answer.headers[header] == (KEPT if kept else value), header


@pytest.mark.parametrize("path", ["/account", "/conversations", f"/conversations/{FIRST}/transcript"])
def test_a_browser_keeps_the_files_of_the_program_for_good_and_nothing_of_a_page(site: Site, path: str) -> None:
    client = site.client("ana")
    page = client.get(path)
    assert (page.status, page.headers["cache-control"]) == (200, "no-store")
    named = re.findall(r'<(?:link|script)[^>]* (?:href|src)="([^"]+)"', page.text)
    assert f"{STATIC}/css/app.css" in named and SCRIPT in named
    for file in named:
        assert file.startswith((f"{STATIC}/", f"{VENDOR}/"))
        assert client.get(file).headers["cache-control"] == KEPT, file


def test_a_file_is_asked_for_once(visitor: Visitor) -> None:
    page = visitor("ana", "/conversations")
    came = "performance.getEntriesByType('resource').filter(one => one.transferSize > 0).map(one => new URL(one.name).pathname)"
    assert SCRIPT in page.evaluate(came), "the control: what comes over the line is seen"
    page.goto("/reviews")
    assert [file for file in page.evaluate(came) if file.startswith((STATIC, VENDOR))] == []


def test_one_byte_or_name_gives_the_files_other_addresses(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    file = tmp_path / "js" / "page.js"
    file.write_text("1")
    before = digest([tmp_path])
    file.write_text("2")
    changed = digest([tmp_path])
    file.rename(tmp_path / "js" / "other.js")
    assert len({before, changed, digest([tmp_path])}) == 3


def test_nothing_outside_of_the_folders_is_served(site: Site) -> None:
    for path in (
        f"{STATIC}/../app.py",
        f"{STATIC}/%2e%2e/app.py",
        f"{VENDOR}/..%2f..%2fpyproject.toml",
        f"{STATIC}//etc/passwd",
    ):
        assert site.client().get(path).status in {303, 404}


def test_the_policy_allows_files_of_ours_alone() -> None:
    policy = dict(part.split(" ", 1) for part in content_policy().split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["trusted-types"] == "'none'" and policy["require-trusted-types-for"] == "'script'"
    assert set(policy.values()) == {"'none'", "'self'", "'script'"}
    assert content_policy(trusted_types="one").endswith("trusted-types one")


def test_a_feature_is_off_unless_a_page_needs_it() -> None:
    assert "microphone=()" in permissions() and "self" not in permissions()
    assert "microphone=(self)" in permissions("microphone") and "camera=()" in permissions("microphone")
