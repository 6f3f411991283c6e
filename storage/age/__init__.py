"""age v1 (c2sp.org/age): sealed files that the `age` command opens too, written on `cryptography` alone.

identity = HybridIdentity.generate()
with Writer(sink, [identity.recipient()]) as sealed:
    sealed.write(b"...")
reader = Reader(source, [identity])     # seekable; verified at open
for chunk in read(source, [identity]):  # sequential
    ...
"""

from storage.age.header import MAX_HEADER, HeaderError, HeaderMacError
from storage.age.recipients import (
    BadIdentity,
    BadRecipient,
    HybridIdentity,
    HybridRecipient,
    Identity,
    MixedRecipients,
    NoMatch,
    Recipient,
    ScryptIdentity,
    ScryptRecipient,
    X25519Identity,
    X25519Recipient,
    parse_identity,
    parse_recipient,
)
from storage.age.stream import PayloadError, Reader, Writer, read, recipients_of, rewrap

__all__ = [
    "MAX_HEADER",
    "BadIdentity",
    "BadRecipient",
    "HeaderError",
    "HeaderMacError",
    "HybridIdentity",
    "HybridRecipient",
    "Identity",
    "MixedRecipients",
    "NoMatch",
    "PayloadError",
    "Reader",
    "Recipient",
    "ScryptIdentity",
    "ScryptRecipient",
    "Writer",
    "X25519Identity",
    "X25519Recipient",
    "parse_identity",
    "parse_recipient",
    "read",
    "recipients_of",
    "rewrap",
]
