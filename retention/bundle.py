"""The log as a file that anyone can verify: lines of JSON, read as a stream. `retention.bundling` writes it.

{"bundle":"candour-log/v1","checkpoint":…,"key":…}   first: the newest signed head, and the log's public key
{"actor":…}                                          each entry, as the very bytes that were hashed, in order
{"checkpoint":…}                                     each signed head with its cosignatures, below the entries it covers
"""

import json
from collections.abc import Iterator, Sequence
from typing import IO

from retention.reading import Portion, only, verify_log
from retention.report import Finding, Problem, Report, merged
from storage.errors import NotVerified
from storage.log.entry import LONGEST_STRING, MOST_OBJECTS

_PORTION = 1 << 20
FORMAT = "candour-log/v1"
_HEAD = b'{"checkpoint":'
# No entry is longer, and no line is read further than this: in UTF-8 a character takes up to four bytes
_LONGEST = 4 * (MOST_OBJECTS + 64) * (LONGEST_STRING + 3)


class BadBundle(NotVerified):
    """audit: this is not the log of a bundle, or it was cut off; take it again from where you have it"""


class Bundle:
    """A log that is read from a file. Nothing in it is trusted, its `key` least of all."""

    def __init__(self, source: IO[bytes]) -> None:
        """Reads the first line.

        Raises:
            BadBundle.
        """
        self._source = source
        first = _object(source.readline(_LONGEST))
        if first.get("bundle") != FORMAT:
            raise BadBundle
        self.checkpoint = _text(first, "checkpoint")
        self.key = _text(first, "key")

    def portions(self) -> Iterator[Portion]:
        """Entries and heads in their order; once.

        Raises:
            BadBundle: the file ends within a line, or holds a line of another form.
        """
        start = 0
        for lines in self._lines():
            bodies, heads = list[bytes](), list[tuple[int, str]]()
            at = 0
            for place in [place for place, line in enumerate(lines) if line.startswith(_HEAD)]:
                bodies += lines[at:place]
                heads.append((start + len(bodies), _text(_object(lines[place]), "checkpoint")))
                at = place + 1
            bodies += lines[at:]
            yield Portion(places=range(start, start + len(bodies)), bodies=bodies, heads=heads)
            start += len(bodies)

    def _lines(self) -> Iterator[list[bytes]]:
        """Whole lines, as many at a time as fit into a portion."""
        rest = b""
        while data := self._source.read(_PORTION):
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > _LONGEST:
                raise BadBundle
            yield lines
        if rest:
            raise BadBundle


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
    try:
        report = verify_log(
            bundle.portions(),
            checkpoint=bundle.checkpoint,
            verifier_key=verifier_key,
            earlier=earlier,
            witnesses=witnesses,
        )
    except BadBundle as error:
        return only(Problem.FORM, str(error))
    if report.ok and report.size > report.signed:
        text = "the bundle holds entries that are not signed"
        return merged(report, [Finding(problem=Problem.UNSIGNED, seq=report.signed, text=text)])
    return report
