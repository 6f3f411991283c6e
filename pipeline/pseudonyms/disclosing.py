"""What may leave, in the database: what is open, and the decisions that let it pass. Each is somebody's, and logged.

A reviewer says something in general, for all that the public reads. Governance confirms that something points at nobody, or
overrides: it answers for letting a conversation leave with what is open in it, and says why.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, allowed, require
from pipeline import contents, history
from pipeline.codes.coding import Extract
from pipeline.codes.quotes import take
from pipeline.export.model import Profile
from pipeline.history import Field, Scope
from pipeline.pseudonyms import code_words, disclosure, names
from pipeline.pseudonyms.candidates import Candidate
from pipeline.pseudonyms.disclosure import Facts, Open, What
from pipeline.pseudonyms.key_shelf import NameShelf, steps
from pipeline.pseudonyms.names import NameKey
from pipeline.reviews import extract_key, find_conversation, find_review, in_vivo_codes
from pipeline.transcripts.document import Document
from storage.errors import BadInput, NotFound, Refused
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation, Export, NameDecision, Override, Participant, Review, State
from storage.models import Person as PersonRow
from storage.sealed import keyed_digest, open_value, seal_value
from storage.vault import KeyGone

_NOBODY = "Nobody"


class NothingToExport(Refused):
    """export: {target} has no pseudonymised transcript yet; `candour conversation show {target}` says what is open"""


class NothingOpen(NotFound):
    """disclosure: nothing is open at {at} in {reference}; `candour disclosure check {reference} --for public` says what is"""


class NothingConfirmed(NotFound):
    """disclosure: nothing was confirmed at {at} in {reference}"""


class NothingInTheWay(Refused):
    """disclosure: nothing stands in the way of {reference} for {profile} readers; there is nothing to override"""


class NoReason(BadInput):
    """disclosure: to override needs a reason; say it with --reason"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """Something that left, or was allowed to: which conversation, for whom, by whom, when, and the reason of an override."""

    what: str
    conversation: str
    profile: str
    recipient: str
    person: str
    at: datetime
    reason: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is open for the public, what was confirmed, and for which readers somebody answers for all that is open now."""

    open: tuple[Open, ...]
    confirmed: tuple[Open, ...]
    answered: tuple[Profile, ...]


