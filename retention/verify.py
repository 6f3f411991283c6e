"""Verification of the log with its public key alone: no account, no secret, no trust in the database.

Found with an earlier signed head the auditor holds: every edit, deletion, insertion, swap and truncation of what it covers, also
by someone who has the log's signing key. What cryptography cannot find: an event that was never logged, a copy of a key.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.report import Finding, Problem, Report, merged
from retention.rules import Rules
from storage.errors import NotVerified
from storage.log import store, tree
from storage.log.entry import Entry
from storage.log.log import Signer
from storage.log.note import BadNote, Checkpoint, Note, VerifierKey, cosigned_at, open_checkpoint
from storage.log.tables import AuditCheckpoint, AuditLeaf

BUNDLE = "candour-log/v1"

# Clocks differ, and a head may lie a little before its witness gets to see it
_SKEW = timedelta(hours=1)


def verify_log(
    leaves: Iterable[tuple[int, bytes]],
    *,
    checkpoint: str,
    verifier_key: str,
    earlier: str | None = None,
    between: Iterable[str] = (),
    witnesses: Sequence[str] = (),
) -> Report:
    """Verify entries, given as (place, exact bytes) in order, against a signed head and one the auditor held before.

    `between` are further signed heads, smallest first. They need not be trusted: they narrow down which entry is the first bad
    one, and those that one of the `witnesses` (verifier keys) cosigned say when the entries before them existed. Entries beyond
    the signed head are checked among themselves and reported as not signed yet.
    """
    try:
        key = VerifierKey.parse(verifier_key)
        head = open_checkpoint(checkpoint, key)
        held = open_checkpoint(earlier, key) if earlier is not None else None
        trusted = [VerifierKey.parse(witness) for witness in witnesses]
    except NotVerified as error:
        return Report(what="log", findings=(Finding(problem=Problem.SIGNATURE, text=str(error)),))
    return _Reading(key, head, held, between, trusted).run(leaves)


def verify_database(
    session: Session, verifier_key: str, earlier: str | None = None, witnesses: Sequence[str] = ()
) -> Report:
    """Verify the log in the database, and that what it keeps beside the entries agrees with them."""
    note = store.latest_checkpoint(session)
    if note is None:
        finding = Finding(problem=Problem.UNSIGNED, text="the database holds no signed head; any step signs one")
        return Report(what="log", findings=(finding,))
    stale: list[Finding] = []
    between = session.scalars(
        select(AuditCheckpoint.note).order_by(AuditCheckpoint.size).execution_options(yield_per=500)
    )
    report = verify_log(
        _leaves(session, stale),
        checkpoint=note,
        verifier_key=verifier_key,
        earlier=earlier,
        between=between,
        witnesses=witnesses,
    )
    if report.ok and not stale and _stored_root(session, report.signed) != report.root:
        stale.append(Finding(problem=Problem.TREE, text="the stored tree does not fit the entries, which are whole"))
    return merged(report, stale)


def export_bundle(session: Session, signer: Signer) -> bytes:
    """Everything an auditor needs, as JSON lines: the log's public key, all signed heads, all signed entries."""
    notes = store.checkpoints(session)
    size = Checkpoint.parse(Note.parse(notes[-1]).text).size if notes else 0
    lines: list[object] = [{"bundle": BUNDLE, "key": signer.verifier_key}]
    lines += [{"checkpoint": note} for note in notes]
    lines += [{"entry": body.decode()} for _, body in store.entries(session, 0, size)]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def verify_bundle(data: bytes, verifier_key: str, earlier: str | None = None, witnesses: Sequence[str] = ()) -> Report:
    """Verify a bundle. The key comes from the auditor, never from the bundle."""
    try:
        notes, bodies = _read_bundle(data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        finding = Finding(problem=Problem.FORM, text="this is not a bundle of a log, or it was cut off")
        return Report(what="bundle", findings=(finding,))
    report = verify_log(
        enumerate(bodies),
        checkpoint=notes[-1],
        verifier_key=verifier_key,
        earlier=earlier,
        between=notes,
        witnesses=witnesses,
    )
    if report.size > report.signed:
        return merged(
            report, [_finding(Problem.UNSIGNED, report.signed, "the bundle holds entries that are not signed")]
        )
    return report


def _read_bundle(data: bytes) -> tuple[list[str], list[bytes]]:
    head, *lines = [json.loads(line) for line in data.decode().removesuffix("\n").split("\n")]
    if head["bundle"] != BUNDLE or not lines:
        raise ValueError
    notes = [line["checkpoint"] for line in lines if "checkpoint" in line]
    bodies = [line["entry"].encode() for line in lines[len(notes) :]]
    if not notes or not all(isinstance(note, str) for note in notes):
        raise ValueError
    return notes, bodies


def _leaves(session: Session, stale: list[Finding]) -> Iterator[tuple[int, bytes]]:
    query = select(AuditLeaf.idx, AuditLeaf.body, AuditLeaf.hash).order_by(AuditLeaf.idx)
    for seq, body, stored in session.execute(query.execution_options(yield_per=2000)):
        if stored != tree.leaf_hash(body):
            stale.append(_finding(Problem.TREE, seq, "the entry was changed: it does not fit its stored hash"))
        yield seq, body


def _stored_root(session: Session, size: int) -> bytes:
    try:
        return tree.tree_root(size, store.node_reader(session))
    except store.LogDamaged:
        return b""


class _Reading:
    """One pass over the entries."""

    def __init__(
        self,
        key: VerifierKey,
        head: Checkpoint,
        held: Checkpoint | None,
        between: Iterable[str],
        witnesses: Sequence[VerifierKey],
    ) -> None:
        self._key = key
        self._head = head
        self._anchors = {head.size: head}
        self._between = iter(between)
        self._next = self._pull()
        # The last size that fitted: surely, by a head whose signature was verified, and likely, by one not looked at yet
        self._good = 0
        self._likely: tuple[int, str] | None = None
        self._findings: list[Finding] = []
        self._changed = False
        self._latest: datetime | None = None
        self._witnesses = witnesses
        self._witnessed: datetime | None = None
        self._rules = Rules()
        self._root = b""
        if held is not None:
            self._hold_against(held)

    def run(self, leaves: Iterable[tuple[int, bytes]]) -> Report:
        frontier = tree.Frontier()
        self._compare(frontier)
        for seq, body in leaves:
            if seq != frontier.size:
                self._bad(
                    Problem.SEQUENCE, frontier.size, "it is missing, or out of place; later entries were not looked at"
                )
                return self._report(frontier.size)
            self._look(seq, body)
            frontier.append(tree.leaf_hash(body))
            self._compare(frontier)
        self._finish(frontier.size)
        return self._report(frontier.size)

    def _hold_against(self, held: Checkpoint) -> None:
        if held.size > self._head.size:
            text = f"the log was set back: you hold a signed head over {held.size} entries, this one covers {self._head.size}"
            self._findings.append(_finding(Problem.ROLLED_BACK, self._head.size, text))
        elif held.size == self._head.size and held.root != self._head.root:
            self._findings.append(Finding(problem=Problem.REWRITTEN, text=_FORKED))
        self._anchors.setdefault(held.size, held)

    def _look(self, seq: int, body: bytes) -> None:
        try:
            entry = Entry.decode(body)
        except ValueError as error:
            self._bad(Problem.ENTRY, seq, f"it is not an entry of the log: {error}")
            return
        if entry.seq != seq:
            self._bad(Problem.SEQUENCE, seq, "it says it stands elsewhere")
        if self._latest is not None and entry.t < self._latest:
            self._flag(seq, "its time is before that of the entry above; a clock was moved")
        elif self._witnessed is not None and entry.t < self._witnessed - _SKEW:
            self._flag(seq, "its time is before a witness saw the log without it; it may be back-dated")
        self._latest = entry.t
        self._findings.extend(self._rules.see(entry))

    def _compare(self, frontier: tree.Frontier) -> None:
        """Hold the root so far against every signed head of this size."""
        size = frontier.size
        anchor = self._anchors.get(size)
        if anchor is None and (self._next is None or self._next[0] > size):
            return
        root = frontier.root()
        if size == self._head.size:
            self._root = root
        if anchor is not None and anchor.root == root:
            self._good = size
        elif anchor is not None:
            self._rewritten(size)
        while self._next is not None and self._next[0] <= size:
            claimed, signed_root, note = self._next
            if claimed == size and signed_root == root:
                self._likely = size, note
                self._bracket(size, note)
            elif claimed == size and self._is_signed(note):
                self._rewritten(size)
            self._next = self._pull()

    def _rewritten(self, size: int) -> None:
        if self._changed:
            return
        self._changed = True
        if self._likely is not None and self._is_signed(self._likely[1]):
            self._good = max(self._good, self._likely[0])
        first, last = min(self._good, max(size - 1, 0)), max(size - 1, 0)
        span = "it" if first == last else f"it, or another up to entry {last},"
        self._bad(Problem.REWRITTEN, first, f"{span} was changed, added or taken out after it was signed")

    def _bracket(self, size: int, note: str) -> None:
        """Entries so far existed when a witness saw them; those that follow came later, give or take."""
        for witness in self._witnesses:
            try:
                at = cosigned_at(note, witness)
            except NotVerified as error:
                self._bad(Problem.SIGNATURE, size - 1, str(error))
                continue
            if at is not None and self._latest is not None and self._latest > at + _SKEW:
                self._flag(size - 1, "its time is after a witness saw it; a clock was wrong")
            if at is not None and (self._witnessed is None or at > self._witnessed):
                self._witnessed = at

    def _finish(self, size: int) -> None:
        if size < self._head.size:
            self._bad(Problem.ROLLED_BACK, size, f"it and all up to {self._head.size - 1} were signed and are missing")
        elif size > self._head.size:
            text = "it and later entries are not signed yet; any further step signs them"
            self._findings.append(_finding(Problem.UNSIGNED, self._head.size, text, fatal=False))
        self._findings.extend(self._rules.end())

    def _pull(self) -> tuple[int, bytes, str] | None:
        """The next head between, as size, root and note, without trusting it yet."""
        for note in self._between:
            try:
                checkpoint = Checkpoint.parse(Note.parse(note).text)
            except BadNote:
                continue
            return checkpoint.size, checkpoint.root, note
        return None

    def _is_signed(self, note: str) -> bool:
        try:
            open_checkpoint(note, self._key)
        except NotVerified:
            return False
        return True

    def _flag(self, seq: int, text: str) -> None:
        self._findings.append(_finding(Problem.TIME, seq, text, fatal=False))

    def _bad(self, problem: Problem, seq: int, text: str) -> None:
        self._findings.append(_finding(problem, seq, text))

    def _report(self, size: int) -> Report:
        what = f"log {self._head.origin}, {self._head.size} signed entries"
        return Report(what=what, size=size, signed=self._head.size, root=self._root, findings=tuple(self._findings))


_FORKED = "the log was forked: two signed heads over as many entries differ; both together prove it, keep them"


def _finding(problem: Problem, seq: int, text: str, *, fatal: bool = True) -> Finding:
    return Finding(problem=problem, seq=seq, text=text, fatal=fatal)
