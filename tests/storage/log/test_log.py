import stat
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from storage.log import tree
from storage.log.log import (
    Entry,
    Event,
    LogDamaged,
    LogRolledBack,
    NoCheckpoint,
    NoSigner,
    Signer,
    SignerExposed,
    add_cosignature,
    append,
    checkpoints,
    consistency,
    entries,
    inclusion,
    latest_checkpoint,
    stored_size,
)
from storage.log.note import BadNote, KeyKind, SigningKey, cosign, cosigned_at, open_checkpoint
from storage.log.tables import AuditCheckpoint, AuditLeaf, AuditNode
from tests.storage.log.books import START, Book, new_book


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return new_book(tmp_path)


def test_entries_are_numbered_without_gaps_and_read_back(book: Book) -> None:
    assert [book.write(obj=[str(number)]) for number in range(9)] == list(range(9))
    with Session(book.engine) as session:
        stored = list(entries(session))
        assert [Entry.decode(body).obj for _, body in stored] == [(str(number),) for number in range(9)]
        assert list(entries(session, 3, 5)) == stored[3:5]
        assert stored_size(session) == 9


def test_entry_shares_the_fate_of_its_transaction(book: Book) -> None:
    book.write()
    with Session(book.engine) as session:
        append(session, event=Event.HOLD_PLACED, actor="ann", obj=["h", "c"], now=START)
        session.rollback()
        assert stored_size(session) == 1
    assert book.write() == 1
    book.sign()


def test_several_entries_in_one_transaction(book: Book) -> None:
    with Session(book.engine) as session, session.begin():
        for number in range(20):
            assert append(session, event=Event.WORK_STARTED, actor="ann", now=START) == number
    assert open_checkpoint(book.sign(), book.signer.verifier).size == 20


def test_entry_that_lacks_what_its_event_needs_is_refused(book: Book) -> None:
    with pytest.raises(ValueError, match=r"order\.made: it needs obj, ref, detail reason"):
        book.write(Event.ORDER_MADE, obj=["o"])
    with pytest.raises(ValueError, match="printed"):
        book.write(actor="ann\nnobody")
    with Session(book.engine) as session:
        assert stored_size(session) == 0


def test_stored_proofs_verify(book: Book) -> None:
    heads = [open_checkpoint(book.fill(1), book.signer.verifier) for _ in range(23)]
    with Session(book.engine) as session:
        for new in (1, 2, 8, 13, 23):
            root = heads[new - 1].root
            for seq, body in entries(session, 0, new):
                assert tree.verify_inclusion(seq, new, tree.leaf_hash(body), inclusion(session, seq, new), root)
            for old in range(1, new + 1):
                assert tree.verify_consistency(old, new, heads[old - 1].root, root, consistency(session, old, new))


def test_checkpoint_is_signed_once_per_size_and_kept(book: Book) -> None:
    note = book.fill(3)
    assert book.sign() == note
    with Session(book.engine) as session:
        assert latest_checkpoint(session) == note
        assert [open_checkpoint(one, book.signer.verifier).size for one in checkpoints(session)] == [1, 2, 3]


def test_uncommitted_entries_are_never_signed(book: Book) -> None:
    with Session(book.engine) as session:
        append(session, event=Event.WORK_STARTED, actor="ann", now=START)
        with pytest.raises(RuntimeError, match="committed"):
            book.signer.checkpoint(session)
        session.commit()
        assert open_checkpoint(book.signer.checkpoint(session), book.signer.verifier).size == 1


def test_stored_copy_lost_in_a_crash_comes_back(book: Book) -> None:
    book.fill(2)
    with Session(book.engine) as session:
        note = book.signer.checkpoint(session)
        session.execute(delete(AuditCheckpoint))
        session.commit()
    assert book.sign() == note
    with Session(book.engine) as session:
        assert checkpoints(session) == [note]


