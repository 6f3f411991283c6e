"""A codebook as it is kept: with what participants said themselves sealed apart, so that it dies with their conversation.

The name of an in vivo code lies under the extract key of the conversation it comes from, the rest of the book under the
review's. When that key is gone, the code stays and says no more than that it was there.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from pipeline.codes.codebook import Code, Codebook, parse
from storage.home import Home
from storage.sealed import open_value, seal_value
from storage.vault import KeyClass, KeyGone


def to_bytes(home: Home, book: Codebook, before: bytes | None = None) -> bytes:
    """The book, to be sealed under the key of its review. Words that could not be opened are kept as they lay `before`."""
    lay: dict[str, dict[str, str]] = json.loads(before)["words"] if before else {}
    words = {code.id: lay[code.id] for code in book.codes if code.id in lay and code.name == _without_words(code.id)}
    words |= {code.id: _sealed(home, code, code.words_of) for code in book.codes if code.words_of is not None}
    plain = replace(book, codes=tuple(_wordless(code) for code in book.codes))
    return json.dumps({"book": plain.to_toml(), "words": words}, ensure_ascii=False).encode()


def from_bytes(home: Home, data: bytes, closed: Collection[UUID]) -> Codebook:
    """The book; names whose keys are gone or among the `closed` stay what they are called without their words."""
    whole = json.loads(data)
    book = parse(whole["book"])
    words: dict[str, dict[str, str]] = whole["words"]
    codes = (_opened(home, code, words[code.id], closed) if code.id in words else code for code in book.codes)
    return replace(book, codes=tuple(codes))


def speaking(data: bytes) -> frozenset[UUID]:
    """The extract keys of the conversations whose words are names of codes."""
    return frozenset(UUID(words["key"]) for words in json.loads(data)["words"].values())


def code_to_text(home: Home, code: Code) -> str:
    """One code, to be kept under the key of the review without a participant's words in clear."""
    fields = asdict(_wordless(code)) | {"aliases": list(code.aliases)}
    del fields["words_of"]
    words = None if code.words_of is None else _sealed(home, code, code.words_of)
    return json.dumps({"code": fields, "words": words}, sort_keys=True, ensure_ascii=False)


def code_from_text(home: Home, text: str) -> Code:
    whole = json.loads(text)
    fields: dict[str, Any] = whole["code"]
    code = Code(**fields | {"aliases": tuple(fields["aliases"])})
    return code if whole["words"] is None else _opened(home, code, whole["words"], ())


def _wordless(code: Code) -> Code:
    if code.words_of is None:
        return code
    return replace(code, name=_without_words(code.id), words_of=None)


def _without_words(id: str) -> str:
    return f"In vivo {id.rpartition('/')[2]}"


def _sealed(home: Home, code: Code, key: UUID) -> dict[str, str]:
    secret = home.vault.get(key, KeyClass.EXTRACT)
    return {"key": str(key), "sealed": seal_value(secret, f"code.words:{code.id}", code.name.encode()).hex()}


def _opened(home: Home, code: Code, words: dict[str, str], closed: Collection[UUID]) -> Code:
    key = UUID(words["key"])
    if key in closed:
        return code
    try:
        secret = home.vault.get(key, KeyClass.EXTRACT)
    except KeyGone:
        return code
    name = open_value(secret, f"code.words:{code.id}", bytes.fromhex(words["sealed"])).decode()
    return replace(code, name=name, words_of=key)
