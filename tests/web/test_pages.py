"""What holds for every page: readable for everybody, light and dark, wide and narrow, without script, and not heavy."""

import gzip

import pytest

from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Site
from web.files import STATIC

# Who looks at which page; the story is coded.
PAGES = (
    ("", "/sign-in"),
    ("", "/sign-in/link?token=x"),
    ("ana", "/account"),
    ("ben", "/account"),
    ("ana", "/account/password"),
    ("ana", "/conversations"),
    ("ana", "/conversations?state=planned"),
    ("ana", "/reviews"),
    ("ana", "/reviews/LT-1"),
    ("ana", "/reviews/LT-1/participants"),
    ("ana", "/conversations/C-001"),
    ("ana", "/reviews/LT-1/names"),
    ("ana", "/reviews/LT-1/names/T1"),
    ("ana", "/reviews/LT-1/glossary"),
    ("ana", "/conversations/C-001/names"),
    ("ana", "/conversations/C-001/public"),
    ("ben", "/conversations/C-001/public"),
    ("ana", "/conversations/C-001/transcript"),
    ("ana", "/conversations/C-001/transcript?view=pseudonyms"),
    ("ana", "/conversations/C-001/transcript/conventions"),
    ("ben", "/conversations/C-002"),
    ("ana", "/conversations/C-003"),
    ("ana", "/conversations/C-003/upload"),
    ("ana", "/conversations/C-003/record"),
    ("ana", "/conversations/C-001/recording"),
    ("ana", "/conversations/C-001/sign-off"),
    ("ana", "/conversations/C-001/coding"),
    ("cara", "/conversations/C-001/coding?with=ana"),
    ("ana", "/reviews/LT-1/codebook"),
    ("ana", "/reviews/LT-1/codebook/code?id=contributory-factors/conditions-of-work/workload"),
    ("ana", "/reviews/LT-1/extracts"),
    ("ana", "/reviews/LT-1/extracts?code=structure&mend=yes"),
    ("ana", "/reviews/LT-1/extracts/C-001/1"),
    ("cara", "/reviews/LT-1/extracts/C-001/2"),
    ("ben", "/reviews/LT-1/holds"),
    ("ben", "/conversations/C-001/withdrawal"),
    ("ben", "/conversations/C-001/extend"),
    ("ben", "/retention"),
    ("ben", "/retention?month=2027-02"),
    ("ana", "/reviews/LT-1/matrix"),
    ("ana", "/reviews/LT-1/agreement"),
    ("ana", "/conversations/C-001/export"),
    ("ana", "/conversations/C-001/import"),
    ("ana", "/reviews/LT-1/export?for=public&format=qdpx"),
    ("ana", "/reviews/LT-1/matrix?show=words&count=below"),
    ("dora", "/audit"),
    ("dora", "/audit/entries/12"),
    ("dora", "/audit/verify"),
    ("dora", "/audit/elsewhere"),
    ("dora", "/audit/certificates"),
)
# What a page says whenever it is looked at.
# but for what stands in for a script
SAID = ", ".join(f"main {one}:not(noscript *)" for one in ("h1", "h2", "th[scope=col]", "label", "dt"))
HEAVIEST, MOST_SCRIPT = 200 * 1024, 60 * 1024


@pytest.mark.parametrize(("name", "path"), PAGES)
def test_a_page_is_for_everyone(visitor: Visitor, name: str, path: str) -> None:
    page = visitor(name, path)
    assert page.locator("h1").count() == 1
    assert page.title().endswith(" – Candour")
    assert axe.violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 320, "height": 640})
    assert axe.violations(page) == []
    assert axe.too_wide(page) == [], "a page scrolls in one direction only (WCAG 1.4.10)"
    page.emulate_media(media="print")
    assert not page.locator(".app-header").is_visible()


@pytest.mark.parametrize(("name", "path"), PAGES)
def test_a_page_says_the_same_without_script_and_is_not_heavy(
    visitor: Visitor, site: Site, name: str, path: str
) -> None:
    asked: list[str] = []
    page = visitor(name, path)
    said = page.locator(SAID).all_inner_texts()
    page.on("request", lambda request: asked.append(request.url.removeprefix(site.origin)))
    page.reload(wait_until="networkidle")
    client = site.client(name)
    weights = {address: len(gzip.compress(client.get(address).body)) for address in asked}
    assert f"{STATIC}/js/page.js" in weights
    assert sum(weights.values()) <= HEAVIEST
    assert sum(weight for address, weight in weights.items() if address.endswith(".js")) <= MOST_SCRIPT
    assert visitor(name, path, java_script_enabled=False).locator(SAID).all_inner_texts() == said


@pytest.mark.parametrize("width", [390, 800, 1019, 1020, 1200, 1259, 1260, 1920])
def test_nothing_touches_the_edge_of_a_window(visitor: Visitor, width: int) -> None:
    page = visitor("ana", "/conversations")
    page.set_viewport_size({"width": width, "height": 800})
    for part in page.locator(".govuk-width-container").all():
        box = part.bounding_box()
        assert box is not None
        assert min(box["x"], width - box["x"] - box["width"]) >= 15


def test_no_browser_keeps_what_is_typed(site: Site) -> None:
    for name, path in PAGES:
        page = site.client(name).get(path).text
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
