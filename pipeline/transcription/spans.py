"""Arithmetic with stretches of time."""

from collections.abc import Iterable

from pipeline.recording.sound import RATE
from pipeline.transcripts.transcript import Span


def length(span: Span) -> float:
    return span.end - span.start


def total(spans: Iterable[Span]) -> float:
    """Seconds in all spans together, without looking for overlaps."""
    return sum(length(span) for span in spans)


def overlap(one: Span, other: Span) -> float:
    """Seconds that two spans share; 0 where they only touch."""
    return max(0.0, min(one.end, other.end) - max(one.start, other.start))


def contains(span: Span, time: float) -> bool:
    return span.start <= time <= span.end


def part(span: Span, offset: float) -> slice:
    """The samples of a span in 16 kHz sound that begins at `offset` seconds; what is before it is left out."""
    return slice(*(max(0, round((time - offset) * RATE)) for time in (span.start, span.end)))


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same stretches in order of time, with those that touch or overlap made one, and empty ones left out."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start, one.end)):
        if span.end <= span.start:
            continue
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(start=joined[-1].start, end=max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def minus(spans: Iterable[Span], cut: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of some spans where others are taken away."""
    holes = union(cut)
    left: list[Span] = []
    first = 0
    for span in union(spans):
        while first < len(holes) and holes[first].end <= span.start:
            first += 1
        start = span.start
        for hole in holes[first:]:
            if hole.start >= span.end:
                break
            if hole.start > start:
                left.append(Span(start=start, end=hole.start))
            start = max(start, hole.end)
        if start < span.end:
            left.append(Span(start=start, end=span.end))
    return tuple(left)


def within(spans: Iterable[Span], frame: Span) -> tuple[Span, ...]:
    """The parts of some spans that lie in another."""
    cut = [Span(start=max(span.start, frame.start), end=min(span.end, frame.end)) for span in spans]
    return union(cut)
