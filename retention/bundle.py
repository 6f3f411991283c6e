"""The log as a file that anyone can verify: lines of JSON, read as a stream. `retention.bundling` writes it.

{"bundle":"candour-log/v1","checkpoint":…,"key":…}   first: the newest signed head, and the log's public key
{"actor":…}                                          each entry, as the very bytes that were hashed, in order
{"checkpoint":…}                                     each head that a witness cosigned, below the entries it covers

The many other heads stand in a file of their own, smallest first. Nothing rests on them, because a head settles all entries
before it; when something is wrong, they tell where.
"""

import json
from collections.abc import Iterator, Sequence
from typing import IO

from retention.reading import Portion, only, verify_log
from retention.report import Finding, Problem, Report, merged
from storage.errors import NotVerified
from storage.log.entry import LONGEST_STRING, MOST_OBJECTS
from storage.log.note import BadNote, Checkpoint, Note

# About as much as a processor keeps at hand: four times as much takes a quarter longer
_PORTION = 1 << 16
FORMAT = "candour-log/v1"
LOG, HEADS = "log.jsonl", "heads.jsonl"
_HEAD = b'{"checkpoint":'
# No entry is longer, and no line is read further than this: in UTF-8 a character takes up to four bytes
_LONGEST = 4 * (MOST_OBJECTS + 64) * (LONGEST_STRING + 3)


class BadBundle(NotVerified):
    """audit: this is not the log of a bundle, or it was cut off; take it again from where you have it"""


class Bundle:
    """A log that is read from a file, and its other heads from another. Nothing in them is trusted, the `key` least of all."""

    def __init__(self, log: IO[bytes], heads: IO[bytes] | None = None) -> None:
        """Reads the first line.

        Raises:
            BadBundle.
        """
        self._log, self._heads = log, heads
        first = _object(log.readline(_LONGEST))
        if first.get("bundle") != FORMAT:
            raise BadBundle
        self.checkpoint = _text(first, "checkpoint")
        self.key = _text(first, "key")
        self._begin = log.tell()

    @property
    def has_others(self) -> bool:
        """Whether there are other heads to be read closely."""
        return self._heads is not None

    def portions(self, *, closely: bool) -> Iterator[Portion]:
        """Entries and heads in their order, from the first on; the other heads only when it is read closely.

        Raises:
            BadBundle: a file ends within a line, or holds a line of another form.
        """
        self._log.seek(self._begin)
        others = self._others() if closely else iter(())
        start, other = 0, next(others, None)
        for block in self._blocks():
            lines, bodies, heads = block.split(b"\n"), list[bytes](), list[tuple[int, str]]()
            at = 0
            # Few are heads: most blocks have none, and need no look at each line
            places = [place for place, line in enumerate(lines) if line.startswith(_HEAD)] if _HEAD in block else []
            for place in places:
                bodies += lines[at:place]
                heads.append((start + len(bodies), _text(_object(lines[place]), "checkpoint")))
                at = place + 1
            bodies += lines[at:]
            while other is not None and other[0] <= start + len(bodies):
                heads.append(other)
                other = next(others, None)
            yield Portion(places=range(start, start + len(bodies)), bodies=bodies, heads=heads)
            start += len(bodies)

    def _others(self) -> Iterator[tuple[int, str]]:
        """The other heads, each behind the size it says."""
        if self._heads is not None:
            self._heads.seek(0)
            while line := self._heads.readline(_LONGEST):
                note = _text(_object(line), "checkpoint")
                try:
                    yield Checkpoint.parse(Note.parse(note).text).size, note
                except BadNote:
                    raise BadBundle from None

    def _blocks(self) -> Iterator[bytes]:
        """Whole lines, as many at a time as fit into a portion, without the last line break."""
        rest = b""
        while data := self._log.read(_PORTION):
            block, end, rest = (rest + data).rpartition(b"\n")
            if len(rest) > _LONGEST:
                raise BadBundle
            if end:
                yield block
        if rest:
            raise BadBundle


def line_of(value: dict[str, str]) -> bytes:
    """A line of the file that is no entry."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _object(line: bytes) -> dict[str, object]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise BadBundle from None
    if not isinstance(value, dict):
        raise BadBundle
    return value


def _text(value: dict[str, object], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str):
        raise BadBundle
    return text


def verify_bundle(
    bundle: Bundle, verifier_key: str, earlier: tuple[str, ...] = (), witnesses: Sequence[str] = ()
) -> Report:
    """Verify a log from a file. The key comes from the auditor, never from the file."""

    def look(*, closely: bool) -> Report:
        return verify_log(
            bundle.portions(closely=closely),
            checkpoint=bundle.checkpoint,
            verifier_key=verifier_key,
            earlier=earlier,
            witnesses=witnesses,
        )

    try:
        report = look(closely=False)
        # A signed head settles all entries before it: those in between tell something only when something is wrong
        if not report.ok and bundle.has_others:
            report = look(closely=True)
    except BadBundle as error:
        return only(Problem.FORM, str(error))
    if report.ok and report.size > report.signed:
        text = "the bundle holds entries that are not signed"
        return merged(report, [Finding(problem=Problem.UNSIGNED, seq=report.signed, text=text)])
    return report
