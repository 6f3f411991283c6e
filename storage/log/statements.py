"""What a person signs with their own Ed25519 key: one text for the signer and for whoever verifies it later.

Each statement is a purpose line, which keeps a signature for one purpose from serving another, and a digest of everything the
entry says, which keeps it from serving another object.
"""

from collections.abc import Mapping, Sequence

from storage.log.entry import digest_of


def subject_digest(obj: Sequence[str], detail: Mapping[str, str | int | bool]) -> str:
    """The digest of what an entry is about: SHA-256, 64 hexadecimal digits, of canonical `{"detail":{…},"obj":[…]}`.

    It is the `ref` of order.made, signoff.given, signoff.withdrawn, withdrawal.refused, retention.extended, hold.placed,
    hold.lift_asked and copy.attested, from the same entry's `obj` and `detail`.
    """
    return digest_of({"obj": list(obj), "detail": dict(detail)})


def order_statement(digest: str) -> bytes:
    """What an approver of a destruction order signs."""
    return b"candour/order/v1\n" + digest.encode("ascii")


def signoff_statement(digest: str) -> bytes:
    """What each of the two people signs who agree that the analysis of a conversation is finished."""
    return b"candour/signoff/v1\n" + digest.encode("ascii")


def hold_statement(digest: str) -> bytes:
    """What the one person signs who places a hold."""
    return b"candour/hold/v1\n" + digest.encode("ascii")


def hold_lift_statement(digest: str) -> bytes:
    """What each of the two people signs who lift a hold."""
    return b"candour/hold-lift/v1\n" + digest.encode("ascii")


def signoff_withdrawn_statement(digest: str) -> bytes:
    """What the one person signs who takes back every signature for a conversation."""
    return b"candour/signoff-withdrawn/v1\n" + digest.encode("ascii")


def refusal_statement(digest: str) -> bytes:
    """What the one person signs who refuses a withdrawal on a lawful ground."""
    return b"candour/withdrawal-refused/v1\n" + digest.encode("ascii")


def extension_statement(digest: str) -> bytes:
    """What the one person signs who keeps a recording longer."""
    return b"candour/extension/v1\n" + digest.encode("ascii")


def copy_statement(digest: str) -> bytes:
    """What the holder of a recovery copy signs who has destroyed it."""
    return b"candour/copy-attested/v1\n" + digest.encode("ascii")
