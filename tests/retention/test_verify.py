import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from retention.report import Problem, Report
from retention.verify import export_bundle, verify_bundle, verify_database, verify_log
from storage.log import tree
from storage.log.entry import Entry
from storage.log.log import add_cosignature, checkpoints, entries
from storage.log.note import Checkpoint, KeyKind, Note, SigningKey, cosign
from storage.log.tables import AuditCheckpoint, AuditLeaf, AuditNode
from tests.storage.log.books import Book, new_book

SIZE = 200
Leaves = list[tuple[int, bytes]]


class Log:
    """A log of 200 entries as an auditor may get it, and the signed head over all of them that they held before."""

    def __init__(self, folder: Path) -> None:
        book = new_book(folder)
        self.held = book.fill(SIZE, sign_every=10)
        self.key = book.signer.verifier_key
        self.signing = SigningKey.parse((folder / "log" / "signer.key").read_text().strip())
        with Session(book.engine) as session:
            self.leaves = list(entries(session))
            self.between = checkpoints(session)

    def verify(self, leaves: Leaves, checkpoint: str | None = None, earlier: str | None = None) -> Report:
        return verify_log(
            leaves, checkpoint=self.held if checkpoint is None else checkpoint, verifier_key=self.key, earlier=earlier
        )

    def signed(self, leaves: Leaves) -> str:
        """A head over any entries, as someone with the log's own key can make it."""
        frontier = tree.Frontier()
        for _, body in leaves:
            frontier.append(tree.leaf_hash(body))
        text = Checkpoint(origin=self.signing.name, size=frontier.size, root=frontier.root()).text()
        return str(Note(text=text).with_signature(self.signing.sign(text)))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return Log(tmp_path_factory.mktemp("log"))


def renumbered(bodies: list[bytes]) -> Leaves:
    """What a careful forger writes: every entry says the place where it now stands."""
    renewed = []
    for seq, body in enumerate(bodies):
        entry = Entry.decode(body)
        renewed.append((seq, Entry(seq=seq, t=entry.t, actor=entry.actor, event=entry.event, obj=entry.obj).encode()))
    return renewed


def edit(bodies: list[bytes], at: int) -> list[bytes]:
    return [*bodies[:at], bodies[at].replace(b"object", b"0bject"), *bodies[at + 1 :]]


def flip(bodies: list[bytes], at: int) -> list[bytes]:
    return [*bodies[:at], bytes([bodies[at][0] ^ 1]) + bodies[at][1:], *bodies[at + 1 :]]


def remove(bodies: list[bytes], at: int) -> list[bytes]:
    return [*bodies[:at], *bodies[at + 1 :]]


def swap(bodies: list[bytes], at: int) -> list[bytes]:
    other = (at + 1) % len(bodies)
    changed = list(bodies)
    changed[at], changed[other] = changed[other], changed[at]
    return changed


def insert(bodies: list[bytes], at: int) -> list[bytes]:
    return [*bodies[:at], bodies[at - 1], *bodies[at:]]


def truncate(bodies: list[bytes], at: int) -> list[bytes]:
    return bodies[:at]


CHANGES = [edit, flip, remove, swap, insert, truncate]
Change = Callable[[list[bytes], int], list[bytes]]


def test_untouched_log_is_verified(log: Log) -> None:
    report = log.verify(log.leaves, earlier=log.held)
    assert report.ok
    assert (report.size, report.signed, report.findings, report.first_bad) == (SIZE, SIZE, (), None)


@pytest.mark.parametrize("change", CHANGES)
def test_every_single_change_is_found_at_every_place(log: Log, change: Change) -> None:
    bodies = [body for _, body in log.leaves]
    for at in range(SIZE):
        report = log.verify(list(enumerate(change(bodies, at))))
        assert not report.ok, at
        assert report.first_bad is not None
        assert report.first_bad <= (0 if change is swap and at == SIZE - 1 else at)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([edit, remove, swap, insert, truncate]), st.integers(0, SIZE - 1))
