"""Times follow the words when a person writes a turn anew."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.transcripts.retiming import cut, retimed
from pipeline.transcripts.transcript import Speaker, Word


def said(text: str, start: float = 10.0) -> tuple[Word, ...]:
    return tuple(
        Word(
            text=one, start=start + 0.5 * place, end=start + 0.5 * place + 0.4, probability=0.8,
            speaker=Speaker.PARTICIPANT,
        )
        for place, one in enumerate(text.split())
    )  # fmt: skip


HEARD = said("I rang the met wife on Monday")


def test_a_new_word_takes_the_time_of_what_it_replaces() -> None:
    words = retimed(HEARD, "I rang the midwife on Monday.")
    midwife = words[3]
    assert (midwife.start, midwife.end, midwife.probability) == (HEARD[3].start, HEARD[4].end, 1.0)
    assert words[:3] == HEARD[:3]
    assert (words[5].start, words[5].end, words[5].probability) == (HEARD[6].start, HEARD[6].end, 1.0), "a full stop"
    assert words[4] == HEARD[5]


def test_inserted_words_lie_between_their_neighbours_by_their_length() -> None:
    words = retimed(HEARD, "I rang and rang the met wife on Monday afternoon")
    inserted = words[2:4]
    assert inserted[0].start >= words[0].end
    assert inserted[-1].end <= words[4].start
    assert words[-1].start == HEARD[-1].end
    long, short = retimed(said("a b"), "wonderful it b")[:2]
    assert long.end - long.start > 3 * (short.end - short.start)


def test_nothing_said_is_an_empty_word_that_keeps_the_time() -> None:
    (nothing,) = retimed(HEARD, "  ")
    assert (nothing.text, nothing.start, nothing.end) == ("", HEARD[0].start, HEARD[-1].end)
    again = retimed([nothing], "I rang the midwife")
    assert HEARD[0].start <= again[0].start < again[-1].end <= HEARD[-1].end


@given(st.text("ab ", max_size=20), st.integers(-2, 24))
def test_a_cut_loses_no_letter_and_no_time(text: str, at: int) -> None:
    words = said(text)
    before, after = cut(words, at)
    first, second = " ".join(w.text for w in before), " ".join(w.text for w in after)
    assert (first + second).replace(" ", "") == text.replace(" ", "")
    assert len(first) <= max(at, 0)
    if words:
        joined = (*before, *after)
        assert (joined[0].start, joined[-1].end) == (words[0].start, words[-1].end)


@given(
    st.lists(st.sampled_from(["I", "was", "not", "there", "nobody", "came.", "came"]), min_size=1, max_size=12),
    st.lists(st.sampled_from(["I", "was,", "not", "here", "Nobody", "came", "two"]), min_size=1, max_size=12),
)
def test_any_edit_keeps_times_in_order_and_inside_the_turn(old: list[str], new: list[str]) -> None:
    before = said(" ".join(old))
    words = retimed(before, " ".join(new))
    assert [word.text for word in words] == new
    assert all(word.start <= word.end for word in words)
    assert all(one.end <= other.start + 1e-3 for one, other in pairwise(words))
    assert words[0].start >= before[0].start - 1e-9
    assert words[-1].end <= before[-1].end + 1e-3
