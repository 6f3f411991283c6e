"""A person edits a transcript. Every function here is one correction, sealed, attributed and undone in one step.

`base` is the newest version of the transcript the person has seen; a turn that somebody changed after it is not overwritten.
Without `base` nothing is asked: a command reads and writes in one go.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from access.people import Person
from access.roles import Act, require
from pipeline import stages
from pipeline.reviews import find_conversation
from pipeline.transcripts import kept, searching, undoing
from pipeline.transcripts.corrections import (
    Change,
    Check,
    Correction,
    Merge,
    NoSuchTurn,
    Note,
    NothingToMerge,
    Redo,
    Revision,
    Split,
    Undo,
    next_number,
    touched,
)
from pipeline.transcripts.searching import Hit
from pipeline.transcripts.standing import Standing, Transcript
from pipeline.transcripts.transcript import Speaker, Turn
from storage.errors import Busy, NotFound
from storage.home import Home
from storage.log.log import Event
from storage.models import Conversation


class Stale(Busy):
    """transcript: turn {turn} of {reference} was changed meanwhile; nothing was overwritten, compare both texts and decide"""

    def __init__(self, reference: str, standing: Standing) -> None:
        super().__init__(reference=reference, turn=standing.turn.number)
        self.standing = standing


class UnknownTurn(NoSuchTurn):
    """transcript: {reference} has no turn {turn}; `candour transcript show {reference}` shows them"""


class UnknownNote(NotFound):
    """transcript: {reference} has no note {note}"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """The transcript after a correction, and the turns it was about; a turn that is in `turns` alone is no more."""

    transcript: Transcript
    turns: frozenset[int]

    @property
    def standing(self) -> tuple[Standing, ...]:
        """The turns it was about as they stand now, in order."""
        return tuple(one for one in self.transcript.standing if one.turn.number in self.turns)


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What a search found, and the version of the transcript it was found in."""

    hits: tuple[Hit, ...]
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What a change is decided on."""

    reference: str
    draft: tuple[Turn, ...]
    corrections: Sequence[Correction]
    transcript: Transcript


def rewrite(
    home: Home, actor: Person, reference: str, turn: int, text: str, *, base: int | None = None, typing: bool = False
) -> Saved:
    """Give a turn a new whole text. `typing` says that it goes on from the save that gave version `base`: both are one step.

    Raises:
        NotAllowed, UnknownConversation, NoSuchTurn, NoDraft, Frozen, Stale, ConversationGone.
    """
    return save(home, actor, reference, lambda _: Revision(texts={turn: text}), base=base, typing=typing)


def assign(
    home: Home, actor: Person, reference: str, speakers: Mapping[int, Speaker], *, base: int | None = None
) -> Saved:
    """Say who speaks in some turns. Raises what `rewrite` raises."""
    return save(home, actor, reference, lambda _: Revision(speakers=speakers), base=base)


def swap(home: Home, actor: Person, reference: str, also: Mapping[int, Speaker] | None = None) -> Saved:
    """Exchange Interviewer and Participant everywhere, and say who speaks in the turns of `also`.

    Raises what `rewrite` raises.
    """
    other = {Speaker.INTERVIEWER: Speaker.PARTICIPANT, Speaker.PARTICIPANT: Speaker.INTERVIEWER}

    def made(state: State) -> Change:
        turns = state.transcript.turns
        swapped = {turn.number: other[turn.speaker] for turn in turns if turn.speaker in other}
        return Revision(speakers=swapped | dict(also or {}))

    return save(home, actor, reference, made)


def split(
    home: Home,
    actor: Person,
    reference: str,
    turn: int,
    at: int,
    *,
    speaker: Speaker | None = None,
    base: int | None = None,
) -> Saved:
    """Cut a turn in two after `at` characters of its text; the second half may get another speaker.

    Raises:
        NotACut and what `rewrite` raises.
    """

    def made(state: State) -> Change:
        return Split(turn=turn, at=at, new=next_number(state.draft, state.corrections), speaker=speaker)

    return save(home, actor, reference, made, base=base)


def merge(home: Home, actor: Person, reference: str, turn: int, *, base: int | None = None) -> Saved:
    """Make one turn of this and the next, with the number and speaker of this one.

    Raises:
        NothingToMerge and what `rewrite` raises.
    """

    def made(state: State) -> Change:
        place = state.transcript.place(turn) + 1
        if place == len(state.transcript.standing):
            raise NothingToMerge(turn=turn)
        return Merge(turn=turn, other=state.transcript.standing[place].turn.number)

    return save(home, actor, reference, made, base=base)


def find(home: Home, actor: Person, reference: str, sought: str, *, whole: bool = True, case: bool = False) -> Preview:
    """Where a term stands, with the words around it.

    Raises:
        NotAllowed, UnknownConversation, NoDraft, NothingSought, ConversationGone.
    """
    require(actor.roles, Act.READ_TRANSCRIPT, actor.name)
    with home.reading() as session:
        standing = kept.standing(home, session, find_conversation(session, reference))
    return Preview(hits=searching.find(standing.turns, sought, whole=whole, case=case), version=standing.version)


def replace(home: Home, actor: Person, reference: str, hits: Sequence[Hit], replacement: str, *, base: int) -> Saved:
    """Put another text where a search found something: all its hits, or those a person picked. One step to undo.

    Raises what `rewrite` raises; Stale where the turn of a hit has changed since `base`, the version of the search.
    """

    def made(state: State) -> Change:
        texts = {hit.turn: state.transcript.find(hit.turn).turn.text for hit in hits}
        return Revision(texts=searching.replaced(texts, hits, replacement))

    return save(home, actor, reference, made, base=base, about={hit.turn for hit in hits})


def check(
    home: Home, actor: Person, reference: str, turns: Iterable[int], *, checked: bool = True, base: int | None = None
) -> Saved:
    """Say that turns are right as they stand, or take that back. Raises what `rewrite` raises."""
    numbers = tuple(turns)
    return save(
        home, actor, reference, lambda _: Check(turns=numbers, checked=checked), base=base, about=frozenset(numbers)
    )


def note(home: Home, actor: Person, reference: str, turn: int, text: str, *, of: int | None = None) -> Saved:
    """Put a remark on a turn, or another in place of note `of`; an empty text takes that one away.

    Raises:
        UnknownNote and what `rewrite` raises.
    """

    def made(state: State) -> Change:
        known = {one.number for standing in state.transcript.standing for one in standing.notes}
        if of is not None and of not in known:
            raise UnknownNote(reference=state.reference, note=of)
        return Note(turn=turn, text=text.strip(), of=of)

    return save(home, actor, reference, made, about={turn})


def undo(home: Home, actor: Person, reference: str) -> Saved:
    """Take one's own newest correction back.

    Raises:
        NothingToUndo, BuiltUpon and what `rewrite` raises.
    """
    return save(home, actor, reference, lambda state: undoing.undo(state.corrections, actor.name, state.reference))


def redo(home: Home, actor: Person, reference: str) -> Saved:
    """Make what one took back last count again.

    Raises:
        NothingToRedo, BuiltUpon and what `rewrite` raises.
    """
    return save(home, actor, reference, lambda state: undoing.redo(state.corrections, actor.name, state.reference))


def save(
    home: Home,
    actor: Person,
    reference: str,
    made: Callable[[State], Change],
    *,
    base: int | None = None,
    typing: bool = False,
    about: Iterable[int] = (),
) -> Saved:
    """Lay the change that is made of the transcript's state over it, in one transaction with the check of versions.

    A change that changes nothing is no correction.
    """
    require(actor.roles, Act.CORRECT, actor.name)
    with home.writing() as session:
        conversation = opened(home, session, reference)
        return put(home, session, conversation, actor, made, base=base, typing=typing, about=about)


def put(
    home: Home,
    session: Session,
    conversation: Conversation,
    actor: Person,
    made: Callable[[State], Change],
    *,
    base: int | None = None,
    typing: bool = False,
    about: Iterable[int] = (),
) -> Saved:
    """The same in the caller's transaction."""
    state = _state(home, session, conversation)
    try:
        change = made(state)
    except NoSuchTurn as unknown:
        raise UnknownTurn(reference=state.reference, **unknown.fields) from None
    about = frozenset(about) | (touched(change) - {change.new} if isinstance(change, Split) else touched(change))
    refuse_unknown(state.transcript, state.reference, about)
    newer = state.transcript.changed_since(state.transcript.version if base is None else base, sorted(about))
    if newer is not None:
        raise Stale(state.reference, newer)
    if not _changes(state.transcript, change):
        return Saved(transcript=state.transcript, turns=frozenset())
    going_on = _going_on(state, actor, change) if typing and base == state.transcript.version else None
    one = kept.add_correction(home, session, conversation, actor, change, instead=going_on)
    corrections = [*(known for known in state.corrections if known is not going_on), one]
    if going_on is None:
        _log(home, session, conversation, actor, change)
    stages.settle(home, session, conversation, actor)
    after = kept.laid(home, conversation, corrections)
    return Saved(transcript=after, turns=undoing.about(corrections, change) | about)


