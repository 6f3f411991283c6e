import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.log.entry import Entry, canonical, digest_of
from storage.log.events import SHAPES, Event, missing

MOMENT = datetime(2026, 11, 22, 12, 30, 15, 1234, tzinfo=UTC)

HOSTILE = {
    "newline": "ann\nnobody",
    "carriage return": "ann\rnobody",
    "line separator": "ann\u2028nobody",
    "paragraph separator": "ann\u2029nobody",
    "next line": "ann\x85nobody",
    "terminal escape": "ann\x1b[2Jnobody",
    "one-byte escape": "ann\x9b2Jnobody",
    "NUL": "ann\x00",
    "lone surrogate": "ann\ud800",
    "right-to-left override": "ann\u202enobody",
    "zero width": "ann\u200b",
    "a mebibyte": "a" * 2**20,
    "empty": "",
}


def entry(**fields: Any) -> Entry:
    whole: dict[str, Any] = {"seq": 7, "t": MOMENT, "actor": "ann", "event": "hold.placed"} | fields
    return Entry(**whole)


def test_an_entry_is_one_line_with_sorted_keys() -> None:
    body = entry(obj=("h1", "c1"), ref="ab", sig="cd", detail={"reason": "x", "count": 3, "second": True}).encode()
    assert body == (
        b'{"actor":"ann","detail":{"count":3,"reason":"x","second":true},"event":"hold.placed","obj":["h1","c1"],'
        b'"ref":"ab","seq":7,"sig":"cd","t":"2026-11-22T12:30:15.001234Z","v":1}'
    )


def test_times_are_written_in_utc() -> None:
    local = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert entry(t=local).encode() == entry().encode()
    with pytest.raises(ValueError, match="time zone"):
        entry(t=datetime(2026, 11, 22)).encode()


texts = st.text(min_size=1, max_size=40).filter(str.isprintable)
details = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True),
    st.one_of(texts, st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1)),
    max_size=4,
)
moments = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))


@given(st.integers(0, 2**53 - 1), moments, texts, st.lists(texts, max_size=4), st.none() | texts, details)
def test_what_is_written_is_read_back_and_is_one_line(
    seq: int, t: datetime, actor: str, obj: list[str], ref: str | None, detail: dict[str, str | int | bool]
) -> None:
    written = Entry(seq=seq, t=t, actor=actor, event="work.started", obj=tuple(obj), ref=ref, detail=detail)
    body = written.encode()
    assert Entry.decode(body) == written
    assert len(body.decode().splitlines()) == 1


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("place", ["actor", "event", "obj", "ref", "sig"])
def test_log_injection_is_refused_and_not_repeated(place: str, text: str) -> None:
    with pytest.raises(ValueError, match="log entry") as error:
        entry(**{place: (text,) if place == "obj" else text}).encode()
    assert len(str(error.value)) < 200
    assert "nobody" not in str(error.value)


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "empty"])
def test_log_injection_in_a_detail_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="log entry"):
        entry(detail={"note": HOSTILE[name]}).encode()
    with pytest.raises(ValueError, match="log entry"):
        entry(detail={HOSTILE[name]: "x"}).encode()


@pytest.mark.parametrize("value", [1.0, float("nan"), None, 2**53, -(2**53), ["x"], {"a": 1}, b"x"])
def test_details_are_plain(value: Any) -> None:
    with pytest.raises(ValueError, match="log entry"):
        entry(detail={"value": value}).encode()


@pytest.mark.parametrize("fields", [{"seq": -1}, {"seq": True}, {"obj": ("x",) * 4097}, {"actor": 5}, {"obj": (5,)}])
def test_fields_have_their_types(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="log entry"):
        entry(**fields).encode()


GOOD = entry(obj=("h1",), detail={"count": 3}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b"[" * 100_000,
        GOOD + b"\n",
        b" " + GOOD,
        GOOD.replace(b'":7', b'": 7'),
        GOOD.replace(b'"seq":7', b'"seq":07'),
        GOOD.replace(b'"seq":7', b'"seq":7.0'),
        GOOD.replace(b'"seq":7', b'"seq":"7"'),
        GOOD.replace(b'"seq":7', b'"seq":true'),
        GOOD.replace(b'"seq":7', b'"seq":7,"seq":7'),
        GOOD.replace(b'"seq":7,', b""),
        GOOD.replace(b'"v":1', b'"v":2'),
        GOOD.replace(b'"v":1', b'"v":1,"z":1'),
        GOOD.replace(b'"ann"', b'"\\u0061nn"'),
        GOOD.replace(b'"ann"', b'"\xff"'),
        GOOD.replace(b'"ann"', b"5"),
        GOOD.replace(b'["h1"]', b'"h1"'),
        GOOD.replace(b'["h1"]', b"[1]"),
        GOOD.replace(b'{"count":3}', b"{}"),
        GOOD.replace(b'{"count":3}', b'{"count":[3]}'),
        GOOD.replace(b"12:30:15.001234Z", b"12:30:15Z"),
        GOOD.replace(b"2026-11-22", b"2026-13-22"),
        GOOD.replace(b'"t":"2026-11-22T12:30:15.001234Z"', b'"t":5'),
    ],
)
def test_decoding_takes_only_what_encoding_writes(body: bytes) -> None:
    assert Entry.decode(GOOD).seq == 7
    assert body != GOOD
    with pytest.raises(ValueError):
        Entry.decode(body)


@given(
    st.recursive(
        st.one_of(texts, st.booleans(), st.integers(-9, 9)), lambda inner: st.lists(inner, max_size=3), max_leaves=8
    )
)
def test_canonical_form_is_json_that_reads_back(value: Any) -> None:
    data = canonical({"value": value})
    assert json.loads(data) == {"value": value}
    assert len(digest_of({"value": value})) == 64


def test_every_event_the_rules_rely_on_states_what_it_lacks() -> None:
    for event in SHAPES:
        bare = entry(event=str(event))
        assert "obj" in missing(bare)
    assert missing(entry(event=Event.ORDER_MADE.value, obj=("o", "c"))) == ("ref", "detail reason")
    assert missing(entry(event="something.new")) == ()
