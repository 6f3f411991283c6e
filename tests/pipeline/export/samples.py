"""Projects to export: one written out, and any number drawn by hypothesis."""

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from uuid import UUID

from hypothesis import strategies as st

import configs
from pipeline.codes.codebook import Codebook, parse
from pipeline.codes.coding import Extract, extract
from pipeline.codes.quotes import Anchor
from pipeline.export.model import Profile, Project, build
from pipeline.transcripts.document import Document, Passage, clean
from pipeline.transcripts.transcript import Speaker

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@cache
def shipped() -> Codebook:
    return parse(configs.read("codebooks/learning-together.toml"))


def document(conversation: str = "C-001", position: str = "Health visitor 1") -> Document:
    texts = (
        "What did you think was going on?",
        "=I thought they were coping – the <forms> said “stable” & I had 40 cases.",
        "And then?",
        "Then the [school] rang. Nobody rang back.",
        "Thank you for telling me.",
    )
    speakers = (Speaker.INTERVIEWER, Speaker.PARTICIPANT)
    return Document(
        conversation=conversation,
        position=position,
        passages=tuple(
            Passage(turn=n, speaker=speakers[(n - 1) % 2], start=10.0 * n, end=10.0 * n + 8, text=text)
            for n, text in enumerate(texts, start=1)
        ),
    )


def quoted(number: int, anchor: Anchor, *codes: str, memo: str = "", coder: str = "reviewer-1") -> Extract:
    return extract(document(), anchor, codes, codebook=shipped(), coder=coder, at=AT, memo=memo, id=UUID(int=number))


def span(first_turn: int, first_char: int, last_turn: int, last_char: int) -> Anchor:
    return Anchor(first_turn=first_turn, first_char=first_char, last_turn=last_turn, last_char=last_char)


def project(profile: Profile = Profile.INTERNAL) -> Project:
    """Overlapping, nested, equal, uncoded and turn-crossing extracts, with all that a format could stumble on."""
    extracts = (
        quoted(1, span(2, 0, 2, 28), "f1", "c33", memo="= a memo\n- with two lines & <b>"),
        quoted(2, span(2, 10, 4, 23), "c3.1 atmosphere at work", "d1.1 influence of assessment forms", coder="second"),
        quoted(3, span(2, 10, 4, 23), "c33"),
        quoted(4, span(4, 0, 4, 41), "f1"),
        quoted(5, span(1, 0, 1, 4)),
    )
    return build(
        review="R-2026-01",
        profile=profile,
        codebook=shipped(),
        documents=[document(), document("C-002", "Teacher / head")],
        extracts=extracts,
        created=AT,
    )


def alone(whole: Project) -> Project:
    """The first conversation of a project with its extracts; one written out where the project has none."""
    one = next(iter(whole.documents), document())
    extracts = tuple(each for each in whole.extracts if each.conversation == one.conversation)
    return replace(whole, documents=(one,), extracts=extracts)


def all_text(data: bytes) -> str:
    """The text of a file, of an archive all its entries."""
    if data.startswith(b"SQLite"):
        return data.decode("utf-8", "replace")
    if not data.startswith(b"PK"):
        return data.decode("utf-8-sig")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


_TEXTS = (
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=40).map(clean).filter(bool)
)


@st.composite
def projects(draw: st.DrawFn) -> Project:
    """Small projects: any text a document may hold, overlapping extracts, some across turns."""
    documents = [draw(_documents(f"C-{number:03}")) for number in range(draw(st.integers(0, 2)))]
    extracts = [draw(_extracts(one)) for one in documents for _ in range(draw(st.integers(0, 4)))]
    return build(
        review=draw(st.sampled_from(["R-1", "R--2 & <3>"])),
        profile=draw(st.sampled_from(Profile)),
        codebook=shipped(),
        documents=documents,
        extracts=extracts,
        created=AT,
    )


@st.composite
def _documents(draw: st.DrawFn, conversation: str) -> Document:
    texts = draw(st.lists(_TEXTS, min_size=1, max_size=4))
    first = draw(st.integers(1, 9))
    return Document(
        conversation=conversation,
        position=draw(st.sampled_from(["Teacher 1", "GP, duty; evenings", "Manager/lead"])),
        passages=tuple(
            Passage(turn=n, speaker=draw(st.sampled_from(Speaker)), start=float(n), end=n + 1.0, text=text)
            for n, text in enumerate(texts, start=first)
        ),
    )


@st.composite
def _extracts(draw: st.DrawFn, one: Document) -> Extract:
    first = draw(st.integers(0, len(one.passages) - 1))
    last = draw(st.integers(first, len(one.passages) - 1))
    begin = draw(st.integers(0, len(one.passages[first].text) - 1))
    end = draw(st.integers(begin + 1 if first == last else 1, len(one.passages[last].text)))
    codable = [code.id for code in shipped().codes if code.codable]
    return extract(
        one,
        span(one.passages[first].turn, begin, one.passages[last].turn, end),
        draw(st.lists(st.sampled_from(codable), max_size=3)),
        codebook=shipped(),
        coder=draw(st.sampled_from(["a", "b"])),
        at=AT,
        memo=draw(st.one_of(st.just(""), _TEXTS)),
        id=draw(st.uuids()),
    )
