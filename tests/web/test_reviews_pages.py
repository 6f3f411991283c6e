"""Reviews, participants and conversations made at the page, and the way from one page to the next."""

import pytest

from access import directory
from pipeline import reviews
from storage.age import parse_recipient
from storage.models import Conversation, Review
from tests import story
from tests.story import FIRST, PLANNED, REVIEW, Stage
from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Site

PAGE = f"/reviews/{REVIEW}"


def test_a_team_begins_at_the_page_alone(visitor: Visitor, site: Site) -> None:
    page = visitor("ana", "/reviews")
    page.get_by_label("Reference").fill("LT 9")
    page.get_by_label("When things are destroyed").select_option("research")
    page.get_by_role("button", name="Open the review").click()
    page.get_by_role("link", name="Add participants").click()
    page.get_by_label("Position").fill("Midwife 1")
    page.get_by_label("Agency", exact=True).fill("Maternity")
    page.get_by_text("For the register").click()
    page.get_by_label("Real name").fill("Nora Quill")
    page.get_by_label("Contact").fill("nora@example.org")
    assert axe.violations(page) == []
    page.get_by_role("button", name="Add").click()
    page.get_by_label("Day").fill("2026-12-01")
    page.get_by_label("Language").fill("cy")
    page.get_by_role("button", name="Plan it").click()
    assert page.locator("h1").inner_text() == "C-004: Midwife 1"
    assert "Nora" not in page.content()
    with page.expect_download() as waited:
        page.get_by_role("link", name="its recipient").click()
    parse_recipient(waited.value.path().read_text().strip())
    made = site.story.conversation("C-004")
    assert (made.review.reference, made.language, str(made.on)) == ("LT 9", "cy", "2026-12-01")
    page.get_by_role("link", name="LT 9").click()
    page.get_by_role("link", name="Record or upload in C-004").click()
    assert page.url.endswith("/conversations/C-004/upload")


@pytest.mark.usefixtures("fay")
def test_real_names_go_into_the_register_and_nowhere_else(site: Site) -> None:
    who = {"position": "Midwife 1", "agency": "Maternity", "name": "Nora Quill", "contact": "07700 900123"}
    assert site.client("ana").post(f"{PAGE}/participants", who).status == 303
    for path in ("/reviews", PAGE, f"{PAGE}/participants"):
        assert "Nora" not in site.client("ana").get(path).text
    found = dict(reviews.read_register(site.home, directory.find(site.home, "fay"), REVIEW))
    entry = found["Midwife 1"]
    assert entry is not None and entry.name == "Nora Quill"


@pytest.mark.parametrize(
    ("path", "fields", "field", "words"),
    [
        ("/reviews", {"reference": "LT/9"}, "reference", "has no &#34;/&#34;"),
        ("/reviews", {"reference": "C-004"}, "reference", "how conversations are called"),
        ("/reviews", {"reference": REVIEW}, "reference", "exists already"),
        (f"{PAGE}/participants", {"position": "Health visitor 1", "agency": "x"}, "position", "exists already"),
        (f"{PAGE}/participants", {"position": "Midwife 1", "agency": "<x>"}, "agency", "cannot be used"),
        (f"{PAGE}/participants/change", {"who": "Health visitor 1"}, "who", "cannot be used"),
        (f"{PAGE}/participants/remove", {"who": "Health visitor 1"}, "who", "has conversations"),
        (f"{PAGE}/conversations", {"with": "Health visitor 1", "on": "tomorrow"}, "on", "Write the day"),
        (f"{PAGE}/conversations", {"with": "Health visitor 1", "language": "xx"}, "language", "none that a speech"),
        (f"{PAGE}/conversations", {"with": "Health visitor 1", "interviewer": "[x]"}, "interviewer", "cannot be used"),
        (f"{PAGE}/close", {"typed": "LT-2"}, "typed", f"Type {REVIEW}"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    site: Site, path: str, fields: dict[str, str], field: str, words: str
) -> None:
    log = len(site.story.log())
    answer = site.client("ana").post(path, fields)
    assert answer.status == 422 and f'id="{field}-error"' in answer.text and words in answer.text
    assert len(site.story.log()) == log + 1, "signing in, and nothing else"
    assert (story.rows(site.home, Review), story.rows(site.home, Conversation)) == (1, 3)


def test_a_participant_is_changed_and_taken_out(site: Site) -> None:
    ana = site.client("ana")
    ana.post(f"{PAGE}/participants", {"position": "Midwife 1", "agency": "Maternity"})
    ana.post(f"{PAGE}/participants/change", {"who": "Midwife 1", "new-agency": "Hospital"})
    assert "Hospital" in ana.get(PAGE).text
    assert ana.post(f"{PAGE}/participants/remove", {"who": "Midwife 1"}).status == 303
    assert "Midwife 1" not in ana.get(PAGE).text


def test_a_closed_review_takes_nothing_more(site: Site) -> None:
    ana = site.client("ana")
    assert ana.post(f"{PAGE}/close", {"typed": REVIEW.lower()}).status == 303
    assert "Add a participant" not in ana.get(f"{PAGE}/participants").text
    refused = ana.post(f"{PAGE}/participants", {"position": "Midwife 1", "agency": "Maternity"})
    assert refused.status == 422 and "is closed" in refused.text
    assert ana.post(f"{PAGE}/conversations", {"with": "Health visitor 1"}).status == 409


def test_the_menu_of_a_place_has_what_the_visitor_may_open_there(site: Site) -> None:
    def items(name: str, path: str) -> list[str]:
        text = site.client(name).get(path).text
        _, _, nav = text.partition('aria-label="Pages of')
        return [part.partition('"')[0] for part in nav.partition("</nav>")[0].split('href="')[1:]]

    assert f"/conversations/{FIRST}/transcript" in items("ana", f"/conversations/{FIRST}")
    assert f"/conversations/{FIRST}/transcript" not in items("ben", f"/conversations/{FIRST}")
    assert f"{PAGE}/participants" in items("ana", PAGE) and f"{PAGE}/participants" not in items("ben", PAGE)
    assert items("ana", "/reviews") == [] and items("ana", "/conversations/C-099") == []
    assert 'participants" aria-current="page"' in site.client("ana").get(f"{PAGE}/participants").text


class TestWhatIsNext:
    @pytest.fixture
    def stage(self) -> Stage:
        return Stage.TRANSCRIBED

    def test_leads_to_the_page_where_it_is_done(self, visitor: Visitor, site: Site) -> None:
        page = visitor("ana", PAGE)
        page.get_by_role("link", name=f"in {FIRST}").click()
        assert page.url.endswith(f"/conversations/{FIRST}/transcript")
        page.goto(f"/conversations/{FIRST}")
        page.locator("a.govuk-button").click()
        assert page.url.endswith(f"/conversations/{FIRST}/transcript")
        assert f'href="/conversations/{PLANNED}/upload"' in site.client("ana").get(PAGE).text
        assert f'href="/conversations/{FIRST}/transcript"' not in site.client("ben").get(PAGE).text


def test_a_review_whose_own_key_is_gone_still_says_where_it_stands(site: Site) -> None:
    with site.home.vault.prepare({site.story.conversation().review.review_key}) as rotation:
        rotation.commit()
    answer = site.client("ana").get(PAGE)
    assert answer.status == 200 and "<dd>destroyed</dd>" in answer.text and FIRST in answer.text
