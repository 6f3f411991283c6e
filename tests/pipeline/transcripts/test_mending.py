"""What can be written as the conventions say without listening is, in one correction, and no word that was said is lost."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.roles import NotAllowed
from pipeline.transcripts import agreeing, editing, mending, reviewing
from pipeline.transcripts.departures import departures
from pipeline.transcripts.transcript import plain
from tests import story
from tests.pipeline.transcripts.test_conventions import CLEAN, FULL, turn
from tests.story import FIRST, Stage


@pytest.mark.parametrize(
    ("says", "instead"),
    [
        ("So, um, we went", "So, we went"),
        ("Um, we went", "We went"),
        ("We went, um.", "We went."),
        ("Did you, er? Um, yes.", "Did you? Yes."),
        ("It was. Um, um, cold", "It was. Cold"),
        ("um I um went", "I went"),
        ("he said (laughs)", "he said [laughs]"),
        (
            "to [inaudible] yesterday and [inaudible] again",
            "to [inaudible 00:00:00] yesterday and [inaudible 00:00:02] again",
        ),
        ("to [inaudible 00:45:00] yesterday", "to [inaudible 00:00:00] yesterday"),
    ],
)
def test_what_is_mended_is_as_the_conventions_say(says: str, instead: str) -> None:
    made = turn(says)
    assert mending.mended(made, departures([made], CLEAN)) == instead


@pytest.mark.parametrize("says", ["Um.", "Mm-hmm, yes.", "and the the door", "she sh- shouted", "he [giggles]", "(3)"])
def test_what_needs_a_person_is_left(says: str) -> None:
    made = turn(says)
    assert mending.mended(made, departures([made], CLEAN)) == says


def test_pauses_stand_where_they_were() -> None:
    made = turn("well yes and well yes", gaps=[(4, 4.0)])
    assert mending.mended(made, departures([made], FULL)) == "well yes and well (4) yes"
    twice = turn("so I went", gaps=[(1, 3.0), (2, 5.0)])
    assert mending.mended(twice, departures([twice], FULL)) == "so (3) I (5) went"


SPOKEN = st.lists(
    st.sampled_from(["um", "Um,", "er.", "yes", "the", "the", "No.", "[laughs]", "(laughs)", "[?]"]), max_size=9
)


@given(SPOKEN, st.sampled_from([CLEAN, FULL]))
def test_every_word_that_is_no_hesitation_stays_in_its_order(words: list[str], profile: object) -> None:
    made = turn(" ".join(words))
    kept = {"yes", "the", "no"}
    after = mending.mended(made, departures([made], profile))  # type: ignore[arg-type]
    assert [plain(one) for one in after.split() if plain(one) in kept] == [
        plain(one) for one in words if plain(one) in kept
    ]


def test_it_is_one_correction_by_who_asked_for_it_and_one_step_takes_it_back(tmp_path: Path) -> None:
    told = story.at(Stage.TRANSCRIBED, tmp_path)
    assert mending.look(told.home, told.ana, FIRST).turns == ()
    before = {one.number: one.text for one in reviewing.read(told.home, told.ana, FIRST).turns}
    for number in (1, 2):
        editing.rewrite(told.home, told.ana, FIRST, number, f"Um, {before[number]}")
    found = mending.look(told.home, told.ana, FIRST).turns
    assert [(one.number, text) for one, text in found] == [(1, before[1]), (2, before[2])]
    saved = mending.mend(told.home, told.ana, FIRST)
    assert saved.turns == {1, 2}
    assert {one.number: one.text for one in saved.transcript.turns} == before
    assert reviewing.history(told.home, told.ana, FIRST, 1).steps[-1].author == "ana"
    assert agreeing.look(told.home, told.ana, FIRST)[1] == ()
    assert mending.mend(told.home, told.ana, FIRST).turns == set(), "nothing is left to mend"
    assert [one.text for one in editing.undo(told.home, told.ana, FIRST).transcript.turns][:2] == [
        f"Um, {before[number]}" for number in (1, 2)
    ]
    with pytest.raises(NotAllowed):
        mending.mend(told.home, told.dora, FIRST)
