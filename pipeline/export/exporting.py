"""Exports: decided what may leave, written whole, read back equal, recorded and logged."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline import contents
from pipeline.codes import bookkeeping
from pipeline.codes.codebook import Codebook
from pipeline.codes.coding import Extract
from pipeline.export.formats import Format, named
from pipeline.export.line_ends import LineEnds
from pipeline.export.loss import counted, loss
from pipeline.export.model import Profile, Project, build, digest, rows
from pipeline.export.place import place
from pipeline.pseudonyms import disclosing, disclosing_codes
from pipeline.pseudonyms.disclosing import NothingToExport
from pipeline.pseudonyms.disclosure import NotFit, Open
from pipeline.reviews import UnknownPosition, codebook_of, find_conversation, speaking_in_codes
from pipeline.transcripts import agreeing
from pipeline.transcripts.document import Document
from storage.errors import BadInput, Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, Export, Participant, Review
from storage.sealed import keyed_digest
from storage.vault import KeyClass


class OneParticipant(Refused):
    """export: a participant receives their own conversation; name it, or add --recipient POSITION for a draft of the whole
    review"""


class WrongRecipient(Refused):
    """export: {conversation} is not the conversation of "{position}"; leave out --recipient, or name a review for a draft"""


class NotForThem(BadInput):
    """export: a --recipient goes with --for participant only; {profile} exports are for more than one reader"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What is exported: a review or conversations of it, or none for its codebook alone, and the participant who receives it
    if it is one."""

    review: Review
    conversations: Sequence[Conversation]
    profile: Profile
    recipient: Participant | None
    draft: bool

    @property
    def mark(self) -> str:
        """What stands on every page."""
        if self.recipient is None:
            return ""
        return f"Confidential{', draft' * self.draft}: for {self.recipient.position} only"


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What an export holds, and what its format could not carry. `digest` is that of the extracts; of the codes in a codebook
    once it is written, and empty before."""

    extracts: int
    codes: int
    digest: str
    lost: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What an export would hold, and what stands in its way; nothing does where somebody `answers` for all that is open."""

    written: Written
    mark: str
    open: tuple[Open, ...]
    answered: tuple[str, ...]

    @property
    def cleared(self) -> bool:
        return all(one.reference.partition(":")[0] in self.answered for one in self.open)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Draft:
    """What is to be exported, and the digest of each conversation's analysis as it is now."""

    project: Project
    states: Mapping[UUID, str]
    written: Written


@dataclass(frozen=True, kw_only=True, slots=True)
class _Made:
    """An export in memory, read back equal: its bytes, and what is recorded of it."""

    what: Target
    how: Format
    data: bytes = field(repr=False)
    draft: _Draft

    @property
    def written(self) -> Written:
        return self.draft.written


def write(
    home: Home,
    actor: Person,
    target: str,
    *,
    format: str,
    profile: Profile,
    path: Path,
    overwrite: bool,
    recipient: str | None = None,
    ends: LineEnds = LineEnds.LF,
) -> Written:
    """Export a conversation or a whole review to a file of the user's.

    `recipient` is the position of the participant who receives a draft of a review. A refusal is logged.

    Raises:
        NotAllowed, UnknownConversation, UnknownFormat, NoLineEnds, NothingToExport, NotFit, PlaceTaken, CannotPlace,
        CannotExport, ExportDiffers, OneParticipant, WrongRecipient, NotForThem.
    """
    made = _make(home, actor, target, format, profile, recipient, ends)
    # The file is there before the rows say so: a crash in between leaves an export that nobody counts, never the reverse.
    place(made.data, path, overwrite)
    _record(home, actor, made)
    return made.written


def hand_over(
    home: Home,
    actor: Person,
    target: str,
    *,
    format: str,
    profile: Profile,
    recipient: str | None = None,
    ends: LineEnds = LineEnds.LF,
) -> bytes:
    """The same export as bytes, for somebody who takes it away over a connection.

    It is recorded before the first byte leaves: nothing may have left that the log does not know.
    Raises what `write` raises, but for the place.
    """
    made = _make(home, actor, target, format, profile, recipient, ends)
    _record(home, actor, made)
    return made.data


