"""The public key of a log, as an option gives it: out of somebody's own notes, never out of what it is to verify."""

from storage.errors import BadInput
from storage.log.note import BadNote, VerifierKey


class BadKey(BadInput):
    """key: this is not the public key of a log ({reason}); give all of it, name+hash+key, as you noted it"""


def public_key(text: str) -> VerifierKey:
    """Raises BadKey: what cannot be read is no proof that anything is false."""
    try:
        return VerifierKey.parse(text)
    except BadNote as error:
        raise BadKey(reason=error.fields["reason"]) from None
