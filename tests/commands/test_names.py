"""Names and disclosure through the commands, each of them taken back again."""

from pathlib import Path

import pytest

from tests import story
from tests.commands.asking import ask, done, refused, run
from tests.story import FIRST, REVIEW, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Story:
    """Reviewed; "Marlowe" waits for a decision."""
    return story.at(Stage.REVIEWED, tmp_path)


def shown(told: Story) -> list[str]:
    return [turn["text"] for turn in ask(told, f"transcript show {FIRST} --pseudonyms")]


def test_a_term_is_added_changed_removed_and_all_of_it_taken_back(told: Story) -> None:
    done(told, f"names add {REVIEW} - Boy", typed="Marlowe\n")
    done(told, f"names change {REVIEW} T1 --replacement 'Child 1' --kind 'family member'")
    assert [(one["real"], one["replacement"], one["kind"]) for one in ask(told, f"names list {REVIEW}")] == [
        ("Marlowe", "[Child 1]", "family member")
    ]
    assert "[Child 1]" in shown(told)[0]
    (first, *_) = ask(told, f"names found {FIRST}")
    assert (first["said"], first["shown"], first["term"], first["how"]) == ("Marlowe", "[Child 1]", "T1", "as written")
    assert ask(told, f"names found {FIRST} --misspelt") == []
    done(told, f"names remove {REVIEW} T1")
    assert ask(told, f"names list {REVIEW}") == []
    done(told, f"names undo {REVIEW}")
    done(told, f"names undo {REVIEW}")
    assert ask(told, f"names list {REVIEW}")[0]["replacement"] == "[Boy]"
    done(told, f"names redo {REVIEW}")
    assert ask(told, f"names list {REVIEW}")[0]["replacement"] == "[Child 1]"
    assert refused(told, f"names change {REVIEW} T9 --replacement x")[0] == 5


def test_what_is_no_name_is_asked_about_again(told: Story) -> None:
    (candidate,) = ask(told, f"names candidates {FIRST}")
    done(told, f"names decide {FIRST} {candidate['candidate']} --not-a-name")
    assert ask(told, f"names candidates {FIRST}") == []
    assert ask(told, f"names candidates {FIRST} --decided") == [candidate]
    assert ask(told, f"names decide {FIRST} {candidate['candidate']} --reopen") == {"left": 1}
    done(told, f"names undo {REVIEW}")
    assert ask(told, f"names candidates {FIRST}") == []
    done(told, f"names undo {REVIEW}")
    assert ask(told, f"names candidates {FIRST}") == [candidate]


def test_decisions_come_from_a_table_all_or_none(told: Story, tmp_path: Path) -> None:
    (candidate,) = ask(told, f"names candidates {FIRST}")
    table = tmp_path / "decisions.csv"
    table.write_text(f"candidate,decision,kind\n{candidate['candidate']},Boy,family member\n99.9,not a name,\n")
    assert refused(told, f"names decide {FIRST} --table {table}")[0] == 5
    assert ask(told, f"names list {REVIEW}") == []
    table.write_text(f"candidate,decision,kind\n{candidate['candidate']},Boy,somebody\n")
    assert "row 2" in refused(told, f"names decide {FIRST} --table {table}")[1]
    table.write_text(f"candidate,decision,kind\n{candidate['candidate']},Boy,family member\n")
    assert ask(told, f"names decide {FIRST} --table {table}") == {"left": 0}
    assert "[Boy]" in shown(told)[0]


def test_dates_are_said_otherwise_and_asked_about_again(told: Story) -> None:
    done(told, f"transcript correct {FIRST} --turns 2 --text 'We met on 3 June 2021.'")
    waiting = len(ask(told, f"names candidates {FIRST}"))
    assert "before or after the birth" in done(
        told, f"names dates {REVIEW} --relative-to 2021-05-27 --called 'the birth'"
    )
    assert shown(told)[1] == "We met on [7 days after the birth]."
    assert len(ask(told, f"names candidates {FIRST}")) == waiting - 1
    assert "weeks" in done(told, f"names dates {REVIEW} --shift")
    assert "3 June 2021" not in shown(told)[1] and "[" in shown(told)[1]
    done(told, f"names undo {REVIEW}")
    assert shown(told)[1] == "We met on [7 days after the birth]."
    assert "one by one" in done(told, f"names dates {REVIEW} --ask")
    assert shown(told)[1] == "We met on 3 June 2021."
    assert run(told, f"names dates {REVIEW} --ask --shift").exit_code == 2


def test_what_may_leave_is_decided_by_people_and_logged(tmp_path: Path) -> None:
    told = story.at(Stage.CODED, tmp_path)
    done(told, f"transcript correct {FIRST} --turns 3 --text 'We met in Eastmere with the head teacher.'")
    for one in ask(told, f"names candidates {FIRST}"):
        done(told, f"names decide {FIRST} {one['candidate']} --not-a-name")
    opens = {one["what"]: one["where"] for one in ask(told, f"disclosure check {FIRST}")}
    assert set(opens) == {"a place", "a role that only one person has"}
    place = opens["a place"].partition(":")[2]
    assert refused(told, f"disclosure confirm {FIRST} {place}")[0] == 3, "only governance confirms"
    assert ask(told, f"disclosure generalise {FIRST} {place} --say 'a town'") == {"left": 1}
    ((_, role),) = [one["where"].split(":") for one in ask(told, f"disclosure check {FIRST}")]
    assert ask(told, f"disclosure confirm {FIRST} {role}", person="ben") == {"left": 0}
    assert ask(told, f"disclosure confirm {FIRST} {role} --take-back", person="ben") == {"left": 1}
    file = tmp_path / "public.txt"
    assert "disclosure generalise" in refused(told, f"export {FIRST} --for public --to {file}")[1]
    assert refused(told, f"disclosure override {FIRST} --for public --reason x")[0] == 3
    assert refused(told, f"disclosure override {FIRST} --for public --reason ' '", person="ben")[0] == 4
    done(told, f"disclosure override {FIRST} --for public --reason 'Agreed on 4 May.'", person="ben")
    assert told.again().log()[-1].event == "disclosure.overridden"
    done(told, f"export {FIRST} --for public --to {file}")
    assert "Eastmere" not in file.read_text()
    left = ask(told, f"disclosure list {REVIEW}")
    assert [(one["what"], one["for"], one["by"], one["reason"]) for one in left] == [
        ("override", "public", "ben", "Agreed on 4 May."),
        ("export, txt", "public", "ana", ""),
    ]
    done(told, f"extract add {FIRST} --turn 2 --code a1")
    assert refused(told, f"export {FIRST} --for public --to {file} --overwrite")[0] == 3, "for what it was then alone"
    done(told, f"names undo {REVIEW}")
    assert len(ask(told, f"disclosure check {FIRST}")) == 2