def test_change_signed_anew_with_the_logs_own_key_is_found_with_the_head_held(change: Change, at: int) -> None:
    log = _shared_log()
    forged = renumbered(change([body for _, body in log.leaves], at))
    head = log.signed(forged)
    assert log.verify(forged, head).ok, "without an earlier head such a forgery is perfect"
    report = log.verify(forged, head, earlier=log.held)
    assert not report.ok
    assert {finding.problem for finding in report.findings} & {Problem.REWRITTEN, Problem.ROLLED_BACK}


_logs: list[Log] = []


def _shared_log() -> Log:
    return _logs[0]


@pytest.fixture(scope="module", autouse=True)
def _share(log: Log) -> None:
    _logs[:] = [log]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, SIZE - 1), st.data())
def test_every_single_bit_counts(at: int, data: st.DataObject) -> None:
    log = _shared_log()
    body = bytearray(log.leaves[at][1])
    bit = data.draw(st.integers(0, len(body) * 8 - 1))
    body[bit // 8] ^= 1 << bit % 8
    leaves = [*log.leaves[:at], (at, bytes(body)), *log.leaves[at + 1 :]]
    report = log.verify(leaves)
    assert report.first_bad is not None
    assert report.first_bad <= at


def test_heads_in_between_narrow_down_the_first_bad_entry(log: Log) -> None:
    for at in (0, 7, 123, 199):
        forged = renumbered(edit([body for _, body in log.leaves], at))
        report = verify_log(forged, checkpoint=log.held, verifier_key=log.key, between=log.between)
        sizes = [0, *(int(note.split("\n")[1]) for note in log.between)]
        before, after = next((low, high) for low, high in pairwise(sizes) if low <= at < high)
        assert report.first_bad == before
        text = str(report.findings[0])
        assert f"entry {before}: it" in text
        assert before == after - 1 or f"up to entry {after - 1}" in text


def test_heads_nobody_signed_narrow_nothing_down(log: Log) -> None:
    forged = renumbered(edit([body for _, body in log.leaves], 50))
    other = SigningKey.generate(log.signing.name)
    planted = []
    for size in range(1, SIZE):
        text = Note.parse(log.signed(forged[:size])).text
        planted.append(str(Note(text=text).with_signature(other.sign(text))))
    report = verify_log(forged, checkpoint=log.held, verifier_key=log.key, between=planted)
    assert report.first_bad == 0


def test_an_older_head_than_the_one_held_is_found(log: Log) -> None:
    old = log.between[10]
    size = int(old.split("\n")[1])
    report = log.verify(log.leaves[:size], old, earlier=log.held)
    assert [finding.problem for finding in report.findings] == [Problem.ROLLED_BACK]
    assert log.verify(log.leaves, earlier=old).ok


def test_two_signed_heads_that_differ_prove_a_fork(log: Log) -> None:
    forged = renumbered(edit([body for _, body in log.leaves], 60))
    report = log.verify(forged, log.signed(forged), earlier=log.held)
    assert "forked" in str(report)


def test_head_of_another_log_or_false_signature_is_refused(log: Log) -> None:
    other = SigningKey.generate(log.signing.name)
    strange = str(Note(text=Note.parse(log.held).text).with_signature(other.sign(Note.parse(log.held).text)))
    for note in (strange, log.held.replace("200", "199"), "", "x\n\n"):
        report = log.verify(log.leaves, note)
        assert [finding.problem for finding in report.findings] == [Problem.SIGNATURE]
    assert not verify_log(log.leaves, checkpoint=log.held, verifier_key="nonsense").ok
    assert not log.verify(log.leaves, earlier=strange).ok


def test_entries_not_signed_yet_are_listed(log: Log) -> None:
    old = log.between[10]
    report = log.verify(log.leaves, old)
    assert report.ok
    assert [(f.problem, f.seq) for f in report.findings] == [(Problem.UNSIGNED, report.signed)]
    assert report.size == SIZE > report.signed


def test_a_clock_that_went_back_is_flagged(tmp_path: Path) -> None:
    book = new_book(tmp_path)
    book.fill(3)
    book.now -= timedelta(days=3650)
    head = book.fill(3)
    with Session(book.engine) as session:
        report = verify_log(entries(session), checkpoint=head, verifier_key=book.signer.verifier_key)
    assert report.ok
    assert [(f.problem, f.seq, f.fatal) for f in report.findings] == [(Problem.TIME, 3, False)]


def test_entries_are_held_against_what_a_witness_saw_when(tmp_path: Path) -> None:
    witness = SigningKey.generate("witness.example", KeyKind.WITNESS)
    book = new_book(tmp_path)

    def seen(at: datetime) -> None:
        with Session(book.engine) as session, session.begin():
            add_cosignature(session, cosign(book.sign(), witness, at), book.signer.verifier, witness.verifier)

    def flags() -> list[tuple[Problem, int | None, bool]]:
        with Session(book.engine) as session:
            data = export_bundle(session, book.signer)
        report = verify_bundle(data, book.signer.verifier_key, witnesses=[str(witness.verifier)])
        assert verify_bundle(data, book.signer.verifier_key).findings == ()
        return [(f.problem, f.seq, f.fatal) for f in report.findings]

    book.fill(3)
    seen(book.now + timedelta(minutes=30))
    book.fill(2)
    assert flags() == []
    seen(book.now + timedelta(days=7))
    book.fill(1)
    assert flags() == [(Problem.TIME, 5, False)], "written a week later under the old date"
    book.now += timedelta(days=30)
    book.fill(1)
    seen(book.now - timedelta(days=20))
    assert flags() == [(Problem.TIME, 5, False), (Problem.TIME, 6, False)], "dated into the future"


def test_false_cosignature_is_found(tmp_path: Path) -> None:
    witness = SigningKey.generate("witness.example", KeyKind.WITNESS)
    book = new_book(tmp_path)
    note = Note.parse(book.fill(3))
    false = replace(witness.sign(note.text, book.now), blob=bytes(72))
    with Session(book.engine) as session, session.begin():
        session.execute(
            update(AuditCheckpoint).where(AuditCheckpoint.size == 3).values(note=str(note.with_signature(false)))
        )
    with Session(book.engine) as session:
        report = verify_database(session, book.signer.verifier_key, witnesses=[str(witness.verifier)])
    assert [(f.problem, f.fatal) for f in report.findings] == [(Problem.SIGNATURE, True)]


def test_report_says_it_in_words(log: Log) -> None:
    assert str(log.verify(log.leaves)) == "log log.example/home, 200 signed entries: verified"
    words = str(log.verify(log.leaves[:150]))
    assert words.startswith("log log.example/home, 200 signed entries: NOT verified\n  entry 150: it and all up to 199")


@pytest.fixture
def book(tmp_path: Path) -> Book:
    made = new_book(tmp_path)
    made.fill(30)
    return made


def check(book: Book, earlier: str | None = None) -> Report:
    with Session(book.engine) as session:
        return verify_database(session, book.signer.verifier_key, earlier)


def test_database_is_verified(book: Book) -> None:
    assert check(book).findings == ()
    assert check(book, book.sign()).ok
    book.write()
    assert [f.problem for f in check(book).findings] == [Problem.UNSIGNED]


def test_database_without_a_signed_head(tmp_path: Path) -> None:
    assert [f.problem for f in check(new_book(tmp_path)).findings] == [Problem.UNSIGNED]


def tampered(session: Session, seq: int, *, careful: bool) -> None:
    row = session.get_one(AuditLeaf, seq)
    row.body = row.body.replace(b"object", b"0bject")
    if careful:
        row.hash = tree.leaf_hash(row.body)
        session.flush()
        leaves = [row.hash for row in session.scalars(select(AuditLeaf).order_by(AuditLeaf.idx))]
        stored = {(0, idx): leaf for idx, leaf in enumerate(leaves)}
        for idx, leaf in enumerate(leaves):
            for level, at, node in tree.completed(idx, leaf, lambda level, at: stored[level, at]):
                stored[level, at] = node
                session.execute(
                    update(AuditNode).where(AuditNode.level == level, AuditNode.idx == at).values(hash=node)
                )


@pytest.mark.parametrize("careful", [False, True], ids=["body", "body, hash and tree"])
@pytest.mark.parametrize("seq", [0, 13, 29])
def test_tampered_database_names_the_entry(book: Book, seq: int, careful: bool) -> None:
    with Session(book.engine) as session, session.begin():
        tampered(session, seq, careful=careful)
    report = check(book)
    assert report.first_bad == seq
    assert Problem.REWRITTEN in {finding.problem for finding in report.findings}


def test_missing_row_and_missing_end_are_named(book: Book) -> None:
    with Session(book.engine) as session, session.begin():
        session.execute(delete(AuditLeaf).where(AuditLeaf.idx == 29))
    assert [(f.problem, f.seq) for f in check(book).findings] == [(Problem.ROLLED_BACK, 29)]
    with Session(book.engine) as session, session.begin():
        session.execute(delete(AuditLeaf).where(AuditLeaf.idx == 11))
    assert [(f.problem, f.seq) for f in check(book).findings] == [(Problem.SEQUENCE, 11)]


def test_damaged_tree_beside_whole_entries_is_told_apart(book: Book) -> None:
    with Session(book.engine) as session, session.begin():
        session.execute(update(AuditNode).where(AuditNode.level == 4).values(hash=bytes(32)))
    report = check(book)
    assert [(f.problem, f.seq) for f in report.findings] == [(Problem.TREE, None)]
    with Session(book.engine) as session, session.begin():
        session.execute(delete(AuditNode).where(AuditNode.level == 4))
    assert not check(book).ok


def test_removed_heads_do_not_hide_what_the_auditor_holds(book: Book) -> None:
    held = book.sign()
    with Session(book.engine) as session, session.begin():
        session.execute(delete(AuditCheckpoint).where(AuditCheckpoint.size > 20))
        session.execute(delete(AuditLeaf).where(AuditLeaf.idx >= 20))
    assert check(book).ok, "a shorter log is whole in itself"
    assert [f.problem for f in check(book, held).findings] == [Problem.ROLLED_BACK]


def bundle(book: Book) -> bytes:
    with Session(book.engine) as session:
        return export_bundle(session, book.signer)


def test_bundle_round_trip(book: Book) -> None:
    data = bundle(book)
    key = book.signer.verifier_key
    report = verify_bundle(data, key, book.sign())
    assert report.ok
    assert report.size == 30
    assert json.loads(data.split(b"\n")[0]) == {"bundle": "candour-log/v1", "key": key}
    book.write()
    assert verify_bundle(bundle(book), key).size == 30, "a bundle holds what is signed"


def test_bundle_is_verified_with_the_auditors_key(book: Book, tmp_path: Path) -> None:
    other = new_book(tmp_path / "other")
    other.fill(30)
    assert verify_bundle(bundle(other), other.signer.verifier_key).ok
    assert not verify_bundle(bundle(other), book.signer.verifier_key).ok


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_line_of_a_bundle_can_go_or_change(data: st.DataObject) -> None:
    log = _shared_log()
    lines = [json.dumps({"bundle": "candour-log/v1", "key": log.key})]
    lines += [json.dumps({"checkpoint": note}) for note in log.between]
    lines += [json.dumps({"entry": body.decode()}) for _, body in log.leaves]
    assert verify_bundle("\n".join(lines).encode(), log.key).ok
    at = data.draw(st.integers(len(log.between) + 1, len(lines) - 1))
    match data.draw(st.sampled_from(["drop", "double", "swap", "cut"])):
        case "drop":
            del lines[at]
        case "double":
            lines.insert(at, lines[at])
        case "swap":
            lines[at], lines[at - 1] = lines[at - 1], lines[at]
        case _:
            lines[at] = lines[at][:-4]
    assert not verify_bundle("\n".join(lines).encode(), log.key).ok


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"{}", b"[]", b"null\n", b'{"bundle":"candour-log/v1"}\n', b"[" * 10_000]
)
def test_what_is_no_bundle_is_refused(data: bytes) -> None:
    report = verify_bundle(data, "x")
    assert [finding.problem for finding in report.findings] == [Problem.FORM]
