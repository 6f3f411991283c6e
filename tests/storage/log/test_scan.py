"""What is seen at a glance must be what a close look at each entry sees: no more, and no less."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.log.entry import Entry, time_text
from storage.log.scan import scan
from tests.storage.log.test_entry import GOOD, HOSTILE, MOMENT, details, moments, texts

PLAIN = [
    Entry(
        seq=seq,
        t=MOMENT + timedelta(seconds=seq),
        actor=("ana", "jürgen", "o'neill", "李")[seq % 4],
        event="order.made",
        obj=tuple(f"object-{number}" for number in range(seq % 3)),
        ref="ab" * 32 if seq % 2 else None,
        sig="A" * 88 if seq % 5 == 0 else None,
        detail={"reason": "signed-off", "number": -seq, "second": seq % 2 == 0} if seq % 3 == 0 else {},
    )
    for seq in range(60)
]
BODIES = [entry.encode() for entry in PLAIN]


def one_by_one(bodies: list[bytes]) -> list[Entry] | None:
    try:
        return [Entry.decode(body) for body in bodies]
    except ValueError:
        return None


def agrees(bodies: list[bytes]) -> bool:
    """Whether the glance sees what the close look sees."""
    found = scan(bodies)
    entries = one_by_one(bodies)
    if found is None or entries is None:
        return found is None and entries is None
    return entries == [line.entry() for line in found] and [time_text(one.t) for one in entries] == [
        one.t for one in found
    ]


def test_entries_as_people_and_the_worker_write_them_are_seen_at_a_glance() -> None:
    found = scan(BODIES)
    assert found is not None
    assert agrees(BODIES)
    assert [line.seq for line in found] == list(range(60))
    assert scan(BODIES[:1]) is not None


@given(
    st.lists(
        st.builds(
            Entry,
            seq=st.integers(0, 2**53 - 1),
            t=moments,
            actor=texts,
            event=texts,
            obj=st.lists(texts, max_size=3).map(tuple),
            ref=st.none() | texts,
            sig=st.none() | texts,
            detail=details,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_of_any_entries_the_glance_tells_the_truth(entries: list[Entry]) -> None:
    assert agrees([entry.encode() for entry in entries])


@given(st.integers(0, len(BODIES) - 1), st.data())
def test_no_changed_byte_escapes(at: int, data: st.DataObject) -> None:
    body = bytearray(BODIES[at])
    place = data.draw(st.integers(0, len(body) - 1))
    match data.draw(st.sampled_from(["flip", "drop", "double", "put"])):
        case "flip":
            body[place] ^= 1 << data.draw(st.integers(0, 7))
        case "drop":
            del body[place]
        case "double":
            body.insert(place, body[place])
        case _:
            body.insert(place, data.draw(st.integers(0, 255)))
    assert agrees([*BODIES[:at], bytes(body), *BODIES[at + 1 :]])


WRONG = [
    b"",
    b"{}",
    GOOD + b"\n",
    b"\n" + GOOD,
    GOOD + b"\n" + GOOD,
    GOOD.replace(b'":7', b'": 7'),
    GOOD.replace(b'"seq":7', b'"seq":07'),
    GOOD.replace(b'"seq":7', b'"seq":-7'),
    GOOD.replace(b'"seq":7', '"seq":٧'.encode()),
    GOOD.replace(b'"v":1', b'"v":2'),
    GOOD.replace(b'{"count":3}', b"{}"),
    GOOD.replace(b'{"count":3}', b'{"count":-0}'),
    GOOD.replace(b'{"count":3}', b'{"count":3.0}'),
    GOOD.replace(b'{"count":3}', b'{"count":null}'),
    GOOD.replace(b'{"count":3}', b'{"count":3,"count":3}'),
    GOOD.replace(b'{"count":3}', b'{"count":3,"a":3}'),
    GOOD.replace(b'{"count":3}', b'{"1count":3}'),
    GOOD.replace(b'"v":1', b'"v":1,"z":' + b"[" * 20_000 + b"]" * 20_000),
    GOOD.replace(b"2026-11-22", b"2026-02-30"),
    GOOD.replace(b"2026-11-22", b"0000-01-01"),
    GOOD.replace(b"T12:30", b"T24:30"),
    GOOD.replace(b'"ann"', b'""'),
    GOOD.replace(b'"ann"', b'"' + b"a" * 513 + b'"'),
    GOOD.replace(b'["h1"]', b"[" + b",".join([b'"x"'] * 4097) + b"]"),
    *(
        GOOD.replace(b'"ann"', rb'"an%s"' % escaped)
        for escaped in (rb"\n", rb"\b", rb"\\\t", rb"\"\f", rb"\u001b", rb"\u0041", rb"\/")
    ),
    *(GOOD.replace(b'"ann"', b'"' + text.encode("utf-8", "surrogatepass") + b'"') for text in HOSTILE.values()),
]


@pytest.mark.parametrize("body", WRONG)
def test_what_is_no_entry_is_not_taken_for_one(body: bytes) -> None:
    assert scan([GOOD]) is not None
    assert one_by_one([body]) is None
    assert scan([body]) is None
    assert scan([GOOD, body, GOOD]) is None


@pytest.mark.parametrize(
    "entry",
    [
        Entry(seq=7, t=MOMENT, actor='a "quoted" name', event="x"),
        Entry(seq=7, t=MOMENT, actor="back\\slash", event="x"),
        Entry(seq=2**53 - 1, t=MOMENT, actor="x", event="x"),
        Entry(seq=7, t=datetime(1, 1, 1, tzinfo=UTC), actor="x", event="x", obj=("y" * 512,) * 9),
    ],
)
def test_what_is_rare_is_seen_too(entry: Entry) -> None:
    assert agrees([entry.encode()]) and scan([entry.encode()]) is not None


def test_an_entry_that_holds_two_is_not_two() -> None:
    assert scan([BODIES[0] + b"\n" + BODIES[1]]) is None
    shuffled = [BODIES[0] + b"\n" + BODIES[1], b""]
    random.Random(1).shuffle(shuffled)  # noqa: S311  # order is all that matters
    assert scan(shuffled) is None
    assert scan([]) == []
