"""Tokens that browsers and links hold: 32 random bytes, of which only the SHA-256 is kept here."""

import secrets
from hashlib import sha256


def new() -> str:
    """A token of 43 characters that may stand in an address or a cookie."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What the database keeps of a token: 64 hexadecimal digits."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