def standing(home: Home, actor: Person, reference: str) -> Standing:
    """How a conversation stands for the public, without the words for those who may not read it.

    Raises:
        NotAllowed, UnknownConversation, NothingToExport.
    """
    if not allowed(actor.roles, Act.DECIDE_NAMES):
        require(actor.roles, Act.OVERRIDE_DISCLOSURE, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        every = still_open(home, session, conversation, Profile.PUBLIC, confirmed=False)
        opens = _unconfirmed(home, session, conversation, every)
        answered = [profile for profile in Profile if overridden(home, session, conversation, profile)]
    places = {one.reference for one in opens}
    return Standing(
        open=tuple(_seen(actor, one) for one in opens),
        confirmed=tuple(_seen(actor, one) for one in every if one.reference not in places),
        answered=tuple(answered),
    )


def _seen(actor: Person, one: Open) -> Open:
    """With its words for those who may read the transcript; position and agency are no words of it."""
    if one.at in {"position", "agency"} or allowed(actor.roles, Act.READ_TRANSCRIPT):
        return one
    return replace(one, words="", before="", after="")


def still_open(
    home: Home, session: Session, conversation: Conversation, profile: Profile, *, confirmed: bool = True
) -> tuple[Open, ...]:
    """What must be decided before a conversation may leave for this reader; with `confirmed` false, also what was confirmed.

    Raises NothingToExport.
    """
    found = _judged(home, session, conversation, profile)
    opens = disclosure.check(found.document, found.undecided, profile, (), found.facts)
    return _unconfirmed(home, session, conversation, opens) if confirmed else opens


def _unconfirmed(home: Home, session: Session, conversation: Conversation, opens: tuple[Open, ...]) -> tuple[Open, ...]:
    if not opens:
        return opens
    known = set(session.scalars(select(NameDecision.digest).where(NameDecision.review_id == conversation.review_id)))
    return tuple(one for one in opens if _digest(home, conversation, one.subject) not in known)


def open_in_codes(home: Home, session: Session, conversation: Conversation, profile: Profile) -> tuple[Open, ...]:
    """What of that stands in the codes that are named by words of the conversation, for a codebook that leaves without it."""
    opens = still_open(home, session, conversation, profile)
    if not opens:
        return ()
    found = _judged(home, session, conversation, profile)
    # A codebook does not say whose words they are, so the position is one of those they may speak of.
    facts = replace(found.facts, others=(*found.facts.others, found.document.position))
    alone = tuple(one for one in found.document.passages if one.turn == code_words.TURN)
    codes = replace(found.document, position=_NOBODY, passages=alone)
    subjects = {one.subject for one in disclosure.check(codes, (), profile, (), facts)}
    subjects |= {one.term for one in found.undecided if any(place.turn == code_words.TURN for place in one.occurrences)}
    return tuple(one for one in opens if one.subject in subjects)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Judged:
    """All that a conversation says to a reader, in turns and in codes, and what is undecided in it."""

    document: Document
    facts: Facts
    undecided: tuple[Candidate, ...]


def _judged(home: Home, session: Session, conversation: Conversation, profile: Profile) -> _Judged:
    document = _document(home, conversation)
    if codes := in_vivo_codes(home, conversation):
        said = code_words.passage(codes)
        said = replace(said, text=names.replace(said.text, known_names(home, conversation.review)).text)
        document = replace(document, passages=(*document.passages, said))
    # After the recording is gone there is no transcript to find candidates in, and its names were all decided before.
    gone = conversation.state in {State.DESTROYED, State.SIGNED_OFF}
    undecided = () if gone else contents.undecided(home, session, conversation)
    facts = Facts(agency="", others=())
    if profile is Profile.PUBLIC:
        facts = facts_of(home, session, conversation)
        document = disclosure.for_public(document, facts).document
    return _Judged(document=document, facts=facts, undecided=undecided)


def known_names(home: Home, review: Review) -> NameKey:
    """The name key; an empty one when it has been destroyed, and what it knew was replaced before."""
    try:
        return contents.name_key(home, review)
    except KeyGone:
        return NameKey()


def require_cleared(
    home: Home, session: Session, conversation: Conversation, profile: Profile, opens: Sequence[Open]
) -> None:
    """Let a conversation pass when nothing of it is open, or when somebody answers for exactly what is. Raises NotFit."""
    if opens and not overridden(home, session, conversation, profile):
        disclosure.require_fit(opens, conversation.reference, profile)


def content(
    home: Home, session: Session, conversation: Conversation, profile: Profile, extracts: Sequence[Extract]
) -> tuple[Document, Sequence[Extract]]:
    """Transcript and these extracts of a conversation as this reader gets them. Raises NothingToExport."""
    document = _document(home, conversation)
    if profile is not Profile.PUBLIC:
        return document, extracts
    public = disclosure.for_public(document, facts_of(home, session, conversation))
    moved = [(one, public.move(one.anchor)) for one in extracts]
    return public.document, [replace(one, anchor=anchor, quote=take(public.document, anchor)) for one, anchor in moved]


def _document(home: Home, conversation: Conversation) -> Document:
    document = contents.document(home, conversation)
    if document is None:
        raise NothingToExport(target=conversation.reference)
    return document


def facts_of(home: Home, session: Session, conversation: Conversation) -> Facts:
    others = session.scalars(
        select(Participant.position).where(
            Participant.review_id == conversation.review_id, Participant.id != conversation.participant_id
        )
    )
    general = contents.name_key(home, conversation.review).general
    return Facts(agency=conversation.participant.agency, others=tuple(others), general=general)


def _digest(home: Home, conversation: Conversation, subject: str) -> str:
    return contents.candidate_digest(home, conversation.review, f"public {subject}")


def _at(opens: Collection[Open]) -> dict[str, Open]:
    """What is open for the public by where it stands; names are decided elsewhere."""
    return {one.at: one for one in opens if one.what is not What.NAME}


def generalise(home: Home, actor: Person, reference: str, at: str, shown: str) -> int:
    """Say what the public reads in all of a review instead of what is open at a place; returns how much is left open.

    Raises:
        NotAllowed, UnknownConversation, NothingToExport, NothingOpen, GeneralUnusable, ReplacementNames.
    """
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.writing() as session:
        conversation = find_conversation(session, reference)
        opens = _at(still_open(home, session, conversation, Profile.PUBLIC))
        if at not in opens:
            raise NothingOpen(at=at, reference=conversation.reference)
        before = contents.name_key(home, conversation.review)
        key = before.with_general(opens[at].subject, shown)
        contents.set_name_key(home, conversation.review, key)
        scope = Scope(field=Field.NAMES, review=conversation.review)
        history.record(home, session, scope, actor, steps(before, key))
        home.log(
            session,
            Event.NAME_CHANGED,
            actor=actor.name,
            obj=[conversation.id],
            detail={"profile": Profile.PUBLIC.value},
        )
        return len(still_open(home, session, conversation, Profile.PUBLIC))


def confirm(home: Home, actor: Person, reference: str, places: Collection[str]) -> int:
    """Let things pass to the public that someone has looked at: each by where it stands ("12.7", "position", "agency").

    Returns how much is left open.

    Raises:
        NotAllowed, UnknownConversation, NothingToExport, NothingOpen.
    """
    return _confirm(home, actor, reference, places, confirmed=True)


def take_back(home: Home, actor: Person, reference: str, places: Collection[str]) -> int:
    """Take confirmations back. Raises NothingConfirmed and what `confirm` raises."""
    return _confirm(home, actor, reference, places, confirmed=False)


def _confirm(home: Home, actor: Person, reference: str, places: Collection[str], *, confirmed: bool) -> int:
    require(actor.roles, Act.OVERRIDE_DISCLOSURE, actor.name)
    with home.writing() as session:
        conversation = find_conversation(session, reference)
        every = still_open(home, session, conversation, Profile.PUBLIC, confirmed=False)
        opens = _at(_unconfirmed(home, session, conversation, every))
        known = opens if confirmed else {at: one for at, one in _at(every).items() if at not in opens}
        shelf = NameShelf(home, session, conversation.review, actor)
        for at in sorted(set(places)):
            if at not in known:
                raise (NothingOpen if confirmed else NothingConfirmed)(at=at, reference=conversation.reference)
            shelf.put(f"settled:{_digest(home, conversation, known[at].subject)}", "harmless" if confirmed else None)
        home.log(
            session,
            Event.DISCLOSURE_CONFIRMED,
            actor=actor.name,
            obj=[conversation.id],
            detail={"profile": Profile.PUBLIC.value, "count": len(set(places)), "taken_back": not confirmed},
        )
        return len(still_open(home, session, conversation, Profile.PUBLIC))


def override(home: Home, actor: Person, reference: str, profile: Profile, reason: str) -> int:
    """Answer for letting a conversation leave with what is open in it now; returns how much that is.

    It holds for these extracts and these open things alone: when either changes, it no longer does.

    Raises:
        NotAllowed, UnknownConversation, NothingToExport, NothingInTheWay, NoReason.
    """
    require(actor.roles, Act.OVERRIDE_DISCLOSURE, actor.name)
    if not reason.strip():
        raise NoReason
    with home.writing() as session:
        conversation = find_conversation(session, reference)
        opens = still_open(home, session, conversation, profile)
        if not opens:
            raise NothingInTheWay(reference=conversation.reference, profile=profile.value)
        row = Override(id=uuid4(), conversation_id=conversation.id, audience=profile.value, person_id=actor.id)
        row.digest, row.at = _state(home, session, conversation, opens), home.now()
        row.sealed = seal_value(extract_key(home, conversation), f"override.sealed:{row.id}", reason.strip().encode())
        session.add(row)
        home.log(
            session,
            Event.DISCLOSURE_OVERRIDDEN,
            actor=actor.name,
            obj=[conversation.id],
            detail={"profile": profile.value, "count": len(opens), "override": str(row.id)},
        )
        return len(opens)


def overridden(home: Home, session: Session, conversation: Conversation, profile: Profile) -> bool:
    """Whether somebody answers for letting a conversation leave with exactly what is open in it."""
    mine = (Override.conversation_id == conversation.id, Override.audience == profile.value)
    answered = set(session.scalars(select(Override.digest).where(*mine)))
    # Nobody answers for most conversations, and judging one opens all of it.
    if not answered:
        return False
    return _state(home, session, conversation, still_open(home, session, conversation, profile)) in answered


def _state(home: Home, session: Session, conversation: Conversation, opens: Collection[Open]) -> str:
    """What somebody answers for, in a digest that says nothing of it."""
    whole = [contents.analysis_digest(home, session, conversation), *sorted({one.subject for one in opens})]
    body = hashlib.sha256(json.dumps(whole).encode()).digest()
    return keyed_digest(extract_key(home, conversation), body).hex()


def left(home: Home, actor: Person, review_reference: str) -> list[Left]:
    """What has left of a review and for whom, and what somebody answers for, in order. Raises NotAllowed, UnknownReview."""
    require(actor.roles, Act.EXPORT, actor.name)
    with home.reading() as session:
        review = find_review(session, review_reference)
        conversations = {
            row.id: row for row in session.scalars(select(Conversation).where(Conversation.review_id == review.id))
        }
        people = {row.id: row.name for row in session.scalars(select(PersonRow))}
        positions = {row.id: row.position for row in session.scalars(select(Participant))}
        found = [
            Left(
                what=f"export, {row.format}",
                conversation=conversations[row.conversation_id].reference if row.conversation_id else "",
                profile=row.audience,
                recipient=positions[row.recipient_id] if row.recipient_id else "",
                person=people[row.person_id],
                at=row.at,
                reason="",
            )
            for row in session.scalars(select(Export).where(Export.review_id == review.id))
        ]
        for row in session.scalars(select(Override).where(Override.conversation_id.in_(conversations))):
            conversation = conversations[row.conversation_id]
            # once the participant has withdrawn, nobody reads it any more
            sealed = (
                b""
                if conversation.state is State.WITHDRAWN
                else open_value(extract_key(home, conversation), f"override.sealed:{row.id}", row.sealed)
            )
            found.append(
                Left(
                    what="override",
                    conversation=conversation.reference,
                    profile=row.audience,
                    recipient="",
                    person=people[row.person_id],
                    at=row.at,
                    reason=sealed.decode(),
                )
            )
    return sorted(found, key=lambda one: one.at)
