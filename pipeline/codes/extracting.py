"""Extracts of a conversation, in the database: add, change, remove, undo, list. Whoever made an extract changes it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline import contents, history, stages
from pipeline.codes import arranging, bookkeeping, coding, finding
from pipeline.codes.codebook import Codebook
from pipeline.codes.coding import Extract
from pipeline.codes.finding import UnknownExtract as UnknownExtract
from pipeline.codes.quotes import Anchor, find_quote, take
from pipeline.codes.shelf import ExtractShelf, text_of, words_of
from pipeline.history import Field, Scope, Step
from pipeline.reviews import codebook_of, find_conversation
from pipeline.transcripts.document import Document, clean
from storage.errors import Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, State
from storage.models import Extract as ExtractRow
from storage.models import Person as PersonRow

Result = TypeVar("Result")


class NoDocument(Refused):
    """extract: {reference} has no pseudonymised transcript yet; first: {todo}"""


class NotYours(Refused):
    """extract: extract {number} of {reference} is {coder}'s; two coders' work is kept apart, so ask them to change it"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Which words are meant: an anchor, a quote (in one turn, if a turn is named), or whole turns from `turn` to `last`."""

    anchor: Anchor | None = None
    quote: str | None = None
    turn: int | None = None
    last: int | None = None

    def find(self, document: Document) -> Anchor:
        """Raises BadAnchor, QuoteNotFound, QuoteAmbiguous."""
        if self.anchor is not None:
            return self.anchor
        if self.quote is not None:
            return find_quote(document, self.quote, self.turn)
        last = self.last or self.turn or 0
        text = next((passage.text for passage in document.passages if passage.turn == last), "")
        return Anchor(first_turn=self.turn or 0, first_char=0, last_turn=last, last_char=len(text))


def document_of(home: Home, session: Session, conversation: Conversation) -> Document:
    """The document that extracts are made from. Raises NoDocument."""
    document = contents.document(home, conversation)
    if document is None:
        todo = "; ".join(
            c.todo for c in stages.conditions(home, session, conversation) if not c.met and c.name != "extracts"
        )
        raise NoDocument(reference=conversation.reference, todo=todo)
    return document


def read(home: Home, actor: Person, reference: str) -> Document:
    """The pseudonymised transcript as coding sees it. Raises NotAllowed, UnknownConversation, NoDocument."""
    require(actor.roles, Act.CODE, actor.name)
    with home.reading() as session:
        return document_of(home, session, find_conversation(session, reference))


def add(
    home: Home,
    actor: Person,
    reference: str,
    *,
    codes: tuple[str, ...],
    quote: str | None = None,
    turn: int | None = None,
    last: int | None = None,
    anchor: Anchor | None = None,
    memo: str = "",
    in_vivo: bool = False,
) -> tuple[int, Extract]:
    """Add an extract by its place (see `Place`); with `in_vivo` its own words become a code of the review as well.

    Raises:
        NotAllowed, UnknownConversation, NoDocument, Frozen, BadAnchor, QuoteNotFound, QuoteAmbiguous, UnknownCode,
        HeadingUsed, RetiredUsed, BadCodebook.
    """
    place = Place(anchor=anchor, quote=quote, turn=turn, last=last)

    def make(document: Document, book: Codebook, conversation: Conversation) -> tuple[tuple[Extract, ...], Codebook]:
        found, given = place.find(document), codes
        if in_vivo:
            book, own = arranging.in_vivo(book, take(document, found), conversation.extract_key)
            given = (*codes, own.id)
        made = coding.extract(document, found, given, codebook=book, coder=actor.name, at=home.now(), memo=memo)
        return (made,), book

    (one,) = _add(home, actor, reference, make)
    return one


def import_table(home: Home, actor: Person, reference: str, data: bytes) -> list[tuple[int, Extract]]:
    """Add all extracts of a CSV table with the columns turn, quote, codes, memo; all or nothing, and undone as one.

    Raises:
        BadTable and what `add` raises.
    """

    def make(document: Document, book: Codebook, _: Conversation) -> tuple[tuple[Extract, ...], Codebook]:
        return coding.from_table(document, data, codebook=book, coder=actor.name, at=home.now()), book

    return _add(home, actor, reference, make)


