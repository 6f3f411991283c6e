"""What may leave, for which reader: what must be decided before an export is written, and the text made fit for the public.

Every profile is refused while a name candidate is open. The public also gets no place, exact date, agency, identifying
number or one-off role that nobody has confirmed; `for_public` takes away what can be taken away without a decision.
"""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from enum import StrEnum

from pipeline.codes.quotes import Anchor
from pipeline.export.model import Profile
from pipeline.pseudonyms import uk_patterns
from pipeline.pseudonyms.candidates import Candidate, candidates
from pipeline.pseudonyms.hits import DATE_RULES, Rule
from pipeline.pseudonyms.matching import Matcher, Pattern
from pipeline.pseudonyms.names import Cut, Kind, NameKey, Replaced, rewrite
from pipeline.pseudonyms.word_lists import fold, is_common
from pipeline.transcripts.document import Document
from storage.errors import Refused

_BRACKETED = re.compile(r"\[[^\[\]\n]*\]")
_NUMBER = re.compile(r"[\s-]*\d+\s*$")
_ALREADY_DECIDED = (Rule.TITLE, Rule.CUE, Rule.KNOWN, Rule.AGE)


class NotFit(Refused):
    """export: before {conversation} may leave for {profile} readers, {count} to decide; the first is {what} at
    {reference}: `{command}`"""


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
    """What is known beside the text: the participant's agency ("" if none), and the positions of the review's others."""

    agency: str
    others: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """Something to decide. `reference` tells where ("C-001:12.7") without showing a word; `subject` is what a confirmation
    is kept under."""

    what: What
    reference: str
    command: str
    subject: str = field(repr=False)


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
    """The document with exact dates as [date], the agency as [agency], and positions without their numbers."""
    roles = frozenset(role(position).casefold() for position in (document.position, *facts.others))
    agency = _agency(facts)
    turns = {p.turn: rewrite(p.text, _cuts(p.text, agency, roles)) for p in document.passages}
    passages = tuple(changed(passage, text=turns[passage.turn].text) for passage in document.passages)
    return Generalised(document=changed(document, position=role(document.position), passages=passages), turns=turns)


def role(position: str) -> str:
    """A position without its number: "Health visitor 2" is "Health visitor"."""
    return _NUMBER.sub("", position).strip() or position


def _for_the_public(document: Document, facts: Facts) -> Iterator[Open]:
    where, own = document.conversation, role(document.position)
    if own.casefold() not in {role(other).casefold() for other in facts.others}:
        yield _confirmable(What.ROLE, where, "position", f"role {own.casefold()}")
    bare = tuple(changed(passage, text=_BRACKETED.sub(_blank, passage.text)) for passage in document.passages)
    agency = _agency(facts)
    if any(agency.find(passage.text) for passage in document.passages):
        yield _confirmable(What.AGENCY, where, "agency", f"agency {facts.agency.casefold()}")
    for candidate in candidates(bare, NameKey(), ()):
        if candidate.rule not in _ALREADY_DECIDED:
            yield _confirmable(_WHATS[candidate.kind], where, candidate.handle, candidate.term)


def _confirmable(what: What, where: str, at: str, subject: str) -> Open:
    command = f"candour export {where} --for public --confirm {at}"
    return Open(what=what, reference=f"{where}:{at}", command=command, subject=subject)


def _blank(match: re.Match[str]) -> str:
    return f"[{'x' * (len(match.group()) - 2)}]"


def _agency(facts: Facts) -> Matcher:
    """Finds the agency by its name; "Children's Services" is a kind of agency and names none."""
    names_one = any(not is_common(fold(word)) for word in facts.agency.split())
    return Matcher([Pattern(term="agency", text=facts.agency, titled=False)] if names_one else [])


def _cuts(text: str, agency: Matcher, roles: frozenset[str]) -> Iterator[Cut]:
    brackets = [match.span() for match in _BRACKETED.finditer(text)]
    wanted = [(hit.start, hit.end, "[date]", "date") for hit in uk_patterns.find(text) if hit.rule in DATE_RULES]
    wanted += [(found.start, found.end, "[agency]", "agency") for found in agency.find(text)]
    for start, end in brackets:
        inside = text[start + 1 : end - 1]
        if role(inside) != inside and role(inside).casefold() in roles:
            wanted.append((start, end, f"[{role(inside)}]", "position"))
    done = 0
    for start, end, shown, term in sorted(wanted):
        around = [span for span in brackets if span[0] < end and start < span[1]]
        start, end = min([start, *(s for s, _ in around)]), max([end, *(e for _, e in around)])
        if end > done:
            yield Cut(start=max(start, done), end=end, shown=shown, term=term)
            done = end
