"""Captions: every word in one cue of its own turn, times that a player takes, nobody named but by position."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.export import captions
from pipeline.export.captions import OneConversation, cues
from pipeline.transcripts.document import Document, Passage
from pipeline.transcripts.transcript import Speaker
from tests.pipeline.export.samples import alone, document, project

_WORD = st.text(st.characters(categories=["L", "N", "P"], max_codepoint=0xFFFF), min_size=1, max_size=12)


@st.composite
def talks(draw: st.DrawFn) -> Document:
    """Turns of any length at the pace of speech, some at once with the next."""
    passages, start = [], draw(st.floats(0, 5000))
    for turn in range(1, draw(st.integers(1, 5)) + 1):
        text = " ".join(draw(st.lists(_WORD, min_size=1, max_size=80)))
        end = start + len(text) / draw(st.floats(8, 25))
        passages.append(Passage(turn=turn, speaker=draw(st.sampled_from(Speaker)), start=start, end=end, text=text))
        start = end - draw(st.floats(0, 2)) if draw(st.booleans()) else end + draw(st.floats(0, 9))
        start = max(start, passages[-1].start)
    return replace(document(), passages=tuple(passages))


@settings(max_examples=200)
@given(talk=talks())
def test_all_words_stand_in_cues_of_their_turn(talk: Document) -> None:
    found = cues(talk)
    assert [cue.start for cue in found] == sorted(cue.start for cue in found)
    for passage in talk.passages:
        own = [cue for cue in found if cue.turn == passage.turn]
        assert " ".join(cue.text for cue in own) == passage.text
        assert all(round(passage.start * 1000) <= cue.start < cue.end for cue in own)
        assert own[-1].end <= max(round(passage.end * 1000), own[-1].start + 1)
        assert all(cue.end - cue.start <= 7000 and len(cue.text) <= 84 for cue in own)
        assert all(one.end <= two.start for one, two in pairwise(own))
        assert len(own) == 1 or all(cue.end - cue.start >= 500 for cue in own)


def test_a_caption_ends_behind_a_sentence_where_it_can() -> None:
    text = (
        "We told them about it twice, and then once more in writing. Nobody rang back, and so we went there on our own."
    )
    talk = _one_turn(text, 8.0)
    assert [cue.text for cue in cues(talk)] == [text[:59], text[60:]]


@pytest.mark.parametrize("start", [0.9996, 59.9996, 3599.9999, 7199.99951])
def test_no_rounding_gives_a_thousandth_millisecond(start: float) -> None:
    whole = replace(alone(project()), documents=(_one_turn("And then?", 1.0, start),), extracts=())
    for data, point in ((captions.write_vtt(whole), "."), (captions.write_srt(whole), ",")):
        times = re.findall(r"(\S+) --> (\S+)", data.decode())
        assert all(re.fullmatch(rf"\d\d:[0-5]\d:[0-5]\d\{point}\d{{3}}", time) for pair in times for time in pair)
        assert times[-1][0] > "00:00:00.999"


def test_a_turn_without_length_still_shows() -> None:
    (cue,) = cues(_one_turn("Mm.", 0.0))
    assert (cue.start, cue.end) == (5000, 5001)


def test_a_long_silence_is_not_filled_with_one_word() -> None:
    (cue,) = cues(_one_turn("Mm.", 60.0))
    assert (cue.start, cue.end) == (5000, 12000)


def test_speakers_are_named_by_position() -> None:
    whole = alone(project())
    for text in (captions.write_vtt(whole).decode(), captions.write_srt(whole).decode()):
        assert "Health visitor 1" in text
        assert "Interviewer" in text
        assert "Participant" not in text
    assert (
        "<v Health visitor 1>=I thought they were coping – the &lt;forms&gt; said" in captions.write_vtt(whole).decode()
    )


def test_captions_are_of_one_conversation() -> None:
    for write in (captions.write_vtt, captions.write_srt):
        with pytest.raises(OneConversation, match="one conversation"):
            write(project())


def _one_turn(text: str, seconds: float, start: float = 5.0) -> Document:
    passage = Passage(turn=1, speaker=Speaker.PARTICIPANT, start=start, end=start + seconds, text=text)
    return replace(document(), passages=(passage,))
