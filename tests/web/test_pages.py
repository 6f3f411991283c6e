"""What holds for every page: readable for everybody, light and dark, wide and narrow, without script, and not heavy."""

import gzip

import pytest
from playwright.sync_api import Response

from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Site

# Who looks at which page; the story is coded.
PAGES = (
    ("", "/sign-in"),
    ("", "/sign-in/link?token=x"),
    ("ana", "/account"),
    ("ben", "/account"),
    ("ana", "/conversations"),
    ("ana", "/conversations?state=planned"),
    ("ana", "/conversations/C-001"),
    ("ben", "/conversations/C-002"),
    ("ana", "/conversations/C-003"),
)
HEAVIEST, MOST_SCRIPT = 200 * 1024, 60 * 1024


@pytest.mark.parametrize(("name", "path"), PAGES)
def test_a_page_is_for_everyone(visitor: Visitor, name: str, path: str) -> None:
    page = visitor(name, path)
    assert page.locator("h1").count() == 1
    assert page.title().endswith(" – Candour")
    assert axe.violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert axe.violations(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert axe.violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, (
        "a page scrolls in one direction only (WCAG 1.4.10)"
    )
    page.emulate_media(media="print")
    assert not page.locator(".app-header").is_visible()


@pytest.mark.parametrize(("name", "path"), PAGES)
def test_a_page_says_the_same_without_script(visitor: Visitor, name: str, path: str) -> None:
    said = visitor(name, path).locator("h1").inner_text()
    assert visitor(name, path, java_script_enabled=False).locator("h1").inner_text() == said


@pytest.mark.parametrize(("name", "path"), PAGES)
def test_a_page_is_not_heavy(visitor: Visitor, name: str, path: str) -> None:
    page = visitor(name, path)
    answers: list[Response] = []
    page.on("response", answers.append)
    page.reload(wait_until="networkidle")
    weights = {answer.url: len(gzip.compress(answer.body())) for answer in answers if answer.status == 200}
    assert any(url.endswith("page.js") for url in weights)
    assert sum(weights.values()) <= HEAVIEST
    assert sum(weight for url, weight in weights.items() if url.endswith(".js")) <= MOST_SCRIPT


def test_no_browser_keeps_what_is_typed(site: Site) -> None:
    for name, path in PAGES:
        page = (site.client(name) if name else site.client()).get(path).text
        for tag in ("<input", "<textarea"):
            for rest in page.split(tag)[1:]:
                assert "autocomplete=" in rest.partition(">")[0] or 'type="hidden"' in rest.partition(">")[0], rest[
                    :200
                ]


def test_an_error_is_a_page_too(visitor: Visitor, site: Site) -> None:
    page = visitor("ana", "/account")
    for path, heading in (("/conversations/C-099", "Nothing is here"), ("/no/such/page", "Nothing is here")):
        answer = site.client("ana").get(path)
        assert (answer.status, heading in answer.text) == (404, True)
    assert site.client("dora").get("/conversations").status == 403
    assert page.locator("h1").inner_text() == "ana"
