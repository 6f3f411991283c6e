"""Through database and log: what comes in is sealed, counted and logged once, and a refusal changes nothing."""

import io
from pathlib import Path

import pytest

from access.roles import NotAllowed
from pipeline.codes import bookkeeping, extracting
from pipeline.codes.codebook import Codebook
from pipeline.export import exporting
from pipeline.export.model import Profile
from pipeline.imports import importing
from pipeline.imports.guard import NotReadable
from pipeline.imports.importing import NoText, NotOurs
from pipeline.reviews import UnknownConversation, codebook_of, find_review
from pipeline.stages import Frozen
from retention import approvals
from storage.errors import CandourError
from storage.log.log import Event
from storage.models import State
from tests import story
from tests.story import FIRST, OTHER, REVIEW, Stage, Story

FOREIGN = Path(__file__).parents[2] / "vectors" / "refi-qda" / "probes" / "ok-baseline.qdpx"


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.CODED, tmp_path)


def exported(told: Story, target: str = FIRST) -> bytes:
    path = told.home.folder.parent / "out.qdpx"
    exporting.write(told.home, told.ana, target, format="qdpx", profile=Profile.INTERNAL, path=path, overwrite=True)
    return path.read_bytes()


def bring_in(told: Story, data: bytes, target: str = FIRST, **options: bool) -> importing.Imported:
    return importing.bring_in(told.home, told.ana, target, io.BytesIO(data), **options)


def quotes(told: Story) -> list[tuple[str, tuple[str, ...], str]]:
    return [(one.quote, one.codes, one.coder) for _, one, _ in extracting.listed(told.home, told.ana, FIRST)]


@pytest.mark.parametrize("target", [FIRST, REVIEW])
def test_what_was_taken_out_comes_back(target: str, told: Story) -> None:
    data, before = exported(told), quotes(told)
    assert bring_in(told, data, target).extracts == 0
    for number in (1, 2):
        extracting.remove(told.home, told.ana, FIRST, number)
    assert told.conversation().state is State.PSEUDONYMISED
    done = bring_in(told, data, target)
    assert (done.extracts, done.already, done.lost) == (2, 0, ())
    assert quotes(told) == before
    assert told.conversation().state is State.CODED
    added = [entry for entry in told.log() if entry.event == Event.EXTRACT_ADDED][-1]
    assert (added.actor, added.detail["count"]) == ("ana", 2)
    assert bring_in(told, data, target).already == 2
    extracting.undo(told.home, told.ana, FIRST)
    assert quotes(told) == []


def test_a_dry_run_tells_the_same_and_writes_nothing(told: Story) -> None:
    data = exported(told)
    extracting.remove(told.home, told.ana, FIRST, 1)
    before = quotes(told), told.events()
    assert bring_in(told, data, dry_run=True).extracts == 1
    assert (quotes(told), told.events()) == before
    assert bring_in(told, data).extracts == 1


def test_codes_come_along_when_asked(told: Story) -> None:
    data = exported(told)
    with told.home.reading() as session:
        old = codebook_of(told.home, find_review(session, REVIEW))
    used = {code for _, codes, _ in quotes(told) for code in codes}
    for number in (1, 2):
        extracting.remove(told.home, told.ana, FIRST, number)
    kept = tuple(code for code in old.codes if code.id not in used)
    bookkeeping.replace_codebook(told.home, told.ana, REVIEW, Codebook(name=old.name, codes=kept))
    without = bring_in(told, data)
    assert (without.extracts, without.codes) == (0, 0)
    assert any("codes this codebook lacks" in line for line in without.lost)
    done = bring_in(told, data, add_codes=True)
    assert (done.extracts, done.codes) == (2, 1)
    with told.home.reading() as session:
        assert len(codebook_of(told.home, find_review(session, REVIEW)).codes) == len(kept) + 1
    added = [entry for entry in told.log() if entry.event == Event.CODE_ADDED][-1]
    assert added.detail["count"] == 1
    extracting.undo(told.home, told.ana, FIRST)
    bookkeeping.undo(told.home, told.ana, REVIEW)
    with told.home.reading() as session:
        assert len(codebook_of(told.home, find_review(session, REVIEW)).codes) == len(kept)


def refused(told: Story, error: type[CandourError], data: bytes, target: str = FIRST) -> str:
    before = quotes(told), told.events()
    with pytest.raises(error) as seen:
        bring_in(told, data, target, add_codes=True)
    assert (quotes(told), told.events()) == before
    return str(seen.value)


def test_what_cannot_come_in_changes_nothing(told: Story) -> None:
    data = exported(told)
    assert "C-001" in refused(told, NotOurs, FOREIGN.read_bytes())
    refused(told, NoText, data, OTHER)
    refused(told, UnknownConversation, data, "C-999")
    for junk in (b"", b"words", data[:100], b"SQLite"):
        refused(told, NotReadable, junk)
    for name in ("ben", "dora"):
        with pytest.raises(NotAllowed):
            importing.bring_in(told.home, getattr(told, name), FIRST, io.BytesIO(data))


def test_what_is_signed_takes_nothing_more(tmp_path: Path) -> None:
    told = story.at(Stage.EXPORTED, tmp_path)
    data = exported(told)
    extracting.remove(told.home, told.ana, FIRST, 1)
    story.export(told, tmp_path / "again.csv")
    approvals.sign_off(told.home, told.ana, story.password("ana"), FIRST)
    refused(told, Frozen, data)
