"""The framework matrix: each number leads to its extracts, words stand side by side, and differences are said."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests import story
from tests.story import CORRECTED, REVIEW, Stage
from tests.web import axe, sites
from tests.web.accounts import MEETING, SAID_OF_IT, THOUGHT, WORKLOAD
from tests.web.conftest import Visitor
from tests.web.sites import Site

PAGE = f"/reviews/{REVIEW}/matrix"


@pytest.fixture
def site(compared: Site) -> Site:
    return compared


def lines(visitor: Visitor, query: str = "") -> dict[str, list[str]]:
    """What the table says, by code."""
    page = visitor("ana", f"{PAGE}?{query}")
    found: list[list[str]] = page.evaluate(
        "() => [...document.querySelectorAll('.app-matrix tbody tr')].map((row) => [...row.cells].map((cell) => cell.innerText))"
    )
    return {code.splitlines()[0]: [*cells] for code, *cells in found}


def test_each_position_has_its_number_under_each_code(visitor: Visitor) -> None:
    found = lines(visitor)
    # an extract of three words under the number is read aloud, not seen
    numbers = {code: [re.sub(r"\D.*", "", cell, flags=re.S) for cell in cells] for code, cells in found.items()}
    assert numbers[MEETING] == ["2", "1", "3"]
    assert numbers[WORKLOAD] == ["2", "1", "3"]
    assert numbers[THOUGHT] == ["2", "0", "2"]
    assert found["C Contributory factors"] == [""], "a heading leads to what is below it"


def test_a_number_leads_to_its_extracts(visitor: Visitor) -> None:
    page = visitor("ana", PAGE)
    link = page.get_by_role("link", name=f"1 of Head teacher 1 under {WORKLOAD}")
    address = urlsplit(link.get_attribute("href") or "")
    assert address.path == f"/reviews/{REVIEW}/extracts"
    wanted = parse_qs(address.query)
    assert wanted["position"] == ["Head teacher 1"] and wanted["code"] == [
        "contributory-factors/conditions-of-work/workload"
    ]


def test_a_number_that_counts_what_is_below_leads_to_that(visitor: Visitor) -> None:
    page = visitor("ana", f"{PAGE}?count=below&coder=cara")
    link = page.get_by_role("link", name="1 of Health visitor 1 under C Contributory factors")
    wanted = parse_qs(urlsplit(link.get_attribute("href") or "").query)
    assert (wanted["below"], wanted["coder"], wanted["conversation"]) == (["yes"], ["cara"], ["C-001"])


def test_words_stand_side_by_side_and_say_what_sets_an_account_apart(visitor: Visitor) -> None:
    first, second, _ = lines(visitor, "show=words")[WORKLOAD]
    assert CORRECTED in first and SAID_OF_IT not in first
    assert SAID_OF_IT in second and CORRECTED not in second
    assert f"Only here also under: {THOUGHT}" in first
    page = visitor("ana", f"{PAGE}?show=words")
    assert page.get_by_text("accounts differ", exact=True).count() == 3


def test_a_branch_a_coder_and_what_is_below_narrow_it(visitor: Visitor) -> None:
    branch = lines(visitor, "branch=C+Contributory+factors&count=below")
    assert list(branch) == ["C Contributory factors", "C3 Conditions of work", WORKLOAD]
    assert branch["C Contributory factors"][-1] == "3"
    assert [cells[-1] for cells in lines(visitor, "coder=cara").values() if len(cells) > 1] == ["1", "1"]
    assert "Nothing is like that." in visitor("ana", f"{PAGE}?coder=nobody").inner_text("main")


def test_only_rows_on_which_accounts_differ(visitor: Visitor, site: Site) -> None:
    every = lines(visitor, "coder=cara")
    differing = lines(visitor, "coder=cara&rows=differ")
    assert set(differing) <= set(every) and THOUGHT in differing


def test_what_is_not_there_is_not_shown(site: Site) -> None:
    client = site.client("ana")
    for path in ("/reviews/LT-9/matrix", f"{PAGE}?branch=no+such+code"):
        assert client.get(path).status == 404
    assert site.client("ben").get(PAGE).status == 403


@pytest.mark.parametrize("query", ["show=words", "show=words&rows=differ&count=below", "coder=nobody"])
def test_it_is_for_everyone(visitor: Visitor, query: str) -> None:
    page = visitor("ana", f"{PAGE}?{query}")
    assert axe.violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 320, "height": 640})
    assert (axe.violations(page), axe.too_wide(page)) == ([], [])


def test_on_paper_the_whole_table_is_seen(visitor: Visitor) -> None:
    page = visitor("ana", f"{PAGE}?show=words", java_script_enabled=False)
    page.emulate_media(media="print")
    assert not page.get_by_role("form", name="Filter").is_visible()
    page.set_viewport_size({"width": 1000, "height": 700})
    region = page.get_by_role("region", name="Framework matrix")
    assert region.evaluate("(box) => getComputedStyle(box).overflowX") == "visible"


def test_without_anything_coded_it_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    told = story.at(Stage.NAMED, tmp_path_factory.mktemp("empty"))
    with sites.serving(told.home) as origin:
        assert "Nothing has been coded yet." in Site(told, origin).client("ana").get(PAGE).text
    told.home.close()
