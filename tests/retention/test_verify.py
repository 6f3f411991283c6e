import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from retention.bundle import BadBundle, Bundle, verify_bundle
from retention.bundling import lines, other_heads
from retention.reading import PORTION, Portion, Reading, verify_log
from retention.report import Findings, Problem, Report
from retention.verify import verify_database
from storage.log import tree
from storage.log.entry import Entry
from storage.log.log import Event, add_cosignature, append, checkpoints, entries
from storage.log.note import Checkpoint, KeyKind, Note, SigningKey, cosign, cosigned_at, open_checkpoint
from storage.log.tables import AuditCheckpoint, AuditCosignature, AuditLeaf, AuditNode
from tests.storage.log.books import Book, new_book

SIZE = 200
Leaves = list[tuple[int, bytes]]


def in_portions(leaves: Leaves, heads: Iterable[str] = (), width: int = 64) -> Iterator[Portion]:
    """A log as a verification takes it, so many entries at a time."""
    sized = [(int(note.split("\n")[1]), note) for note in heads]
    for start in range(0, len(leaves), width):
        part = leaves[start : start + width]
        stop = start + len(part)
        among = [(size, note) for size, note in sized if start < size <= stop]
        yield Portion(places=[seq for seq, _ in part], bodies=[body for _, body in part], heads=among)


