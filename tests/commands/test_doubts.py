"""What must be listened to, at the command line."""

from pathlib import Path

import pytest

from tests import story
from tests.commands.asking import ask, done, refused
from tests.story import FIRST, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.TRANSCRIBED, tmp_path)


def test_doubts_are_listed_one_by_one_and_by_rule_with_what_it_takes_to_hear_them(told: Story) -> None:
    every = ask(told, f"doubts list {FIRST}")
    rules = ask(told, f"doubts list {FIRST} --by-rule")
    assert len(every) == sum(row["doubts"] for row in rules) > 0
    assert {row["rule"] for row in every} == {row["rule"] for row in rules}
    # the model of the story says one sentence again and again
    assert [(row["rule"], row["words"]) for row in rules] == [("loop", 1.0)]
    assert rules[0]["seconds"] > max(one["end"] - one["start"] for one in every)
    said = done(told, f"doubts list {FIRST}")
    assert "of the words" in said and "hearing them takes 00:00:" in said
    table = done(told, f"doubts list {FIRST} --by-rule")
    assert "the same words again and again" in table and "100.0%" in table


def test_what_is_resolved_needs_no_more_hearing(told: Story) -> None:
    first = ask(told, f"doubts list {FIRST}")[0]["doubt"]
    left = ask(told, f"doubts resolve {FIRST} --numbers {first}")["left"]
    assert first not in [row["doubt"] for row in ask(told, f"doubts list {FIRST}")]
    assert ask(told, f"doubts resolve {FIRST} --all") == {"left": 0} != {"left": left}
    assert ask(told, f"doubts list {FIRST} --by-rule") == []
    assert "No doubt is open." in done(told, f"doubts list {FIRST} --by-rule")
    code, message = refused(told, f"doubts resolve {FIRST} --numbers {first}")
    assert code == 5 and f"candour doubts list {FIRST}" in message
