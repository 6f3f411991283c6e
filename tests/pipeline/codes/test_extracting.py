"""Extracts and codes of a conversation, in the database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from access import directory
from access.roles import NotAllowed
from configs import read
from pipeline.codes import extracting
from pipeline.codes.codebook import Codebook, UnknownCode, parse
from pipeline.codes.coding import BadTable, Extract, HeadingUsed
from pipeline.codes.extracting import NoDocument, NotYours, Place, UnknownExtract
from pipeline.codes.quotes import BadAnchor, QuoteAmbiguous, QuoteNotFound
from pipeline.history import BuiltUpon, NothingToRedo
from pipeline.pseudonyms import naming
from pipeline.reviews import codebook_of, find_review
from pipeline.stages import Frozen
from pipeline.transcripts import reviewing
from storage.errors import CandourError
from storage.log.log import Event
from storage.models import Extract as Row
from storage.models import State
from tests import story, undoing
from tests.story import CORRECTED, FIRST, REVIEW, Stage, Story

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


def by(told: Story, name: str, quote: str, turn: int | None = None) -> int:
    number, _ = extracting.add(told.home, getattr(told, name), FIRST, codes=(CODES[0],), quote=quote, turn=turn)
    return number


def test_words_can_be_named_in_any_way_a_person_or_a_page_has(told: Story) -> None:
    across = add(told, None, 1, last=2)[1]
    assert across.quote == "\n".join(
        passage.text for passage in extracting.read(told.home, told.ana, FIRST).passages[:2]
    )
    assert add(told, None, anchor=across.anchor)[1].quote == across.quote
    assert add(told, "it twice. Nobody came", None)[1].anchor.last_turn == 2


def test_codes_and_memo_of_an_extract_change_and_its_words_stay(told: Story) -> None:
    _, one = add(told, CORRECTED)
    changed = extracting.change(told.home, told.ana, FIRST, 1, more=(CODES[2], CODES[1]), memo=" Why? ")
    assert (changed.codes, changed.memo) == ((CODES[0], CODES[1], CODES[2]), "Why?")
    assert extracting.change(told.home, told.ana, FIRST, 1, fewer=(CODES[0],)).codes == (CODES[1], CODES[2])
    last = extracting.change(told.home, told.ana, FIRST, 1, codes=(CODES[3],))
    assert (last.codes, last.memo, last.anchor, last.quote) == ((CODES[3],), "Why?", one.anchor, one.quote)
    assert told.events()[-1] == Event.EXTRACT_CHANGED
    with pytest.raises(HeadingUsed):
        extracting.change(told.home, told.ana, FIRST, 1, more=(HEADING,))


def test_an_extract_gets_other_words_and_keeps_its_number(told: Story) -> None:
    add(told, CORRECTED, memo="Mine.")
    changed = extracting.change(told.home, told.ana, FIRST, 1, place=Place(quote="We told [Boy]", turn=1))
    assert (changed.quote, changed.memo, changed.codes) == ("We told [Boy]", "Mine.", (CODES[0],))
    assert quotes(told) == {1: "We told [Boy]"}
    extracting.undo(told.home, told.ana, FIRST)
    assert quotes(told) == {1: CORRECTED}


def test_own_words_become_a_code(told: Story) -> None:
    _, one = add(told, "Nobody came to the meeting", codes=(CODES[0],), in_vivo=True)
    _, again = add(told, "Nobody came to the meeting", codes=(), in_vivo=True)
    with told.home.reading() as session:
        book = codebook_of(told.home, find_review(session, REVIEW))
    (own,) = book.children("in-vivo")
    assert (own.name, own.parent) == ("“Nobody came to the meeting”", "in-vivo")
    assert (one.codes, again.codes) == ((CODES[0], own.id), (own.id,))
    assert "nobody" not in own.id
    extracting.undo(told.home, told.ana, FIRST)
    extracting.undo(told.home, told.ana, FIRST)
    with told.home.reading() as session:
        assert codebook_of(told.home, find_review(session, REVIEW)) == CODEBOOK


def test_a_code_in_own_words_may_open_a_name(told: Story) -> None:
    """What nobody has decided is open, wherever it stands; undo closes it, and redo opens it again."""
    reviewing.correct(told.home, told.ana, FIRST, [3], text="Then we rang Peter Hartigan twice.", speaker=None)
    story.decide(told, naming.NotAName())
    add(told, CORRECTED)

    def filed(quote: str) -> object:
        return extracting.file(told.home, told.ana, FIRST, Place(quote=quote), codes=(), in_vivo=True)

    for quote, opens, state in (("we rang", 0, State.CODED), ("Hartigan twice", 1, State.REVIEWED)):
        acts: list[Callable[[str], object]] = [
            lambda quote: add(told, quote, codes=(), in_vivo=True),
            lambda _: extracting.redo(told.home, told.ana, FIRST),
            filed,
        ]
        for act in acts:
            act(quote)
            assert len(naming.open_candidates(told.home, told.ana, FIRST)) == opens
            assert told.conversation().state is state
            extracting.undo(told.home, told.ana, FIRST)
            assert told.conversation().state is State.CODED


def test_everything_is_taken_back_step_by_step_and_done_again_by_another_process(told: Story) -> None:
    """Unlimited, and it survives a restart: each step is another process that opens the home."""
    table = f"turn,quote,codes,memo\n1,We told,{CODES[0]},\n,{CORRECTED},{CODES[0]};{CODES[1]},two\n".encode()
    acts: list[Callable[[], object]] = [
        lambda: extracting.import_table(told.home, told.ana, FIRST, table),
        lambda: extracting.change(told.home, told.ana, FIRST, 2, memo="Another."),
        lambda: add(told, "twice", 1, in_vivo=True),
        lambda: extracting.change(told.home, told.ana, FIRST, 1, place=Place(turn=3)),
        lambda: extracting.remove(told.home, told.ana, FIRST, 1, 2),
        lambda: extracting.change(told.home, told.ana, FIRST, 3, codes=(CODES[5],), memo="x"),
        lambda: extracting.restore(told.home, told.ana, FIRST, 1),
    ]
    undoing.back_and_again(
        told,
        acts,
        _state,
        lambda told: extracting.undo(told.home, told.ana, FIRST),
        lambda told: extracting.redo(told.home, told.ana, FIRST),
    )


def _state(told: Story) -> object:
    with told.home.reading() as session:
        names = [code.name for code in codebook_of(told.home, find_review(session, REVIEW)).codes]
    found = extracting.listed(told.home, told.ana, FIRST)
    return [(n, one.quote, one.codes, one.memo, faults) for n, one, faults in found], names, told.conversation().state


def test_a_new_act_ends_what_could_be_done_again(told: Story) -> None:
    add(told, CORRECTED)
    assert extracting.undo(told.home, told.ana, FIRST) == [1]
    changed = [entry for entry in told.log() if entry.event == Event.EXTRACT_CHANGED]
    assert changed[-1].detail == {"undo": True}
    add(told, "We told", 1)
    with pytest.raises(NothingToRedo):
        extracting.redo(told.home, told.ana, FIRST)


def test_two_coders_are_kept_apart(told: Story) -> None:
    mine, theirs = by(told, "ana", CORRECTED), by(told, "cara", "We told", 1)
    extracting.undo(told.home, told.ana, FIRST)
    assert quotes(told) == {theirs: "We told"}, "one's own act, not the newest"
    extracting.redo(told.home, told.ana, FIRST)
    for act in (
        lambda: extracting.change(told.home, told.ana, FIRST, theirs, memo="x"),
        lambda: extracting.remove(told.home, told.ana, FIRST, theirs),
    ):
        with pytest.raises(NotYours, match="cara"):
            act()
    assert [n for n, *_ in extracting.listed(told.home, told.ana, FIRST, coder="cara")] == [theirs]
    assert [n for n, *_ in extracting.listed(told.home, told.cara, FIRST, coder="ana")] == [mine]


def test_the_work_of_who_has_left_can_be_mended_by_others(told: Story) -> None:
    theirs = by(told, "cara", CORRECTED)
    directory.disable(told.home, told.ben, "cara")
    assert extracting.change(told.home, told.ana, FIRST, theirs, memo="Mended.").coder == "cara"


def test_what_somebody_else_has_changed_since_is_not_taken_back(told: Story) -> None:
    number = by(told, "cara", CORRECTED)
    cara = told.cara
    directory.disable(told.home, told.ben, "cara")
    extracting.change(told.home, told.ana, FIRST, number, memo="Mended.")
    with pytest.raises(BuiltUpon):
        extracting.undo(told.home, cara, FIRST)
    extracting.undo(told.home, told.ana, FIRST)
    extracting.undo(told.home, cara, FIRST)
    assert quotes(told) == {}


def test_extracts_follow_corrections_and_another_name_key_and_the_rest_are_listed(told: Story) -> None:
    add(told, "told [Boy] about it twice", 1)
    add(told, CORRECTED)
    add(told, "about it", 3)
    extracting.remove(told.home, told.ana, FIRST, 3)
    (term,) = naming.listed(told.home, told.ana, REVIEW)
    naming.change(told.home, told.ana, REVIEW, term.id, replacement="Child 1")
    reviewing.correct(told.home, told.ana, FIRST, [1], text="Well, we told Marlowe about it twice.", speaker=None)
    reviewing.correct(told.home, told.ana, FIRST, [2], text="Nobody went to the meeting.", speaker=None)
    found = extracting.listed(told.home, told.ana, FIRST)
    assert [(n, one.quote, bool(faults)) for n, one, faults in found] == [
        (1, "told [Child 1] about it twice", False),
        (2, CORRECTED, True),
    ]
    extracting.restore(told.home, told.ana, FIRST, 3)
    assert extracting.listed(told.home, told.ana, FIRST)[2][1].quote == "about it"
    reviewing.correct(told.home, told.ana, FIRST, [2], text=CORRECTED, speaker=None)
    assert [faults for *_, faults in extracting.listed(told.home, told.ana, FIRST)] == [(), (), ()], (
        "its words are back"
    )


def test_undo_keeps_the_words_where_they_are_now(told: Story) -> None:
    add(told, "told [Boy]", 1)
    extracting.change(told.home, told.ana, FIRST, 1, memo="Look.")
    reviewing.correct(told.home, told.ana, FIRST, [1], text="Well, we told Marlowe about it twice.", speaker=None)
    extracting.undo(told.home, told.ana, FIRST)
    ((_, one, faults),) = extracting.listed(told.home, told.ana, FIRST)
    assert (one.quote, one.memo, one.anchor.first_char, faults) == ("told [Boy]", "", 9, ())


def test_a_signed_conversation_is_not_coded_any_more(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    for act in (
        lambda: add(told, CORRECTED),
        lambda: extracting.undo(told.home, told.ana, FIRST),
        lambda: extracting.change(told.home, told.ana, FIRST, 1, memo="x"),
    ):
        with pytest.raises(Frozen):
            act()


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
        lambda: extracting.read(told.home, person, FIRST),
        lambda: extracting.change(told.home, person, FIRST, 1, memo="x"),
        lambda: extracting.undo(told.home, person, FIRST),
        lambda: extracting.redo(told.home, person, FIRST),
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


def test_the_same_words_filed_again_get_the_codes_and_stay_one_extract(told: Story) -> None:
    where = Place(quote=CORRECTED)
    number = extracting.file(told.home, told.ana, FIRST, where, codes=(CODES[1],), memo="first")
    assert extracting.file(told.home, told.ana, FIRST, where, codes=(CODES[0],), memo="second") == number
    ((_, one, _),) = extracting.listed(told.home, told.ana, FIRST)
    assert (one.codes, one.memo) == ((CODES[0], CODES[1]), "first\nsecond")
    before = told.events()
    extracting.file(told.home, told.ana, FIRST, where, codes=(CODES[0],))
    assert told.events() == before, "what was so already is no act"
    other = extracting.file(told.home, told.cara, FIRST, where, codes=(CODES[0],))
    assert other != number, "another coder has an extract of their own"
    extracting.file(told.home, told.ana, FIRST, where, codes=(), in_vivo=True)
    assert len(extracting.listed(told.home, told.ana, FIRST)[0][1].codes) == 3
    for left in (2, 1):
        assert extracting.undo(told.home, told.ana, FIRST) == [number]
        assert len(extracting.listed(told.home, told.ana, FIRST)[0][1].codes) == left
    assert extracting.undo(told.home, told.ana, FIRST) == [number]
    assert [n for n, _, _ in extracting.listed(told.home, told.ana, FIRST)] == [other]
