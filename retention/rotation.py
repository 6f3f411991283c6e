"""A new passphrase for the vault, and with it a new root: what knew the old one opens nothing that lies here."""

from access.people import Person
from access.roles import Act, require
from storage.home import Home
from storage.log.log import Event


def rotate(home: Home, actor: Person, passphrase: bytes) -> int:
    """Give the vault a new passphrase; returns the new epoch. Every recovery copy made before is obsolete.

    Raises:
        NotAllowed, VaultClosed, VaultBusy, NotPrepared
    """
    require(actor.roles, Act.ROTATE_VAULT, actor.name)
    with home.vault.prepare((), passphrase=passphrase) as rotation, home.writing() as session:
        rotation.commit()
        home.log(session, Event.VAULT_ROTATED, actor=actor.name, detail={"epoch": rotation.epoch})
    return rotation.epoch
