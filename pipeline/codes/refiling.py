"""Extracts filed under other codes by an act on the codebook, whoever coded them; only ids of codes pass through here."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from pipeline import contents, stages
from pipeline.codes.codebook import Codebook
from pipeline.codes.coding import Extract
from storage.home import Home
from storage.models import Conversation, State
from storage.models import Extract as Row

Refiled = tuple[UUID, tuple[str, ...], tuple[str, ...]]


def merge(
    home: Home, session: Session, conversation: Conversation, gone: str, kept: str, book: Codebook
) -> list[Refiled]:
    """File under `kept` what is filed under `gone`, removed extracts too: which they were, with their codes before and after."""
    rows = contents.extract_rows(session, conversation, removed=True)
    about: list[Refiled] = []
    for row, one in zip(rows, contents.open_extracts(home, conversation, rows), strict=True):
        if gone in one.codes:
            codes = book.order(tuple(kept if code == gone else code for code in one.codes))
            contents.seal_extract(home, conversation, row, replace(one, codes=codes))
            about.append((row.id, one.codes, codes))
    return about


def codes_of(home: Home, session: Session, id: UUID) -> list[str] | None:
    """The codes of an extract; None when its conversation has gone."""
    found = _find(home, session, id)
    return None if found is None else list(found[2].codes)


def file(home: Home, session: Session, id: UUID, codes: list[str]) -> None:
    """Give an extract these codes, unless its conversation has gone. Raises Frozen."""
    found = _find(home, session, id)
    if found is not None:
        conversation, row, one = found
        stages.require_open(session, conversation, "codebook")
        contents.seal_extract(home, conversation, row, replace(one, codes=tuple(codes)))
        session.flush()


def _find(home: Home, session: Session, id: UUID) -> tuple[Conversation, Row, Extract] | None:
    row = session.get(Row, id)
    conversation = session.get(Conversation, row.conversation_id) if row else None
    if row is None or conversation is None or conversation.document is None or conversation.state is State.WITHDRAWN:
        return None
    return conversation, row, contents.open_extract(home, conversation, row)
