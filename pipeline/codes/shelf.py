"""Extracts as texts, for undo: whether each is there, its codes and memo, and, where an act moved it, its words."""

import json
from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from pipeline import contents
from pipeline.codes import bookkeeping, coding
from pipeline.codes.bookkeeping import CodeShelf
from pipeline.codes.coding import Extract
from pipeline.reviews import codebook_of
from storage.home import Home
from storage.models import Conversation
from storage.models import Extract as ExtractRow


def text_of(one: Extract) -> str:
    """What of an extract a person gives it; its words follow the transcript by themselves."""
    return json.dumps({"codes": list(one.codes), "memo": one.memo}, ensure_ascii=False)


def words_of(one: Extract) -> str:
    """An extract whole, where an act gave it other words."""
    return coding.dump([one]).decode()


class ExtractShelf:
    """The extracts of a conversation, and the codes that in vivo coding made; `keep` writes what became of the codes."""

    def __init__(self, home: Home, session: Session, conversation: Conversation) -> None:
        self._home, self._session, self._conversation = home, session, conversation
        self._before = codebook_of(home, conversation.review)
        self._codes = CodeShelf(home, session, self._before)

    def keep(self) -> None:
        """Raises BadCodebook, CodeInUse."""
        self._session.flush()
        book = self._codes.book
        if book != self._before:
            bookkeeping.keep(self._home, self._session, self._conversation.review, book)

    def holds(self, place: str, text: str | None) -> bool:
        kind, _, id = place.partition(":")
        if kind == "extract":
            row = self._row(id)
            return (None if row.removed_at else text_of(self._open(row))) == text
        return kind == "words" or self._codes.holds(place, text)

    def put(self, place: str, text: str | None) -> None:
        kind, _, id = place.partition(":")
        if kind == "extract":
            self._put(self._row(id), text)
        elif kind == "words" and text is not None:
            self._move(self._row(id), text)
        else:
            self._codes.put(place, text)

    def _row(self, id: str) -> ExtractRow:
        return self._session.get_one(ExtractRow, UUID(id))

    def _open(self, row: ExtractRow) -> Extract:
        return contents.open_extract(self._home, self._conversation, row)

    def _put(self, row: ExtractRow, text: str | None) -> None:
        row.removed_at = self._home.now() if text is None else None
        if text is not None:
            given = json.loads(text)
            one = replace(self._open(row), codes=tuple(given["codes"]), memo=given["memo"])
            contents.seal_extract(self._home, self._conversation, row, one)

    def _move(self, row: ExtractRow, text: str) -> None:
        """Back to other words, where they stand now; if they no longer do, the extract is listed as one to mend."""
        (was,) = coding.load(text.encode())
        now = self._open(row)
        one = replace(was, codes=now.codes, memo=now.memo)
        document = contents.document(self._home, self._conversation)
        contents.seal_extract(
            self._home, self._conversation, row, one if document is None else coding.again(one, document)
        )
