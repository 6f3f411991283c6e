"""Documents: canonical bytes, and text whose positions every program counts alike."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.transcripts.document import Document, NotADocument, Passage, clean
from pipeline.transcripts.transcript import Speaker

DOCUMENT = Document(
    conversation="C-001",
    position="Health visitor 1",
    passages=(
        Passage(turn=1, speaker=Speaker.INTERVIEWER, start=0.0, end=2.5, text="How did it begin?"),
        Passage(turn=2, speaker=Speaker.PARTICIPANT, start=2.5, end=9.25, text="With [mother] – at the café."),
    ),
)


def test_a_document_comes_back_equal_with_equal_bytes_and_digest() -> None:
    again = Document.from_json(DOCUMENT.to_json())
    assert again == DOCUMENT
    assert again.digest() == DOCUMENT.digest()


def test_whole_seconds_written_as_integers_give_the_same_digest() -> None:
    (first, *_) = DOCUMENT.passages
    integers = Passage(turn=1, speaker=Speaker.INTERVIEWER, start=0, end=2.5, text=first.text)
    changed = Document(conversation="C-001", position="Health visitor 1", passages=(integers, DOCUMENT.passages[1]))
    assert changed.digest() == DOCUMENT.digest()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        DOCUMENT.to_json() + b" ",
        DOCUMENT.to_json().replace(b"Participant", b"Nobody"),
    ],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(NotADocument):
        Document.from_json(data)


@given(st.text())
@example("\ufa6c")  # NFC makes this one U+242EE
@example("\ufeff\ufeff")
def test_clean_text_counts_alike_everywhere(text: str) -> None:
    result = clean(text)
    assert unicodedata.is_normalized("NFC", result)
    assert len(result.encode("utf-16-le")) == 2 * len(result)
    assert not set(result) & set("\r\x00\x0b\x0c\x85\u2028\u2029")
    assert clean(result) == result


def test_clean_shows_what_it_could_not_keep() -> None:
    assert clean("\ufeffone\r\ntwo\rthree \U0001f600 cafe\u0301") == "one\ntwo\nthree \ufffd café"
