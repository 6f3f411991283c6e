"""The codebook of a review, in the database: changed code by code, taken back, and with participants' own words sealed apart."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from access.roles import NotAllowed
from configs import read
from pipeline.codes import bookkeeping, extracting
from pipeline.codes.arranging import BelowItself, StillHasCodes
from pipeline.codes.bookkeeping import CodeInUse, SignedFor
from pipeline.codes.codebook import BadCodebook, Code, Codebook, UnknownCode, parse
from pipeline.contents import analysis_digest
from pipeline.history import BuiltUpon, NothingToUndo
from pipeline.reviews import codebook_of, find_conversation, find_review
from retention import approvals, destroy, orders, withdrawal
from storage.errors import CandourError
from storage.models import State
from tests import story
from tests.story import CORRECTED, FIRST, REVIEW, Stage, Story

SHIPPED: Codebook = parse(read("codebooks/learning-together.toml"))
USED, UNUSED = "structure/introduction", "structure/what-went-well"


@pytest.fixture
def told(tmp_path: Path) -> Story:
    """Coded with the first code of the shipped book."""
    return story.at(Stage.CODED, tmp_path)


def book(told: Story) -> Codebook:
    with told.home.reading() as session:
        return codebook_of(told.home, find_review(session, REVIEW))


def names(told: Story, parent: str) -> list[str]:
    return [code.name for code in book(told).children(parent)]


def new(name: str, **fields: object) -> Code:
    return replace(Code(id="new", name=name, colour=""), **fields)  # type: ignore[arg-type]  # fields of a code


def test_a_code_is_added_below_its_parent_with_all_that_belongs_to_it(told: Story) -> None:
    code = new("B7 Episode 7", colour="#123456", shortcut="b7", aliases=("KPE 7",), description="The last one.")
    bookkeeping.add(told.home, told.ana, REVIEW, code, below="b")
    added = book(told).find("kpe 7")
    assert (added.id, added.colour, added.shortcut) == ("key-practice-episodes/b7-episode-7", "#123456", "b7")
    assert names(told, "key-practice-episodes")[-1] == "B7 Episode 7"
    assert [one.name for one in book(told).codes].index("C Contributory factors") > book(told).codes.index(added)
    bookkeeping.add(told.home, told.ana, REVIEW, new("H Ours", codable=False))
    assert (book(told).codes[-1].name, book(told).codes[-1].parent) == ("H Ours", None)


def test_a_code_is_changed_in_place(told: Story) -> None:
    bookkeeping.change(
        told.home, told.ana, REVIEW, "b1", name="B1 The strategy meeting", colour="#1b5e20", aliases=("meeting",)
    )
    changed = book(told).find("meeting")
    assert (changed.id, changed.name, changed.colour, changed.shortcut) == (
        "key-practice-episodes/episode-1", "B1 The strategy meeting", "#1B5E20", "b1",
    )  # fmt: skip
    bookkeeping.change(told.home, told.ana, REVIEW, "c3", below="d")
    assert names(told, "patterns")[-1] == "C3 Conditions of work"
    assert book(told).lineage(book(told).find("c33"))[0].id == "patterns", "with all that is below it"


REFUSED: dict[str, tuple[Callable[[Story], object], type[CandourError]]] = {
    "a name that is taken": (
        lambda told: bookkeeping.change(told.home, told.ana, REVIEW, "b1", name="B2 Episode 2"), BadCodebook
    ),
    "a colour that is none": (lambda told: bookkeeping.change(told.home, told.ana, REVIEW, "b1", colour="red"), BadCodebook),
    "no such code": (lambda told: bookkeeping.change(told.home, told.ana, REVIEW, "zz", name="x"), UnknownCode),
    "below itself": (lambda told: bookkeeping.change(told.home, told.ana, REVIEW, "c3", below="c33"), BelowItself),
    "a code with others below": (lambda told: bookkeeping.remove(told.home, told.ana, REVIEW, "c3"), StillHasCodes),
    "a code in use": (lambda told: bookkeeping.remove(told.home, told.ana, REVIEW, USED), CodeInUse),
    "a heading of one in use": (
        lambda told: bookkeeping.change(told.home, told.ana, REVIEW, USED, codable=False), CodeInUse
    ),
    "nothing to take back": (lambda told: bookkeeping.undo(told.home, told.ana, REVIEW), NothingToUndo),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_refused_and_changes_nothing(what: str, told: Story) -> None:
    act, error = REFUSED[what]
    before = told.events()
    with pytest.raises(error):
        act(told)
    assert (book(told), told.events()) == (SHIPPED, before)


def without(code: str) -> Codebook:
    return replace(SHIPPED, codes=tuple(one for one in SHIPPED.codes if one.id != code))


def test_another_codebook_must_have_every_code_that_is_in_use(told: Story) -> None:
    with pytest.raises(CodeInUse, match=USED):
        bookkeeping.replace_codebook(told.home, told.ana, REVIEW, without(USED))
    bookkeeping.replace_codebook(told.home, told.ana, REVIEW, without(UNUSED))
    assert book(told) == without(UNUSED)
    extracting.remove(told.home, told.ana, FIRST, 1, 2)
    bookkeeping.replace_codebook(told.home, told.ana, REVIEW, without(USED))
    assert book(told) == without(USED)


def test_every_change_is_taken_back_and_done_again_by_another_process(told: Story) -> None:
    turned = (Code(id="structure", name="Talk", codable=False), *reversed(SHIPPED.children("structure")))
    acts: list[Callable[[], object]] = [
        lambda: bookkeeping.add(told.home, told.ana, REVIEW, new("B7 Episode 7"), below="b"),
        lambda: bookkeeping.change(told.home, told.ana, REVIEW, "c3", below="d", name="Work", shortcut=""),
        lambda: bookkeeping.remove(told.home, told.ana, REVIEW, "a6"),
        lambda: bookkeeping.replace_codebook(told.home, told.ana, REVIEW, Codebook(name="Ours", codes=turned)),
    ]
    seen = [book(told).codes]
    for act in acts:
        act()
        seen.append(book(told).codes)
    for expected in reversed(seen[:-1]):
        told = told.again()
        bookkeeping.undo(told.home, told.ana, REVIEW)
        assert book(told).codes == expected
    for expected in seen[1:]:
        told = told.again()
        bookkeeping.redo(told.home, told.ana, REVIEW)
        assert book(told).codes == expected


def test_two_people_take_back_their_own_unless_the_other_went_on_with_it(told: Story) -> None:
    bookkeeping.add(told.home, told.ana, REVIEW, new("B7 Episode 7"), below="b")
    bookkeeping.add(told.home, told.cara, REVIEW, new("B8 Episode 8"), below="b")
    bookkeeping.undo(told.home, told.ana, REVIEW)
    assert names(told, "key-practice-episodes")[-2:] == ["B6 Episode 6", "B8 Episode 8"]
    bookkeeping.redo(told.home, told.ana, REVIEW)
    bookkeeping.change(told.home, told.cara, REVIEW, "B7", name="B7 The move")
    with pytest.raises(BuiltUpon):
        bookkeeping.undo(told.home, told.ana, REVIEW)
    assert book(told).find("B7").name == "B7 The move"


def test_a_code_that_has_been_used_since_is_not_taken_back(told: Story) -> None:
    bookkeeping.add(told.home, told.ana, REVIEW, new("B7 Episode 7"), below="b")
    extracting.add(told.home, told.cara, FIRST, codes=("B7",), quote=CORRECTED)
    with pytest.raises(CodeInUse):
        bookkeeping.undo(told.home, told.ana, REVIEW)
    assert book(told).find("B7").name == "B7 Episode 7"


def digest(told: Story) -> str:
    with told.home.reading() as session:
        return analysis_digest(told.home, session, find_conversation(session, FIRST))


def test_an_analysis_is_another_when_a_code_in_use_means_something_else(told: Story) -> None:
    before = digest(told)
    assert digest(told) == before
    harmless: list[Callable[[], object]] = [
        lambda: bookkeeping.change(told.home, told.ana, REVIEW, UNUSED, name="Other", description="Other."),
        lambda: bookkeeping.change(told.home, told.ana, REVIEW, USED, colour="#123456", shortcut="q"),
        lambda: bookkeeping.add(told.home, told.ana, REVIEW, new("B7 Episode 7"), below="b"),
    ]
    telling: list[Callable[[], object]] = [
        lambda: bookkeeping.change(told.home, told.ana, REVIEW, USED, description="Quite another thing."),
        lambda: bookkeeping.change(told.home, told.ana, REVIEW, "a", name="A Parts"),
        lambda: bookkeeping.change(told.home, told.ana, REVIEW, USED, below="b"),
    ]
    for act in harmless:
        act()
        assert digest(told) == before
    for act in telling:
        act()
        assert digest(told) != before
        bookkeeping.undo(told.home, told.ana, REVIEW)
        assert digest(told) == before


def test_what_was_signed_keeps_its_meaning_until_the_recording_is_gone(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    with pytest.raises(SignedFor, match=FIRST):
        bookkeeping.change(told.home, told.ana, REVIEW, USED, name="A1 Something else")
    bookkeeping.change(told.home, told.ana, REVIEW, UNUSED, name="A6 Something else")
    destroy.carry_out(told.home, 1)
    bookkeeping.change(told.home, told.ana, REVIEW, USED, name="A1 Something else")
    assert book(told).find("a1").name == "A1 Something else"


OWN = "Nobody came to the meeting"


@pytest.mark.parametrize(
    "said", [{"name": "Hartigan"}, {"description": "Hartigan"}, {"shortcut": "Hartigan"}, {"aliases": ("Hartigan",)}]
)
def test_the_words_of_a_code_without_extracts_stay_as_they_were_signed(tmp_path: Path, said: dict[str, Any]) -> None:
    told = story.at(Stage.CODED, tmp_path)
    number, _ = extracting.add(told.home, told.ana, FIRST, codes=(), quote=OWN, in_vivo=True)
    (own,) = book(told).children("in-vivo")
    extracting.change(told.home, told.ana, FIRST, number, more=(USED,), fewer=(own.id,))
    assert told.conversation().state is State.CODED
    change = partial(bookkeeping.change, told.home, told.ana, REVIEW, own.id, **said)
    story.export(told, tmp_path / "export.csv")
    approvals.sign_off(told.home, told.ana, story.password("ana"), FIRST)
    with pytest.raises(SignedFor, match=FIRST):
        change()
    bookkeeping.change(told.home, told.ana, REVIEW, own.id, colour="#00703C")
    approvals.take_back(told.home, told.ana, story.password("ana"), FIRST)
    change()
    # With its name the team's own; what is said about a participant's words is asked about again.
    assert told.conversation().state is (State.CODED if "name" in said else State.REVIEWED)


def test_own_words_lie_under_the_key_of_their_conversation_and_die_with_it(told: Story) -> None:
    """Also in the history of the codebook, which lies under the key of the review."""
    extracting.add(told.home, told.ana, FIRST, codes=(), quote=OWN, in_vivo=True)
    (own,) = book(told).children("in-vivo")
    bookkeeping.change(told.home, told.ana, REVIEW, own.id, shortcut="q")
    bookkeeping.change(told.home, told.ana, REVIEW, "b1", name="B1 Kept")
    assert book(told).find("q").name == f"“{OWN}”"
    withdrawal.withdraw(told.home, told.ana, story.password("ana"), FIRST)
    assert book(told).find("q").name == f"In vivo {own.id[-8:]}", "closed at once"
    bookkeeping.change(told.home, told.ana, REVIEW, "b2", name="B2 Kept")
    orders.approve(told.home, told.ben, story.password("ben"), 1)
    destroy.carry_out(told.home, 1)
    assert (book(told).find("q").name, book(told).find("b1").name) == (f"In vivo {own.id[-8:]}", "B1 Kept")
    bookkeeping.undo(told.home, told.ana, REVIEW)
    bookkeeping.undo(told.home, told.ana, REVIEW)
    bookkeeping.undo(told.home, told.ana, REVIEW)
    assert book(told).find(own.id).shortcut == ""


def test_a_name_the_team_gave_is_the_teams(told: Story) -> None:
    extracting.add(told.home, told.ana, FIRST, codes=(), quote=OWN, in_vivo=True)
    (own,) = book(told).children("in-vivo")
    bookkeeping.change(told.home, told.ana, REVIEW, own.id, name="Empty meetings")
    withdrawal.withdraw(told.home, told.ana, story.password("ana"), FIRST)
    assert book(told).find(own.id).name == "Empty meetings"


def test_an_imported_book_leaves_own_words_where_they_are(told: Story) -> None:
    extracting.add(told.home, told.ana, FIRST, codes=(), quote=OWN, in_vivo=True)
    bookkeeping.replace_codebook(told.home, told.ana, REVIEW, parse(book(told).to_toml()))
    (own,) = book(told).children("in-vivo")
    assert own.words_of == told.conversation().extract_key


@pytest.mark.parametrize("name", ["ben", "dora"])
def test_who_may_not_touch_the_codebook(name: str, told: Story) -> None:
    person, before = getattr(told, name), told.events()
    acts: list[Callable[[], object]] = [
        lambda: bookkeeping.read(told.home, person, REVIEW),
        lambda: bookkeeping.add(told.home, person, REVIEW, new("x")),
        lambda: bookkeeping.change(told.home, person, REVIEW, "b1", name="x"),
        lambda: bookkeeping.remove(told.home, person, REVIEW, "b1"),
        lambda: bookkeeping.replace_codebook(told.home, person, REVIEW, SHIPPED),
        lambda: bookkeeping.undo(told.home, person, REVIEW),
        lambda: bookkeeping.redo(told.home, person, REVIEW),
    ]
    for act in acts:
        with pytest.raises(NotAllowed):
            act()
    assert told.events() == before
