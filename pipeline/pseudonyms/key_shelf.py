"""A name key and the decisions beside it as texts, for undo."""

import json
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from access.people import Person
from pipeline import contents
from pipeline.history import Step
from pipeline.pseudonyms.names import NameKey, Term, dates_from_json, dates_to_json
from storage.home import Home
from storage.models import NameDecision, Review


class NameShelf:
    """The terms, dates and generalisations of a key, and which candidates are settled: `key` is what putting back makes of it."""

    def __init__(self, home: Home, session: Session, review: Review, actor: Person) -> None:
        self._home, self._session, self._review, self._actor = home, session, review, actor
        self.key = contents.name_key(home, review)

    def holds(self, place: str, text: str | None) -> bool:
        kind, _, id = place.partition(":")
        if kind == "settled":
            known = select(NameDecision.id).where(*self._decision(id))
            return (self._session.scalar(known) is not None) is (text is not None)
        return _texts(self.key).get(place) == text

    def put(self, place: str, text: str | None) -> None:
        kind, _, id = place.partition(":")
        if kind == "settled":
            self._settle(id, text is not None)
        elif kind == "dates":
            self.key = self.key.with_dates(dates_from_json(json.loads(text)) if text else None)
        elif kind == "general":
            self.key = self.key.with_general(id, text)
        else:
            self.key = self.key.without(id) if text is None else self.key.with_term(Term.from_json(text))

    def _settle(self, digest: str, settled: bool) -> None:
        if settled:
            row = NameDecision(id=uuid4(), review_id=self._review.id, digest=digest)
            row.person_id, row.at = self._actor.id, self._home.now()
            self._session.add(row)
        else:
            self._session.execute(delete(NameDecision).where(*self._decision(digest)))
        self._session.flush()

    def _decision(self, digest: str) -> tuple[ColumnElement[bool], ...]:
        return NameDecision.review_id == self._review.id, NameDecision.digest == digest


def steps(before: NameKey, after: NameKey) -> list[Step]:
    """What an act did to a name key."""
    old, new = _texts(before), _texts(after)
    return [Step(place=place, before=old.get(place), after=new.get(place)) for place in dict.fromkeys((*old, *new))]


def _texts(key: NameKey) -> dict[str, str]:
    terms = {f"term:{term.id}": term.to_json() for term in key.terms}
    dates = {"dates": json.dumps(dates_to_json(key.dates))} if key.dates else {}
    return {**terms, **dates, **{f"general:{term}": shown for term, shown in key.general.items()}}
