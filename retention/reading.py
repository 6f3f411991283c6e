"""Verification of a log with its public key alone: no account, no secret, no trust in where it comes from. Pure.

One pass: every entry has its form and its place, the tree is the signed one, the rules hold. That is cheap where everything is
in order, a portion of entries at a time; whatever is not clear at a glance is looked at one by one, so that the first bad entry
can be named.

Found with an earlier signed head the auditor holds: every edit, deletion, insertion, swap and truncation of what it covers, also
by someone who has the log's signing key. What cryptography cannot find: an event that was never logged, a copy of a key.
"""

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from retention.report import Finding, Findings, Problem, Report
from retention.rules import Rules
from storage.errors import NotVerified
from storage.log import tree
from storage.log.entry import Entry, time_text
from storage.log.note import Checkpoint, VerifierKey, cosigned_at, open_checkpoint
from storage.log.scan import scan

# Entries are looked at in portions of this many, about as much as a processor keeps at hand; a multiple of a tile
PORTION = 512
TILE = 256
# Clocks differ, and a head may lie a little before its witness gets to see it
_SKEW = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Portion:
    """A stretch of a log, in order: entries with the places they are found at, and the signed heads among them.

    `hashes` are the leaf hashes that a database keeps beside the entries. `heads` are signed heads with the number of entries
    above the place where each is found. Neither is trusted: heads narrow down which entry is the first bad one, and those that a
    witness cosigned say when entries existed.
    """

    places: Sequence[int]
    bodies: Sequence[bytes]
    hashes: Sequence[bytes] | None = None
    heads: Sequence[tuple[int, str]] = ()


def verify_log(
    portions: Iterable[Portion],
    *,
    checkpoint: str,
    verifier_key: str,
    earlier: tuple[str, ...] = (),
    witnesses: Sequence[str] = (),
) -> Report:
    """Verify a log against its newest signed head and those `earlier` ones that somebody held before.

    Heads in the portions that one of the `witnesses` (verifier keys) cosigned say when the entries before them existed. Entries
    beyond the newest signed head are checked among themselves and reported as not signed yet.
    """
    try:
        reading = Reading.begin(checkpoint, verifier_key, earlier, witnesses)
    except NotVerified as error:
        return only(Problem.SIGNATURE, str(error))
    return reading.run(portions)


def only(problem: Problem, text: str) -> Report:
    """A report of a log that could not be looked at."""
    return Report(what="log", findings=(Finding(problem=problem, text=text),))


