"""Sealed files that no row knows: a crash came between the file and its row. Nobody would ever destroy them; so they go."""

from sqlalchemy import select

from storage.home import Home
from storage.models import Arrival, Recording


def sweep(home: Home) -> int:
    """Remove them, finished or not; returns how many. A file whose writer lives is spared."""

    def is_known(name: str) -> bool:
        either = (Recording.blob == name) | (Recording.playback == name)
        with home.reading() as session:
            known = session.scalar(select(Recording.id).where(either).limit(1))
            return known is not None or session.scalar(select(Arrival.id).where(Arrival.blob == name)) is not None

    return home.blobs.sweep_unfinished(is_known) + home.blobs.sweep_orphans(is_known)
