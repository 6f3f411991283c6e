"""The codebook of a review, in the database: change it, bring in another, take that back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline import contents, history, stages
from pipeline.codes import arranging, own_words, refiling
from pipeline.codes.codebook import Code, Codebook
from pipeline.history import Field, Scope, Step
from pipeline.pseudonyms import code_words
from pipeline.reviews import codebook_of, find_review, seal_codebook
from storage.errors import Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, Review, State

ORDER, FILED = "order", "filed"


class CodeInUse(Refused):
    """codebook: the new codebook lacks codes that extracts have ({codes}); keep them or change the extracts first"""


class SignedFor(Refused):
    """codebook: {reference} has been signed with the code "{name}" as it is; take the sign-off back with
    `candour signoff {reference} --take-back`, or change the code when the recording is gone"""


class CodeShelf:
    """The codes of a book as texts, for undo: `book` is what putting them back makes of it. Extracts that an act gave other
    codes lie on it too, where their conversation has not gone."""

    def __init__(self, home: Home, session: Session, book: Codebook) -> None:
        self._home, self._session = home, session
        self._order = [code.id for code in book.codes]
        self._codes = {code.id: code for code in book.codes}
        self._book = book

    @property
    def book(self) -> Codebook:
        return replace(self._book, codes=arranging.ordered(self._codes.values(), self._order))

    def holds(self, place: str, text: str | None) -> bool:
        kind, _, id = place.partition(":")
        if kind == FILED:
            codes = refiling.codes_of(self._home, self._session, UUID(id))
            return codes is None or codes == (text or "").split()
        return kind == ORDER or self._codes.get(id) == (
            None if text is None else own_words.code_from_text(self._home, text)
        )

    def put(self, place: str, text: str | None) -> None:
        kind, _, id = place.partition(":")
        if kind == FILED:
            refiling.file(self._home, self._session, UUID(id), (text or "").split())
        elif kind == ORDER:
            self._order = (text or "").split()
        elif text is None:
            self._codes.pop(id, None)
        else:
            self._codes[id] = own_words.code_from_text(self._home, text)


def steps(home: Home, before: Codebook, after: Codebook) -> list[Step]:
    """What an act did to the codes."""
    old, new = ({code.id: code for code in book.codes} for book in (before, after))
    changed = [
        Step(place=f"code:{id}", before=_text(home, old.get(id)), after=_text(home, new.get(id)))
        for id in dict.fromkeys((*old, *new))
        if old.get(id) != new.get(id)
    ]
    order = Step(place=ORDER, before=" ".join(old), after=" ".join(new))
    return [*changed, order]


def _text(home: Home, code: Code | None) -> str | None:
    return None if code is None else own_words.code_to_text(home, code)


def keep(home: Home, session: Session, review: Review, book: Codebook) -> None:
    """Give a review this book, in the caller's transaction.

    Raises:
        CodeInUse, SignedFor.
    """
    before = codebook_of(home, review)
    uses = {row: used_codes(home, session, row) for row in contents.documented(session, review)}
    codable = {code.id for code in book.codes if code.codable}
    if missing := set().union(*uses.values()) - codable:
        raise CodeInUse(codes=", ".join(sorted(missing)))
    for row, used in uses.items():
        if row.state is not State.DESTROYED and stages.has_signature(session, row):
            for id in sorted(used):
                if before.meaning(id) != book.meaning(id):
                    raise SignedFor(reference=row.reference, name=before.find(id).name)
            for code in _reworded(before, book, row.extract_key):
                raise SignedFor(reference=row.reference, name=code.name)
    seal_codebook(home, review, book)


def _reworded(before: Codebook, after: Codebook, key: UUID) -> Iterator[Code]:
    """In vivo codes of a conversation that no longer say the same, with or without extracts: their words were judged with it."""
    stay = {code.id: code for code in after.codes}
    for code in before.codes:
        if (
            code.words_of == key
            and code.id in stay
            and code_words.passage([code]) != code_words.passage([stay[code.id]])
        ):
            yield code


def used_codes(home: Home, session: Session, conversation: Conversation) -> set[str]:
    """Ids of the codes that the extracts of a conversation have."""
    return {code for _, one in contents.extracts(home, session, conversation) for code in one.codes}


def read(home: Home, actor: Person, review_reference: str) -> Codebook:
    """The codebook of a review. Raises NotAllowed, UnknownReview."""
    require(actor.roles, Act.CODE, actor.name)
    with home.reading() as session:
        return codebook_of(home, find_review(session, review_reference))


def add(
    home: Home, actor: Person, review_reference: str, code: Code, *, below: str | None = None
) -> tuple[Codebook, Code]:
    """Add a code below the one any label names, or at the top; its id is made from its name. Returns the book and the code.

    Raises:
        NotAllowed, UnknownReview, UnknownCode, BadCodebook.
    """
    ids: list[str] = []

    def made(book: Codebook) -> Codebook:
        wider = book.add(code.name, parent=below, description=code.description, codable=code.codable)
        new = wider.codes[-1]
        ids.append(new.id)
        given = {"shortcut": code.shortcut, "aliases": code.aliases, "colour": code.colour or new.colour}
        # behind the last one below its parent, not at the end of the book
        return arranging.change(wider, new.id, below=new.parent or "", **given)

    book = _change(home, actor, review_reference, Event.CODE_ADDED, made)
    return book, book.find(ids[0])


def change(home: Home, actor: Person, review_reference: str, label: str, **fields: Any) -> Code:
    """Change a code: see `arranging.change`. Raises what that raises, and NotAllowed, UnknownReview, CodeInUse, SignedFor."""
    ids: list[str] = []

    def made(book: Codebook) -> Codebook:
        ids.append(book.find(label).id)
        return arranging.change(book, label, **fields)

    return _change(home, actor, review_reference, Event.CODE_CHANGED, made).find(ids[0])


def shift(home: Home, actor: Person, review_reference: str, label: str, by: int) -> Codebook:
    """Move a code up or down among those beside it. Raises NotAllowed, UnknownReview, UnknownCode, AtTheEnd."""
    return _change(home, actor, review_reference, Event.CODE_CHANGED, lambda book: arranging.shift(book, label, by))


def remove(home: Home, actor: Person, review_reference: str, label: str) -> Codebook:
    """Remove a code that no extract has.

    Raises:
        NotAllowed, UnknownReview, UnknownCode, StillHasCodes, CodeInUse.
    """
    return _change(home, actor, review_reference, Event.CODE_CHANGED, lambda book: arranging.remove(book, label))


def merge(home: Home, actor: Person, review_reference: str, label: str, into: str) -> tuple[Codebook, int]:
    """Make one code of two: what is filed under the first is filed under the second, which is called by its names too; the
    first goes. Everybody's extracts, also those taken out. Returns the book and how many extracts it was about.

    Raises:
        NotAllowed, UnknownReview, UnknownCode, IntoItself, StillHasCodes, HeadingUsed, SignedFor.
    """
    require(actor.roles, Act.CODE, actor.name)
    with home.writing() as session:
        review = find_review(session, review_reference)
        before = codebook_of(home, review)
        code, after = before.find(label), arranging.merge(before, label, into)
        kept = after.find(before.find(into).id)
        moved: list[Step] = []
        for conversation in contents.documented(session, review):
            about = refiling.merge(home, session, conversation, code.id, kept.id, after)
            if about and stages.has_signature(session, conversation):
                raise SignedFor(reference=conversation.reference, name=code.name)
            moved += [Step(place=f"{FILED}:{id}", before=" ".join(old), after=" ".join(new)) for id, old, new in about]
            if about:
                home.log(
                    session,
                    Event.EXTRACT_CHANGED,
                    actor=actor.name,
                    obj=[conversation.id],
                    detail={"count": len(about)},
                )
        session.flush()
        keep(home, session, review, after)
        done = [*moved, *steps(home, before, after)]
        history.record(home, session, Scope(field=Field.CODES, review=review), actor, done)
        home.log(session, Event.CODE_CHANGED, actor=actor.name, obj=[review.id], detail={"codes": len(after.codes)})
        stages.settle_all(home, session, review, actor)
        return after, len(moved)


def replace_codebook(home: Home, actor: Person, review_reference: str, codebook: Codebook) -> Codebook:
    """Give a review another codebook; every code in use must be in it, as a code that takes extracts.

    A code that keeps its id and its name stays a participant's own words where it was.

    Raises:
        NotAllowed, UnknownReview, CodeInUse, SignedFor.
    """

    def made(book: Codebook) -> Codebook:
        own = {(code.id, code.name): code.words_of for code in book.codes}
        codes = (replace(code, words_of=own.get((code.id, code.name))) for code in codebook.codes)
        return replace(codebook, codes=tuple(codes))

    return _change(home, actor, review_reference, Event.CODE_ADDED, made)


def undo(home: Home, actor: Person, review_reference: str) -> Codebook:
    """Take back one's own newest change of the codebook.

    Raises:
        NotAllowed, UnknownReview, NothingToUndo, BuiltUpon, BadCodebook, CodeInUse, SignedFor.
    """
    return _again(home, actor, review_reference, history.undo)


def redo(home: Home, actor: Person, review_reference: str) -> Codebook:
    """Do again what one took back last. Raises NothingToRedo and what `undo` raises."""
    return _again(home, actor, review_reference, history.redo)


def _change(
    home: Home, actor: Person, review_reference: str, event: Event, made: Callable[[Codebook], Codebook]
) -> Codebook:
    require(actor.roles, Act.CODE, actor.name)
    with home.writing() as session:
        review = find_review(session, review_reference)
        before = codebook_of(home, review)
        after = made(before)
        keep(home, session, review, after)
        done = steps(home, before, after)
        history.record(home, session, Scope(field=Field.CODES, review=review), actor, done)
        home.log(session, event, actor=actor.name, obj=[review.id], detail={"codes": len(after.codes)})
        stages.settle_all(home, session, review, actor)
        return after


def _again(home: Home, actor: Person, review_reference: str, way: Callable[..., object]) -> Codebook:
    require(actor.roles, Act.CODE, actor.name)
    with home.writing() as session:
        review = find_review(session, review_reference)
        shelf = CodeShelf(home, session, codebook_of(home, review))
        way(home, session, Scope(field=Field.CODES, review=review), actor, shelf)
        keep(home, session, review, shelf.book)
        home.log(session, Event.CODE_CHANGED, actor=actor.name, obj=[review.id], detail={way.__name__: True})
        stages.settle_all(home, session, review, actor)
        return shelf.book
