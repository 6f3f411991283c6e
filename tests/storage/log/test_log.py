import stat
from collections.abc import Callable
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
    NoSigner,
    Signer,
    SignerExposed,
    StrangeHead,
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
        append(session, event=Event.HOLD_PLACED, actor="ann", obj=["h", "c"], ref="r", sig="s", now=START)
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
        assert [open_checkpoint(one, book.signer.verifier).size for _, one in checkpoints(session)] == [1, 2, 3]


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
        assert list(checkpoints(session)) == [(2, note)]


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


def grow(book: Book, count: int) -> None:
    """Many entries in one transaction."""
    with Session(book.engine) as session, session.begin():
        for number in range(count):
            append(session, event=Event.WORK_STARTED, actor="ann", obj=[f"object-{number}"], now=START)


def truncate(session: Session, size: int) -> None:
    session.execute(delete(AuditLeaf).where(AuditLeaf.idx >= size))
    session.execute(delete(AuditCheckpoint).where(AuditCheckpoint.size > size))
    for level in range(8, 12):
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


@pytest.mark.parametrize(("table", "size"), [(AuditLeaf, 7), (AuditNode, 256), (AuditNode, 700)])
def test_rewritten_past_is_refused(book: Book, table: type[AuditLeaf | AuditNode], size: int) -> None:
    grow(book, size)
    book.sign()
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


def lose_leaf(session: Session) -> None:
    session.execute(delete(AuditLeaf).where(AuditLeaf.idx == 400))


def lose_node(session: Session) -> None:
    session.execute(delete(AuditNode))


@pytest.mark.parametrize("lose", [lose_leaf, lose_node])
def test_hole_in_the_tree_stops_appending(book: Book, lose: Callable[[Session], None]) -> None:
    grow(book, 511)
    with Session(book.engine) as session, session.begin():
        lose(session)
        before = session.scalar(select(func.count()).select_from(AuditLeaf))
    with pytest.raises(LogDamaged):
        book.write()
    with Session(book.engine) as session:
        assert session.scalar(select(func.count()).select_from(AuditLeaf)) == before


@pytest.mark.parametrize("size", [255, 256, 257, 1100])
def test_a_tile_that_is_lost_behind_kept_nodes_is_noticed(book: Book, size: int) -> None:
    grow(book, size)
    book.sign()
    with Session(book.engine) as session, session.begin():
        session.execute(delete(AuditLeaf).where(AuditLeaf.idx >= size - 1))
    with pytest.raises(LogRolledBack):
        book.sign()


def test_nodes_over_tiles_are_those_of_the_whole_tree(book: Book) -> None:
    grow(book, 1030)
    head = open_checkpoint(book.sign(), book.signer.verifier)
    with Session(book.engine) as session:
        leaves = [tree.leaf_hash(body) for _, body in entries(session)]
        layers = tree.layers(leaves)
        stored = {(node.level, node.idx): node.hash for node in session.scalars(select(AuditNode))}
        assert stored == {(level, at): layers[level][at] for level in (8, 9, 10) for at in range(len(layers[level]))}
        for seq in (0, 255, 256, 511, 767, 1023, 1024, 1029):
            assert tree.verify_inclusion(seq, 1030, leaves[seq], inclusion(session, seq, 1030), head.root)
        for old in (1, 255, 256, 300, 1024, 1029):
            old_root = tree.Frontier()
            old_root.extend(leaves[:old])
            proof = consistency(session, old, 1030)
            assert tree.verify_consistency(old, 1030, old_root.root(), head.root, proof)


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
        with pytest.raises(StrangeHead):
            add_cosignature(session, returned, book.signer.verifier, witness.verifier)
