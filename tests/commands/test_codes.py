"""Codes and extracts through the commands: what they print, for people and for programs."""

import csv
import io
from pathlib import Path

import pytest

from tests import story
from tests.commands.asking import ask, done, refused, run
from tests.pipeline.export.test_qdpx import assert_valid
from tests.story import FIRST, REVIEW, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Story:
    """Ana has coded two extracts of the first conversation."""
    return story.at(Stage.CODED, tmp_path)


def test_two_coders_are_compared(told: Story) -> None:
    done(told, f"extract add {FIRST} --turn 2 --code a1 --code c33", person="cara")
    found = ask(told, f"extract agreement {FIRST}")
    assert (found["coders"], found["unit"]) == (["ana", "cara"], "turns")
    assert [(one["code"], one["units"], one["only ana"], one["only cara"]) for one in found["codes"]] == [
        ("structure/introduction", 3, ["C-001:1"], []),
        ("contributory-factors/conditions-of-work/workload", 3, [], ["C-001:2"]),
    ]
    assert (found["all"]["units"], found["all"]["agreement"]) == (6, 0.667)
    table = done(told, f"extract agreement {REVIEW} --coder cara --coder ana --unit characters")
    assert "cara and ana, counted in characters" in table
    assert "C3.3 Workload" in table and "all codes together" in table


def test_who_is_compared_must_be_clear(told: Story) -> None:
    code, message = refused(told, f"extract agreement {FIRST}")
    assert (code, "1 people have coded" in message, "--coder" in message) == (4, True, True)
    assert refused(told, f"extract agreement {FIRST} --coder ana --coder ana")[0] == 4
    assert "cara has coded nothing" in refused(told, f"extract agreement {FIRST} --coder ana --coder cara")[1]
    assert "may not code" in refused(told, f"extract agreement {FIRST}", person="dora")[1]


def test_an_extract_is_changed_and_every_step_taken_back(told: Story) -> None:
    done(told, f"extract change {FIRST} 2 --add-code c33 --memo 'Why?'")
    done(told, f"extract change {FIRST} 2 --turn 3 --drop-code a1")
    before = ask(told, f"extract list {FIRST}")
    assert (before[1]["turn"], before[1]["codes"], before[1]["memo"]) == (
        3, "contributory-factors/conditions-of-work/workload", "Why?",
    )  # fmt: skip
    assert before[1]["coder"] == "ana" and before[1]["position"] == story.POSITIONS[0]
    for _ in range(2):
        assert ask(told, f"extract undo {FIRST}") == {"extracts": [2]}
    assert ask(told, f"extract list {FIRST}")[1]["memo"] == ""
    for _ in range(2):
        done(told, f"extract redo {FIRST}")
    assert ask(told, f"extract list {FIRST}") == before
    assert "Taken back: extract 2." in done(told, f"extract undo {FIRST}")
    assert refused(told, f"extract change {FIRST} 2 --memo x", person="cara")[0] == 3
    assert ask(told, f"extract list {FIRST} --coder cara") == []


def test_own_words_and_several_turns(told: Story) -> None:
    done(told, f"extract add {FIRST} --turn 2 --in-vivo")
    assert ask(told, f"code list {REVIEW}")[-1]["name"] == "“Nobody came to the meeting.”"
    assert ask(told, f"code list {REVIEW}")[-1]["in_vivo"] is True
    added = ask(told, f"extract add {FIRST} --turn 1 --last 2 --code a2")
    assert added["quote"].endswith("Nobody came to the meeting.")
    assert run(told, f"extract add {FIRST} --turn 1").exit_code == 2


def test_codes_are_added_changed_removed_and_taken_back(told: Story) -> None:
    made = ask(
        told, f"code add {REVIEW} 'B7 The move' --below b --colour #1b5e20 --shortcut b7 --alias move --alias 'KPE 7'"
    )
    assert (made["code"], made["colour"], made["aliases"]) == (
        "key-practice-episodes/b7-the-move", "#1B5E20", ["move", "KPE 7"],
    )  # fmt: skip
    assert ask(told, f"code change {REVIEW} move --name 'B7 The second move' --alias ''")["aliases"] == []
    assert refused(told, f"code move {REVIEW} b7 down")[0] == 3, "it is the last"
    done(told, f"code move {REVIEW} b7 up")
    beside = [one["shortcut"] for one in ask(told, f"code list {REVIEW}") if one["parent"] == made["parent"]]
    assert beside[-2:] == ["b7", "b6"]
    done(told, f"code undo {REVIEW}")
    done(told, f"code remove {REVIEW} b7")
    done(told, f"code undo {REVIEW}")
    done(told, f"code undo {REVIEW}")
    assert ask(told, f"code change {REVIEW} move --below ''")["parent"] is None
    assert refused(told, f"code remove {REVIEW} a1")[0] == 3, "in use"
    assert refused(told, f"code change {REVIEW} b1 --colour red")[0] == 4