def look_at_table(home: Home, actor: Person, reference: str, data: bytes) -> int:
    """How many extracts `import_table` would add. Writes nothing, and raises what that raises."""
    require(actor.roles, Act.CODE, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        stages.require_open(session, conversation, "extract")
        document, book = document_of(home, session, conversation), codebook_of(home, conversation.review)
        return len(coding.from_table(document, data, codebook=book, coder=actor.name, at=home.now()))


def _add(
    home: Home,
    actor: Person,
    reference: str,
    make: Callable[[Document, Codebook, Conversation], tuple[tuple[Extract, ...], Codebook]],
) -> list[tuple[int, Extract]]:
    def act(session: Session, conversation: Conversation) -> list[tuple[int, Extract]]:
        before = codebook_of(home, conversation.review)
        made, book = make(document_of(home, session, conversation), before, conversation)
        steps = _keep_book(home, session, conversation, before, book)
        return put_in(home, session, conversation, actor, made, steps)

    return _act(home, actor, reference, act)


def put_in(
    home: Home,
    session: Session,
    conversation: Conversation,
    actor: Person,
    made: Sequence[Extract],
    steps: Sequence[Step] = (),
) -> list[tuple[int, Extract]]:
    """Put new extracts into a conversation as one act, in the caller's transaction; `steps` is what it did to the codes."""
    numbered = []
    for one in made:
        numbered.append((contents.add_extract(home, session, conversation, actor, one), one))
        session.flush()
    new = [Step(place=f"extract:{one.id}", before=None, after=text_of(one)) for one in made]
    if made:
        history.record(home, session, _scope(conversation), actor, [*steps, *new])
        home.log(session, Event.EXTRACT_ADDED, actor=actor.name, obj=[conversation.id], detail={"count": len(made)})
    return numbered


def change(
    home: Home,
    actor: Person,
    reference: str,
    number: int,
    *,
    codes: Iterable[str] | None = None,
    more: Iterable[str] = (),
    fewer: Iterable[str] = (),
    memo: str | None = None,
    place: Place | None = None,
) -> Extract:
    """Give an extract other codes (all of them, or some more and fewer), another memo, or other words.

    Raises:
        UnknownExtract, NotYours and what `add` raises.
    """

    def made(one: Extract, document: Document, book: Codebook) -> Extract:
        kept = one.codes if codes is None else coding.given(book, codes, had=one.codes)
        dropped = coding.given(book, fewer, had=one.codes)
        given = book.order((*(id for id in kept if id not in dropped), *coding.given(book, more, had=one.codes)))
        fresh = replace(one, codes=given, memo=one.memo if memo is None else clean(memo).strip())
        return fresh if place is None else coding.at(fresh, document, place.find(document))

    def act(session: Session, conversation: Conversation) -> Extract:
        row = _row(session, conversation, actor, number, removed=False)
        one = contents.open_extract(home, conversation, row)
        book = codebook_of(home, conversation.review)
        changed = made(one, document_of(home, session, conversation), book)
        _keep(home, session, conversation, actor, row, one, changed)
        return changed

    return _act(home, actor, reference, act, adds=codes is None and not fewer and place is None)


def file(
    home: Home,
    actor: Person,
    reference: str,
    place: Place,
    *,
    codes: tuple[str, ...],
    memo: str = "",
    in_vivo: bool = False,
) -> int:
    """File words under codes. Where the person has an extract of these very words, that one gets the codes and the memo too;
    else there is a new one. Returns its number.

    Raises what `add` raises.
    """

    def act(session: Session, conversation: Conversation) -> int:
        document, before = document_of(home, session, conversation), codebook_of(home, conversation.review)
        book, given, anchor = before, codes, place.find(document)
        if in_vivo:
            book, own = arranging.in_vivo(book, take(document, anchor), conversation.extract_key)
            given = (*codes, own.id)
        made = coding.extract(document, anchor, given, codebook=book, coder=actor.name, at=home.now(), memo=memo)
        steps = _keep_book(home, session, conversation, before, book)
        mine = [row for row in contents.extract_rows(session, conversation) if row.person_id == actor.id]
        for row, one in zip(mine, contents.open_extracts(home, conversation, mine), strict=True):
            if one.anchor == anchor and one.quote == made.quote:
                notes = one.memo if not made.memo or made.memo in one.memo else f"{one.memo}\n{made.memo}".strip()
                changed = replace(one, codes=book.order((*one.codes, *made.codes)), memo=notes)
                _keep(home, session, conversation, actor, row, one, changed, steps)
                return row.number
        ((number, _),) = put_in(home, session, conversation, actor, [made], steps)
        return number

    return _act(home, actor, reference, act, adds=True)


def _keep(
    home: Home,
    session: Session,
    conversation: Conversation,
    actor: Person,
    row: ExtractRow,
    one: Extract,
    changed: Extract,
    steps: Sequence[Step] = (),
) -> None:
    """Keep what became of an extract as one act; `steps` is what it did to the codes."""
    if changed == one:
        return
    contents.seal_extract(home, conversation, row, changed)
    done = [*steps, Step(place=f"extract:{one.id}", before=text_of(one), after=text_of(changed))]
    if changed.anchor != one.anchor or changed.quote != one.quote:
        done.append(Step(place=f"words:{one.id}", before=words_of(one), after=words_of(changed)))
    history.record(home, session, _scope(conversation), actor, done)
    home.log(session, Event.EXTRACT_CHANGED, actor=actor.name, obj=[conversation.id, row.id])


def _keep_book(
    home: Home, session: Session, conversation: Conversation, before: Codebook, book: Codebook
) -> list[Step]:
    """Keep the codes that an act on extracts made, and say what it did to them."""
    if book == before:
        return []
    bookkeeping.keep(home, session, conversation.review, book)
    return bookkeeping.steps(home, before, book)


def remove(home: Home, actor: Person, reference: str, *numbers: int) -> None:
    """Take extracts out; they can be put back with `restore`."""
    _set_removed(home, actor, reference, numbers, removed=True)


def restore(home: Home, actor: Person, reference: str, *numbers: int) -> None:
    """Put removed extracts back."""
    _set_removed(home, actor, reference, numbers, removed=False)


def _set_removed(home: Home, actor: Person, reference: str, numbers: Collection[int], *, removed: bool) -> None:
    def act(session: Session, conversation: Conversation) -> None:
        steps = []
        for number in numbers:
            row = _row(session, conversation, actor, number, removed=not removed)
            text = text_of(contents.open_extract(home, conversation, row))
            row.removed_at = home.now() if removed else None
            before, after = (text, None) if removed else (None, text)
            steps.append(Step(place=f"extract:{row.id}", before=before, after=after))
            event = Event.EXTRACT_REMOVED if removed else Event.EXTRACT_ADDED
            home.log(session, event, actor=actor.name, obj=[conversation.id, row.id])
        session.flush()
        history.record(home, session, _scope(conversation), actor, steps)

    _act(home, actor, reference, act)


def undo(home: Home, actor: Person, reference: str) -> list[int]:
    """Take back one's own newest act on the extracts of a conversation; returns the numbers of those it was about.

    Raises:
        NotAllowed, UnknownConversation, Frozen, NothingToUndo, BuiltUpon, CodeInUse.
    """
    return _again(home, actor, reference, history.undo)


def redo(home: Home, actor: Person, reference: str) -> list[int]:
    """Do again what one took back last. Raises NothingToRedo and what `undo` raises."""
    return _again(home, actor, reference, history.redo)


def _again(home: Home, actor: Person, reference: str, way: Callable[..., tuple[Step, ...]]) -> list[int]:
    def act(session: Session, conversation: Conversation) -> list[int]:
        shelf = ExtractShelf(home, session, conversation)
        steps = way(home, session, _scope(conversation), actor, shelf)
        shelf.keep()
        home.log(session, Event.EXTRACT_CHANGED, actor=actor.name, obj=[conversation.id], detail={way.__name__: True})
        about = {UUID(id) for kind, _, id in (step.place.partition(":") for step in steps) if kind == "extract"}
        return [row.number for row in contents.extract_rows(session, conversation, removed=True) if row.id in about]

    return _act(home, actor, reference, act)


def _act(
    home: Home,
    actor: Person,
    reference: str,
    act: Callable[[Session, Conversation], Result],
    *,
    adds: bool = False,
) -> Result:
    """Do something to the extracts of a conversation. What only `adds` to them opens no condition of theirs that was met."""
    require(actor.roles, Act.CODE, actor.name)
    with home.writing() as session:
        conversation = find_conversation(session, reference)
        stages.require_open(session, conversation, "extract")
        book = conversation.review.codebook
        result = act(session, conversation)
        session.flush()
        # A code in a participant's words may say a name that nobody has decided.
        first = State.CODED if conversation.review.codebook == book else State.PSEUDONYMISED
        if not (adds and first is State.CODED and conversation.state is State.CODED):
            stages.settle(home, session, conversation, actor, first=first)
        return result


def _row(session: Session, conversation: Conversation, actor: Person, number: int, *, removed: bool) -> ExtractRow:
    row = session.scalar(
        select(ExtractRow).where(ExtractRow.conversation_id == conversation.id, ExtractRow.number == number)
    )
    if row is None or (row.removed_at is not None) is not removed:
        raise UnknownExtract(reference=conversation.reference, number=number)
    if row.person_id in finding.working_others(session, actor):
        owner = session.get_one(PersonRow, row.person_id)
        raise NotYours(number=number, reference=conversation.reference, coder=owner.name)
    return row


def _scope(conversation: Conversation) -> Scope:
    return Scope(field=Field.EXTRACTS, review=conversation.review, conversation=conversation)


def listed(
    home: Home, actor: Person, reference: str, *, coder: str | None = None
) -> list[tuple[int, Extract, tuple[str, ...]]]:
    """Each extract with its number and what is wrong with it; only one coder's if one is named."""
    return [
        (one.number, one.extract, one.faults)
        for one in finding.of_conversation(home, actor, reference)
        if coder in (None, one.extract.coder)
    ]
