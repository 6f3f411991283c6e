"""Extracts at the page: found by address and by words, copied with their reference, changed, removed and put back."""

from pathlib import Path

import pytest

from pipeline import reviews
from pipeline.codes import extracting, finding
from pipeline.codes.codebook import parse
from retention import destroy
from tests import story
from tests.story import CORRECTED, FIRST, REVIEW, Stage
from tests.web import axe, coded, sites
from tests.web.conftest import Visitor
from tests.web.sites import Client, Site
from tests.web.watching import Watch

LIST = f"/reviews/{REVIEW}/extracts"
ONE = f"{LIST}/{FIRST}/1"
QUOTE = "told [Boy] about it"


def extract(site: Site, number: int = 1) -> finding.Filed:
    return finding.one(site.home, site.story.ana, FIRST, number)


def test_extracts_are_found_by_plain_addresses_and_words_stand_in_none(site: Site) -> None:
    extracting.add(site.home, site.story.cara, FIRST, codes=("c33",), quote="Nobody came", memo="Compare")
    ana = site.client("ana")

    def quotes(address: str, **words: str) -> list[str]:
        page = (ana.post(LIST + address, words) if words else ana.get(LIST + address)).text
        return [part.partition("<")[0] for part in page.split('translate="no">')[1:] if part.partition("<")[0] in known]

    known = {QUOTE, CORRECTED, "Nobody came"}
    assert quotes("") == [QUOTE, CORRECTED, "Nobody came"]
    assert quotes("?code=c33") == ["Nobody came"]
    assert quotes("?code=c3") == [], "a code that takes extracts is meant alone"
    assert quotes("?code=c3&below=yes") == ["Nobody came"]
    assert quotes("?code=c") == ["Nobody came"], "a heading has nothing but what is below it"
    assert quotes("?coder=ana") == [QUOTE, CORRECTED]
    assert quotes("?position=Health+visitor+1&conversation=c-001") == [QUOTE, CORRECTED, "Nobody came"]
    assert quotes("?position=Head+teacher+1") == []
    assert quotes("?mend=yes") == []
    assert quotes("?coder=cara", text="COMPARE") == ["Nobody came"]
    assert quotes("?coder=ana", text="compare") == []
    page = ana.post(LIST, {"text": "compare"}).text
    assert [link for part in page.split('href="')[1:] if "ompare" in (link := part.partition('"')[0])] == []
    assert ana.get(f"{LIST}?code=nothing/at-all").status == ana.get(f"{LIST}?page=2").status == 404


def test_an_extract_is_changed_removed_and_put_back_without_script(visitor: Visitor, site: Site) -> None:
    page = visitor("ana", LIST, java_script_enabled=False)
    page.get_by_role("link", name="Health visitor 1, C-001 ¶1").click()
    assert page.locator("mark").inner_text() == QUOTE
    page.get_by_label("One more code").select_option(label="C3.3 Workload")
    page.get_by_role("button", name="Add the code").click()
    page.get_by_label("Memo").fill("Look at turn 2")
    page.get_by_role("button", name="Keep the memo").click()
    assert page.get_by_role("alert").inner_text().endswith("The extract is changed.")
    assert extract(site).extract.memo == "Look at turn 2" and len(extract(site).extract.codes) == 2
    page.get_by_role("button", name="Take off C3.3 Workload").click()
    assert len(extract(site).extract.codes) == 1
    page.get_by_role("button", name="Remove this extract").click()
    assert extract(site).removed and page.locator("audio").count() == 1
    page.get_by_role("button", name="Put it back").click()
    assert not extract(site).removed
    assert [number for number, _, _ in extracting.listed(site.home, site.story.ana, FIRST)] == [1, 2]


def test_a_quote_is_copied_with_where_it_stands(visitor: Visitor) -> None:
    for path in (LIST, ONE):
        page = visitor("ana", path)
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
        page.get_by_role("button", name="Copy with reference").first.click()
        assert page.evaluate("window.copied") == f"“{QUOTE}” (Health visitor 1, C-001 ¶1)"


