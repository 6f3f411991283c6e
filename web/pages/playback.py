"""The sound of a conversation for who reviews it: the sealed playback copy, opened in memory, a little at a time.

An answer holds at most 1 MiB, whatever was asked for, and the browser may store none of it. Before each piece it is asked
again whether the recording is still there: after its destruction an answer on its way breaks off, and the next is 410.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from pipeline.recording.intake import opened
from pipeline.recording.levels import shrunk
from pipeline.reviews import find_conversation, recording_key, require_recording
from storage.blobs import BlobRef
from storage.errors import Destroyed, NotFound, Refused
from storage.home import Home
from storage.sealed import open_value
from web.pages.playback_index import Layout, lay_out
from web.visit import Visit

MOST: Final = 1 << 20
PIECE: Final = 64 * 1024
POINTS: Final = 1200
_KEPT: Final = 8


class NoPlayback(NotFound):
    """playback: {reference} has no playback copy; it is made when the recording is transcribed"""


class OnlyPlayed(Refused):
    """playback: the recording is played in the page of its transcript, and cannot be opened or saved by itself"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Copy:
    """A playback copy that may be played now."""

    blob: BlobRef
    key: bytes


# The heads of copies lately played, by home and reference; they say how long each frame is, and nothing of what is in it.
_layouts: dict[tuple[Path, str], tuple[BlobRef, Layout]] = {}


async def sound(visit: Visit) -> Response:
    """A range of the playback copy."""
    # A person who opens the address by itself would be offered to save it.
    if visit.request.headers.get("sec-fetch-dest", "audio") != "audio":
        raise OnlyPlayed
    home, reference = visit.home, visit.part("conversation").upper()
    copy, layout = await run_in_threadpool(_laid_out, home, reference)
    asked = asked_for(visit.request.headers.get("range", ""), layout.size)
    if asked is None:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{layout.size}"})
    first, last = asked
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Range": f"bytes {first}-{last - 1}/{layout.size}",
        "Content-Length": str(last - first),
    }
    return _BrokenOff(
        _pieces(home, reference, copy, layout, first, last), status_code=206, headers=headers, media_type="audio/mp4"
    )


def waveform(visit: Visit) -> Response:
    """The waveform in at most 1,200 points: in each, for each channel, the lowest and the highest sample as int8."""
    with visit.home.reading() as session:
        conversation = find_conversation(session, visit.part("conversation"))
        key, recording = recording_key(visit.home, conversation), conversation.recording
    if recording is None or recording.waveform is None:
        raise NoPlayback(reference=conversation.reference)
    peaks = open_value(key, f"recording.waveform:{recording.id}", recording.waveform)
    return Response(shrunk(peaks, min(recording.channels, 2), POINTS), media_type="application/octet-stream")


def asked_for(header: str, size: int) -> tuple[int, int] | None:
    """The first byte and the one after the last that a Range header asks for (RFC 9110, 14.1.2), at most 1 MiB; None where it
    asks for nothing that is there, or for everything at once.
    """
    unit, _, ranges = header.partition("=")
    first, dash, last = ranges.strip().partition("-")
    if unit != "bytes" or not dash or not (first + last).isdecimal():
        return None
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1 if first and last else size)
    return (start, min(end, start + MOST)) if start < end else None


def pieces(home: Home, reference: str, first: int, last: int) -> Iterator[bytes]:
    """The served bytes from `first` up to `last`, in pieces of 64 KiB.

    Raises:
        ConversationGone: before the next piece, once the recording has been destroyed.
    """
    yield from _pieces(home, reference, *_laid_out(home, reference), first, last)


def _pieces(home: Home, reference: str, copy: _Copy, layout: Layout, first: int, last: int) -> Iterator[bytes]:
    with opened(home, copy.blob, copy.key, reference) as plain:
        while first < last:
            _require_there(home, reference)
            piece = layout.read(plain, first, min(last, first + PIECE))
            first += len(piece)
            yield piece


class _BrokenOff(StreamingResponse):
    """An answer that ends where it is when what it reads has been destroyed; the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(Destroyed):
            await super().__call__(scope, receive, send)


def _copy(home: Home, reference: str) -> _Copy:
    """Raises UnknownConversation, NoPlayback, ConversationGone."""
    try:
        with home.reading() as session:
            conversation = find_conversation(session, reference)
            key, recording = recording_key(home, conversation), conversation.recording
    except Destroyed:
        _layouts.pop((home.folder, reference), None)
        raise
    if recording is None or recording.playback is None:
        raise NoPlayback(reference=reference)
    return _Copy(blob=BlobRef(recording.playback), key=key)


def _require_there(home: Home, reference: str) -> None:
    """What `_copy` asks, in the one small query that sixteen pieces a second can bear. Raises ConversationGone."""
    with home.reading() as session:
        require_recording(home, session, reference)


def _laid_out(home: Home, reference: str) -> tuple[_Copy, Layout]:
    copy, place = _copy(home, reference), (home.folder, reference)
    blob, layout = _layouts.get(place, (None, None))
    if layout is None or blob != copy.blob:
        with opened(home, copy.blob, copy.key, reference) as plain:
            layout = lay_out(plain)
        while len(_layouts) >= _KEPT:
            _layouts.pop(next(iter(_layouts)), None)
        _layouts[place] = (copy.blob, layout)
    return copy, layout
