"""A thousand random changes to a log in its database, made by someone who knows it well: all found, the first bad entry named.

The one who changes it may drop the guards of the tables, renumbers what follows and makes the hashes anew, but has no key. The
auditor holds an old checkpoint over all that was there.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.orm import Session

from retention import verify
from retention.report import Report
from retention.verify import verify_database
from storage.log import tree
from storage.log.entry import Entry
from storage.log.tables import AuditCheckpoint, AuditLeaf, AuditNode
from tests.storage.log.books import Book, new_book

SIZE = 40
CHANGES = 1000
Bodies = list[bytes]
# Says what it did and which entry is the first that is not what it was
Change = Callable[[random.Random, Session], int]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    made = new_book(tmp_path_factory.mktemp("book"))
    made.fill(SIZE)
    return made


@pytest.fixture
def session(book: Book) -> Iterator[Session]:
    with Session(book.engine) as session:
        yield session


def stored(session: Session) -> Bodies:
    return list(session.scalars(select(AuditLeaf.body).order_by(AuditLeaf.idx)))


def rewrite(session: Session, bodies: Bodies) -> None:
    """Put other entries in the place of all, with hashes that fit them."""
    leaves = tree.leaf_hashes(bodies)
    session.execute(delete(AuditLeaf))
    rows = [{"idx": at, "body": body, "hash": leaf} for at, (body, leaf) in enumerate(zip(bodies, leaves, strict=True))]
    if rows:
        session.execute(insert(AuditLeaf), rows)


def renumbered(bodies: Bodies, start: int) -> Bodies:
    """Entries from `start` on that say the place where they now stand."""
    renewed = []
    for seq, body in enumerate(bodies[start:], start):
        entry = Entry.decode(body)
        renewed.append(Entry(seq=seq, t=entry.t, actor=entry.actor, event=entry.event, obj=entry.obj).encode())
    return [*bodies[:start], *renewed]


def another(body: bytes) -> bytes:
    return body.replace(b'"ann"', b'"eve"')


def flip_a_bit(chance: random.Random, session: Session) -> int:
    at = chance.randrange(SIZE)
    body = bytearray(stored(session)[at])
    body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    session.execute(update(AuditLeaf).where(AuditLeaf.idx == at).values(body=bytes(body)))
    return at


def edit(chance: random.Random, session: Session) -> int:
    at, bodies = chance.randrange(SIZE), stored(session)
    bodies[at] = another(bodies[at])
    rewrite(session, bodies)
    return at


def delete_row(chance: random.Random, session: Session) -> int:
    at = chance.randrange(SIZE)
    session.execute(delete(AuditLeaf).where(AuditLeaf.idx == at))
    return at


def delete_and_close(chance: random.Random, session: Session) -> int:
    at, bodies = chance.randrange(SIZE), stored(session)
    del bodies[at]
    rewrite(session, renumbered(bodies, at))
    return at


def insert_one(chance: random.Random, session: Session) -> int:
    at, bodies = chance.randrange(SIZE), stored(session)
    bodies.insert(at, another(bodies[at]))
    rewrite(session, renumbered(bodies, at))
    return at


def swap(chance: random.Random, session: Session) -> int:
    bodies = stored(session)
    one, other = sorted(chance.sample(range(SIZE), 2))
    bodies[one], bodies[other] = bodies[other], bodies[one]
    rewrite(session, renumbered(bodies, one) if chance.random() < 0.5 else bodies)
    return one


def truncate(chance: random.Random, session: Session) -> int:
    at = chance.randrange(1, SIZE)
    rewrite(session, stored(session)[:at])
    if chance.random() < 0.5:
        session.execute(delete(AuditCheckpoint).where(AuditCheckpoint.size > at))
    return at


def bend_a_hash(chance: random.Random, session: Session) -> int:
    at = chance.randrange(SIZE)
    session.execute(update(AuditLeaf).where(AuditLeaf.idx == at).values(hash=chance.randbytes(32)))
    return at


KINDS: list[Change] = [
    flip_a_bit,
    edit,
    delete_row,
    delete_and_close,
    insert_one,
    swap,
    truncate,
    bend_a_hash,
]


def check(session: Session, book: Book) -> Report:
    return verify_database(session, book.signer.verifier_key, (book.signer.state(),))


def test_the_untouched_log_is_verified(session: Session, book: Book) -> None:
    assert check(session, book).findings == ()
    rewrite(session, stored(session))
    assert check(session, book).findings == (), "nor does writing the same anew change anything"


@pytest.mark.parametrize("many", [verify.MANY, 0], ids=["every head", "a first look without most heads"])
def test_every_one_of_a_thousand_changes_is_found_and_its_entry_named(
    session: Session, book: Book, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "MANY", many)
    chance = random.Random(20261122)  # noqa: S311
    missed = []
    for number in range(CHANGES):
        change = chance.choice(KINDS)
        first_bad = change(chance, session)
        report = check(session, book)
        if report.ok or report.first_bad != first_bad:
            missed.append(f"{number}: {change.__name__} at {first_bad}, reported {report.first_bad}")
        session.rollback()
    assert missed == []
    assert check(session, book).ok


def test_a_node_that_is_changed_or_lost_is_found(tmp_path: Path) -> None:
    large = new_book(tmp_path)
    with Session(large.engine) as session, session.begin():
        for number in range(257):
            large.add(session, obj=[f"object-{number}"])
    large.sign()
    with Session(large.engine) as session:
        assert check(session, large).ok
        for statement in (update(AuditNode).values(hash=bytes(32)), delete(AuditNode)):
            session.execute(statement)
            assert not check(session, large).ok
            session.rollback()


def test_a_head_that_is_changed_is_found_wherever_it_stands(
    session: Session, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in (1, 20, SIZE - 1, SIZE):
        note = func.replace(AuditCheckpoint.note, f"\n{size}\n", f"\n{size + 1}\n")
        session.execute(update(AuditCheckpoint).where(AuditCheckpoint.size == size).values(note=note))
        assert not check(session, book).ok, size
        with monkeypatch.context() as patch:
            patch.setattr(verify, "MANY", 0)
            assert not verify_database(session, book.signer.verifier_key, closely=True).ok, size
            assert check(session, book).ok is (size < SIZE), (
                "nothing rests on those in between, and they may be passed over"
            )
        session.rollback()


def test_rows_are_what_was_changed(session: Session) -> None:
    """The control of the control: a change reaches the table that is verified."""
    before: list[Row[tuple[bytes]]] = list(session.execute(select(AuditLeaf.body)))
    for change in KINDS[:-1]:
        change(random.Random(7), session)  # noqa: S311
        assert list(session.execute(select(AuditLeaf.body))) != before
        session.rollback()