def test_an_extract_that_lost_its_words_is_listed_and_mended(visitor: Visitor, site: Site, watch: Watch) -> None:
    watch.expected.add(422)
    coded.lay(site.home, [f"We {QUOTE} twice.", "Nobody came to it."])
    page = visitor("ana", f"{LIST}?mend=yes")
    assert axe.violations(page) == []
    page.get_by_role("link", name="Health visitor 1, C-001 ¶2").click()
    assert axe.violations(page) == []
    page.get_by_label("Its words as they stand now").fill("Somebody came")
    page.get_by_role("button", name="Put the extract on these words").click()
    assert "not in the transcript" in page.get_by_role("alert").inner_text()
    page.get_by_label("Its words as they stand now").fill("Nobody came to it.")
    page.get_by_role("button", name="Put the extract on these words").click()
    assert extract(site, 2).extract.quote == "Nobody came to it." and extract(site, 2).faults == ()


def test_nobody_changes_what_another_has_coded_nor_what_is_signed(site: Site) -> None:
    cara = site.client("cara")
    page = cara.get(ONE).text
    assert "only ana changes it" in page and "<form" not in page.partition("<main")[2].partition("</main")[0]
    for what, fields in (("change", {"memo": "mine"}), ("change", {"more": "c33"}), ("remove", {}), ("restore", {})):
        assert cara.post(f"{ONE}/{what}", fields).status in {404, 409}
    assert extract(site).extract.memo == ""


def test_what_is_of_another_review_is_not_there(site: Site) -> None:
    ana = site.client("ana")
    reviews.create_review(site.home, site.story.ana, "LT-2", schedule="", codebook=parse('name = "Other"\n'))
    for path in (
        f"/reviews/LT-2/extracts/{FIRST}/1",
        f"{LIST}/{FIRST}/99",
        f"{LIST}/{FIRST}/x",
        f"{LIST}/C-099/1",
        "/reviews/LT-9/extracts",
    ):
        assert ana.get(path).status == 404, path
    for what in ("change", "remove", "restore"):
        assert ana.post(f"/reviews/LT-2/extracts/{FIRST}/1/{what}", {"memo": "x"}).status == 404
        assert ana.post(f"{LIST}/{FIRST}/99/{what}", {"memo": "x"}).status == 404
    assert extract(site).extract.memo == ""


@pytest.mark.parametrize(
    "fields",
    [{"first_turn": "1"}, {"first_turn": "1", "first_char": "0", "last_turn": "1", "last_char": "x"}, {"turn": "one"}],
)
def test_a_place_that_is_none_changes_nothing(site: Site, fields: dict[str, str]) -> None:
    answer = site.client("ana").post(f"{ONE}/change", fields)
    assert answer.status == 422 and extract(site).extract.quote == QUOTE


def test_an_extract_keeps_place_speaker_and_time_when_the_recording_has_gone(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    with sites.serving(told.home) as origin:
        ana = Client(origin).signed_in("ana")
        addresses = (ONE, LIST, f"/conversations/{FIRST}/coding", f"/reviews/{REVIEW}/codebook")
        before = ana.get(ONE).text
        assert "<audio" in before and "has been signed off" in before and "Keep the memo" not in before
        destroy.carry_out(told.home, 1)
        pages = {address: ana.get(address) for address in addresses}
        assert [page.status for page in pages.values()] == [200] * 4
        assert "<audio" not in "".join(page.text for page in pages.values())
        for words in (QUOTE, "Health visitor 1, C-001 ¶1", "Interviewer", '<dd class="app-numeric">0:0'):
            assert words in pages[ONE].text
        for what, fields in (("change", {"memo": "late"}), ("remove", {})):
            assert ana.post(f"{ONE}/{what}", fields).status == 409
    told.home.close()
