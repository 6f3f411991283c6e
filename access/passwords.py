"""Passwords: kept as Argon2id verifiers in the PHC string form, never as themselves."""

import os
import unicodedata

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from storage.errors import BadInput
from storage.keyring import KEY, SALT, Work

WORK = Work()
SHORTEST = 8
_LONGEST = 1024


class BadPassword(BadInput):
    """password: it needs at least 8 characters and at most 1024; choose a longer one, such as a few words"""


def to_bytes(password: str) -> bytes:
    """The password as every keyboard gives it: NFKC, so that an accent typed in two ways is one."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def check_password(password: str) -> None:
    """Let a usable password pass. Raises BadPassword."""
    if not SHORTEST <= len(password) <= _LONGEST:
        raise BadPassword


def hash_password(password: str, work: Work = WORK) -> str:
    """The verifier of a new password, such as `$argon2id$v=19$m=65536,t=3,p=4$...`. Raises BadPassword."""
    check_password(password)
    return Argon2id(
        salt=os.urandom(SALT), length=KEY, iterations=work.iterations, lanes=work.lanes, memory_cost=work.memory
    ).derive_phc_encoded(to_bytes(password))


def verify_password(verifier: str, password: str) -> bool:
    """Whether the verifier was made from this password; compared in constant time."""
    if len(password) > _LONGEST:
        return False
    try:
        Argon2id.verify_phc_encoded(to_bytes(password), verifier)
    except InvalidKey:
        return False
    return True
