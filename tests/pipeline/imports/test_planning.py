"""What comes back from another program stands where it stood, and nothing is taken that is not ours."""

import io
import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

import pytest

from pipeline.codes.coding import Extract, extract
from pipeline.codes.quotes import Anchor, take
from pipeline.export import archive, qdpx
from pipeline.export.model import Profile, Project, build
from pipeline.export.plain import plain_text
from pipeline.imports import refi
from pipeline.imports.incoming import Code, Incoming, Mark, Text
from pipeline.imports.planning import Plan, plan
from pipeline.transcripts.document import Document, Passage, clean
from pipeline.transcripts.transcript import Speaker
from tests.pipeline.export.samples import AT, document, project, shipped

_PIECES = (
    "ß",
    "\u0301",
    "e\u0301",
    "\r\n",
    "\r",
    "\n",
    "漢字",
    "Ω",
    "“",
    " – ",
    ", ",
    ". ",
    "\t",
    "أهلا",
    "word ",
    "two words ",
)


@cache
def talk(turns: int, extracts: int) -> Project:
    """A conversation of any characters a document may hold, and extracts anywhere in it: nested, equal, over many turns."""
    chance = random.Random(7)  # noqa: S311
    texts = [clean("".join(chance.choices(_PIECES, k=chance.randint(3, 60)))).strip() or "x" for _ in range(turns)]
    speakers = list(Speaker)
    one = Document(
        conversation="C-001",
        position="Teacher 1",
        passages=tuple(
            Passage(turn=n * 2, speaker=chance.choice(speakers), start=9.0 * n, end=9.0 * n + 8, text=text)
            for n, text in enumerate(texts, start=1)
        ),
    )
    made = [_random(chance, one, number) for number in range(extracts)]
    return build(review="R-1", profile=Profile.INTERNAL, codebook=shipped(), documents=[one], extracts=made, created=AT)


def _random(chance: random.Random, one: Document, number: int) -> Extract:
    first = chance.randrange(len(one.passages))
    last = min(first + chance.choice([0, 0, 0, 1, 3]), len(one.passages) - 1)
    start = chance.randrange(len(one.passages[first].text))
    end = chance.randint(start + 1 if first == last else 1, len(one.passages[last].text))
    anchor = Anchor(
        first_turn=one.passages[first].turn, first_char=start, last_turn=one.passages[last].turn, last_char=end
    )
    codable = [code.id for code in shipped().codes if code.codable]
    return extract(
        one,
        anchor,
        chance.sample(codable, chance.randint(0, 3)),
        codebook=shipped(),
        coder=chance.choice(["ruth", "sam"]),
        at=AT + timedelta(seconds=number),
        memo=chance.choice(["", "Caseload.", "two\nlines & <more>"]),
        id=UUID(int=number),
    )


def imported(
    whole: Project, incoming: Incoming, existing: tuple[Extract, ...] = (), *, add_codes: bool = False
) -> Plan:
    return plan(
        incoming,
        whole.documents,
        existing,
        book=whole.codebook,
        review=whole.review,
        add_codes=add_codes,
        coder="importer",
        now=datetime.now(AT.tzinfo),
    )


def read(data: bytes) -> Incoming:
    return refi.read(io.BytesIO(data))


def content(extracts: tuple[Extract, ...]) -> Counter[tuple[object, ...]]:
    return Counter((one.anchor, one.quote, one.codes, one.coder, one.memo, one.at, one.speaker) for one in extracts)


def test_a_thousand_codings_come_back_exactly() -> None:
    whole = talk(300, 1000)
    back = imported(whole, read(qdpx.write(whole)))
    # quotes are compared with the document's own line ends
    assert content(back.extracts) == content(
        tuple(replace(one, quote=take(whole.documents[0], one.anchor)) for one in whole.extracts)
    )
    assert len(back.extracts) == 1000
    assert (back.already, back.codes, back.lost) == (0, 0, ())


def test_what_is_there_already_is_not_added_twice() -> None:
    whole = talk(30, 50)
    back = imported(whole, read(qdpx.write(whole)), whole.extracts)
    assert (back.extracts, back.already) == ((), 50)
    fewer = imported(whole, read(qdpx.write(whole)), whole.extracts[:40])
    assert len(fewer.extracts) + fewer.already == 50
    assert content(fewer.extracts) <= content(whole.extracts[40:])


def test_an_extract_that_came_back_in_two_is_there_already() -> None:
    whole = talk(30, 50)
    incoming = read(qdpx.write(whole))
    (text,) = incoming.texts
    split = [replace(mark, codes=(key,)) for mark in text.marks for key in mark.codes]
    back = imported(whole, replace(incoming, texts=(replace(text, marks=tuple(split)),)), whole.extracts)
    assert back.extracts == ()
    assert back.already == len(split) > 50


