"""A document: the pseudonymised transcript of one conversation, the only text that coding and exports ever see.

Its text is NFC, has LF line ends only, and no character above U+FFFF, so that code points equal UTF-16 units and every
qualitative-analysis program counts the same positions.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.transcripts.transcript import Speaker
from storage.errors import BadInput

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# XML 1.0 forbids the control characters; surrogates and everything astral would break the count of positions.
_UNCOUNTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff\U00010000-\U0010ffff]")
# A soft hyphen or zero-width space inside a name would hide it from the name key.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_MARKER = "\ufffd"


class NotADocument(BadInput):
    """document: these bytes are not a pseudonymised transcript; run the names step again to make a new one"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """One turn, pseudonymised. `turn` is the number of the turn, `start` and `end` are seconds into the recording."""

    turn: int
    speaker: Speaker
    start: float
    end: float
    text: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """All turns of one conversation in order, with its reference (such as C-001) and the participant's position."""

    conversation: str
    position: str
    passages: tuple[Passage, ...]
    places: Mapping[int, int] = field(init=False, repr=False, compare=False)
    """Where the passage of each turn stands; thousands of anchors are looked up in one document."""

    def __post_init__(self) -> None:
        places = {passage.turn: place for place, passage in enumerate(self.passages)}
        object.__setattr__(self, "places", places)

    def to_json(self) -> bytes:
        """Canonical bytes: UTF-8 JSON, keys sorted, no space between tokens. Equal documents give equal bytes."""
        passages = [
            {
                "turn": passage.turn,
                "speaker": passage.speaker.value,
                "start": float(passage.start),
                "end": float(passage.end),
                "text": passage.text,
            }
            for passage in self.passages
        ]
        whole = {"conversation": self.conversation, "position": self.position, "passages": passages}
        return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Document":
        """The document in these bytes. Raises NotADocument for anything `to_json` did not write."""
        try:
            whole = json.loads(data)
            document = cls(
                conversation=whole["conversation"],
                position=whole["position"],
                passages=tuple(
                    Passage(
                        turn=p["turn"], speaker=Speaker(p["speaker"]), start=p["start"], end=p["end"], text=p["text"]
                    )
                    for p in whole["passages"]
                ),
            )
            unchanged = document.to_json() == data
        except (ValueError, KeyError, TypeError, AttributeError):
            raise NotADocument from None
        if not unchanged:
            raise NotADocument
        return document

    def digest(self) -> str:
        """SHA-256 of the canonical bytes, in hexadecimal."""
        return hashlib.sha256(self.to_json()).hexdigest()


def clean(text: str) -> str:
    """The text as a document may hold it; a character that cannot be counted alike everywhere becomes U+FFFD."""
    # NFC comes before the marker: it turns a few characters below U+FFFF into one above it
    normal = unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", _INVISIBLE.sub("", text)))
    return _UNCOUNTABLE.sub(_MARKER, normal)
