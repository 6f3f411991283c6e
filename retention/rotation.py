"""A new root for the vault, without keys that are to be destroyed, and without those that nobody knows."""

from collections.abc import Collection, Iterator, Set
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import select

from access.people import Person
from access.roles import Act, require
from retention.orders import ACTOR
from storage.home import Home
from storage.log.log import Event, entries
from storage.models import Conversation, Review
from storage.vault import Rotation

_SWEPT = f'"event":"{Event.VAULT_SWEPT}"'.encode()


def rotate(home: Home, actor: Person, passphrase: bytes) -> int:
    """Give the vault a new passphrase; returns the new epoch. Every recovery copy made before is obsolete.

    Raises:
        NotAllowed, VaultClosed, VaultBusy, NotPrepared
    """
    require(actor.roles, Act.ROTATE_VAULT, actor.name)
    with prepared(home, (), passphrase=passphrase) as rotation, home.writing() as session:
        rotation.commit()
        home.log(session, Event.VAULT_ROTATED, actor=actor.name, detail={"epoch": rotation.epoch})
    return rotation.epoch


@contextmanager
def prepared(home: Home, victims: Collection[UUID], *, passphrase: bytes | None = None) -> Iterator[Rotation]:
    """The next root, ready to be committed, without the victims and without keys whose maker was killed before it wrote what they
    are for. Nothing was ever sealed under such a key; that it goes is logged before it does.

    Raises:
        VaultBusy, NotPrepared
    """
    rotation = home.vault.prepare(victims, passphrase=passphrase, unknown=lambda keys: _unknown(home, keys))
    with rotation:
        if swept := rotation.victims.difference(victims):
            with home.writing() as session:
                detail = {"epoch": rotation.epoch}
                home.log(session, Event.VAULT_SWEPT, actor=ACTOR, obj=sorted(map(str, swept)), detail=detail)
        yield rotation


def _unknown(home: Home, keys: Set[UUID]) -> Set[UUID]:
    """Those that neither a row nor the log names: whoever takes a row away must not destroy a key by that."""
    columns = (Conversation.recording_key, Conversation.extract_key, Review.names_key, Review.review_key)
    with home.reading() as session:
        left = keys - {key for column in columns for key in session.scalars(select(column))}
        for _, body in entries(session) if left else ():
            # One that was announced and then not done, because of a crash, is announced again.
            if _SWEPT not in body:
                left = {key for key in left if str(key).encode() not in body}
    return left