class Reading:
    """One pass over a log. `tops` are the hashes of its whole tiles, for whoever keeps nodes above them."""

    def __init__(
        self, key: VerifierKey, head: Checkpoint, held: Sequence[Checkpoint], witnesses: Sequence[VerifierKey]
    ) -> None:
        self._key = key
        self._head = head
        self._anchors = {head.size: {head.root}}
        self._witnesses = witnesses
        self._findings = Findings()
        self._add = self._findings.add
        self._rules = Rules()
        self._size = 0
        self._root = b""
        # The tree: hashes of whole tiles, the right edge above them, and the leaves of the tile that is being filled
        self.tops: list[bytes] = []
        self._edge = tree.Frontier()
        self._tile: list[bytes] = []
        # The last size that fitted: surely, by a head whose signature was verified, and likely, by one not looked at yet
        self._good = 0
        self._likely: tuple[int, str] | None = None
        self._changed = False
        # Times as text, which sorts: of the last entry, and when witnesses saw how many, less what clocks may differ
        self._latest = ""
        self._seen = [(0, "")]
        for one in held:
            self._hold_against(one)

    @classmethod
    def begin(
        cls, checkpoint: str, verifier_key: str, earlier: tuple[str, ...] = (), witnesses: Sequence[str] = ()
    ) -> "Reading":
        """A reading of what stands under this signed head.

        Raises:
            BadNote, NoteNotSigned, WrongSignature: a key or a head cannot be relied on.
        """
        key = VerifierKey.parse(verifier_key)
        held = [open_checkpoint(note, key) for note in earlier]
        return cls(key, open_checkpoint(checkpoint, key), held, [VerifierKey.parse(one) for one in witnesses])

    def run(self, portions: Iterable[Portion]) -> Report:
        """Read from the beginning up to the head."""
        self._compare(0, tree.EMPTY_ROOT)
        return self._read(portions)

    def go_on(self, checkpoint: str, portions: Iterable[Portion]) -> Report:
        """Read on up to a newer head, when all that was read before is there unchanged and was in order.

        Raises:
            BadNote, NoteNotSigned, WrongSignature: the newer head cannot be relied on.
        """
        self._head = open_checkpoint(checkpoint, self._key)
        self._anchors.setdefault(self._head.size, set()).add(self._head.root)
        return self._read(portions)

    @property
    def size(self) -> int:
        """How many entries were read."""
        return self._size

    @property
    def head(self) -> Checkpoint:
        """The head that was read up to."""
        return self._head

    def _read(self, portions: Iterable[Portion]) -> Report:
        whole = all(map(self._take, portions))
        return self._report(self._finish() if whole else ())

    def _hold_against(self, held: Checkpoint) -> None:
        if held.size > self._head.size:
            text = f"the log was set back: you hold a signed head over {held.size} entries, this one covers {self._head.size}"
            self._add(_finding(Problem.ROLLED_BACK, self._head.size, text))
        elif held.size == self._head.size and held.root != self._head.root:
            self._add(Finding(problem=Problem.REWRITTEN, text=_FORKED))
        self._anchors.setdefault(held.size, set()).add(held.root)

    def _take(self, portion: Portion) -> bool:
        """Look at a portion; False when entries are missing, so that what follows means nothing."""
        start, bodies = self._size, portion.bodies
        gap = _gap(portion.places, start)
        bodies = bodies[:gap]
        leaves = tree.leaf_hashes(bodies)
        if portion.hashes is not None and leaves != (stored := list(portion.hashes[:gap])):
            for at, (leaf, kept) in enumerate(zip(leaves, stored, strict=True), start):
                if leaf != kept:
                    self._bad(Problem.TREE, at, "the entry was changed: it does not fit its stored hash")
        times, ruled = self._contents(start, bodies)
        self._grow(leaves, portion.heads, times)
        self._look_at_times(start, times)
        for entry in ruled:
            for finding in self._rules.see(entry):
                self._add(finding)
        if gap is not None:
            text = "it is missing, or out of place; later entries were not looked at"
            self._bad(Problem.SEQUENCE, start + gap, text)
        return gap is None

    def _contents(self, start: int, bodies: Sequence[bytes]) -> tuple[Sequence[str], list[Entry]]:
        """The times of these entries, and those entries that the rules look at."""
        found = scan(bodies)
        if found is not None and _gap([line.seq for line in found], start) is None:
            ruled = self._rules.events
            return [line.t for line in found], [line.entry() for line in found if line.event in ruled]
        times, entries = list[str](), list[Entry]()
        for seq, body in enumerate(bodies, start):
            try:
                entry = Entry.decode(body)
            except ValueError as error:
                self._bad(Problem.ENTRY, seq, f"it is not an entry of the log: {error}")
                times.append(times[-1] if times else self._latest)
                continue
            if entry.seq != seq:
                self._bad(Problem.SEQUENCE, seq, "it says it stands elsewhere")
            times.append(time_text(entry.t))
            entries.append(entry)
        return times, entries

    def _look_at_times(self, start: int, times: Sequence[str]) -> None:
        before, self._latest = self._latest, times[-1] if times else self._latest
        witnessed = max(at for _, at in self._seen)
        if sorted(times) != list(times) or min(times, default=before) < max(before, witnessed):
            for seq, time in enumerate(times, start):
                if time < before:
                    self._flag(seq, "its time is before that of the entry above; a clock was moved")
                elif any(size <= seq and time < at for size, at in self._seen):
                    self._flag(seq, "its time is before a witness saw the log without it; it may be back-dated")
                before = time
        self._seen = [(start, witnessed)]

    def _grow(self, leaves: Sequence[bytes], heads: Sequence[tuple[int, str]], times: Sequence[str]) -> None:
        """Add leaf hashes to the tree, and hold the root against every head on the way."""
        start, notes = self._size, defaultdict[int, list[str]](list)
        for size, note in heads:
            notes[size].append(note)
        stops = [size for size in {*notes, *self._anchors} if start < size <= start + len(leaves)]
        stops.sort(reverse=True)
        if notes[0]:
            self._compare(0, tree.EMPTY_ROOT, notes[0])
        while self._size < start + len(leaves):
            at = self._size - start
            part = leaves[at : at + TILE - len(self._tile)]
            self._tile += part
            self._size += len(part)
            full = len(self._tile) == TILE
            if not full and not (stops and stops[-1] <= self._size):
                continue
            layers, base = tree.layers(self._tile), len(self.tops) * TILE
            while stops and stops[-1] <= self._size:
                size = stops.pop()
                root = tree.fold([*self._edge.nodes, *tree.edge(layers, size - base)])
                self._compare(size, root, notes[size], times[size - start - 1])
            if full:
                self.tops.append(layers[-1][0])
                self._edge.append(layers[-1][0])
                self._tile = []

    def _compare(self, size: int, root: bytes, notes: Sequence[str] = (), time: str = "") -> None:
        """Hold the root over the first `size` entries, of which the last has this time, against all heads of this size."""
        if size == self._head.size:
            self._root = root
        if (anchors := self._anchors.get(size)) == {root}:
            self._good = size
        elif anchors is not None:
            self._rewritten(size)
        # The head that this log would have signed, so that the many that fit need no parsing
        fits = f"{self._head.origin}\n{size}\n{b64encode(root).decode()}\n\n"
        for note in notes:
            if note.startswith(fits) or self._is_of(note, size, root):
                self._likely = size, note
                self._bracket(size, note, time)

    def _is_of(self, note: str, size: int, root: bytes) -> bool:
        """Whether a head that looks strange is of this size and root after all; says so when it is not."""
        try:
            head = open_checkpoint(note, self._key)
        except NotVerified:
            text = f"what is kept as the head over {size} entries is not signed by this log"
            self._add(Finding(problem=Problem.SIGNATURE, text=text))
            return False
        if head.size != size:
            text = f"a signed head over {head.size} entries is kept in the place of one over {size}"
            self._add(Finding(problem=Problem.FORM, text=text))
        elif head.root != root:
            self._rewritten(size)
        return (head.size, head.root) == (size, root)

    def _rewritten(self, size: int) -> None:
        if self._changed:
            return
        self._changed = True
        if self._likely is not None and self._is_signed(self._likely[1]):
            self._good = max(self._good, self._likely[0])
        first, last = min(self._good, max(size - 1, 0)), max(size - 1, 0)
        span = "it" if first == last else f"it, or another up to entry {last},"
        self._bad(Problem.REWRITTEN, first, f"{span} was changed, added or taken out after it was signed")

    def _is_signed(self, note: str) -> bool:
        try:
            open_checkpoint(note, self._key)
        except NotVerified:
            return False
        return True

    def _bracket(self, size: int, note: str, time: str) -> None:
        """Entries so far existed when a witness saw them; those that follow came later, give or take."""
        for witness in self._witnesses:
            try:
                at = cosigned_at(note, witness)
            except NotVerified as error:
                self._bad(Problem.SIGNATURE, size - 1, str(error))
                continue
            if at is None:
                continue
            if time > time_text(at + _SKEW):
                self._flag(size - 1, "its time is after a witness saw it; a clock was wrong")
            self._seen.append((size, time_text(at - _SKEW)))

    def _finish(self) -> Iterator[Finding]:
        """What only the end shows."""
        if self._size < self._head.size:
            text = f"it and all up to {self._head.size - 1} were signed and are missing"
            yield _finding(Problem.ROLLED_BACK, self._size, text)
        elif self._size > self._head.size:
            text = "it and later entries are not signed yet; any further step signs them"
            yield _finding(Problem.UNSIGNED, self._head.size, text, fatal=False)
        yield from self._rules.end()

    def _flag(self, seq: int, text: str) -> None:
        self._add(_finding(Problem.TIME, seq, text, fatal=False))

    def _bad(self, problem: Problem, seq: int, text: str) -> None:
        self._add(_finding(problem, seq, text))

    def _report(self, ending: Iterable[Finding]) -> Report:
        what = f"log {self._head.origin}, {self._head.size} signed entries"
        found = self._findings.all(ending)
        return Report(what=what, size=self._size, signed=self._head.size, root=self._root, findings=found)


_FORKED = "the log was forked: two signed heads over as many entries differ; both together prove it, keep them"


def _gap(places: Sequence[int], start: int) -> int | None:
    """Where the first of these places is not the next one, counted from `start`; None when they all follow each other."""
    if list(places) == list(range(start, start + len(places))):
        return None
    return next(at for at, place in enumerate(places) if place != start + at)


def _finding(problem: Problem, seq: int, text: str, *, fatal: bool = True) -> Finding:
    return Finding(problem=problem, seq=seq, text=text, fatal=fatal)