def refuse_unknown(transcript: Transcript, reference: str, turns: Iterable[int]) -> None:
    """Let turns pass that are there. Raises UnknownTurn."""
    known = {turn.number for turn in transcript.turns}
    for turn in sorted(turns):
        if turn not in known:
            raise UnknownTurn(reference=reference, turn=turn)


def opened(home: Home, session: Session, reference: str) -> Conversation:
    """A conversation with a draft that may still be worked on. Raises UnknownConversation, NoDraft, Frozen, ConversationGone."""
    conversation = find_conversation(session, reference)
    kept.draft(home, conversation)
    stages.require_open(session, conversation, "transcript")
    return conversation


def _state(home: Home, session: Session, conversation: Conversation) -> State:
    draft = kept.draft(home, conversation)
    corrections = kept.corrections(home, session, conversation)
    return State(
        reference=conversation.reference,
        draft=draft,
        corrections=corrections,
        transcript=kept.laid(home, conversation, corrections),
    )


def _changes(transcript: Transcript, change: Change) -> bool:
    if not isinstance(change, Revision):
        return True
    texts = any(transcript.find(turn).turn.text != text for turn, text in change.texts.items())
    return texts or any(transcript.find(turn).turn.speaker is not who for turn, who in change.speakers.items())


def _going_on(state: State, actor: Person, change: Change) -> Correction | None:
    """The newest correction, where it is the same person's writing in the same turn."""
    newest = state.corrections[-1] if state.corrections else None
    if newest is None or newest.author != actor.name:
        return None
    if not isinstance(change, Revision) or not isinstance(newest.change, Revision) or newest.change.speakers:
        return None
    return newest if newest.change.texts.keys() == change.texts.keys() else None


def _log(home: Home, session: Session, conversation: Conversation, actor: Person, change: Change) -> None:
    detail: dict[str, str | int | bool] = {"what": type(change).__name__.lower()}
    if not isinstance(change, (Undo, Redo)):
        detail["turns"] = len(touched(change))
    home.log(session, Event.TRANSCRIPT_CORRECTED, actor=actor.name, obj=[conversation.id], detail=detail)
