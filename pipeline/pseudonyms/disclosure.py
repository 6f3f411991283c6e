"""What may leave, for which reader: what must be decided before an export is written, and the text made fit for the public.

Every profile is refused while a name candidate is open. The public also gets no place, exact date, agency, identifying
number or one-off role that nobody has confirmed or said in general; `for_public` takes away what can be taken away.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from enum import StrEnum

from pipeline.codes.quotes import Anchor
from pipeline.export.model import Profile
from pipeline.pseudonyms import uk_patterns
from pipeline.pseudonyms.candidates import Candidate, around, candidates, handle
from pipeline.pseudonyms.hits import DATE_RULES, Rule
from pipeline.pseudonyms.matching import Found, Matcher, Pattern
from pipeline.pseudonyms.names import Cut, Kind, NameKey, Replaced, rewrite
from pipeline.pseudonyms.word_lists import fold, is_common
from pipeline.transcripts.document import Document, Passage
from storage.errors import Refused

_BRACKETED = re.compile(r"\[[^\[\]\n]*\]")
_NUMBER = re.compile(r"[\s-]*\d+\s*$")
_ALREADY_DECIDED = (Rule.TITLE, Rule.CUE, Rule.KNOWN, Rule.AGE)


class NotFit(Refused):
    """export: before {conversation} may leave for {profile} readers, {count} to decide; the first is {what} at
    {reference}: `{command}`, and all of them: `candour disclosure check {conversation} --for {profile}`"""


class What(StrEnum):
    """What has to be decided."""

    NAME = "a name candidate"
    PLACE = "a place"
    DATE = "an exact date"
    AGENCY = "an agency"
    NUMBER = "an identifying number or address"
    WORD = "a word with a capital"
    ROLE = "a role that only one person has"


_WHATS = {
    Kind.PLACE: What.PLACE, Kind.SCHOOL: What.PLACE, Kind.DATE: What.DATE, Kind.ORGANISATION: What.AGENCY,
    Kind.PERSON: What.WORD, Kind.OTHER: What.NUMBER,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known beside the text: the participant's agency ("" if none), the positions of the review's others, and what
    people decided that the public reads instead of a subject."""

    agency: str
    others: tuple[str, ...]
    general: Mapping[str, str] = field(default_factory=dict, repr=False)

    def once(self, position: str) -> frozenset[str]:
        """The roles that one person of the review has, as `role` gives them."""
        counts = Counter(role(one).casefold() for one in (position, *self.others))
        return frozenset(one for one, count in counts.items() if count == 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """Something to decide. `reference` tells where ("C-001:12.7") without showing a word; `subject` is what a confirmation
    is kept under. `words` are what stands there as the public would read it, `before` and `after` what stands around."""

    what: What
    reference: str
    command: str
    subject: str = field(repr=False)
    words: str = field(repr=False)
    before: str = field(default="", repr=False)
    after: str = field(default="", repr=False)

    @property
    def at(self) -> str:
        """Where it is in its conversation: "12.7", "position" or "agency"."""
        return self.reference.partition(":")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class Generalised:
    """A document for the public, and the way each turn's text was changed."""

    document: Document
    turns: dict[int, Replaced] = field(repr=False)

    def move(self, anchor: Anchor) -> Anchor:
        """The same stretch in the generalised document; what was generalised in part is taken whole."""
        first, last = self.turns[anchor.first_turn], self.turns[anchor.last_turn]
        return Anchor(
            first_turn=anchor.first_turn,
            first_char=first.to_result(anchor.first_char, anchor.first_char)[0],
            last_turn=anchor.last_turn,
            last_char=last.to_result(anchor.last_char, anchor.last_char)[1],
        )


def check(
    document: Document, undecided: Sequence[Candidate], profile: Profile, confirmed: Container[str], facts: Facts
) -> tuple[Open, ...]:
    """What must still be decided before this document may leave for this reader; empty when it may.

    `undecided` are the candidates still open in its transcript; `confirmed` holds the subjects a person has let pass.
    """
    where = document.conversation
    names = tuple(
        Open(
            what=What.NAME,
            reference=f"{where}:{candidate.handle}",
            command=f"candour names decide {where} {candidate.handle}",
            subject=candidate.term,
            words=candidate.shown,
        )
        for candidate in undecided
    )
    if profile is not Profile.PUBLIC:
        return names
    return (*names, *(one for one in _for_the_public(document, facts) if one.subject not in confirmed))


def require_fit(opens: Sequence[Open], conversation: str, profile: Profile) -> None:
    """Let an export pass when nothing is open. Raises NotFit, which names the first thing to do."""
    if opens:
        first = opens[0]
        raise NotFit(
            count=len(opens), conversation=conversation, profile=profile.value, what=first.what.value,
            reference=first.reference, command=first.command,
        )  # fmt: skip


def for_public(document: Document, facts: Facts) -> Generalised:
    """The document with exact dates as [date], the agency as [agency], positions without their numbers, and whatever a
    person decided to say in general, so."""
    cuts = _Cuts(document, facts)
    turns = {p.turn: rewrite(p.text, cuts.of(p)) for p in document.passages}
    passages = tuple(changed(passage, text=turns[passage.turn].text) for passage in document.passages)
    position = facts.general.get(role_subject(document.position), role(document.position))
    return Generalised(document=changed(document, position=position, passages=passages), turns=turns)


def role(position: str) -> str:
    """A position without its number: "Health visitor 2" is "Health visitor"."""
    return _NUMBER.sub("", position).strip() or position


def role_subject(position: str) -> str:
    """What a decision about a role is kept under."""
    return f"role {role(position).casefold()}"


def agency_subject(agency: str) -> str:
    """What a decision about an agency is kept under."""
    return f"agency {agency.casefold()}"


def _for_the_public(document: Document, facts: Facts) -> Iterator[Open]:
    where, once = document.conversation, facts.once(document.position)
    own = role_subject(document.position)
    if role(document.position).casefold() in once and document.position not in facts.general.values():
        yield _decidable(What.ROLE, where, "position", own, role(document.position))
    agency = _agency(facts)
    if any(agency.find(passage.text) for passage in document.passages):
        yield _decidable(What.AGENCY, where, "agency", agency_subject(facts.agency), facts.agency)
    seen = {own}
    for passage, found in _mentions(document, once):
        if found.term not in seen and found.term not in facts.general:
            seen.add(found.term)
            at = handle(passage.turn, passage.text, found.start)
            words, around_it = passage.text[found.start : found.end], around(passage.text, found.start, found.end)
            yield _decidable(What.ROLE, where, at, found.term, words, around_it)
    for candidate in candidates(_bare(document), NameKey(), ()):
        if candidate.rule not in _ALREADY_DECIDED:
            first = candidate.occurrences[0]
            yield _decidable(
                _WHATS[candidate.kind],
                where,
                candidate.handle,
                candidate.term,
                candidate.shown,
                (first.before, first.after),
            )


def _decidable(
    what: What, where: str, at: str, subject: str, words: str, around_it: tuple[str, str] = ("", "")
) -> Open:
    command = f"candour disclosure generalise {where} {at}"
    before, after = around_it
    return Open(
        what=what,
        reference=f"{where}:{at}",
        command=command,
        subject=subject,
        words=words,
        before=before,
        after=after,
    )


def _mentions(document: Document, roles: Iterable[str]) -> Iterator[tuple[Passage, Found]]:
    """Where a text speaks of a role, in brackets or not."""
    matcher = Matcher(Pattern(term=f"role {one}", text=one, titled=False) for one in roles)
    yield from ((passage, found) for passage in document.passages for found in matcher.find(passage.text))


def _bare(document: Document) -> tuple[Passage, ...]:
    """The text without what stands in brackets, which people decided already."""
    return tuple(changed(passage, text=_BRACKETED.sub(_blank, passage.text)) for passage in document.passages)


def _blank(match: re.Match[str]) -> str:
    return f"[{'x' * (len(match.group()) - 2)}]"


def _agency(facts: Facts) -> Matcher:
    """Finds the agency by its name; "Children's Services" is a kind of agency and names none."""
    names_one = any(not is_common(fold(word)) for word in facts.agency.split())
    return Matcher([Pattern(term="agency", text=facts.agency, titled=False)] if names_one else [])


class _Cuts:
    """What the public does not read, turn by turn."""

    def __init__(self, document: Document, facts: Facts) -> None:
        positions = (document.position, *facts.others)
        self._roles = frozenset(role(position).casefold() for position in positions)
        self._agency, self._general = _agency(facts), facts.general
        self._agency_shown = facts.general.get(agency_subject(facts.agency), "agency")
        self._found: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
        spoken_of = [subject.removeprefix("role ") for subject in facts.general if subject.startswith("role ")]
        for passage, found in _mentions(document, spoken_of):
            self._found[passage.turn].append((found.start, found.end, facts.general[found.term]))
        for candidate in candidates(_bare(document), NameKey(), ()) if facts.general else ():
            if candidate.term in facts.general:
                shown = facts.general[candidate.term]
                for place in candidate.occurrences:
                    self._found[place.turn].append((place.start, place.end, shown))

    def of(self, passage: Passage) -> Iterator[Cut]:
        """The stretches of a turn, in order; what stands in brackets goes as a whole."""
        brackets = [match.span() for match in _BRACKETED.finditer(passage.text)]
        done = 0
        for start, end, shown in sorted(self._wanted(passage, brackets)):
            around = [span for span in brackets if span[0] < end and start < span[1]]
            start, end = min([start, *(s for s, _ in around)]), max([end, *(e for _, e in around)])
            if end > done:
                yield Cut(start=max(start, done), end=end, shown=f"[{shown}]", term="")
                done = end

    def _wanted(self, passage: Passage, brackets: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
        yield from self._found[passage.turn]
        yield from ((hit.start, hit.end, "date") for hit in uk_patterns.find(passage.text) if hit.rule in DATE_RULES)
        yield from ((found.start, found.end, self._agency_shown) for found in self._agency.find(passage.text))
        for start, end in brackets:
            inside = passage.text[start + 1 : end - 1]
            if role(inside) != inside and role(inside).casefold() in self._roles:
                yield start, end, self._general.get(role_subject(inside), role(inside))
