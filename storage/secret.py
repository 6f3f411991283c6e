"""Bytes that overwrite themselves when nobody holds them any more.

Python leaves what it frees as it is until something else needs the place, in an idle process for hours. This is as much as it
lets one do: copies that a library makes for itself are not reached, and on another Python than CPython nothing is overwritten.
"""

import ctypes
import sys
from typing import Final

# Where the bytes of a bytes object begin: after its head (CPython, Include/cpython/bytesobject.h).
_HEAD: Final = bytes.__basicsize__ - 1
_REACHED: Final = sys.implementation.name == "cpython"


class Secret(bytes):
    """Key material. It never shows itself, and is overwritten with zeros when it is freed."""

    __slots__ = ()

    @classmethod
    def of(cls, fresh: bytes) -> "Secret":
        """A secret from bytes that were just made and that only the caller holds: those are overwritten at once."""
        kept = cls(fresh)
        _overwrite(fresh)
        return kept

    def __repr__(self) -> str:
        return "<Secret>"

    __str__ = __repr__

    def __del__(self, overwrite=ctypes.memset, reached=_REACHED, head=_HEAD) -> None:  # type: ignore[no-untyped-def]
        # Bound here, because at the very end of a process modules are emptied first.
        if reached:
            overwrite(id(self) + head, 0, len(self))


def _overwrite(fresh: bytes) -> None:
    # One byte and none are shared objects of the interpreter.
    if _REACHED and len(fresh) > 1:
        ctypes.memset(id(fresh) + _HEAD, 0, len(fresh))