def test_another_memo_coder_or_code_is_new() -> None:
    whole = talk(30, 5)
    incoming = read(qdpx.write(whole))
    (text,) = incoming.texts
    used = {key for mark in text.marks for key in mark.codes}
    other = next(code.key for code in incoming.codes if code.codable and code.key not in used)
    for change in ({"memo": "other"}, {"coder": "other"}, {"codes": (other,)}):
        marks = tuple(replace(mark, **change) for mark in text.marks)
        back = imported(whole, replace(incoming, texts=(replace(text, marks=marks),)), whole.extracts)
        assert len(back.extracts) == 5, change


def retold(whole: Project, change: dict[str, str]) -> Incoming:
    """The exported project with words of its text changed elsewhere, to others of the same length."""
    entries = archive.unpack(qdpx.write(whole))
    for name in entries:
        for old, new in change.items():
            assert len(old) == len(new)
            if name.startswith("sources/"):
                entries[name] = entries[name].decode().replace(old, new).encode()
    return read(archive.pack(entries))


def test_on_a_line_that_was_changed_elsewhere_the_words_are_looked_for() -> None:
    whole = project()
    back = imported(whole, retold(whole, {"stable": "stoble"}))
    unchanged = [one for one in whole.extracts if "stable" not in one.quote]
    assert [(one.anchor.first_turn, one.quote) for one in back.extracts] == [
        (one.anchor.first_turn, one.quote.strip()) for one in unchanged
    ]
    assert back.lost[-1:] == ("extracts whose words do not stand in the conversation, or more than once: 2",)


def test_a_text_without_heads_of_turns_is_known() -> None:
    one = document()
    bare = "\n\n".join(passage.text for passage in one.passages)
    named = "\n".join(f"{one.position if p.speaker == 'Participant' else p.speaker}: {p.text}" for p in one.passages)
    for text in (bare, named):
        start = text.index("rang. Nobody")
        back = bring(text, Mark(start=start, end=start + 12, codes=("w",)))
        assert [(each.quote, each.anchor.first_turn) for each in back.extracts] == [("rang. Nobody", 4)]


def test_a_selection_is_cut_to_the_words() -> None:
    text, _ = plain_text(document())
    whole_line = text.index("[00:00:40]")
    back = bring(text, Mark(start=whole_line, end=text.index("[00:00:50]") + 4, codes=("w",)))
    assert [each.quote for each in back.extracts] == [document().passages[3].text]
    nothing = bring(text, Mark(start=whole_line, end=whole_line + 4, codes=("w",)))
    assert (nothing.extracts, len(nothing.lost)) == ((), 2)


def bring(text: str, mark: Mark, *, name: str = "C3.3 Workload", add: bool = False, codable: bool = True) -> Plan:
    incoming = Incoming(
        program="x",
        dialect="y",
        codes=(Code(key="w", name=name, codable=codable, colour="#abc"),),
        texts=(Text(key="t", text=text, marks=(mark,)),),
        lost=("sets: 1",),
    )
    return imported(replace(project(), extracts=()), incoming, add_codes=add)


TEXT, _ = plain_text(document())
MARK = Mark(start=TEXT.index("And then?"), end=TEXT.index("And then?") + 9, codes=("w",))


def test_a_text_of_somebody_else_is_not_taken() -> None:
    for text in ("Something else entirely.\nAnd then?\n", "", "\n\n"):
        back = bring(text, Mark(start=0, end=1, codes=("w",)))
        assert (back.texts, back.extracts) == (0, ())
        assert "texts that are no conversation of this review: 1" in back.lost
    assert bring(TEXT, MARK).texts == 1


def test_a_code_the_book_lacks_is_named_or_added() -> None:
    left = bring(TEXT, MARK, name="Fear")
    assert left.extracts == ()
    assert "codes this codebook lacks: Fear" in left.lost
    assert "extracts with no code that this codebook has: 1" in left.lost
    added = bring(TEXT, MARK, name="Fear", add=True)
    assert added.codes == 1
    assert added.extracts[0].codes == ("fear",)
    assert added.book.find("Fear").colour == "#AABBCC"


def test_what_is_a_heading_here_takes_no_extract() -> None:
    left = bring(TEXT, MARK, name="C Contributory factors")
    assert left.extracts == ()
    assert "codings under what is a heading here: 1" in left.lost
    assert bring(TEXT, MARK, name="Fear", add=True, codable=False).extracts[0].codes == ("fear",)


def test_who_and_when_are_kept_or_filled_in() -> None:
    before = datetime.now(AT.tzinfo)
    (one,) = bring(TEXT, MARK).extracts
    assert one.coder == "importer"
    assert one.at >= before
    (known,) = bring(TEXT, replace(MARK, coder=" Ann\nB ", at=AT, memo=" why\r\n")).extracts
    assert (known.coder, known.at, known.memo) == ("Ann B", AT, "why")
    (future,) = bring(TEXT, replace(MARK, at=before + timedelta(days=900))).extracts
    assert future.at < before + timedelta(days=1)


@pytest.mark.parametrize("lost", ["sets: 1"])
def test_what_the_file_held_beside_is_told(lost: str) -> None:
    assert lost in bring(TEXT, MARK).lost
