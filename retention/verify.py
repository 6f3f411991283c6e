"""Verification of the log where it lies, in the database, without trusting what the database keeps beside the entries."""

from collections.abc import Iterator, Sequence

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from retention.reading import PORTION, Portion, Reading, only
from retention.report import Finding, Problem, Report, merged
from storage.errors import NotVerified
from storage.log import heads, store, tree
from storage.log.tables import AuditNode

# To hold so many heads against the entries before them takes a second or two
MANY = 50_000


def verify_database(
    session: Session,
    verifier_key: str,
    earlier: tuple[str, ...] = (),
    witnesses: Sequence[str] = (),
    *,
    closely: bool = False,
) -> Report:
    """Verify the log in the database, and that what it keeps beside the entries agrees with them.

    That goes for signed heads in between too, on which nothing rests, unless there are very many; with `closely` even then.
    """
    return read_database(session, verifier_key, earlier, witnesses, closely=closely)[0]


def read_database(
    session: Session,
    verifier_key: str,
    earlier: tuple[str, ...] = (),
    witnesses: Sequence[str] = (),
    *,
    closely: bool = False,
) -> tuple[Report, Reading | None]:
    """The same, with the reading for whoever wants to go on with it later; none where there was nothing to read."""
    note = heads.latest_checkpoint(session)
    if note is None:
        return only(Problem.UNSIGNED, "the database holds no signed head; any step signs one"), None

    def look(which: heads.Which) -> tuple[Report, Reading | None]:
        try:
            reading = Reading.begin(note, verifier_key, earlier, witnesses)
        except NotVerified as error:
            return only(Problem.SIGNATURE, str(error)), None
        return with_nodes(session, reading, reading.run(portions(session, which=which))), reading

    if not closely and heads.number_of_checkpoints(session) > MANY:
        report, reading = look(heads.Which.COSIGNED)
        if report.ok:
            return report, reading
    return look(heads.Which.ALL)


def with_nodes(session: Session, reading: Reading, report: Report) -> Report:
    """The report of a reading, and whether the nodes that the database keeps are those over the entries."""
    return merged(report, [] if report.first_bad is not None else _nodes(session, reading.tops))


def portions(session: Session, start: int = 0, *, which: heads.Which = heads.Which.ALL) -> Iterator[Portion]:
    """The log from an entry on, with those heads over more than what comes before it."""
    signed = heads.checkpoints(session, which, above=start or -1)
    head, count = next(signed, None), start
    # As text, because a query that knows its types looks at each value again
    query = text("SELECT idx, body, hash FROM audit_leaf WHERE idx >= :start ORDER BY idx")
    streamed = query.execution_options(stream_results=True, max_row_buffer=PORTION)
    for part in session.execute(streamed, {"start": start}).partitions(PORTION):
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