def look(
    home: Home,
    actor: Person,
    target: str,
    *,
    format: str,
    profile: Profile,
    recipient: str | None = None,
    ends: LineEnds = LineEnds.LF,
) -> Outlook:
    """What an export would hold, could not carry, and has in its way. Writes nothing, and logs nothing.

    Raises what `hand_over` raises, but NotFit and ExportDiffers.
    """
    require(actor.roles, Act.EXPORT, actor.name)
    how = named(format, ends)
    with home.reading() as session:
        what = _target(session, target, profile, recipient, how)
        whole = codebook_of(home, what.review)
        book = _leaving(home, session, what, whole)
        found = _open(home, session, what, book)
        answered = [
            one.reference
            for one, opens in found.items()
            if opens and disclosing.overridden(home, session, one, profile)
        ]
        draft = _drafted(home, session, what, how, whole, book)
    return Outlook(
        written=draft.written,
        mark=what.mark,
        open=tuple(one for opens in found.values() for one in opens),
        answered=tuple(answered),
    )


def dry_run(
    home: Home,
    actor: Person,
    target: str,
    profile: Profile,
    recipient: str | None = None,
    format: str | None = None,
) -> tuple[Open, ...]:
    """What must be decided before an export, of this format if one is named, could be written. Writes nothing."""
    require(actor.roles, Act.EXPORT, actor.name)
    how = None if format is None else named(format)
    with home.reading() as session:
        what = _target(session, target, profile, recipient, how)
        found = _open(home, session, what, _leaving(home, session, what, codebook_of(home, what.review)))
        return tuple(one for opens in found.values() for one in opens)


def _make(
    home: Home, actor: Person, target: str, format: str, profile: Profile, recipient: str | None, ends: LineEnds
) -> _Made:
    require(actor.roles, Act.EXPORT, actor.name)
    how = named(format, ends)
    try:
        with home.reading() as session:
            what = _target(session, target, profile, recipient, how)
            whole = codebook_of(home, what.review)
            book = _leaving(home, session, what, whole)
            for conversation, opens in _open(home, session, what, book).items():
                disclosing.require_cleared(home, session, conversation, profile, opens)
            draft = _drafted(home, session, what, how, whole, book)
    except NotFit as refusal:
        _log_refusal(home, actor, what, format, refusal)
        raise
    # Imported when something leaves: a page that only says what would leave does without the libraries for Word and XML.
    from pipeline.export.writers import WRITERS, export

    if how.codebook:
        codes = digest(WRITERS[how.name].expected(draft.project))
        draft = replace(draft, written=replace(draft.written, digest=codes))
    return _Made(what=what, how=how, data=export(format, draft.project, ends), draft=draft)


def _open(home: Home, session: Session, what: Target, book: Codebook) -> dict[Conversation, tuple[Open, ...]]:
    """What is open in each conversation that leaves, and in the codes of its book that are named by words of another."""
    found = {one: disclosing.still_open(home, session, one, what.profile) for one in what.conversations}
    for one in speaking_in_codes(home, session, what.review):
        if one not in found and any(code.words_of == one.extract_key for code in book.codes):
            found[one] = disclosing.open_in_codes(home, session, one, what.profile)
    return found


def _leaving(home: Home, session: Session, what: Target, book: Codebook) -> Codebook:
    """What of a codebook leaves: with conversations, only their own participants' words, and those that their extracts have."""
    own = {None, *(one.extract_key for one in what.conversations)}
    if not what.conversations or all(code.words_of in own for code in book.codes):
        return book
    used = {code for one in what.conversations for code in bookkeeping.used_codes(home, session, one)}
    kept = [code for code in book.codes if code.words_of in own or code.id in used]
    needed = {each.id for code in kept for each in book.lineage(code)}
    return replace(book, codes=tuple(code for code in book.codes if code.id in needed))


def _record(home: Home, actor: Person, made: _Made) -> None:
    what = made.what
    with home.writing() as session:
        for conversation_id, state in made.draft.states.items() or [(None, "")]:
            session.add(
                Export(
                    id=uuid4(),
                    review_id=what.review.id,
                    conversation_id=conversation_id,
                    format=made.how.name,
                    audience=what.profile.value,
                    # an export without the extracts must not count as one of them at sign-off
                    digest=state if made.how.of_extracts else "",
                    person_id=actor.id,
                    at=home.now(),
                    recipient_id=what.recipient.id if what.recipient else None,
                )
            )
        home.log(
            session,
            Event.EXPORT_WRITTEN,
            actor=actor.name,
            obj=[what.review.id, *made.draft.states, *([what.recipient.id] if what.recipient else [])],
            detail={
                "format": made.how.name,
                "profile": what.profile.value,
                "extracts": made.written.extracts,
                "digest": _digest_for_the_log(home, what.review, made.data),
            },
        )


