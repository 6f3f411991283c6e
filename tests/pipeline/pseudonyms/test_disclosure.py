"""What may leave: nothing while a name is open, and to the public nothing that points at a place, a day or one person."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes.quotes import Anchor, take
from pipeline.export.model import Profile
from pipeline.pseudonyms.candidates import candidates
from pipeline.pseudonyms.disclosure import Facts, NotFit, Open, What, check, for_public, require_fit, role
from pipeline.pseudonyms.names import NameKey
from pipeline.transcripts.document import Document, Passage
from pipeline.transcripts.transcript import Speaker

FACTS = Facts(agency="Eastmere Trust", others=("Health visitor 2", "Social worker 1"))


def _document(*texts: str, position: str = "Health visitor 1") -> Document:
    return Document(
        conversation="C-001",
        position=position,
        passages=tuple(
            Passage(turn=number, speaker=Speaker.PARTICIPANT, start=0.0, end=1.0, text=text)
            for number, text in enumerate(texts, 1)
        ),
    )


def _public(
    *texts: str, confirmed: frozenset[str] = frozenset(), position: str = "Health visitor 1"
) -> tuple[Open, ...]:
    return check(_document(*texts, position=position), (), Profile.PUBLIC, confirmed, FACTS)


@pytest.mark.parametrize("profile", list(Profile))
def test_an_undecided_candidate_refuses_every_profile(profile: Profile) -> None:
    document = _document("so [mother] met Achterberg")
    undecided = candidates(document.passages, NameKey(), ())
    first, *_ = opens = check(document, undecided, profile, frozenset(), FACTS)
    assert (first.what, first.reference) == (What.NAME, "C-001:1.4")
    assert first.command == "candour names decide C-001 1.4"
    with pytest.raises(NotFit) as refusal:
        require_fit(opens, "C-001", profile)
    assert "candour names decide C-001 1.4" in str(refusal.value)
    assert "chterberg" not in str(refusal.value) + repr(opens)


@pytest.mark.parametrize("profile", [Profile.INTERNAL, Profile.PARTICIPANT])
def test_inside_the_review_and_for_the_participant_decided_text_may_leave(profile: Profile) -> None:
    document = _document("over in Harehills on 3 June 2021", position="Head teacher")
    opens = check(document, (), profile, frozenset(), FACTS)
    assert opens == ()
    require_fit(opens, "C-001", profile)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("over in Harehills then", What.PLACE),
        ("from Oakfield Primary then", What.PLACE),
        ("near LS6 3HN then", What.PLACE),
        ("on 3 June 2021 then", What.DATE),
        ("on the third of March", What.DATE),
        ("rang 07700 900123 then", What.NUMBER),
        ("rang the RSPX then", What.AGENCY),
        ("the Eastmere Trust said", What.AGENCY),
        ("so Brackley was shut", What.WORD),
    ],
)
def test_the_public_gets_nothing_that_points_until_it_is_confirmed(text: str, what: What) -> None:
    opens = _public(text)
    assert what in {one.what for one in opens}
    assert all(one.command.startswith("candour disclosure generalise C-001 ") for one in opens)
    assert _public(text, confirmed=frozenset(one.subject for one in opens)) == ()


def test_what_stands_in_brackets_is_already_replaced() -> None:
    assert _public("so [Head Teacher, North] rang [Mrs Quill] in [Town A]") == ()


def test_a_role_that_one_person_has_is_open_until_confirmed() -> None:
    (one,) = _public("fine", position="Head teacher")
    assert (one.what, one.reference) == (What.ROLE, "C-001:position")
    assert _public("fine", position="Head teacher", confirmed=frozenset({one.subject})) == ()
    assert _public("fine", position="health visitor 3") == ()


def test_generalising_takes_away_dates_agency_and_numbers_of_positions() -> None:
    document = _document(
        "On 3 June 2021 the Eastmere Trust's [Health visitor 2] rang [Child 2]", "born [3 June 2019]", "born in 2014"
    )
    general = for_public(document, FACTS).document
    assert general.position == "Health visitor"
    assert [passage.text for passage in general.passages] == [
        "On [date] the [agency]'s [Health visitor] rang [Child 2]",
        "born [date]",
        "born in [date]",
    ]
    assert check(general, (), Profile.PUBLIC, frozenset(), FACTS) == ()


def _general(document: Document, facts: Facts, **shown: str) -> tuple[Document, tuple[Open, ...]]:
    """What the public reads once the first thing of each kind is said in general, and what is open then."""
    opens = {
        one.what: one.subject for one in check(for_public(document, facts).document, (), Profile.PUBLIC, (), facts)
    }
    decided = replace(facts, general={opens[What[what]]: text for what, text in shown.items()})
    made = for_public(document, decided).document
    return made, check(made, (), Profile.PUBLIC, (), decided)


def test_what_is_said_in_general_is_said_so_wherever_it_stands() -> None:
    document = _document("over in Harehills then", "and HAREHILLS’s market")
    made, opens = _general(document, FACTS, PLACE="a town")
    assert [passage.text for passage in made.passages] == ["over in [a town] then", "and [a town]’s market"]
    assert opens == ()


def test_a_role_that_one_person_has_is_also_open_where_it_is_spoken_of() -> None:
    document = _document("so the head teachers' list", "and [Head teacher 1] rang the head teacher")
    facts = replace(FACTS, others=("Health visitor 2", "Head teacher 1"))
    (one,) = check(document, (), Profile.PUBLIC, frozenset(), facts)
    assert (one.what, one.reference) == (What.ROLE, "C-001:1.3")
    assert check(document, (), Profile.PUBLIC, frozenset({one.subject}), facts) == ()
    made, opens = _general(document, facts, ROLE="senior teacher")
    assert [passage.text for passage in made.passages] == [
        "so the [senior teacher]s' list",
        "and [senior teacher] rang the [senior teacher]",
    ]
    assert opens == ()


def test_ones_own_role_is_said_in_general_too() -> None:
    made, opens = _general(_document("I am the head teacher", position="Head teacher"), FACTS, ROLE="Teacher")
    assert (made.position, made.passages[0].text, opens) == ("Teacher", "I am the [Teacher]", ())


def test_a_kind_of_agency_names_none() -> None:
    document = _document("and Children's Services came")
    facts = Facts(agency="Children's Services", others=("Health visitor 2",))
    assert for_public(document, facts).document.passages == document.passages
    assert check(document, (), Profile.PUBLIC, frozenset(), facts) == ()


def test_an_extract_follows_its_words_over_turns_into_the_generalised_document() -> None:
    document = _document("It was on 3 June 2021 that we met. Then nothing.", "And on 4 July 2021 again, yes.")
    general = for_public(document, FACTS)
    moved = general.move(Anchor(first_turn=1, first_char=35, last_turn=2, last_char=24))
    assert take(general.document, moved) == "Then nothing.\nAnd on [date] again"


@given(st.integers(0, 45), st.integers(1, 46))
def test_a_moved_extract_keeps_its_words_and_takes_a_date_whole(one: int, other: int) -> None:
    text = "It was on 3 June 2021 that we met. Then all ok."
    start, end = sorted((one, other))
    if start == end:
        return
    general = for_public(_document(text), FACTS)
    quote = take(general.document, general.move(Anchor(first_turn=1, first_char=start, last_turn=1, last_char=end)))
    first, last = text.index("3 June 2021"), text.index(" that")
    before, after = text[start : min(end, first)], text[max(start, last) : end]
    touched = start < last and first < end
    assert quote == before + ("[date]" if touched else "") + after


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        ("Health visitor 1", "Health visitor"),
        ("GP-2", "GP"),
        ("Nurse", "Nurse"),
        ("12", "12"),
        ("Social worker 10 ", "Social worker"),
    ],
)
def test_a_role_is_a_position_without_its_number(position: str, expected: str) -> None:
    assert role(position) == expected
