"""Candidates: no name that the key does not know stays unseen, and each is asked about once."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

import pytest

from pipeline.pseudonyms.candidates import Candidate, candidates, normalised
from pipeline.pseudonyms.hits import Rule
from pipeline.pseudonyms.names import Kind, NameKey, Term
from pipeline.transcripts.document import Passage
from pipeline.transcripts.transcript import Speaker
from tests.pipeline import corpus
from tests.pipeline.corpus import Corpus, Sort


def _find(*texts: str, key: NameKey | None = None, settled: tuple[str, ...] = ()) -> tuple[Candidate, ...]:
    passages = [
        Passage(turn=number, speaker=Speaker.PARTICIPANT, start=0.0, end=1.0, text=text)
        for number, text in enumerate(texts, 1)
    ]
    return candidates(passages, key or NameKey(), settled)


@pytest.mark.parametrize(
    ("text", "shown", "kind", "rule"),
    [
        ("so Brackley came", "Brackley", Kind.PERSON, Rule.CAPITAL),
        ("then Dr Patel rang", "Patel", Kind.PERSON, Rule.TITLE),
        ("then Dr. Patel rang", "Patel", Kind.PERSON, Rule.TITLE),
        ("a girl called rose came", "rose", Kind.PERSON, Rule.CUE),
        ("my name is okonjo", "okonjo", Kind.PERSON, Rule.CUE),
        ("her name's Quill", "Quill", Kind.PERSON, Rule.CUE),
        ("and tyrone said so", "tyrone", Kind.PERSON, Rule.KNOWN),
        ("Tyrone said so", "Tyrone", Kind.PERSON, Rule.KNOWN),
        ("Brackley said so", "Brackley", Kind.PERSON, Rule.CAPITAL),
        ("Banks said so", "Banks", Kind.PERSON, Rule.CAPITAL),
        ("over in Harehills then", "Harehills", Kind.PLACE, Rule.PLACE),
        ("off Quarry Road then", "Quarry Road", Kind.PLACE, Rule.PLACE),
        ("from Oakfield Primary School", "Oakfield Primary School", Kind.SCHOOL, Rule.SCHOOL),
        ("from St Aidan's school", "St Aidan", Kind.SCHOOL, Rule.SCHOOL),
        ("rang the RSPX twice", "RSPX", Kind.ORGANISATION, Rule.ABBREVIATION),
        ("so Sarah Key rang", "Sarah Key", Kind.PERSON, Rule.KNOWN),
        ("so June rang", "June", Kind.PERSON, Rule.KNOWN),
        ("we saw Sarah's dad", "Sarah", Kind.PERSON, Rule.KNOWN),
        ("it was 943 476 5919", "943 476 5919", Kind.OTHER, Rule.NHS),
        ("on 3 June 2021", "3 June 2021", Kind.DATE, Rule.DATE),
    ],
)
def test_what_may_be_a_name_is_a_candidate(text: str, shown: str, kind: Kind, rule: Rule) -> None:
    (candidate,) = _find(text)
    assert (candidate.shown, candidate.kind, candidate.rule) == (shown, kind, rule)


@pytest.mark.parametrize(
    "text",
    [
        'It was fine. What happened? He said, "Come here." Looking back, I\'m sure. Well-meaning people.',
        "On Monday I rang the GP and the NHS, and CAMHS in January.",
        "I moved on in May, and in June the Health Visitor and Mum came for Christmas.",
        "Nobody called the police. They called me back. OK, I'd go. Yes, Sir.",
    ],
)
def test_ordinary_sentences_raise_nothing(text: str) -> None:
    assert _find(text) == ()


def test_a_word_with_a_capital_inside_a_sentence_is_suspect_at_the_beginning_of_another() -> None:
    assert _find("Park it there.") == ()
    (candidate,) = _find("We asked Park again.", "Park it there.")
    assert [place.turn for place in candidate.occurrences] == [1, 2]


def test_a_candidate_is_asked_once_with_all_its_places_and_the_words_around() -> None:
    (candidate,) = _find("why then did we not ask them Quill-Brown b c d e f g h", "and QUILL-BROWN’S house")
    first, second = candidate.occurrences
    assert candidate.handle == "1.8"
    assert (first.before, first.after) == ("then did we not ask them", "b c d e f g")
    assert (second.turn, second.start, second.end) == (2, 4, 15)


def test_what_is_settled_and_what_the_key_covers_is_not_asked_again() -> None:
    key = NameKey([Term(id="T1", real="Quill", replacement="nurse", kind=Kind.PERSON)])
    text = "so Dr Quill met Achterberg, and Quills, on 3 June 2021"
    found = _find(text, key=key)
    assert [one.shown for one in found] == ["Achterberg", "3 June 2021"]
    assert _find(text, key=key, settled=(found[0].term, normalised("3 June 2021"))) == ()


def test_the_handle_of_a_candidate_stays_when_others_are_decided() -> None:
    text = "so Quill met Achterberg"
    before, after = _find(text)[1], _find(text, settled=("quill",))[0]
    assert before == after


def test_a_pattern_that_the_key_covers_in_part_is_still_asked_about() -> None:
    key = NameKey([Term(id="T1", real="Quill", replacement="nurse", kind=Kind.PERSON)])
    (candidate,) = _find("to quill.smith@example.org", key=key)
    assert candidate.rule is Rule.EMAIL


@pytest.mark.parametrize(
    "text", ["so Quill-Achterberg came", "so Achterberg-Quill came", "Quill Achterberg came", "so Dr Quill Achterberg"]
)
def test_the_rest_of_a_name_that_the_key_covers_in_part_is_still_asked_about(text: str) -> None:
    key = NameKey([Term(id="T1", real="Quill", replacement="nurse", kind=Kind.PERSON)])
    assert [one.shown for one in _find(text, key=key)] == ["Achterberg"]


def test_no_two_candidates_share_a_handle() -> None:
    found = _find("it's Quill/Achterberg Brackley-Tyrone, 07700 900123 LS6 3HN/SW1A 1AA", "Quill, Okafor")
    assert len({one.handle for one in found}) == len(found) == 6


def test_a_keyed_name_without_its_capital_is_asked_about_apart_from_the_name() -> None:
    key = NameKey([Term(id="T1", real="Rose", replacement="mother", kind=Kind.FAMILY)])
    (candidate,) = _find("then rose came with Rose", key=key)
    assert candidate.rule is Rule.KEYED
    assert candidate.term != normalised("Rose")
    decided = key.with_spelling("T1", candidate.shown)
    assert _find("then rose came with Rose", key=decided) == ()


def test_one_form_for_all_ways_to_write_a_candidate() -> None:
    assert normalised("Anne-Marie O’Brien") == normalised("ANNE MARIE O'BRIEN")
    assert normalised("943 476 5919") == normalised("943-476-5919")
    assert normalised("Ann Marie") != normalised("Annmarie Lee")


def test_nothing_shown_of_a_candidate_in_a_traceback_is_a_name() -> None:
    (candidate,) = _find("we all met Achterberg here")
    assert "chterberg" not in repr(candidate)
    assert " met" not in repr(candidate)
    assert "1.4" in repr(candidate)


def test_when_every_candidate_is_decided_none_is_left() -> None:
    made = corpus.make()
    key = made.key
    for number, candidate in enumerate(candidates(made.passages, key, ()), 1):
        key = key.with_term(Term(id=f"N{number}", real=candidate.shown, replacement=f"x{number}", kind=candidate.kind))
    assert candidates(made.passages, key, ()) == ()


TITLES = re.compile(r"(?:Dr|Mrs|PC|Nurse) ")


def _missed(made: Corpus, sort: Sort, places: Mapping[int, Sequence[tuple[int, int]]]) -> list[str]:
    """What no candidate covers, its title and possessive ending apart."""
    missed = []
    for one in made.of(sort):
        title = TITLES.match(one.text)
        first, last = one.start + (title.end() if title else 0), one.end - 2 * one.text.endswith("'s")
        if not any(start <= first and last <= end for start, end in places[one.turn]):
            missed.append(one.text)
    return missed


def test_every_identifier_of_the_corpus_that_is_not_in_the_key_is_a_candidate() -> None:
    made = corpus.make()
    places = defaultdict(list)
    for candidate in candidates(made.passages, made.key, ()):
        for place in candidate.occurrences:
            places[place.turn].append((place.start, place.end))
    assert _missed(made, Sort.UNKEYED, places) == []
    assert len(_missed(made, Sort.PATTERN, places)) <= 0.02 * len(made.of(Sort.PATTERN))
    assert _missed(made, Sort.KEYED, places) == [one.text for one in made.of(Sort.KEYED)], "the key covers these"
