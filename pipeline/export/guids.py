"""What the exchange formats call things by: the same identifier at every export of a review, and no other's."""

from uuid import UUID, uuid5

_NAMESPACE = UUID("5d0c3f0e-6d0c-5f0c-9a55-7c6f2a0f7d11")


def guid(review: str, kind: str, name: str) -> str:
    """The identifier of a part of a review, the same in every export of it."""
    # stable, so that archived exports can be matched; upper case, since some programs refuse the other
    return str(uuid5(_NAMESPACE, f"{review}\n{kind}\n{name}")).upper()