def _digest_for_the_log(home: Home, review: Review, data: bytes) -> str:
    """By which a file is known again by whoever has the key of the review; to everybody else it says nothing."""
    key = home.vault.get(review.review_key, KeyClass.REVIEW)
    return keyed_digest(key, hashlib.sha256(data).digest()).hex()


def _log_refusal(home: Home, actor: Person, what: Target, format: str, refusal: NotFit) -> None:
    with home.writing() as session:
        home.log(
            session,
            Event.EXPORT_REFUSED,
            actor=actor.name,
            obj=[what.review.id, *(one.id for one in what.conversations)],
            detail={"format": format, "profile": what.profile.value, "open": int(str(refusal.fields["count"]))},
        )


def _target(
    session: Session, target: str, profile: Profile, recipient: str | None, how: Format | None = None
) -> Target:
    if recipient is not None and profile is not Profile.PARTICIPANT:
        raise NotForThem(profile=profile.value)
    review = session.scalar(select(Review).where(Review.reference == target))
    if review is None:
        one = find_conversation(session, target)
        reader = one.participant if profile is Profile.PARTICIPANT else None
        if recipient is not None and recipient != one.participant.position:
            raise WrongRecipient(conversation=one.reference, position=recipient)
        return Target(review=one.review, conversations=[one], profile=profile, recipient=reader, draft=False)
    if profile is Profile.PARTICIPANT and recipient is None:
        raise OneParticipant
    reader = session.scalar(
        select(Participant).where(Participant.review_id == review.id, Participant.position == recipient)
    )
    if recipient is not None and reader is None:
        raise UnknownPosition(position=recipient)
    alone = how is not None and how.codebook
    found = [] if alone else contents.documented(session, review)
    if not found and not alone:
        raise NothingToExport(target=target)
    return Target(review=review, conversations=found, profile=profile, recipient=reader, draft=reader is not None)


def _drafted(home: Home, session: Session, what: Target, how: Format, whole: Codebook, book: Codebook) -> _Draft:
    documents: list[Document] = []
    extracts: list[Extract] = []
    states: dict[UUID, str] = {}
    for conversation in what.conversations:
        coded = contents.coded(home, session, conversation)
        document, own = disclosing.content(home, session, conversation, what.profile, [one for _, one in coded])
        documents.append(document)
        extracts += own
        states[conversation.id] = contents.digest_of(home, conversation, coded, whole)
    fit = disclosing_codes.content(home, session, what.review, book, what.profile)
    project = build(
        review=what.review.reference,
        profile=what.profile,
        codebook=fit,
        documents=documents,
        extracts=extracts,
        created=what.review.created_at,
        mark=what.mark,
        with_text=what.recipient is not None and not what.draft,
        conventions=_conventions(what.conversations),
    )
    lost = [*loss(project, how.name)]
    left_out, renamed = (
        len(whole.codes) - len(book.codes),
        sum(a != b for a, b in zip(book.codes, fit.codes, strict=True)),
    )
    lost += [f"{counted(left_out, 'code')} in the words of participants of other conversations"] * bool(left_out)
    lost += [f"words of {counted(renamed, 'code')}, where others stand in their place for the reader"] * bool(renamed)
    written = Written(
        extracts=len(project.extracts) if how.quotes else 0,
        codes=len(fit.codes),
        digest="" if how.codebook else digest(rows(project)),
        lost=tuple(lost),
    )
    return _Draft(project=project, states=states, written=written)


def _conventions(conversations: Sequence[Conversation]) -> Iterator[str]:
    """How the transcripts are written, in one line where all are written alike."""
    found = {one.reference: agreeing.of(one) for one in conversations}
    alike = {one: [which for which, its in found.items() if its == one] for one in found.values() if one is not None}
    for one, references in sorted(alike.items(), key=lambda pair: pair[1]):
        whose = "" if len(references) == len(found) else f", {', '.join(references)}"
        yield f"Conventions{whose}: {one.summary}"
