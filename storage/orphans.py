"""Sealed files that no row knows: a crash came between the file and its row. Nobody would ever destroy them; so they go."""

from functools import partial

from sqlalchemy import select

from storage.blobs import BlobRef
from storage.home import Home
from storage.models import Arrival, Recording


def sweep(home: Home) -> int:
    """Remove them, finished or not; returns how many. A file whose writer lives is spared."""
    is_known = partial(_is_known, home)
    return home.blobs.sweep_unfinished(is_known) + home.blobs.sweep_orphans(is_known)


def drop(home: Home, blob: BlobRef) -> None:
    """Remove a sealed file after its row failed; it stays if the row is there, for what fails may come after the commit."""
    if not _is_known(home, blob):
        home.blobs.destroy(blob)


def _is_known(home: Home, name: str) -> bool:
    either = (Recording.blob == name) | (Recording.playback == name)
    with home.reading() as session:
        known = session.scalar(select(Recording.id).where(either).limit(1))
        return known is not None or session.scalar(select(Arrival.id).where(Arrival.blob == name)) is not None
