"""The second coder: how far two people agree, what the figures say and do not say, and the places they should talk about."""

from dataclasses import dataclass

from starlette.responses import Response

from pipeline.codes import comparing, interpreting
from pipeline.codes.agreement import NothingCoded, SameCoder, Unit, overall
from pipeline.codes.comparing import Coded, Comparison
from pipeline.reviews import find_review
from web.rendering import render, sentence
from web.visit import Visit

UNITS = ((Unit.TURNS.value, "Turns"), (Unit.CHARACTERS.value, "Characters: how much of a turn was meant"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A turn in which a code was given by one of the two alone: what was said, and what each gave that the other did not."""

    conversation: str
    turn: int
    text: str
    first: tuple[str, ...]
    second: tuple[str, ...]


def page(visit: Visit) -> Response:
    """`/reviews/LT-7/agreement?first=ruth&second=lee&unit=turns&conversation=C-001&conversation=C-002`."""
    with visit.home.reading() as session:
        review = find_review(session, visit.part("review")).reference
    coded = comparing.coded(visit.home, visit.person, review)
    by = coded.coders
    everyone = sorted(set().union(*by.values()))
    first, second = visit.query("first"), visit.query("second")
    if not first and not second and len(everyone) == 2:
        first, second = everyone
    unit = Unit.CHARACTERS if visit.query("unit") == Unit.CHARACTERS else Unit.TURNS
    chosen = [one for one in visit.request.query_params.getlist("conversation") if one in by]
    found, errors = _compare(coded, first, second, unit, chosen) if first and second else (None, {})
    every = overall(found.codes) if found else None
    return render(
        visit,
        "agreement.html",
        status=422 if errors else 200,
        review=review,
        everyone=everyone,
        first=first,
        second=second,
        unit=unit.value,
        units=UNITS,
        conversations=[(name, ", ".join(sorted(who)), {first, second} <= who) for name, who in by.items()],
        chosen=chosen,
        found=found,
        every=every,
        said=interpreting.sentences(every, unit, len(found.codes)) if found and every else (),
        differences=_differences(found) if found else [],
        errors=errors,
    )


def _compare(
    coded: Coded, first: str, second: str, unit: Unit, conversations: list[str]
) -> tuple[Comparison | None, dict[str, str]]:
    try:
        found = comparing.between(coded, first, second, unit, conversations)
    except SameCoder as error:
        return None, {"second": sentence(str(error))}
    except NothingCoded as error:
        return None, {"": sentence(str(error))}
    return found, {}


def _differences(found: Comparison) -> list[Difference]:
    """Turn by turn in the order of the talk, since that is how two people go through them."""
    return [
        Difference(
            conversation=conversation,
            turn=turn,
            text=text,
            first=tuple(one.code.name for one in found.codes if (conversation, turn) in one.only_first),
            second=tuple(one.code.name for one in found.codes if (conversation, turn) in one.only_second),
        )
        for (conversation, turn), text in found.texts.items()
    ]
