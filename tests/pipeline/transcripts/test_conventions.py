"""Conventions are recorded, leave with what is exported, and a transcript is compared with them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

import configs
from access.roles import NotAllowed
from pipeline import reviews
from pipeline.export import exporting
from pipeline.export.model import Profile
from pipeline.reviews import ConversationGone, ReviewClosed
from pipeline.stages import Frozen
from pipeline.transcripts import agreeing, conventions, editing
from pipeline.transcripts.agreeing import NoConventions
from pipeline.transcripts.conventions import BadConventions, Conventions, parse
from pipeline.transcripts.departures import Rule, departures
from pipeline.transcripts.marks import marks, spoken
from pipeline.transcripts.transcript import Speaker, Turn, Word
from storage.log.log import Event
from tests import story
from tests.story import FIRST, OTHER, PLANNED, REVIEW, Stage, Story

I, P = Speaker.INTERVIEWER, Speaker.PARTICIPANT  # noqa: E741
TEXT = configs.read("conventions/intelligent-verbatim.toml")
CLEAN = parse(TEXT)
FULL = parse(configs.read("conventions/verbatim.toml"))


def turn(
    text: str, number: int = 1, start: float = 0.0, speaker: Speaker = P, gaps: Sequence[tuple[int, float]] = ()
) -> Turn:
    """Words half a second apart; before the words of `gaps` there is silence of so many seconds."""
    words, at = [], start
    for place, one in enumerate(text.split()):
        at += dict(gaps).get(place, 0.0)
        words.append(Word(text=one, start=at, end=at + 0.4, probability=1, speaker=speaker))
        at += 0.5
    return Turn(number=number, speaker=speaker, words=tuple(words))


def found(text: str, profile: Conventions = CLEAN, **given: object) -> list[tuple[Rule, str, str]]:
    made = turn(text, **given)  # type: ignore[arg-type]
    return [(one.rule, one.found, one.instead) for one in departures([made], profile)]


def test_every_shipped_profile_is_whole() -> None:
    assert configs.names("conventions") == ["intelligent-verbatim", "verbatim"]
    for name in configs.names("conventions"):
        made = parse(configs.read(f"conventions/{name}.toml"))
        assert conventions.from_row(conventions.to_row(made)) == made
        assert made.name == name.replace("-", " ")
        assert made.summary.startswith(f"{made.name}, with")
    assert CLEAN.digest != FULL.digest


@pytest.mark.parametrize(
    ("old", "new", "field", "reason"),
    [
        ("verbatim = false", 'verbatim = "perhaps"', "verbatim", "it must be true or false"),
        ("pauses = 0", "pauses = -1", "pauses", "it must be a number, at least 0, at most 60"),
        ('pause = "({seconds})"', 'pause = "a pause"', "pause", "it must be something in brackets"),
        ('inaudible = "[inaudible {time}]"', "", "inaudible", "it is missing"),
        ('overlap = ""', 'overlap = "both]"', "overlap", "it must be something in brackets"),
        ('name = "intelligent verbatim"', 'name = "Two\\nlines"', "name", "it must be at most 40 small letters"),
        ('name = "intelligent verbatim"', 'name = "ends in a line\\n"', "name", "it must be at most 40 small letters"),
        ("sounds = [", "sounds = 3  # [", "sounds", "it must be a list"),
        ('"laughs"', '"<b>"', "sounds.0", "it must be words without"),
        ("pauses = 0", "pauses = 0\ncolour = 1", "colour", "nobody knows this name"),
        ("pauses = 0", "pauses =", "the file", ""),
    ],
)
def test_what_is_no_profile_is_refused_by_its_field(old: str, new: str, field: str, reason: str) -> None:
    assert old in TEXT
    with pytest.raises(BadConventions, match=rf"conventions: {field}: {reason}"):
        parse(TEXT.replace(old, new))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We went there, and nobody came.", []),
        ("So, um, we went", [(Rule.FILLER, "um,", "")]),
        ("Mm-hmm. Uh-huh.", []),
        ("I had had enough, no, no. No no.", []),
        ("and the the door", [(Rule.FALSE_START, "the the", "the")]),
        ("the door, door to door", []),
        ("she sh- shouted", [(Rule.FALSE_START, "sh-", "")]),
        ("a ten-year-old and a sister-in-law", []),
        ("he said [laughs] and [Laughs] left", []),
        ("he said [giggles]", [(Rule.MARK, "[giggles]", "")]),
        ("he said (laughs)", [(Rule.MARK, "(laughs)", "[laughs]")]),
        ("to [inaudible 00:00:01] yesterday", []),
        ("to [inaudible] yesterday", [(Rule.MARK, "[inaudible]", "[inaudible 00:00:00]")]),
        ("he went to (unclear) yesterday", [(Rule.MARK, "(unclear)", "[inaudible 00:00:01]")]),
        ("he went to [?] yesterday", [(Rule.MARK, "[?]", "[inaudible 00:00:01]")]),
        ("to [inaudible 00:45:00] yesterday", [(Rule.TIME, "[inaudible 00:45:00]", "[inaudible 00:00:00]")]),
        ("well (3) yes", [(Rule.MARK, "(3)", "")]),
        ("well (my sister came) yes", []),
        ("[um]", [(Rule.MARK, "[um]", "")]),
        ("", []),
    ],
)
def test_what_is_not_written_as_intelligent_verbatim_says(text: str, expected: list[tuple[Rule, str, str]]) -> None:
    assert found(text) == expected


def test_verbatim_keeps_what_people_say_and_wants_pauses_marked() -> None:
    assert found("um I I sh- went", FULL) == []
    assert found("well yes", FULL, gaps=[(1, 4.0)]) == [(Rule.PAUSE, "well yes", "well (4) yes")]
    assert found("well (4) yes", FULL, gaps=[(2, 4.0)]) == []
    assert found("well yes", FULL, gaps=[(1, 2.0)]) == []
    assert found("well yes", CLEAN, gaps=[(1, 9.0)]) == [], "this profile writes none"
    assert found("well (pause 5 seconds) yes", FULL) == [(Rule.MARK, "(pause 5 seconds)", "(5)")]
    assert found("he [crosstalk] went", FULL) == [(Rule.MARK, "[crosstalk]", "[overlap]")]


def test_two_who_speak_at_once_are_marked_where_the_profile_says_so() -> None:
    long = turn("and then she went out of the house and never came back", 1, 0.0, I)
    short, same = turn("yes", 2, 1.0), turn("but that was a week before it", 2, 1.0)
    assert [(one.turn, one.rule) for one in departures([long, same], FULL)] == [(2, Rule.OVERLAP)]
    assert departures([long, short], FULL) == (), "a word in between"
    assert departures([long, same], CLEAN) == ()
    marked = turn("[overlap] but that was a week before it", 2, 1.0)
    assert departures([long, marked], FULL) == ()
    assert departures([long, turn("but that was a week", 2, 9.0)], FULL) == ()


def test_marks_are_none_of_the_words_that_were_said() -> None:
    made = turn("well (3) to [inaudible 00:12:03] (my sister) [laughs]")
    assert [one.text for one in marks(made)] == ["(3)", "[inaudible 00:12:03]", "[laughs]"]
    assert [word.text for word in spoken(made)] == ["well", "to", "(my", "sister)"]


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.CODED, tmp_path)


def of(told: Story, reference: str = FIRST) -> Conventions | None:
    return agreeing.read(told.home, reference)


def test_a_review_has_conventions_and_a_conversation_may_have_its_own(told: Story) -> None:
    assert of(told) == CLEAN
    agreeing.choose_for_review(told.home, told.ana, REVIEW, FULL)
    assert (of(told), of(told, PLANNED)) == (FULL, FULL)
    agreeing.choose(told.home, told.ana, FIRST, CLEAN)
    assert (of(told), of(told, PLANNED)) == (CLEAN, FULL)
    agreeing.choose(told.home, told.ana, FIRST, None)
    assert of(told) == FULL
    last = told.log()[-3:]
    assert [entry.event for entry in last] == [Event.CONVENTIONS_CHOSEN] * 3
    assert [entry.detail["conventions"] for entry in last] == [FULL.digest, CLEAN.digest, ""]
    assert told.findings() == ()


def test_who_may_not_choose_and_what_cannot_be_changed_any_more(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    with pytest.raises(NotAllowed):
        agreeing.choose(told.home, told.dora, OTHER, FULL)
    with pytest.raises(NotAllowed):
        agreeing.choose_for_review(told.home, told.dora, REVIEW, FULL)
    with pytest.raises((Frozen, ConversationGone)):
        agreeing.choose(told.home, told.ana, FIRST, FULL)
    agreeing.choose_for_review(told.home, told.ana, REVIEW, FULL)
    assert of(told) == CLEAN, "what was signed stays what it was written in"
    assert of(told, OTHER) == FULL
    reviews.close_review(told.home, told.ana, REVIEW)
    with pytest.raises(ReviewClosed):
        agreeing.choose_for_review(told.home, told.ana, REVIEW, CLEAN)


def test_a_transcript_is_compared_with_its_conventions(told: Story) -> None:
    assert agreeing.look(told.home, told.ana, FIRST) == (CLEAN, ())
    editing.rewrite(told.home, told.ana, FIRST, 1, "Um, nobody came to the meeting.")
    _, (one,) = agreeing.look(told.home, told.ana, FIRST)
    assert (one.turn, one.rule, one.found) == (1, Rule.FILLER, "Um,")
    agreeing.choose(told.home, told.ana, FIRST, FULL)
    assert agreeing.look(told.home, told.ana, FIRST) == (FULL, ())
    with pytest.raises(NotAllowed):
        agreeing.look(told.home, told.dora, FIRST)


def test_without_conventions_it_says_how_to_choose_some(told: Story) -> None:
    with told.home.writing() as session:
        reviews.find_review(session, REVIEW).conventions = None
    with pytest.raises(NoConventions, match="candour review conventions"):
        agreeing.look(told.home, told.ana, FIRST)


def test_what_is_exported_says_how_it_is_written(told: Story, tmp_path: Path) -> None:
    def exported() -> str:
        path = tmp_path / "out.txt"
        exporting.write(told.home, told.ana, FIRST, format="txt", profile=Profile.INTERNAL, path=path, overwrite=True)
        return path.read_text(encoding="utf-8")

    assert f"\nConventions: {CLEAN.summary}\n" in exported()
    agreeing.choose(told.home, told.ana, FIRST, FULL)
    assert f"\nConventions: {FULL.summary}\n" in exported()
