"""Two codes made one, and codes retired: what becomes of extracts, and that it can be taken back."""

from pathlib import Path

import pytest

from access import directory
from pipeline.codes import bookkeeping, extracting, finding
from pipeline.codes.arranging import IntoItself, StillHasCodes
from pipeline.codes.bookkeeping import SignedFor
from pipeline.codes.codebook import Code, HeadingUsed, parse
from pipeline.codes.coding import BadTable, RetiredUsed
from pipeline.codes.finding import Wanted
from pipeline.history import BuiltUpon
from retention import withdrawal
from tests import story
from tests.story import CORRECTED, FIRST, REVIEW, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.NAMED, tmp_path)


def codes(told: Story) -> dict[int, list[str]]:
    """The shortcuts of the codes of each extract."""
    found = finding.of_review(told.home, told.ana, REVIEW, Wanted())
    shortcuts = {code.id: code.shortcut for code in found.book.codes}
    return {one.number: [shortcuts.get(id, id) for id in one.extract.codes] for one in found.every}


def merge(told: Story, label: str, into: str) -> int:
    return bookkeeping.merge(told.home, told.ana, REVIEW, label, into)[1]


def test_what_was_filed_under_either_is_filed_under_one_and_can_be_taken_back(told: Story) -> None:
    home = told.home
    extracting.add(home, told.ana, FIRST, codes=("c33", "e1"), quote=CORRECTED)
    extracting.add(home, told.cara, FIRST, codes=("c33", "c32"), quote="Nobody came")
    removed, _ = extracting.add(home, told.ana, FIRST, codes=("c33",), quote="told [Boy]", turn=1)
    extracting.remove(home, told.ana, FIRST, removed)
    before, book = codes(told), bookkeeping.read(home, told.ana, REVIEW)
    assert merge(told, "c33", "c32") == 3
    assert codes(told) == {1: ["c32", "e1"], 2: ["c32"]}
    kept = bookkeeping.read(home, told.ana, REVIEW).find("C3.3 Workload")
    assert kept.shortcut == "c32" and kept.aliases[-1] == "C3.3 Workload", "its old name leads to it"
    extracting.restore(home, told.ana, FIRST, removed)
    assert codes(told)[removed] == ["c32"], "what was taken out is filed anew too"
    extracting.remove(home, told.ana, FIRST, removed)
    told = told.again()
    bookkeeping.undo(told.home, told.ana, REVIEW)
    assert (codes(told), bookkeeping.read(told.home, told.ana, REVIEW)) == (before, book)
    bookkeeping.redo(told.home, told.ana, REVIEW)
    assert codes(told) == {1: ["c32", "e1"], 2: ["c32"]}
    extracting.change(told.home, told.cara, FIRST, 2, more=("e1",))
    with pytest.raises(BuiltUpon):
        bookkeeping.undo(told.home, told.ana, REVIEW)


def test_what_cannot_be_merged_is_refused_and_changes_nothing(told: Story) -> None:
    extracting.add(told.home, told.ana, FIRST, codes=("c33",), quote=CORRECTED)
    book = bookkeeping.read(told.home, told.ana, REVIEW)
    for label, into, error in (("c33", "c33", IntoItself), ("c33", "c", HeadingUsed), ("c3", "e1", StillHasCodes)):
        with pytest.raises(error):
            merge(told, label, into)
    assert bookkeeping.read(told.home, told.ana, REVIEW) == book and codes(told) == {1: ["c33"]}


def test_what_is_signed_keeps_its_codes(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    (used,) = {code for one in codes(told).values() for code in one}
    with pytest.raises(SignedFor):
        merge(told, used, "e1")
    assert {code for one in codes(told).values() for code in one} == {used}
    merge(told, "c33", "c32")


def test_a_merge_is_taken_back_when_a_conversation_has_gone_since(told: Story) -> None:
    extracting.add(told.home, told.ana, FIRST, codes=("c33",), quote=CORRECTED)
    merge(told, "c33", "c32")
    withdrawal.withdraw(told.home, directory.find(told.home, "ben"), story.password("ben"), FIRST)
    bookkeeping.undo(told.home, told.ana, REVIEW)
    assert bookkeeping.read(told.home, told.ana, REVIEW).find("c33").name == "C3.3 Workload"


def test_a_participants_words_do_not_become_another_name(told: Story) -> None:
    _, one = extracting.add(told.home, told.ana, FIRST, codes=(), quote="Nobody came", in_vivo=True)
    merge(told, one.codes[0], "c33")
    assert bookkeeping.read(told.home, told.ana, REVIEW).find("c33").aliases == ()
    assert codes(told) == {1: ["c33"]}


def test_a_retired_code_keeps_its_extracts_and_takes_no_more(told: Story) -> None:
    home, ana = told.home, told.ana
    extracting.add(home, ana, FIRST, codes=("c33",), quote=CORRECTED)
    bookkeeping.change(home, ana, REVIEW, "c33", retired=True)
    assert parse(bookkeeping.read(home, ana, REVIEW).to_toml()) == bookkeeping.read(home, ana, REVIEW)
    with pytest.raises(RetiredUsed):
        extracting.add(home, ana, FIRST, codes=("c33",), quote="Nobody came")
    with pytest.raises(BadTable):
        extracting.import_table(home, ana, FIRST, b"quote,codes\nNobody came,c33\n")
    extracting.change(home, ana, FIRST, 1, more=("e1",), memo="still")
    assert codes(told) == {1: ["c33", "e1"]} and extracting.listed(home, ana, FIRST)[0][2] == ()
    extracting.change(home, ana, FIRST, 1, fewer=("c33",))
    with pytest.raises(RetiredUsed):
        extracting.change(home, ana, FIRST, 1, more=("c33",))
    bookkeeping.change(home, ana, REVIEW, "c33", retired=False)
    extracting.change(home, ana, FIRST, 1, more=("c33",))


def test_a_code_can_be_added_retired_by_a_file() -> None:
    book = parse('name = "B"\n[[codes]]\nname = "Old"\nretired = true\n')
    assert book.codes == (Code(id="old", name="Old", retired=True),)
