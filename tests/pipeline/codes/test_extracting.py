"""Extracts and codes of a conversation, in the database."""

from pathlib import Path
from typing import Any

import pytest

from access.roles import NotAllowed
from configs import read
from pipeline.codes import extracting
from pipeline.codes.codebook import Codebook, UnknownCode, parse
from pipeline.codes.coding import BadTable, Extract, HeadingUsed
from pipeline.codes.extracting import CodeInUse, NoDocument, UnknownExtract
from pipeline.codes.quotes import BadAnchor, QuoteAmbiguous, QuoteNotFound
from pipeline.reviews import codebook_of, find_review
from pipeline.transcripts import reviewing
from storage.errors import CandourError
from storage.log.log import Event
from storage.models import Extract as Row
from storage.models import State
from tests import story
from tests.story import CORRECTED, FIRST, OTHER, REVIEW, Stage, Story

CODEBOOK: Codebook = parse(read("codebooks/learning-together.toml"))
CODES = [code.id for code in CODEBOOK.codes if code.codable]
HEADING = next(code.id for code in CODEBOOK.codes if not code.codable)


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.NAMED, tmp_path)


def add(told: Story, quote: str | None, turn: int | None = None, **changed: Any) -> tuple[int, Extract]:
    given: dict[str, Any] = {"codes": (CODES[0],), "quote": quote, "turn": turn, "memo": ""}
    return extracting.add(told.home, told.ana, FIRST, **(given | changed))


def quotes(told: Story) -> dict[int, str]:
    return {number: one.quote for number, one, _ in extracting.listed(told.home, told.ana, FIRST)}


def test_an_extract_is_taken_from_the_pseudonymised_words(told: Story) -> None:
    number, one = add(told, "told  [Boy] about", 1, codes=(CODES[1], CODES[0]), memo=" Look again. ")
    assert (number, one.quote, one.memo, one.coder) == (1, "told [Boy] about", "Look again.", "ana")
    assert one.codes == (CODES[0], CODES[1]), "in the order of the codebook"
    assert extracting.listed(told.home, told.ana, FIRST) == [(1, one, ())]
    assert told.events()[-2:] == [Event.EXTRACT_ADDED, Event.CODING_FINISHED]
    assert told.conversation().state is State.CODED


def test_a_whole_turn_needs_only_its_number(told: Story) -> None:
    assert add(told, None, 2)[1].quote == CORRECTED


