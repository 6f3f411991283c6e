import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes.quotes import Anchor, BadAnchor, QuoteAmbiguous, QuoteNotFound, find_quote, take, times, who
from pipeline.transcripts.document import Document, Passage
from pipeline.transcripts.transcript import Speaker


def talk(*texts: str, first: int = 1) -> Document:
    """Turns of ten seconds each, the interviewer first."""
    speakers = (Speaker.INTERVIEWER, Speaker.PARTICIPANT)
    return Document(
        conversation="C-001",
        position="Teacher 1",
        passages=tuple(
            Passage(turn=n, speaker=speakers[(n - first) % 2], start=10.0 * n, end=10.0 * n + 10, text=text)
            for n, text in enumerate(texts, start=first)
        ),
    )


def span(first_turn: int, first_char: int, last_turn: int, last_char: int) -> Anchor:
    return Anchor(first_turn=first_turn, first_char=first_char, last_turn=last_turn, last_char=last_char)


TALK = talk("How was it?", "It was – well – “busy”.  Very busy.", "And then?", "Then nothing.", first=5)


def test_words_are_taken() -> None:
    assert take(TALK, span(5, 0, 5, 3)) == "How"
    assert take(TALK, span(7, 4, 8, 4)) == "then?\nThen"
    assert take(TALK, span(6, 26, 8, 4)) == "ery busy.\nAnd then?\nThen"


@pytest.mark.parametrize(
    "anchor",
    [span(5, 3, 5, 3), span(5, 4, 5, 3), span(5, 0, 5, 12), span(5, -1, 5, 3), span(6, 0, 5, 3), span(1, 0, 5, 3)],
)
def test_a_place_that_is_not_there_is_refused(anchor: Anchor) -> None:
    with pytest.raises(BadAnchor, match="C-001"):
        take(TALK, anchor)


def test_times_are_spread_over_the_characters() -> None:
    assert times(talk("0123456789"), span(1, 2, 1, 7)) == (12.0, 17.0)
    assert times(talk("0123456789", "01234"), span(1, 0, 2, 1)) == (10.0, 22.0)


def test_the_speaker_is_who_says_most() -> None:
    assert who(TALK, span(7, 0, 7, 3)) is Speaker.INTERVIEWER
    assert who(TALK, span(7, 7, 8, 13)) is Speaker.PARTICIPANT
    assert who(talk("ab", "cd"), span(1, 0, 2, 2)) is Speaker.INTERVIEWER


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("It was – well – “busy”.", "It was – well – “busy”."),
        ('was - well - "busy". Very', "was – well – “busy”.  Very"),
        ("  And\n then?  Then nothing. ", "And then?\nThen nothing."),
        ("nothing", "nothing"),
    ],
)
def test_a_quote_is_found(quote: str, found: str) -> None:
    assert take(TALK, find_quote(TALK, quote)) == found


def test_a_quote_that_is_not_there_is_refused() -> None:
    for quote in ("It was quiet", "", "  ", "It WAS"):
        with pytest.raises(QuoteNotFound) as refusal:
            find_quote(TALK, quote)
        assert not quote.strip() or quote not in str(refusal.value)
    with pytest.raises(QuoteNotFound, match="turn 7"):
        find_quote(TALK, "Then nothing", turn=7)


def test_an_ambiguous_quote_needs_its_turn() -> None:
    echo = talk("yes, yes", "yes", "no")
    with pytest.raises(QuoteAmbiguous, match=r"3 times.*turns 1, 2"):
        find_quote(echo, "yes")
    assert find_quote(echo, "yes", turn=2) == span(2, 0, 2, 3)
    with pytest.raises(QuoteAmbiguous, match="turn 1"):
        find_quote(echo, "yes", turn=1)
    with pytest.raises(QuoteAmbiguous, match="2 times"):
        find_quote(talk("aaa"), "aa")


@given(st.data())
def test_what_is_taken_is_found_again(data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.text("ab ’–", min_size=1, max_size=12), min_size=1, max_size=3))
    whole = talk(*texts)
    first = data.draw(st.integers(1, len(texts)))
    last = data.draw(st.integers(first, len(texts)))
    begin = data.draw(st.integers(0, len(texts[first - 1]) - 1))
    end = data.draw(st.integers(begin + 1 if first == last else 1, len(texts[last - 1])))
    quote = take(whole, span(first, begin, last, end))
    again = "\n".join(texts)
    places = sum(again.startswith(quote.strip(), start) for start in range(len(again)))
    if not quote.strip():
        with pytest.raises(QuoteNotFound):
            find_quote(whole, quote)
    elif places > 1:
        with pytest.raises(QuoteAmbiguous, match=f"{places} times"):
            find_quote(whole, quote)
    else:
        assert take(whole, find_quote(whole, quote)) == quote.strip()
