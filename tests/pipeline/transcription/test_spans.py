"""Arithmetic with stretches of time, against the same sum done point by point."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.transcription.spans import minus, overlap, part, total, union, within
from pipeline.transcripts.transcript import Span

spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda pair: Span(start=pair[0], end=pair[0] + pair[1])),
    max_size=8,
)


def points(stretches: object) -> set[int]:
    assert isinstance(stretches, list | tuple)
    return {point for span in stretches for point in range(round(span.start), round(span.end))}


@given(spans, spans)
def test_union_and_minus(some: list[Span], cut: list[Span]) -> None:
    assert points(union(some)) == points(some)
    assert total(union(some)) == len(points(some))
    left = minus(some, cut)
    assert points(left) == points(some) - points(cut)
    assert total(left) == len(points(left))
    assert list(left) == sorted(left, key=lambda span: span.start)


@given(spans, st.integers(0, 40), st.integers(1, 20))
def test_within(some: list[Span], start: int, length: int) -> None:
    frame = Span(start=start, end=start + length)
    assert points(within(some, frame)) == points(some) & points([frame])
    assert all(overlap(span, frame) >= 0 for span in some)


def test_touching_is_not_overlapping() -> None:
    assert overlap(Span(start=0, end=1), Span(start=1, end=2)) == 0
    assert union([Span(start=1, end=2), Span(start=0, end=1)]) == (Span(start=0, end=2),)


def test_the_samples_of_a_span_begin_where_the_sound_does() -> None:
    assert part(Span(start=61.5, end=62.0), 60.0) == slice(24_000, 32_000)
    assert part(Span(start=59.0, end=60.5), 60.0) == slice(0, 8_000)
