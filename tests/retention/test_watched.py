"""Looking again: the same as a verification from the beginning, of what was added, and of whatever was changed meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete, func, insert, select, update
from sqlalchemy.orm import Session

from retention import watched
from retention.report import Problem, Report
from retention.verify import read_database, verify_database
from retention.watched import WatchedLog
from storage.log import tree
from storage.log.log import Event, Signer
from storage.log.tables import AuditCheckpoint, AuditLeaf, AuditNode
from tests.retention.stories import Story, until_order
from tests.storage.log.books import Book, new_book


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """More than a tile of entries, so that the database keeps a node."""
    story = until_order(Story(new_book(tmp_path_factory.mktemp("made"))))
    story.book.fill(290, sign_every=10)
    return story


@pytest.fixture
def told(made: Story, tmp_path: Path) -> Story:
    """The same log for one test alone."""
    engine, signer = create_engine("sqlite://"), made.book.signer
    with made.book.engine.connect() as source, engine.connect() as target:
        target.connection.deserialize(source.connection.serialize())
    copied = Signer.put_back(tmp_path / "log", signer.secret_text, signer.state())
    return replace(made, book=Book(engine=engine, signer=copied, now=made.book.now), approvals={**made.approvals})


def look(told: Story, log: WatchedLog) -> Report:
    """What the watched log says, which is what a verification from the beginning says."""
    with Session(told.book.engine) as session:
        report = log.look(session, told.book.signer)
        assert report == verify_database(session, told.key, (told.book.signer.state(),))
    return report


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One for each time that a log was read from its beginning."""
    times = list[int]()

    def counted(*arguments: object) -> object:
        times.append(1)
        return read_database(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(watched, "read_database", counted)
    return times


def test_only_what_was_added_is_verified_again(told: Story, whole: list[int]) -> None:
    log = WatchedLog()
    assert look(told, log).ok
    for _ in range(3):
        told.book.fill(5)
        report = look(told, log)
        assert (report.ok, report.size) == (True, report.signed)
    assert look(told, log).ok, "nothing was added"
    told.destroy()
    told.book.sign()
    assert [str(finding) for finding in look(told, log).findings] == []
    assert len(whole) == 1


def test_what_is_wrong_with_what_was_added_is_named(told: Story) -> None:
    log = WatchedLog()
    assert look(told, log).ok
    told.conversation("c2")
    told.order("o2", "c2")
    seq = told.step(Event.DESTROY_INTENT, "o2")
    told.book.sign()
    report = look(told, log)
    assert report.first_bad == seq and {one.problem for one in report.findings if one.fatal} >= {Problem.APPROVAL}
    assert look(told, log) == report, "and again at the next look"


def test_what_is_not_signed_yet_is_said_and_then_no_more(told: Story) -> None:
    log = WatchedLog()
    assert look(told, log).ok
    told.book.write()
    report = look(told, log)
    assert report.ok and report.size == report.signed + 1
    told.book.sign()
    report = look(told, log)
    assert report.size == report.signed


def _body(session: Session) -> None:
    row = session.get_one(AuditLeaf, 100)
    row.body = row.body.replace(b'"ann"', b'"bnn"')


def _body_and_hash(session: Session) -> None:
    _body(session)
    row = session.get_one(AuditLeaf, 100)
    row.hash = tree.leaf_hash(row.body)


def _hash(session: Session) -> None:
    session.execute(update(AuditLeaf).where(AuditLeaf.idx == 100).values(hash=bytes(32)))


def _taken_out(session: Session) -> None:
    session.execute(delete(AuditLeaf).where(AuditLeaf.idx == 100))


def _swapped(session: Session) -> None:
    one, other = session.get_one(AuditLeaf, 100), session.get_one(AuditLeaf, 101)
    one.body, other.body, one.hash, other.hash = other.body, one.body, other.hash, one.hash


def _node(session: Session) -> None:
    session.execute(update(AuditNode).values(hash=bytes(32)))


def _old(session: Session) -> int:
    """The size of the last head before the hundredth entry."""
    return session.scalars(select(func.max(AuditCheckpoint.size)).where(AuditCheckpoint.size < 100)).one()


def _head(session: Session) -> None:
    session.execute(update(AuditCheckpoint).where(AuditCheckpoint.size == _old(session)).values(note="nonsense\n"))


def _head_added(session: Session) -> None:
    session.execute(insert(AuditCheckpoint).values(size=_old(session) + 1, note="nonsense\n"))


def _set_back(session: Session) -> None:
    size = _old(session)
    session.execute(delete(AuditLeaf).where(AuditLeaf.idx >= size))
    session.execute(delete(AuditCheckpoint).where(AuditCheckpoint.size > size))


CRIMES = (_body, _body_and_hash, _hash, _taken_out, _swapped, _node, _head, _head_added, _set_back)


@pytest.mark.parametrize("crime", CRIMES)
@pytest.mark.parametrize("added", [0, 3])
def test_a_change_in_what_was_verified_is_noticed(told: Story, crime: Callable[[Session], None], added: int) -> None:
    log = WatchedLog()
    assert look(told, log).ok
    told.book.fill(added)
    with Session(told.book.engine) as session, session.begin():
        crime(session)
    assert not look(told, log).ok
    assert not look(told, log).ok, "nor at the next look"
