"""Verification of the log with its public key alone: no account, no secret, no trust in the database.

Found with an earlier signed head the auditor holds: every edit, deletion, insertion, swap and truncation of what it covers, also
by someone who has the log's signing key. What cryptography cannot find: an event that was never logged, a copy of a key.
"""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.bundle import BadBundle, Bundle
from retention.reading import PORTION, Portion, Reading
from retention.report import Finding, Problem, Report, merged
from storage.errors import NotVerified
from storage.log import heads, store, tree
from storage.log.note import VerifierKey, open_checkpoint
from storage.log.tables import AuditLeaf, AuditNode


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
        reading = _begin(checkpoint, verifier_key, earlier, witnesses)
    except NotVerified as error:
        return _only(Problem.SIGNATURE, str(error))
    return reading.run(portions)


def verify_database(
    session: Session, verifier_key: str, earlier: tuple[str, ...] = (), witnesses: Sequence[str] = ()
) -> Report:
    """Verify the log in the database, and that what it keeps beside the entries agrees with them."""
    note = heads.latest_checkpoint(session)
    if note is None:
        return _only(Problem.UNSIGNED, "the database holds no signed head; any step signs one")
    try:
        reading = _begin(note, verifier_key, earlier, witnesses)
    except NotVerified as error:
        return _only(Problem.SIGNATURE, str(error))
    report = reading.run(_portions(session))
    return merged(report, [] if report.first_bad is not None else _nodes(session, reading.tops))


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
        return _only(Problem.FORM, str(error))
    if report.ok and report.size > report.signed:
        text = "the bundle holds entries that are not signed"
        return merged(report, [Finding(problem=Problem.UNSIGNED, seq=report.signed, text=text)])
    return report


def _begin(checkpoint: str, verifier_key: str, earlier: tuple[str, ...], witnesses: Sequence[str]) -> Reading:
    key = VerifierKey.parse(verifier_key)
    held = [open_checkpoint(note, key) for note in earlier]
    return Reading(key, open_checkpoint(checkpoint, key), held, [VerifierKey.parse(one) for one in witnesses])


def _only(problem: Problem, text: str) -> Report:
    return Report(what="log", findings=(Finding(problem=problem, text=text),))


def _portions(session: Session) -> Iterator[Portion]:
    signed = heads.checkpoints(session)
    head, count = next(signed, None), 0
    query = select(AuditLeaf.idx, AuditLeaf.body, AuditLeaf.hash).order_by(AuditLeaf.idx)
    for part in session.execute(query.execution_options(yield_per=PORTION)).partitions():
        places, bodies, hashes = zip(*part, strict=True)
        count += len(part)
        found = []
        while head is not None and head[0] <= count:
            found.append(head)
            head = next(signed, None)
        yield Portion(places=places, bodies=bodies, hashes=hashes, heads=found)


def _nodes(session: Session, tops: Sequence[bytes]) -> list[Finding]:
    """Whether the nodes that the database keeps are those over the entries; `tops` are the lowest of them."""
    layers = enumerate(tree.layers(tops), store.TILE) if tops else ()
    expected = {(level, idx): node for level, layer in layers for idx, node in enumerate(layer)}
    stored = {
        (row.level, row.idx): row.hash
        for row in session.execute(select(AuditNode.level, AuditNode.idx, AuditNode.hash))
    }
    if stored == expected:
        return []
    return [Finding(problem=Problem.TREE, text="the stored tree does not fit the entries, which are whole")]
