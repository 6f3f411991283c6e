"""Corrections lie over the draft, turns keep their numbers, and nothing is lost when something is taken back."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.transcripts import correction_json, undoing
from pipeline.transcripts.corrections import (
    Change,
    Check,
    Correction,
    Merge,
    NoSuchTurn,
    NotACut,
    Note,
    Redo,
    Revision,
    Split,
    Undo,
    Waiver,
    next_number,
)
from pipeline.transcripts.history import difference, steps
from pipeline.transcripts.standing import Mark, Timed, Transcript, stand
from pipeline.transcripts.transcript import Span, Speaker, Turn, Word, turns_to_json
from pipeline.transcripts.undoing import BuiltUpon, NothingToRedo, NothingToUndo

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
ONE, TWO = Speaker.INTERVIEWER, Speaker.PARTICIPANT


def said(text: str, start: float, speaker: Speaker) -> tuple[Word, ...]:
    return tuple(
        Word(text=one, start=start + 0.5 * place, end=start + 0.5 * place + 0.4, probability=0.8, speaker=speaker)
        for place, one in enumerate(text.split())
    )


DRAFT = (
    Turn(number=1, speaker=ONE, words=said("What happened then", 0.0, ONE)),
    Turn(number=2, speaker=TWO, words=said("I rang the met wife on Monday and what did she say", 10.0, TWO)),
    Turn(number=3, speaker=TWO, words=said("She came", 20.0, TWO)),
)


def log(*changes: Change | tuple[str, Change]) -> list[Correction]:
    """The changes as corrections, by ruth where nobody is named."""
    named = [one if isinstance(one, tuple) else ("ruth", one) for one in changes]
    return [
        Correction(number=number, author=author, at=NOON + timedelta(minutes=number), change=change)
        for number, (author, change) in enumerate(named, 1)
    ]


def after(*changes: Change | tuple[str, Change]) -> Transcript:
    return stand(DRAFT, log(*changes))


def text(turn: int, words: str) -> Revision:
    return Revision(texts={turn: words})


def lines(made: Transcript) -> list[tuple[int, str]]:
    return [(turn.number, turn.text) for turn in made.turns]


def test_the_draft_stays_and_the_later_correction_counts() -> None:
    before = turns_to_json(DRAFT)
    made = after(text(2, "I rang her"), text(2, "I rang the midwife on Monday."))
    assert made.find(2).turn.text == "I rang the midwife on Monday."
    assert made.find(2).source == DRAFT[1].words
    assert [one.corrected for one in made.standing] == [False, True, False]
    assert turns_to_json(DRAFT) == before
    assert after().turns == DRAFT


def test_a_turn_is_cut_between_words_and_keeps_its_times() -> None:
    made = after(Split(turn=2, at=len("I rang the met wife on Monday"), new=4, speaker=ONE))
    assert [number for number, _ in lines(made)] == [1, 2, 4, 3]
    assert made.find(4).turn.text == "and what did she say"
    assert made.find(4).turn.speaker is ONE and {word.speaker for word in made.find(4).turn.words} == {ONE}
    assert made.find(2).turn.words + made.find(4).source == DRAFT[1].words
    assert [word.start for word in made.find(4).turn.words] == [word.start for word in DRAFT[1].words[7:]]


def test_a_cut_inside_a_word_shares_its_time_out() -> None:
    made = after(Split(turn=3, at=len("She ca"), new=4))
    assert lines(made)[2:] == [(3, "She ca"), (4, "me")]
    (half,) = made.find(4).turn.words
    came = DRAFT[2].words[1]
    assert came.start < half.start < half.end == came.end
    assert made.find(3).turn.words[-1].end == half.start


@pytest.mark.parametrize("at", [-3, 0, len("She came"), 99])
def test_a_cut_leaves_a_word_on_both_sides(at: int) -> None:
    with pytest.raises(NotACut, match="turn 3"):
        after(Split(turn=3, at=at, new=4))


def test_two_turns_become_one_with_the_first_ones_speaker() -> None:
    made = after(Revision(speakers={1: Speaker.UNKNOWN}), Merge(turn=1, other=2))
    assert lines(made) == [(1, f"{DRAFT[0].text} {DRAFT[1].text}"), (3, "She came")]
    assert {word.speaker for word in made.find(1).turn.words} == {Speaker.UNKNOWN}
    assert made.find(1).source == DRAFT[0].words + DRAFT[1].words
    assert (made.find(1).turn.start, made.find(1).turn.end) == (DRAFT[0].start, DRAFT[1].end)
    with pytest.raises(NoSuchTurn, match="turn 2"):
        made.find(2)


def test_what_was_cut_can_be_merged_again_and_is_as_it_was() -> None:
    made = after(Split(turn=2, at=6, new=4), Merge(turn=2, other=4))
    assert made.turns == DRAFT
    assert not made.find(2).corrected


def test_a_merged_turn_with_nothing_in_it_adds_nothing() -> None:
    assert lines(after(text(3, ""), Merge(turn=2, other=3)))[1] == (2, DRAFT[1].text)
    assert lines(after(text(2, ""), text(3, ""), Merge(turn=2, other=3)))[1] == (2, "")


def test_a_number_is_never_given_twice() -> None:
    assert next_number(DRAFT, []) == 4
    corrections = log(Split(turn=2, at=6, new=4), Undo(number=1))
    assert next_number(DRAFT, corrections) == 5


def test_the_version_of_a_turn_is_its_newest_correction() -> None:
    made = after(text(1, "What"), text(2, "I rang"), Note(turn=1, text="Hm."), Check(turns=(1,)), Undo(number=1))
    assert [one.version for one in made.standing] == [5, 2, 0]
    assert made.version == 5
    assert made.changed_since(4, [1, 2]) == made.find(1)
    assert made.changed_since(4, [2, 3]) is None


def test_a_check_holds_until_the_words_change() -> None:
    checked = after(Check(turns=(1, 2)))
    assert [one.checked is not None for one in checked.standing] == [True, True, False]
    assert checked.find(1).checked == Mark(author="ruth", at=NOON + timedelta(minutes=1))
    assert after(Check(turns=(1,)), text(1, "What")).find(1).checked is None
    assert after(Check(turns=(1,)), text(1, DRAFT[0].text)).find(1).checked is not None, "nothing changed"
    assert after(Check(turns=(1,)), Revision(speakers={1: TWO})).find(1).checked is not None
    assert after(Check(turns=(1,)), text(1, "What"), Undo(number=2)).find(1).checked is not None
    assert after(Check(turns=(1,)), Check(turns=(1,), checked=False)).find(1).checked is None
    assert after(Check(turns=(2,)), Split(turn=2, at=6, new=4)).find(4).checked is not None
    assert after(Check(turns=(1,)), Merge(turn=1, other=2)).find(1).checked is None
    assert after(Check(turns=(1, 2)), Merge(turn=1, other=2)).find(1).checked is not None


def test_notes_are_changed_taken_away_and_go_with_their_turn() -> None:
    made = after(Note(turn=1, text="One."), ("sam", Note(turn=2, text="Two.")), Note(turn=1, text="Three.", of=1))
    assert [(note.number, note.author, note.text) for note in made.find(1).notes] == [(3, "ruth", "Three.")]
    merged = after(Note(turn=1, text="One."), Note(turn=2, text="Two."), Merge(turn=1, other=2))
    assert [note.text for note in merged.find(1).notes] == ["One.", "Two."]
    assert after(Note(turn=1, text="One."), Note(turn=1, text="", of=1)).find(1).notes == ()


def test_undo_and_redo_go_all_the_way_back_and_forth() -> None:
    changes: list[Change] = [text(1, str(number)) for number in range(20)]
    states = [stand(DRAFT, log(*changes[:count])).turns for count in range(21)]
    for count in range(20, 0, -1):
        changes.append(undoing.undo(log(*changes), "ruth", "C-1"))
        assert after(*changes).turns == states[count - 1]
    with pytest.raises(NothingToUndo):
        undoing.undo(log(*changes), "ruth", "C-1")
    for count in range(1, 21):
        changes.append(undoing.redo(log(*changes), "ruth", "C-1"))
        assert after(*changes).turns == states[count]
    with pytest.raises(NothingToRedo):
        undoing.redo(log(*changes), "ruth", "C-1")


def test_a_new_correction_ends_what_could_be_done_again() -> None:
    corrections = log(text(1, "One"), Undo(number=1), text(1, "Two"))
    with pytest.raises(NothingToRedo):
        undoing.redo(corrections, "ruth", "C-1")
    assert undoing.undo(corrections, "ruth", "C-1") == Undo(number=3)


def test_everybody_undoes_their_own() -> None:
    corrections = log(text(1, "One"), ("sam", text(2, "Two")))
    assert undoing.undo(corrections, "ruth", "C-1") == Undo(number=1)
    assert undoing.undo(corrections, "sam", "C-1") == Undo(number=2)
    with pytest.raises(NothingToUndo, match="kim"):
        undoing.undo(corrections, "kim", "C-1")


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (text(2, "Mine"), Check(turns=(2,))),
        (Split(turn=2, at=6, new=4), Note(turn=4, text="Theirs")),
        (text(2, "Mine"), text(2, "Theirs")),
        (Split(turn=2, at=6, new=4), text(4, "Theirs")),
        (Split(turn=2, at=6, new=4), Merge(turn=1, other=2)),
        (Merge(turn=1, other=2), Split(turn=1, at=4, new=4)),
        (Revision(speakers={1: TWO, 2: ONE}), Revision(speakers={2: TWO})),
    ],
)
def test_what_another_built_upon_is_not_taken_back(mine: Change, theirs: Change) -> None:
    with pytest.raises(BuiltUpon, match="sam"):
        undoing.undo(log(mine, ("sam", theirs)), "ruth", "C-1")
    corrections = log(mine, ("sam", theirs), ("sam", Undo(number=2)))
    assert undoing.undo(corrections, "ruth", "C-1") == Undo(number=1), "they took theirs back"
    with pytest.raises(BuiltUpon, match="sam"):
        undoing.redo(log(mine, Undo(number=1), ("sam", text(2, "Theirs"))), "ruth", "C-1")


def test_what_rests_on_words_that_are_gone_is_not_done_again() -> None:
    corrections = log(text(2, "One two"), ("sam", Split(turn=2, at=3, new=4)), ("sam", Undo(number=2)), Undo(number=1))
    with pytest.raises(BuiltUpon, match="ruth"):
        undoing.redo(corrections, "sam", "C-1")
    corrections += [Correction(number=5, author="ruth", at=NOON, change=Redo(number=1))]
    assert undoing.redo(corrections, "sam", "C-1") == Redo(number=2)


def test_a_remark_is_no_reason_to_keep_a_text() -> None:
    assert undoing.undo(log(text(2, "Mine"), ("sam", Note(turn=2, text="Hm."))), "ruth", "C-1") == Undo(number=1)


def test_the_history_of_a_turn_shows_each_step_and_what_was_taken_back() -> None:
    corrections = log(
        text(2, "I rang the midwife"), text(1, "Other"), ("sam", Revision(speakers={2: ONE})),
        ("sam", Undo(number=3)), Check(turns=(2,)),
    )  # fmt: skip
    found = steps(DRAFT, corrections, 2)
    assert [(step.number, step.author, step.what, step.counts) for step in found] == [
        (1, "ruth", "revision", True), (3, "sam", "revision", False), (4, "sam", "undo", True), (5, "ruth", "check", True),
    ]  # fmt: skip
    assert [step.speaker for step in found] == [TWO, ONE, TWO, TWO]
    assert {step.text for step in found} == {"I rang the midwife"}
    merged = steps(DRAFT, log(Merge(turn=1, other=2)), 2)
    assert [(step.what, step.text) for step in merged] == [("merge", None)]


def test_a_difference_shows_words_as_they_are_written() -> None:
    pieces = difference(
        ["I", "rang", "the", "met", "wife", "on", "monday"], ["I", "rang", "the", "midwife", "on", "Monday"]
    )
    assert [(piece.old, piece.new) for piece in pieces] == [
        ("I rang the", "I rang the"), ("met wife", "midwife"), ("on", "on"), ("monday", "Monday"),
    ]  # fmt: skip
    assert [piece.same for piece in pieces] == [True, False, True, False]


CHANGES: Sequence[Change] = (
    Revision(texts={1: "Straße, “so”", 12: ""}, speakers={3: Speaker.UNKNOWN}),
    Split(turn=1, at=3, new=9),
    Split(turn=1, at=3, new=9, speaker=TWO),
    Merge(turn=1, other=2),
    Check(turns=(1, 2), checked=False),
    Note(turn=1, text="See page 3.", of=4),
    Waiver(spans=(Span(start=1.5, end=2.25),), reason="Weather"),
    Undo(number=3),
    Redo(number=3),
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_corrections_come_back_the_same(change: Change) -> None:
    (one,) = log(change)
    assert correction_json.from_json(1, correction_json.to_json(one)) == one


@st.composite
def edits(draw: st.DrawFn) -> list[Correction]:
    """Anything two people can do to a transcript in the order they do it."""
    made: list[Correction] = []
    for _ in range(draw(st.integers(1, 25))):
        standing = stand(DRAFT, made)
        turn = draw(st.sampled_from([one.number for one in standing.turns]))
        words = standing.find(turn).turn.text
        place = standing.place(turn)
        who = draw(st.sampled_from(["ruth", "sam"]))
        options: list[Change] = [
            text(turn, draw(st.sampled_from(["", "one", "one two three", "the met wife came", words]))),
            Revision(speakers={turn: draw(st.sampled_from(Speaker))}),
            Check(turns=(turn,)),
            Note(turn=turn, text="n"),
        ]
        if " " in words:
            at = draw(st.integers(1, len(words) - 1))
            options.append(Split(turn=turn, at=at, new=next_number(DRAFT, made)))
        if place + 1 < len(standing.turns):
            options.append(Merge(turn=turn, other=standing.turns[place + 1].number))
        for back in (undoing.undo, undoing.redo):
            try:
                options.append(back(made, who, "C-1"))
            except (NothingToUndo, NothingToRedo, BuiltUpon):
                continue
        change = draw(st.sampled_from(options))
        made.append(Correction(number=len(made) + 1, author=who, at=NOON, change=change))
    return made


@given(edits())
def test_whatever_two_people_do_no_word_of_the_draft_is_lost_and_all_can_be_taken_back(made: list[Correction]) -> None:
    timed: Timed = {}
    for count in range(0, len(made), 3):
        stand(DRAFT, made[:count], timed)
    standing = stand(DRAFT, made)
    assert stand(DRAFT, made, timed) == standing, "what was timed before is what is timed now"
    kept = sorted((word for one in standing.standing for word in one.source), key=lambda word: word.start)
    assert kept == [word for turn in DRAFT for word in turn.words]
    numbers = [turn.number for turn in standing.turns]
    assert len(set(numbers)) == len(numbers)
    for one, other in pairwise(standing.turns):
        assert one.start <= other.start + 1e-3
    while True:
        before = len(made)
        for who in ("ruth", "sam"):
            try:
                change = undoing.undo(made, who, "C-1")
            except (NothingToUndo, BuiltUpon):
                continue
            made = [*made, Correction(number=len(made) + 1, author=who, at=NOON, change=change)]
        if len(made) == before:
            break
    assert stand(DRAFT, made).turns == DRAFT