def test_a_codebook_goes_out_as_qdc_and_comes_back_the_same(told: Story, tmp_path: Path) -> None:
    before = ask(told, f"code list {REVIEW}")
    done(told, f"code export {REVIEW} {tmp_path / 'book.qdc'}")
    assert_valid("Codebook.xsd", (tmp_path / "book.qdc").read_bytes())
    done(told, f"code change {REVIEW} b1 --name 'B1 The strategy meeting'")
    done(told, f"code import {REVIEW} {tmp_path / 'book.qdc'}")
    assert ask(told, f"code list {REVIEW}") == before
    assert refused(told, f"code import {REVIEW} {tmp_path / 'none.qdc'}")[0] == 4


def test_the_matrix_rolls_up_and_is_exported_with_quotes_beside_counts(told: Story, tmp_path: Path) -> None:
    (line,) = ask(told, f"extract matrix {REVIEW} --rolled-up")[:-1]
    assert line == {"Position": story.POSITIONS[0], "A Structure": "2", "A1 Introduction": "2"}
    assert ask(told, f"extract matrix {REVIEW} --below c")[-1] == {"Position": "Total"}
    assert ask(told, f"extract matrix {REVIEW} --coder cara")[-1] == {"Position": "Total"}
    file = tmp_path / "LT-1.matrix.csv"
    assert ask(told, f"export {REVIEW} --to {file}")["extracts"] == 2
    rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    head, row = [row for row in rows if not row[0].startswith("#")]
    assert head[2:4] == ["A1 Introduction: number", "A1 Introduction"]
    assert row[2] == "2" and "told [Boy] about it (C-001, turn 1)" in row[3]
    assert told.events()[-1] == "export.written", "quotes leave as an export does"


def test_accounts_stand_side_by_side(told: Story) -> None:
    (one,) = ask(told, f"extract accounts {REVIEW} --all")
    assert (one["code"], one["differs"]) == ("structure/introduction", False)
    assert [e["turn"] for e in one["positions"][0]["extracts"]] == [1, 2]
    assert "No account differs." in done(told, f"extract accounts {REVIEW}")
    assert "turn 2: Nobody came" in done(told, f"extract accounts {REVIEW} --code a")


def test_extracts_of_a_review_are_found_by_code_position_coder_and_words(told: Story) -> None:
    done(told, f"extract add {FIRST} --quote 'Nobody came' --code c33 --memo Caseload", person="cara")

    def numbers(options: str) -> list[int]:
        return [one["extract"] for one in ask(told, f"extract list {options}")]

    assert numbers(REVIEW) == numbers(FIRST) == [1, 2, 3]
    assert (
        numbers(f"{REVIEW} --code c33") == numbers(f"{REVIEW} --code c") == numbers(f"{FIRST} --text caseload") == [3]
    )
    assert numbers(f"{REVIEW} --code c3") == [] and numbers(f"{REVIEW} --code c3 --below") == [3]
    assert numbers(f"{REVIEW} --position '{story.POSITIONS[1]}'") == numbers(f"{REVIEW} --to-mend") == []
    assert numbers(f"{REVIEW} --coder ana") == [1, 2]
    assert (
        refused(told, "extract list LT-9")[0] == refused(told, f"extract list {REVIEW} --code nothing/at-all")[0] == 5
    )


def test_codes_are_merged_and_retired_and_that_is_taken_back(told: Story, tmp_path: Path) -> None:
    done(told, f"extract add {FIRST} --quote 'Nobody came' --code c33", person="cara")
    assert ask(told, f"code merge {REVIEW} c33 c32") == {"codes": 105, "extracts": 1}
    assert (
        ask(told, f"extract list {FIRST}")[2]["codes"]
        == "contributory-factors/conditions-of-work/staffing-and-skill-mix"
    )
    done(told, f"code undo {REVIEW}")
    assert refused(told, f"code merge {REVIEW} c33 c")[0] == 4
    assert ask(told, f"code change {REVIEW} c33 --retired")["retired"] is True
    assert "c33)  retired" in done(told, f"code list {REVIEW}")
    assert refused(told, f"extract add {FIRST} --turn 1 --code c33")[0] == 4
    assert "which codes are retired (1)" in done(told, f"code export {REVIEW} {tmp_path / 'book.qdc'}")
    assert ask(told, f"code change {REVIEW} c33 --in-use")["retired"] is False