class Log:
    """A log of 200 entries as an auditor may get it, and the signed head over all of them that they held before."""

    def __init__(self, folder: Path) -> None:
        book = new_book(folder)
        self.held = book.fill(SIZE, sign_every=10)
        self.key = book.signer.verifier_key
        self.signing = SigningKey.parse((folder / "log" / "signer.key").read_text().strip())
        with Session(book.engine) as session:
            self.leaves = list(entries(session))
            self.between = [note for _, note in checkpoints(session)]
            self.bundle = b"".join(lines(session, self.key))
            self.others = b"".join(other_heads(session))

    def verify(self, leaves: Leaves, checkpoint: str | None = None, earlier: str | None = None) -> Report:
        return verify_log(
            in_portions(leaves),
            checkpoint=self.held if checkpoint is None else checkpoint,
            verifier_key=self.key,
            earlier=() if earlier is None else (earlier,),
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


@settings(max_examples=40)
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


@settings(max_examples=50)
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
        report = verify_log(in_portions(forged, log.between), checkpoint=log.held, verifier_key=log.key)
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
    report = verify_log(in_portions(forged, planted), checkpoint=log.held, verifier_key=log.key)
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
    assert not verify_log([], checkpoint=log.held, verifier_key="nonsense").ok
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
        report = verify_log(in_portions(list(entries(session))), checkpoint=head, verifier_key=book.signer.verifier_key)
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
            data = b"".join(lines(session, book.signer.verifier_key))
        report = verify(data, book.signer.verifier_key, witnesses=[str(witness.verifier)])
        assert verify(data, book.signer.verifier_key).findings == ()
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
        session.add(AuditCosignature(size=3, line=str(false)))
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
        return verify_database(session, book.signer.verifier_key, () if earlier is None else (earlier,))


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


def test_a_database_is_read_in_large_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each costs the hashes of a tile: a row at a time would be right, and a hundred times slower."""
    book = new_book(tmp_path)
    with Session(book.engine) as session, session.begin():
        for number in range(PORTION + 300):
            book.add(session, obj=[f"object-{number}"])
    book.sign()
    taken: list[int] = []
    run = Reading.run

    def noted(portions: Iterable[Portion]) -> Iterator[Portion]:
        for one in portions:
            taken.append(len(one.bodies))
            yield one

    monkeypatch.setattr(Reading, "run", lambda self, portions: run(self, noted(portions)))
    assert check(book).ok
    assert taken == [PORTION, 300]


@pytest.mark.parametrize("careful", [False, True], ids=["body", "body and hash"])
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


@pytest.mark.parametrize("level", [8, 9])
def test_damaged_tree_beside_whole_entries_is_told_apart(tmp_path: Path, level: int) -> None:
    book = new_book(tmp_path)
    with Session(book.engine) as session, session.begin():
        for number in range(800):
            append(session, event=Event.WORK_STARTED, actor="ann", obj=[f"object-{number}"], now=book.now)
    book.sign()
    assert check(book).findings == ()
    node = AuditNode.level == level, AuditNode.idx == 0
    with Session(book.engine) as session, session.begin():
        session.execute(update(AuditNode).where(*node).values(hash=bytes(32)))
    assert [(f.problem, f.seq) for f in check(book).findings] == [(Problem.TREE, None)]
    with Session(book.engine) as session, session.begin():
        session.execute(delete(AuditNode).where(*node))
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
        return b"".join(lines(session, book.signer.verifier_key))


def verify(
    data: bytes, key: str, earlier: tuple[str, ...] = (), witnesses: Sequence[str] = (), others: bytes = b""
) -> Report:
    return verify_bundle(Bundle(io.BytesIO(data), io.BytesIO(others)), key, earlier, witnesses)


def test_bundle_round_trip(book: Book) -> None:
    data = bundle(book)
    key = book.signer.verifier_key
    report = verify(data, key, (book.sign(),))
    assert report.ok
    assert report.size == 30
    first, *rest = data.splitlines()
    assert json.loads(first) == {"bundle": "candour-log/v1", "checkpoint": book.sign(), "key": key}
    with Session(book.engine) as session:
        bodies = [body for _, body in entries(session)]
    assert [line for line in rest if line.startswith(b'{"actor"')] == bodies, "the very bytes that were hashed"
    book.write()
    assert verify(bundle(book), key).size == 30, "a bundle holds what is signed"


def test_cosigned_heads_stand_below_the_entries_they_cover_and_others_apart(book: Book) -> None:
    witness = SigningKey.generate("witness.example", KeyKind.WITNESS)
    with Session(book.engine) as session, session.begin():
        notes = [note for size, note in checkpoints(session) if size in {7, 21}]
        for note in notes:
            add_cosignature(session, cosign(note, witness, book.now), book.signer.verifier, witness.verifier)
        others = list(other_heads(session))
    found, seen = list[int](), 0
    for line in map(json.loads, bundle(book).splitlines()[1:]):
        if "checkpoint" in line:
            found.append(int(line["checkpoint"].split("\n")[1]))
            assert found[-1] == seen
            assert open_checkpoint(line["checkpoint"], book.signer.verifier).size == seen
            assert cosigned_at(line["checkpoint"], witness.verifier) is not None
        else:
            assert line["seq"] == seen
            seen += 1
    assert (found, seen) == ([7, 21], 30)
    sizes = [int(json.loads(line)["checkpoint"].split("\n")[1]) for line in others]
    assert sizes == [size for size in range(1, 31) if size not in {7, 21}]


def test_bundle_is_verified_with_the_auditors_key(book: Book, tmp_path: Path) -> None:
    other = new_book(tmp_path / "other")
    other.fill(30)
    assert verify(bundle(other), other.signer.verifier_key).ok
    assert not verify(bundle(other), book.signer.verifier_key).ok


@settings(max_examples=40)
@given(st.data())
def test_no_line_of_a_bundle_can_go_or_change(data: st.DataObject) -> None:
    log = _shared_log()
    lines = log.bundle.splitlines(keepends=True)
    assert verify(b"".join(lines), log.key).ok
    at = data.draw(st.sampled_from([at for at, line in enumerate(lines) if line.startswith(b'{"actor"')]))
    match data.draw(st.sampled_from(["drop", "double", "swap", "cut", "end"])):
        case "drop":
            del lines[at]
        case "double":
            lines.insert(at, lines[at])
        case "swap":
            other = at - 1 or at + 1
            lines[at], lines[other] = lines[other], lines[at]
        case "cut":
            lines[at] = lines[at][:-4]
        case _:
            lines = [*lines[:at], lines[at][:-1]]
    assert not verify(b"".join(lines), log.key).ok


def test_the_other_heads_tell_where_and_whether_they_are_there_or_not_it_is_found(log: Log) -> None:
    for at in (0, 7, 123, 199):
        forged = renumbered(edit([body for _, body in log.leaves], at))
        data = b"".join([log.bundle.splitlines(keepends=True)[0], *(body + b"\n" for _, body in forged)])
        assert verify(data, log.key).first_bad == 0, "the newest head says that it is one of them"
        sizes = [0, *(int(note.split("\n")[1]) for note in log.between)]
        before = max(size for size in sizes if size <= at)
        assert verify(data, log.key, others=log.others).first_bad == before
    assert verify(log.bundle, log.key, others=b"nonsense").ok, "nothing rests on them"
    for others in (b"nonsense", b'{"checkpoint":5}\n', b'{"checkpoint":"x"}\n'):
        assert not verify(data, log.key, others=others).ok


def test_a_head_among_the_entries_in_the_place_of_another_is_found(log: Log) -> None:
    first, *bodies = log.bundle.splitlines(keepends=True)
    heads = log.others.splitlines(keepends=True)

    def among(heads: list[bytes]) -> bytes:
        sizes = [0, *(int(note.split("\n")[1]) for note in log.between)]
        parts = zip(pairwise(sizes), heads, strict=True)
        return b"".join([first, *(line for (low, high), head in parts for line in (*bodies[low:high], head))])

    assert verify(among(heads), log.key).ok
    heads[3], heads[7] = heads[7], heads[3]
    report = verify(among(heads), log.key)
    assert {finding.problem for finding in report.findings} == {Problem.FORM}
    assert len(report.findings) == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"{}",
        b"[]",
        b"null\n",
        b'{"bundle":"candour-log/v1"}\n',
        b'{"bundle":"candour-log/v1","checkpoint":"x","key":5}\n',
        b'{"bundle":"candour-log/v2","checkpoint":"x","key":"x"}\n',
        b"[" * 10_000,
    ],
)
def test_what_is_no_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(BadBundle):
        Bundle(io.BytesIO(data))


class Rewound(io.BytesIO):
    """Counts how often it is read from the start."""

    times = 0

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self.times += 1
        return super().seek(offset, whence)


def test_a_wrong_log_is_read_again_only_where_there_are_other_heads_to_read(log: Log) -> None:
    wrong = log.bundle.replace(log.leaves[3][1], log.leaves[4][1])
    alone, beside = Rewound(wrong), Rewound(wrong)
    reports = [verify_bundle(Bundle(alone), log.key), verify_bundle(Bundle(beside, io.BytesIO()), log.key)]
    assert reports[0] == reports[1] and not reports[0].ok
    assert (alone.times, beside.times) == (1, 2)


def test_a_bundle_with_a_line_of_another_form_is_refused(log: Log) -> None:
    for more in (b'{"checkpoint":5}\n', b'{"checkpoint":\n', b"x"):
        report = verify(log.bundle + more, log.key)
        assert [finding.problem for finding in report.findings] == [Problem.FORM]


def test_of_a_log_that_is_wrong_throughout_not_everything_is_kept(log: Log) -> None:
    shifted = list(enumerate(body for _, body in log.leaves[1:]))
    found = log.verify(shifted).findings
    assert len(found) == SIZE, "each entry, and the end that is missing"
    findings = Findings()
    for _ in range(Findings.MOST + 7):
        findings.add(found[-1])
    kept = findings.all()
    assert len(kept) == Findings.MOST + 1
    assert "and 7 more" in str(kept[-1])