def test_key_is_private_and_opens_again(book: Book, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    assert stat.S_IMODE((folder / "signer.key").stat().st_mode) == 0o600
    assert Signer.open(folder).verifier_key == book.signer.verifier_key
    assert book.signer.verifier_key.startswith("log.example/home+")
    with pytest.raises(FileExistsError):
        Signer.create(folder, "log.example/other")
    with pytest.raises(BadNote):
        Signer.create(tmp_path / "other", "two words")
    (folder / "signer.key").chmod(0o640)
    with pytest.raises(SignerExposed):
        Signer.open(folder)


def test_missing_or_damaged_signer_is_refused(book: Book, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    with pytest.raises(NoSigner):
        Signer.open(tmp_path / "nowhere")
    book.fill(2)
    state = (folder / "signer.state").read_text("utf-8")
    for damaged in (state.replace("\n2\n", "\n1\n"), "", "2 abc"):
        (folder / "signer.state").write_text(damaged, "utf-8")
        with pytest.raises(NoSigner):
            book.sign()
    (folder / "signer.state").unlink()
    with pytest.raises(NoSigner):
        book.sign()
    (folder / "signer.state").write_text(state, "utf-8")
    assert book.sign() == state
    (folder / "signer.key").write_text("PRIVATE+KEY+nonsense\n")
    with pytest.raises(NoSigner):
        Signer.open(folder)


def truncate(session: Session, size: int) -> None:
    session.execute(delete(AuditLeaf).where(AuditLeaf.idx >= size))
    session.execute(delete(AuditCheckpoint).where(AuditCheckpoint.size > size))
    for level in range(1, 8):
        session.execute(delete(AuditNode).where(AuditNode.level == level, AuditNode.idx >= size >> level))


@pytest.mark.parametrize("size", [0, 1, 5, 8, 9])
def test_database_set_back_is_refused_also_after_it_grew_again(book: Book, size: int) -> None:
    book.fill(10)
    with Session(book.engine) as session, session.begin():
        truncate(session, size)
    with pytest.raises(LogRolledBack, match=f"holds {size} entries"):
        book.sign()
    for number in range(12 - size):
        book.write(obj=[f"other-{number}"])
    with pytest.raises(LogRolledBack):
        book.sign()


def test_forked_database_is_refused(tmp_path: Path) -> None:
    one = new_book(tmp_path)
    one.fill(5)
    with Session(one.engine) as session:
        shared = [Entry.decode(body) for _, body in entries(session)]
    two = Book(new_book(tmp_path / "unused").engine, Signer.open(tmp_path / "log"), START + timedelta(days=1))
    with Session(two.engine) as session, session.begin():
        for entry in shared:
            append(session, event=Event(entry.event), actor=entry.actor, obj=entry.obj, now=entry.t)
    two.sign()
    one.write(obj=["here"])
    one.sign()
    two.write(obj=["there"])
    with pytest.raises(LogRolledBack):
        two.sign()


@pytest.mark.parametrize("table", [AuditLeaf, AuditNode])
def test_rewritten_past_is_refused(book: Book, table: type[AuditLeaf | AuditNode]) -> None:
    book.fill(7)
    with Session(book.engine) as session, session.begin():
        session.execute(update(table).values(hash=tree.leaf_hash(b"other")))
    with pytest.raises(LogRolledBack):
        book.sign()


def test_only_what_was_written_is_signed(book: Book) -> None:
    book.fill(4)
    book.write()
    with Session(book.engine) as session, session.begin():
        session.execute(update(AuditLeaf).where(AuditLeaf.idx == 4).values(body=b"changed before it was signed"))
    with pytest.raises(LogDamaged):
        book.sign()


def test_hole_in_the_tree_stops_appending(book: Book) -> None:
    book.fill(3)
    with Session(book.engine) as session, session.begin():
        session.execute(delete(AuditNode))
    with pytest.raises(LogDamaged):
        book.write()
    with Session(book.engine) as session:
        assert session.scalar(select(func.count()).select_from(AuditLeaf)) == 3


def test_witness_cosignature_is_kept_beside_the_logs_own(book: Book) -> None:
    witness = SigningKey.generate("witness.example", KeyKind.WITNESS)
    note = book.fill(3)
    returned = cosign(note, witness, START)
    with Session(book.engine) as session, session.begin():
        assert add_cosignature(session, returned, book.signer.verifier, witness.verifier) == 3
        assert add_cosignature(session, returned, book.signer.verifier, witness.verifier) == 3
    with Session(book.engine) as session:
        kept = latest_checkpoint(session)
    assert kept == returned
    assert cosigned_at(kept, witness.verifier) == START
    assert book.sign() == note  # the signer goes on from its own head


def test_cosignature_of_a_head_this_database_never_kept_is_refused(book: Book) -> None:
    witness = SigningKey.generate("witness.example", KeyKind.WITNESS)
    returned = cosign(book.fill(3), witness, START)
    with Session(book.engine) as session:
        session.execute(delete(AuditCheckpoint).where(AuditCheckpoint.size == 3))
        with pytest.raises(NoCheckpoint):
            add_cosignature(session, returned, book.signer.verifier, witness.verifier)
