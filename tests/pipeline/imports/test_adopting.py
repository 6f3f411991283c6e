"""Codes of other programs meet the codes of a review: recognised, told apart, and never merged by chance."""

from dataclasses import replace

from pipeline.codes.codebook import Code as Ours
from pipeline.codes.codebook import Codebook, parse
from pipeline.export import qdc
from pipeline.export.guids import guid
from pipeline.imports import refi
from pipeline.imports.adopting import adopt, recognise, replacement
from pipeline.imports.incoming import Code
from tests.pipeline.export.samples import project, shipped

BOOK = Codebook(
    name="Book",
    codes=(
        Ours(id="a", name="A", codable=False, colour="#112233"),
        Ours(id="a/load", name="Load", parent="a", shortcut="l", aliases=("Burden",), description="old"),
        Ours(id="other", name="Other"),
    ),
)


def known(*codes: Code) -> dict[str, str]:
    return {key: code.id for key, code in recognise(BOOK, codes, "R").items()}


def test_a_code_is_known_by_its_identifier_before_its_name() -> None:
    renamed = Code(key=guid("R", "code", "a/load"), name="Other")
    assert known(renamed, Code(key="x", name="Other")) == {renamed.key: "a/load", "x": "other"}
    assert known(replace(renamed, name="Nothing")) == {renamed.key: "a/load"}
    assert known(Code(key=guid("R-2", "code", "a/load"), name="Nothing")) == {}


def test_a_code_is_known_by_any_label() -> None:
    for label in ("load", "LOAD ", "burden", "l", "a/load"):
        assert known(Code(key="x", name=label)) == {"x": "a/load"}
    assert known(Code(key="x", name="")) == {}


def test_two_codes_with_one_name_are_told_apart() -> None:
    codes = (
        Code(key="1", name="Tools"),
        Code(key="2", name="Load", parent="1"),
        Code(key="3", name="Work"),
        Code(key="4", name="load", parent="3"),
        Code(key="5", name="load", parent="3"),
    )
    made = adopt(BOOK, codes, "R")
    assert [code.name for code in made.book.codes][3:] == ["Tools", "Work", "load (Work)", "load (2)"]
    assert made.ids["2"] == "a/load"
    assert len(set(made.ids.values())) == 5
    assert len(made.lost) == 2
    assert adopt(made.book, codes, "R").book == made.book


def test_new_codes_come_behind_below_their_parents() -> None:
    codes = (
        Code(key="1", name="a"),
        Code(key="2", name="New one", parent="1", colour="#0aF", description=" what\r\nit is "),
        Code(key="3", name="Below", parent="2", colour="rgba(1,2,3)", codable=False),
    )
    made = adopt(BOOK, codes, "R")
    assert made.book.codes[:3] == BOOK.codes
    assert made.book.codes[3:] == (
        Ours(id="a/new-one", name="New one", parent="a", colour="#00AAFF", description="what\nit is"),
        Ours(id="a/new-one/below", name="Below", parent="a/new-one", colour="#00AAFF", codable=False),
    )
    assert made.added == ("a/new-one", "a/new-one/below")
    assert made.lost == ('the colour of the code "Below"',)


def test_any_name_becomes_one_that_a_codebook_can_hold() -> None:
    names = ("", " \n", "a; b", "x" * 500, "x" * 501, "漢字", "漢 字", "Load\tof  work", "ok", "o-k", "O k")
    made = adopt(BOOK, [Code(key=str(n), name=name) for n, name in enumerate(names)], "R")
    assert len(made.book.codes) == 3 + len(names)
    assert parse(made.book.to_toml()) == made.book


def test_our_own_codebook_comes_back_with_what_the_format_cannot_carry() -> None:
    codes, lost = refi.read_codebook(qdc.write(project()))
    made = replacement(shipped(), codes, project().review)
    assert made.book.codes == shipped().codes
    assert (made.added, made.lost, lost) == ((), (), ())


def test_a_replacement_holds_the_codes_of_the_file_and_no_others() -> None:
    codes = (
        Code(key="2", name="New"),
        Code(key=guid("R", "code", "a/load"), name="Caseload", parent="2", description="new", colour="#010203"),
    )
    made = replacement(BOOK, codes, "R")
    assert made.book.codes == (
        Ours(id="new", name="New"),
        Ours(
            id="a/load",
            name="Caseload",
            parent="new",
            shortcut="l",
            aliases=("Burden",),
            description="new",
            colour="#010203",
        ),
    )
    assert made.added == ("new",)
