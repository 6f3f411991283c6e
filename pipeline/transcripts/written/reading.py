"""A file with a transcript, whatever it is called: what it is is decided by what is in it."""

import re
from collections.abc import Collection
from typing import Final

from pipeline.transcripts.written import captions, plain, word
from pipeline.transcripts.written.lines import Written
from storage.errors import BadInput

LARGEST: Final = 32 * 2**20  # bytes; ninety minutes are 100 kB of text
_SUBRIP = re.compile(r"^\s*(?:\d+\s*\n)?\s*\d{1,2}:\d{2}:\d{2}[,.]\d{1,3}\s*-->", re.MULTILINE)


class TooLarge(BadInput):
    """transcript: the file has more than {limit} MB, and no transcript of a conversation has; check that it is the right one"""


class NotText(BadInput):
    """transcript: this is neither WebVTT, SubRip, plain text nor a Word file (.docx); save it as one of them and try again"""


class NothingSaid(BadInput):
    """transcript: no words were found in this file; check that it is the right one"""


def parse(data: bytes, known: Collection[str] = ()) -> Written:
    """What a file says. `known` are tags of speakers, in lower case, besides the usual ones.

    Raises:
        TooLarge, NotText, NothingSaid, and for a Word file NotReadable and Suspect.
    """
    if len(data) > LARGEST:
        raise TooLarge(limit=LARGEST // 2**20)
    if data.startswith(b"PK\x03\x04"):
        if not word.is_word(data):
            raise NotText
        found = word.parse(data, known)
    else:
        found = _text(decoded(data), known)
    if not any(char.isalnum() for line in found.lines for char in line.text):
        raise NothingSaid
    return found


def decoded(data: bytes) -> str:
    """The text in these bytes: UTF-8, UTF-16 where it says so, and otherwise what older Windows programs write.

    Raises NotText.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in data:
        raise NotText
    else:
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    controls = sum(ord(char) < 32 and char not in "\t\n\r\f\v" for char in text)
    if controls > len(text) / 100:
        raise NotText
    return text


def _text(text: str, known: Collection[str]) -> Written:
    if text.startswith("WEBVTT"):
        return captions.parse(text, "vtt")
    if _SUBRIP.search(text):
        return captions.parse(text, "srt")
    return plain.parse(text.splitlines(), "txt", known=known)
