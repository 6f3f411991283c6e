"""Reviewing at the command line: every edit of the page is there too, and says what it did."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import configs
from cli import main
from storage.home import Home
from tests import homes

SAID = homes.SAID


@pytest.fixture(autouse=True)
def environment(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in homes.environment(home.folder, tmp_path / "secrets").items():
        monkeypatch.setenv(name, value)


def run(line: str, *, typed: str = "", code: int = 0) -> Result:
    result = CliRunner().invoke(main, shlex.split(f"transcript {line}"), input=typed)
    assert result.exit_code == code, result.output
    return result


def data(line: str, *, typed: str = "") -> Any:
    return json.loads(run(f"{line} --json", typed=typed).stdout)


def texts() -> dict[int, str]:
    return {one["turn"]: one["text"] for one in data("show C-001")}


def test_a_turn_is_cut_where_words_begin_and_made_one_again() -> None:
    assert list(texts().values()) == [SAID]
    halves = data("split C-001 --turn 1 --before 'her father' --speaker interviewer")
    assert [(one["turn"], one["text"], one["speaker"]) for one in halves] == [
        (1, "Tilly lives in Eastmere and", "?"), (2, "her father shouted", "Interviewer"),
    ]  # fmt: skip
    shown = run("merge C-001 --turn 1").output
    assert SAID in shown
    assert texts() == {1: SAID}


@pytest.mark.parametrize(
    ("before", "count"), [("nobody", 0), ("Tilly lives in Eastmere and her father shouted louder", 0)]
)
def test_a_cut_needs_words_that_stand_there_once(before: str, count: int) -> None:
    refused = run(f"split C-001 --turn 1 --before '{before}'", code=4)
    assert f"{count} times in turn 1" in refused.output
    assert "nobody" not in refused.output, "no message holds a word of a conversation"


def test_replacing_shows_first_and_is_one_step_back() -> None:
    run("correct C-001 --turns 1 --text -", typed=f"{SAID} and her mother shouted\n")
    found = data("replace C-001 SHOUTED cried")
    assert [(hit["turn"], hit["found"]) for hit in found] == [(1, "shouted"), (1, "shouted")]
    assert "Nothing was changed yet" in run("replace C-001 shouted cried").output
    assert "shouted" in texts()[1]
    assert data("replace C-001 - cried --yes", typed="shouted\n") == {"replaced": 2, "turns": [1]}
    assert texts()[1].count("cried") == 2
    assert data("undo C-001")["turns"] == [1]
    assert texts()[1].count("shouted") == 2
    assert "turn 1" in run("redo C-001").output
    assert texts()[1].count("cried") == 2
    run("replace C-001 shouted x --case --parts --turns 1 --yes")


def test_there_is_nothing_to_undo_but_ones_own() -> None:
    run("correct C-001 --turns 1 --speaker interviewer")
    assert "no correction of ben" in run("undo C-001 --as ben", code=5).output
    assert "nothing that ada took back" in run("redo C-001", code=5).output


def test_the_history_shows_every_step_and_the_difference() -> None:
    assert "Nobody has corrected" in run("history C-001 --turn 1").output
    run("correct C-001 --turns 1 --text 'Tilly lives in Eastmere and her mother shouted'")
    run("correct C-001 --turns 1 --speaker participant --as ben")
    run("undo C-001 --as ben")
    found = data("history C-001 --turn 1")
    assert [(step["by"], step["what"], step["speaker"]) for step in found["steps"]] == [
        ("ada", "revision", "?"), ("ben", "revision, taken back", "Participant"), ("ben", "undo", "?"),
    ]  # fmt: skip
    assert {"machine": "father", "now": "mother"} in found["difference"]
    assert "father" in run("history C-001 --turn 1").output
    assert "candour transcript show C-001" in run("history C-001 --turn 9", code=5).output


def test_notes_stand_below_their_turn_until_they_are_taken_away() -> None:
    (note,) = data("note C-001 --turn 1 --text -", typed="Which father?\n")
    assert f"note {note['note']} by ada: Which father?" in run("show C-001").output
    (note,) = data(f"note C-001 --turn 1 --text 'Her own.' --of {note['note']} --as ben")
    assert (note["by"], note["text"]) == ("ben", "Her own.")
    assert "has no note" in run(f"note C-001 --turn 1 --text '' --of {note['note']}").output
    assert "no note 99" in run("note C-001 --turn 1 --text x --of 99", code=5).output


def test_a_check_is_shown_until_the_words_change() -> None:
    assert data("check C-001 --turns 1") == {"new": 1}
    (turn,) = data("show C-001")
    assert (turn["heard"], turn["checked"]["by"], turn["corrected"]) == (True, "ada", False)
    run("correct C-001 --turns 1 --text Otherwise.")
    (turn,) = data("show C-001")
    assert (turn["heard"], turn["checked"], turn["corrected"]) == (True, None, True)
    assert turn["version"] > 0


def test_speakers_are_given_and_exchanged_in_one_command() -> None:
    assert [row["turns"] for row in data("speakers C-001 --interviewer 1")] == [1, 0, 0]
    assert [row["turns"] for row in data("speakers C-001 --swap")] == [0, 1, 0]
    run("undo C-001")
    assert [row["turns"] for row in data("speakers C-001")] == [1, 0, 0]


def test_the_error_rate_of_the_machine_is_shown() -> None:
    run("correct C-001 --turns 1 --text 'Tilly never lived in Eastmere and her father shouted twice'")
    found = data("accuracy C-001")
    assert found["word_error_rate"] == pytest.approx(3 / 10)
    kinds = {row["of"]: row for row in found["kinds"]}
    assert kinds["negation"]["missed"] == 1
    shown = run("accuracy C-001").output
    assert "30.0%" in shown and "100% of the speech" in shown


CAPTIONS = "WEBVTT\n\n00:00.500 --> 00:02.500\nAnna: What?\n\n00:02.600 --> 00:03.900\nBen: Nothing.\n\nlost\n"


def test_a_transcript_made_elsewhere_is_shown_first_and_then_taken_in(tmp_path: Path) -> None:
    file = tmp_path / "teams.vtt"
    file.write_text(CAPTIONS)
    looked = run(f"import {file} --conversation C-002").output
    assert "vtt: 2 turns, 2 words, with times" in looked and "Anna" in looked and "left out" in looked
    assert "Nothing was changed yet" in looked
    run("show C-002", code=3)
    taken = data(f"import {file} --conversation C-002 --interviewer anna --yes")
    assert taken["speakers"] == {"Anna": "Interviewer", "Ben": "Participant"}
    assert [problem["line"] for problem in taken["not_understood"]] == [9]
    assert [one["speaker"] for one in data("show C-002")] == ["Interviewer", "Participant"]
    assert "has a draft already" in run(f"import {file} --conversation C-002", code=3).output
    assert "check the path" in run(f"import {tmp_path}/none.vtt --conversation C-003", code=4).output
    file.write_bytes(b"PK\x03\x04 and nothing of an archive")
    assert run(f"import {file} --conversation C-003", code=4).output.startswith("candour: ")


def test_conventions_are_chosen_shown_and_compared_with(tmp_path: Path) -> None:
    def chosen(line: str) -> Any:
        result = CliRunner().invoke(main, [*shlex.split(line), "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)["conventions"]

    refused = run("conventions C-001", code=5)
    assert "candour review conventions" in refused.output
    assert chosen(f"review conventions {homes.REVIEW} verbatim")["verbatim"] is True
    assert "Written as: verbatim, with hesitation" in run("show C-001").output
    own = tmp_path / "own.toml"
    own.write_text(
        configs.read("conventions/intelligent-verbatim.toml").replace('"um"', '"Tilly"', 1), encoding="utf-8"
    )
    assert chosen(f"conversation conventions C-001 {own}")["fillers"][0] == "Tilly"
    (one,) = data("conventions C-001")["departures"]
    assert (one["turn"], one["it says"], one["why"]) == (1, "Tilly", "hesitation is left out")
    (shown,) = data("mend C-001")
    assert "Tilly" in shown["it says"] and "Tilly" not in shown["instead"]
    assert "Nothing was changed yet" in run("mend C-001").output
    assert [turn["text"] for turn in data("mend C-001 --yes")] == [shown["instead"]]
    assert data("conventions C-001")["departures"] == []
    run("undo C-001")
    assert chosen("conversation conventions C-001 review")["name"] == "verbatim"
    assert "as far as a machine can see" in run("conventions C-001").output
    bad = CliRunner().invoke(main, ["review", "conventions", homes.REVIEW, "nonsense"])
    assert bad.exit_code == 4
    assert "intelligent-verbatim, verbatim" in bad.output