REFUSED: dict[str, tuple[dict[str, Any], type[CandourError]]] = {
    "a real name": ({"quote": "told Marlowe about"}, QuoteNotFound),
    "words of another turn": ({"quote": CORRECTED, "turn": 1}, QuoteNotFound),
    "words that stand twice": ({"quote": "told [Boy] about"}, QuoteAmbiguous),
    "no words": ({"quote": "   "}, QuoteNotFound),
    "no turn": ({"quote": None, "turn": 99}, BadAnchor),
    "nothing": ({"quote": None}, BadAnchor),
    "no such code": ({"quote": CORRECTED, "codes": ("nothing/at-all",)}, UnknownCode),
    "a heading": ({"quote": CORRECTED, "codes": (HEADING,)}, HeadingUsed),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_refused_and_adds_nothing(what: str, told: Story) -> None:
    given, error = REFUSED[what]
    before = told.events()
    with pytest.raises(error):
        add(told, **given)
    assert (told.events(), story.rows(told.home, Row)) == (before, 0)


def test_a_table_is_added_whole_or_not_at_all(told: Story) -> None:
    good = f"turn,quote,codes,memo\n1,We told,{CODES[0]},\n,{CORRECTED},{CODES[0]};{CODES[1]},two codes\n"
    bad = good + f"2,Marlowe,{CODES[0]},\n1,We told,{HEADING},\n"
    with pytest.raises(BadTable, match="row 4") as refused:
        extracting.import_table(told.home, told.ana, FIRST, bad.encode())
    assert "row 5" in str(refused.value)
    assert quotes(told) == {}
    assert [number for number, _ in extracting.import_table(told.home, told.ana, FIRST, good.encode())] == [1, 2]
    assert told.log()[-2].detail == {"count": 2}
    assert quotes(told) == {1: "We told", 2: CORRECTED}


def test_a_removed_extract_can_be_put_back_and_its_number_is_not_given_again(told: Story) -> None:
    add(told, "We told", 1)
    extracting.remove(told.home, told.ana, FIRST, 1)
    assert (quotes(told), told.conversation().state) == ({}, State.PSEUDONYMISED)
    assert add(told, CORRECTED)[0] == 2
    extracting.restore(told.home, told.ana, FIRST, 1)
    assert quotes(told) == {1: "We told", 2: CORRECTED}
    assert told.conversation().state is State.CODED


@pytest.mark.parametrize("number", [0, 2, 99])
def test_an_extract_that_is_not_there_is_said(number: int, told: Story) -> None:
    add(told, "We told", 1)
    for act in (extracting.remove, extracting.restore):
        with pytest.raises(UnknownExtract):
            act(told.home, told.ana, FIRST, number)
    with pytest.raises(UnknownExtract):
        extracting.restore(told.home, told.ana, FIRST, 1)
    extracting.remove(told.home, told.ana, FIRST, 1)
    with pytest.raises(UnknownExtract):
        extracting.remove(told.home, told.ana, FIRST, 1)


def test_before_every_name_is_decided_there_is_nothing_to_code(tmp_path: Path) -> None:
    told = story.at(Stage.REVIEWED, tmp_path)
    with pytest.raises(NoDocument, match="names candidates"):
        add(told, "We told", 1)
    assert extracting.listed(told.home, told.ana, FIRST) == []


def test_an_extract_whose_words_changed_says_so(told: Story) -> None:
    add(told, CORRECTED)
    reviewing.correct(told.home, told.ana, FIRST, [2], text="Everybody came.", speaker=None)
    ((_, one, problems),) = extracting.listed(told.home, told.ana, FIRST)
    assert one.quote == CORRECTED
    assert len(problems) == 1 and "no longer stand" in problems[0]


def test_the_matrix_has_a_row_for_each_conversation_that_is_coded(told: Story) -> None:
    add(told, CORRECTED, codes=(CODES[2],))
    found = extracting.framework(told.home, told.ana, REVIEW)
    assert found.rows == ((FIRST, story.POSITIONS[0]),)
    counts = {code.id: len(cell.extracts) for code, cell in zip(found.columns, found.cells[0], strict=True)}
    assert {code: count for code, count in counts.items() if count} == {CODES[2]: 1}
    assert OTHER not in {reference for reference, _ in found.rows}


def without(code: str) -> Codebook:
    kept = [one for one in CODEBOOK.codes if one.id != code]
    return Codebook(name=CODEBOOK.name, attribution=CODEBOOK.attribution, codes=tuple(kept))


def test_a_new_codebook_must_have_every_code_that_is_in_use(told: Story) -> None:
    add(told, CORRECTED)
    with pytest.raises(CodeInUse, match=CODES[0]):
        extracting.replace_codebook(told.home, told.ana, REVIEW, without(CODES[0]))
    with told.home.reading() as session:
        review = find_review(session, REVIEW)
        assert extracting.used_codes(told.home, session, review) == {CODES[0]}
        assert codebook_of(told.home, review) == CODEBOOK
    extracting.replace_codebook(told.home, told.ana, REVIEW, without(CODES[-1]))
    with pytest.raises(UnknownCode):
        add(told, "We told", 1, codes=(CODES[-1],))
    extracting.remove(told.home, told.ana, FIRST, 1)
    extracting.replace_codebook(told.home, told.ana, REVIEW, without(CODES[0]))


@pytest.mark.parametrize("name", ["ben", "dora"])
def test_who_may_not_code(name: str, told: Story) -> None:
    person = getattr(told, name)
    before = told.events()
    for act in (
        lambda: extracting.add(told.home, person, FIRST, codes=(CODES[0],), quote=CORRECTED, turn=None, memo=""),
        lambda: extracting.import_table(told.home, person, FIRST, b"quote,codes\n"),
        lambda: extracting.remove(told.home, person, FIRST, 1),
        lambda: extracting.restore(told.home, person, FIRST, 1),
        lambda: extracting.listed(told.home, person, FIRST),
        lambda: extracting.framework(told.home, person, REVIEW),
        lambda: extracting.replace_codebook(told.home, person, REVIEW, CODEBOOK),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert told.events() == before


def test_no_quote_and_no_memo_lies_open(told: Story) -> None:
    add(told, CORRECTED, memo="An unmistakable memo.")
    told.home.close()
    bodies = b"".join(path.read_bytes() for path in told.home.folder.glob("candour.db*"))
    assert b"unmistakable" not in bodies and CORRECTED.encode() not in bodies
    assert b"Community health" in bodies, "the look must see what lies open"
