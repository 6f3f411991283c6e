"""The glossary of a review: names and terms that will be spoken, told to the speech model before it hears.

It holds real names, so it is one sealed value under the review's names key, like the name key, and dies with it.
"""

import json
from collections.abc import Iterable
from typing import Final

from access.people import Person
from access.roles import Act, require
from pipeline.reviews import find_conversation, find_review
from storage.errors import BadInput
from storage.home import Home
from storage.log.log import Event
from storage.models import Review
from storage.sealed import open_value, seal_value
from storage.vault import KeyClass

LONGEST: Final = 80


class BadTerm(BadInput):
    """glossary: a term is 1 to 80 characters on one line, with at least one letter; take out line {number}"""


def terms(home: Home, review: Review) -> tuple[str, ...]:
    """The terms in the order in which they were added: the first are told first."""
    if review.glossary is None:
        return ()
    key = home.vault.get(review.names_key, KeyClass.NAMES)
    return tuple(json.loads(open_value(key, f"review.glossary:{review.id}", review.glossary)))


def read(home: Home, actor: Person, reference: str) -> tuple[str, ...]:
    """The glossary of a review, for somebody who may know its names.

    Raises:
        NotAllowed, UnknownReview.
    """
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.reading() as session:
        return terms(home, find_review(session, reference))


def of_conversation(home: Home, actor: Person, reference: str) -> tuple[str, ...]:
    """The glossary of the review that a conversation belongs to.

    Raises:
        NotAllowed, UnknownConversation.
    """
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    with home.reading() as session:
        return terms(home, find_conversation(session, reference).review)


def change(
    home: Home, actor: Person, reference: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> tuple[str, ...]:
    """Add terms at the end, where one that is there already keeps its place, and take others out. Returns the new glossary.

    Raises:
        NotAllowed, UnknownReview, BadTerm.
    """
    require(actor.roles, Act.DECIDE_NAMES, actor.name)
    added = [_checked(term, number) for number, term in enumerate(add, 1)]
    gone = {term.casefold() for term in remove}
    with home.writing() as session:
        review = find_review(session, reference)
        made: dict[str, str] = {}
        for term in (*terms(home, review), *added):
            if term.casefold() not in gone:
                made.setdefault(term.casefold(), term)
        key = home.vault.get(review.names_key, KeyClass.NAMES)
        body = json.dumps(list(made.values()), ensure_ascii=False).encode()
        review.glossary = seal_value(key, f"review.glossary:{review.id}", body)
        home.log(session, Event.GLOSSARY_CHANGED, actor=actor.name, obj=[review.id], detail={"terms": len(made)})
    return tuple(made.values())


def _checked(term: str, number: int) -> str:
    text = " ".join(term.split())
    if not 1 <= len(text) <= LONGEST or not any(letter.isalpha() for letter in text) or not text.isprintable():
        raise BadTerm(number=number)
    return text
