"""The second coder at the page: figures, what they mean, and the turns to talk about."""

import pytest

from pipeline.codes import comparing
from pipeline.codes.agreement import Unit, overall
from tests import story
from tests.story import CORRECTED, FIRST, OTHER, REVIEW, Stage
from tests.web import axe, sites
from tests.web.accounts import MEETING, THOUGHT, WORKLOAD
from tests.web.conftest import Visitor
from tests.web.sites import Site
from tests.web.watching import Watch

PAGE = f"/reviews/{REVIEW}/agreement"


@pytest.fixture
def site(compared: Site) -> Site:
    return compared


def table(visitor: Visitor, label: str, query: str = "") -> list[list[str]]:
    page = visitor("ana", f"{PAGE}?{query}")
    found: list[list[str]] = page.get_by_role("region", name=label).evaluate(
        "(box) => [...box.querySelectorAll('tbody tr, tfoot tr')].map((row) => [...row.cells].map((cell) => cell.innerText))"
    )
    return found


@pytest.mark.parametrize("unit", list(Unit))
def test_the_figures_are_those_of_the_command(unit: Unit, visitor: Visitor, site: Site) -> None:
    found = comparing.compare(site.home, site.story.ana, REVIEW, unit=unit)
    expected = [(one.code.name, one.table) for one in found.codes] + [("All codes together", overall(found.codes))]
    assert table(visitor, "Code by code", f"unit={unit}") == [
        [
            name,
            *map(str, (one.both, one.only_first, one.only_second, one.neither)),
            *(f"{value:.3f}" for value in (one.share, one.kappa, one.alpha)),
        ]
        for name, one in expected
    ]


def test_the_turns_to_talk_about_lead_to_where_they_are_coded(visitor: Visitor) -> None:
    assert table(visitor, "Where they differ") == [
        ["C-001, 1", "We told [Boy] about it twice.", MEETING, THOUGHT],
        ["C-001, 2", CORRECTED, f"{MEETING}; {THOUGHT}", "–"],
    ]
    link = visitor("ana", PAGE).get_by_role("link", name="C-001, 2")
    assert link.get_attribute("href") == f"/conversations/{FIRST}/coding#turn-2"


def test_what_it_means_is_said_in_sentences(visitor: Visitor) -> None:
    said = visitor("ana", PAGE).locator("#said").inner_text()
    assert "They said the same 5 times of 9 (56 %): 3 codes, asked of 3 turns." in said
    assert "No value makes a coding right." in said


def test_the_two_are_chosen_by_keyboard_and_the_other_way_round(visitor: Visitor, watch: Watch) -> None:
    page = visitor("ana", PAGE)
    page.get_by_label("One coder").focus()
    page.keyboard.type("cara")
    page.get_by_label("The other").focus()
    page.keyboard.type("ana")
    page.get_by_role("button", name="Compare").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**first=cara**")
    assert page.get_by_role("columnheader", name="Only cara").first.is_visible()
    assert axe.violations(page) == []
    watch.expected.add(422)
    page.goto(f"{PAGE}?first=ana&second=ana")
    assert page.get_by_role("link", name="was named twice").get_attribute("href") == "#second"
    assert axe.violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 320, "height": 640})
    assert (axe.violations(page), axe.too_wide(page)) == ([], [])


def test_only_what_both_have_coded_can_be_chosen_and_counts(visitor: Visitor, site: Site) -> None:
    page = visitor("ana", PAGE, java_script_enabled=False)
    assert page.get_by_role("checkbox").all()[0].get_attribute("value") == FIRST
    assert page.get_by_role("checkbox").count() == 1
    client = site.client("ana")
    chosen = client.get(f"{PAGE}?first=ana&second=cara&conversation={FIRST}")
    assert f"ana and cara on {FIRST}." in chosen.text
    other = client.get(f"{PAGE}?first=ana&second=cara&conversation={OTHER}")
    assert other.status == 422 and "has coded nothing in C-002" in other.text
    assert client.get(f"{PAGE}?first=ana&second=nobody").status == 422


def test_what_is_not_there_or_not_theirs(site: Site) -> None:
    assert site.client("ana").get("/reviews/LT-9/agreement").status == 404
    assert site.client("ben").get(PAGE).status == 403


def test_with_one_coder_it_says_what_a_second_does(tmp_path_factory: pytest.TempPathFactory) -> None:
    told = story.at(Stage.CODED, tmp_path_factory.mktemp("alone"))
    with sites.serving(told.home) as origin:
        page = Site(told, origin).client("ana").get(PAGE).text
    told.home.close()
    assert f"Only ana has coded in {REVIEW}." in page and "Compare" not in page


def test_workload_is_agreed_on(visitor: Visitor) -> None:
    rows = {row[0]: row[1:] for row in table(visitor, "Code by code")}
    assert rows[WORKLOAD] == ["1", "0", "0", "2", "1.000", "1.000", "1.000"]
