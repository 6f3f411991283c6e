"""Sealed files that no row knows: a crash came between the file and its row. Nobody would ever destroy them; so they go."""

from sqlalchemy import select

from storage.home import Home
from storage.models import Recording


def sweep(home: Home) -> int:
    """Remove them; returns how many. A file whose writer lives is spared."""

    def is_known(name: str) -> bool:
        with home.reading() as session:
            either = (Recording.blob == name) | (Recording.playback == name)
            return session.scalar(select(Recording.id).where(either).limit(1)) is not None

    return home.blobs.sweep_orphans(is_known)
