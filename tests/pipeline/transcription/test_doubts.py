"""Bad stretches are found, good ones are left in peace. The engine is the real one, with scripts that go wrong."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.recording.sound import RATE
from pipeline.transcription import doubts, speakers
from pipeline.transcription.doubts import (
    Doubt,
    Evidence,
    Rule,
    WordList,
    by_rule,
    critical_lists,
    evidence,
    find,
    to_hear,
)
from pipeline.transcription.speech import Engine, floats
from pipeline.transcripts.transcript import Estimate, Span, Speaker, Turn, Word
from tests import engines
from tests.engines import Said, script
from tests.pipeline.media import person

CLEAN = "I rang the school and somebody answered"
EVERYWHERE = Span(start=0.0, end=1000.0)


def drafted(
    folder: Path, words: list[Said], *, no_speech: float = 1e-4, terms: tuple[str, ...] = ()
) -> tuple[tuple[Turn, ...], tuple[Doubt, ...]]:
    """What the library makes of a script, and the doubts about it, critical words aside."""
    engine = Engine.load(engines.scripted(folder / "model", words, no_speech=no_speech), 1)
    heard = engine.hear(floats(person("woman")), seed=0, offset=0.0)
    draft = speakers.turns(heard.words)
    assert draft, "the library dropped what should be doubted"
    return draft, find(draft, evidence([heard], (), terms), ())


def rules(found: tuple[Doubt, ...]) -> set[Rule]:
    return {doubt.rule for doubt in found}


def doubted(draft: tuple[Turn, ...], doubt: Doubt) -> str:
    turn = next(turn for turn in draft if turn.number == doubt.turn)
    assert doubt.first is not None and doubt.last is not None
    return " ".join(word.text for word in turn.words[doubt.first : doubt.last + 1])


def test_a_clean_script_raises_no_doubt(tmp_path: Path) -> None:
    draft, found = drafted(tmp_path, script(CLEAN, step=0.32))
    assert draft[0].text == CLEAN
    assert found == ()


def test_a_loop_is_doubted_though_the_model_is_sure(tmp_path: Path) -> None:
    draft, found = drafted(tmp_path, script("thank you " * 5, step=0.2))
    assert Rule.LOOP in rules(found)
    assert doubted(draft, next(doubt for doubt in found if doubt.rule is Rule.LOOP)) == draft[0].text
    assert min(word.probability for word in draft[0].words) > 0.9


def test_text_that_the_model_itself_takes_for_silence(tmp_path: Path) -> None:
    draft, found = drafted(tmp_path, script("thank you for watching", step=0.4), no_speech=0.8)
    assert rules(found) == {Rule.SILENCE}
    assert doubted(draft, found[0]) == "thank you for watching"
    assert found[0].values["no_speech"] == pytest.approx(0.8, abs=0.05)


def test_a_run_of_unlikely_words(tmp_path: Path) -> None:
    words = script(CLEAN, step=0.32)
    words[2:4] = [Said("met", words[2].start, 0.42), Said("wife", words[3].start, 0.45)]
    draft, found = drafted(tmp_path, words)
    assert rules(found) == {Rule.UNSURE}
    assert doubted(draft, found[0]) == "met wife"
    assert found[0].values["probability"] == pytest.approx(0.42, abs=0.03)


def test_a_glossary_read_back(tmp_path: Path) -> None:
    terms = ("Okafor", "Larkfield", "Eastmere")
    draft, found = drafted(tmp_path, script("Okafor, Larkfield, Eastmere", step=0.6), terms=terms)
    assert rules(found) == {Rule.ECHO}
    assert doubted(draft, found[0]) == "Okafor, Larkfield, Eastmere"
    _, unprompted = drafted(tmp_path / "control", script("Okafor, Larkfield, Eastmere", step=0.6))
    assert unprompted == ()


def test_a_glossary_is_read_back_from_any_of_its_terms_on() -> None:
    terms = ("Doctor Adams", "Doctor Brown", "Doctor Cole", "Eastmere")
    draft = (turn("so Doctor Brown Doctor Cole and Doctor Adams went"),)
    (found,) = find(draft, replace(known(), terms=terms), ())
    assert (found.rule, doubted(draft, found)) == (Rule.ECHO, "Doctor Brown Doctor Cole")


def test_faster_than_anybody_speaks(tmp_path: Path) -> None:
    _, found = drafted(tmp_path, script("we were all told that it had been looked into before", step=0.08))
    assert Rule.SPEED in rules(found)


def unsteady() -> list[Said]:
    words = script(CLEAN, step=0.32)
    return [*words[:2], Said("met", words[2].start, 0.42), Said("wife", words[3].start, 0.45), *words[4:]]


# What goes wrong, one of each kind, as a model would say it; and the rule that must find it
PLANTED: dict[str, tuple[list[Said], float, tuple[str, ...], Rule]] = {
    "a word that does not end": (script("no " * 12, step=0.2), 1e-4, (), Rule.LOOP),
    "a phrase that does not end": (script("thank you " * 5, step=0.2), 1e-4, (), Rule.LOOP),
    "a sentence twice": (script(f"{CLEAN} {CLEAN}", step=0.2), 1e-4, (), Rule.LOOP),
    "a sentence on silence": (script("thank you for watching", step=0.4), 0.8, (), Rule.SILENCE),
    "the glossary": (
        script("Okafor, Larkfield, Eastmere", step=0.6),
        1e-4,
        ("Okafor", "Larkfield", "Eastmere"),
        Rule.ECHO,
    ),
    "too many words": (script("we were all told that it had been looked into", step=0.08), 1e-4, (), Rule.SPEED),
    "unlikely words": (unsteady(), 1e-4, (), Rule.UNSURE),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_every_planted_fault_is_found(fault: str, tmp_path: Path) -> None:
    words, no_speech, terms, rule = PLANTED[fault]
    draft, found = drafted(tmp_path, words, no_speech=no_speech, terms=terms)
    assert rule in rules(found)
    assert all(doubt.values for doubt in found)
    assert sum(len(turn.words) for turn in draft) >= len(words) - 1, "nothing is dropped because it is doubted"


def test_words_without_speech_and_speech_without_words_are_found_in_what_the_engine_heard(tmp_path: Path) -> None:
    """The script goes on where nobody speaks, and is over long before a long sentence is."""
    engine = Engine.load(engines.scripted(tmp_path / "model", script(CLEAN, step=0.32)), 1)
    people = [clip[:, RATE // 2 : -RATE // 2] for clip in (person("woman"), person("man")) * 4]
    heard = engine.hear(floats(np.concatenate(people, axis=1)), seed=0, offset=0.0)
    found = find(speakers.turns(heard.words), evidence([heard], ()), ())
    assert Rule.UNHEARD in rules(found)
    elsewhere = replace(heard, speech=(Span(start=30.0, end=31.0),))
    assert Rule.STRAY in rules(find(speakers.turns(heard.words), evidence([elsewhere], ()), ()))


def word(text: str, start: float, probability: float = 0.95, length: float = 0.3) -> Word:
    return Word(text=text, start=start, end=start + length, probability=probability)


def turn(text: str, start: float = 0.0, number: int = 1, step: float = 0.4) -> Turn:
    words = tuple(word(one, start + place * step) for place, one in enumerate(text.split()))
    return Turn(number=number, speaker=Speaker.UNKNOWN, words=words)


def known(**changes: tuple[object, ...]) -> Evidence:
    fields: dict[str, object] = {"speech": (EVERYWHERE,), "estimates": (), "unheard": (), "damaged": (), "terms": ()}
    return Evidence(**{**fields, **changes})  # type: ignore[arg-type]


def test_words_where_nobody_speaks() -> None:
    draft = (turn("yes thank you", 0.0), turn("for watching", 10.0, number=2))
    found = find(draft, known(speech=(Span(start=0, end=2), Span(start=10.4, end=12))), ())
    assert [(doubt.rule, doubt.turn, doubt.first, doubt.last) for doubt in found] == [(Rule.STRAY, 2, 0, 0)]


def test_speech_without_words_and_damage_come_to_the_nearest_turn() -> None:
    draft = (turn("before", 5.0), turn("after", 30.0, number=2))
    gaps = {"unheard": (Span(start=10.0, end=14.0),), "damaged": (Span(start=31.0, end=32.0), Span(start=0.0, end=1.0))}
    found = find(draft, known(**gaps), ())
    assert [(doubt.rule, doubt.turn) for doubt in found] == [
        (Rule.UNHEARD, 1), (Rule.DAMAGED, None), (Rule.DAMAGED, 2),
    ]  # fmt: skip
    assert found[0].values == {"seconds": 4.0}
    assert found[0].first is None
    assert find((), known(**gaps), ())[0].turn is None


def test_repetition_is_counted_as_people_talk() -> None:
    assert find((turn("no no no I did not"),), known(), ()) == ()
    assert find((turn("I thought I thought I should go"),), known(), ()) == ()
    for text in ("no no no no", "you know you know you know", "it was not my it was not my it was not my"):
        assert rules(find((turn(text),), known(), ())) == {Rule.LOOP}, text
    separate = tuple(turn("Thank you.", 10.0 * number, number) for number in range(1, 6))
    found = find(separate, known(), ())
    assert [doubt.turn for doubt in found if doubt.rule is Rule.LOOP] == [1, 2, 3, 4, 5], "a loop runs across turns"


def test_figures_of_a_estimate_point_to_its_words_only() -> None:
    draft = (turn("one two three four five six"),)
    bad = Estimate(span=Span(start=0.8, end=1.5), confidence=-1.4, compression=2.9, no_speech=0.9, temperature=1.0)
    found = find(draft, known(estimates=(bad,)), ())
    assert {(doubt.rule, doubted(draft, doubt)) for doubt in found} == {
        (Rule.SILENCE, "three four"), (Rule.LOOP, "three four"), (Rule.UNSURE, "three four"),
    }  # fmt: skip
    assert {name: value for doubt in found for name, value in doubt.values.items()} == {
        "no_speech": 0.9, "compression": 2.9, "confidence": -1.4,
    }  # fmt: skip


def test_one_word_must_be_more_unlikely_than_two() -> None:
    def unsure(*probabilities: float) -> int:
        words = tuple(word(f"w{place}", place * 0.4, chance) for place, chance in enumerate(probabilities))
        return len(find((Turn(number=1, speaker=Speaker.UNKNOWN, words=words),), known(), ()))

    assert unsure(0.9, 0.45, 0.9) == 0
    assert unsure(0.9, 0.2, 0.9) == 1
    assert unsure(0.9, 0.45, 0.45, 0.9) == 1
    assert unsure(0.2, 0.9, 0.2) == 2


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("he was not there", "negation"),
        ("she didn't say", "negation"),
        ("I saw them twelve times", "number"),
        ("there were 32 families", "number"),
        ("in May they moved", "date"),
        ("the child was weeks old", "age"),
        ("on the left arm", "body"),
        ("she took her methadone", "medication or substance"),
        ("he hit him", "harm"),
    ],
)
def test_words_that_decide_a_case_are_heard_however_sure_the_model_is(text: str, about: str) -> None:
    draft = (turn(text),)
    assert find(draft, known(), ()) == ()
    found = find(draft, known(), critical_lists())
    assert [(doubt.rule, doubt.about) for doubt in found] == [(Rule.CRITICAL, about)]
    assert about in found[0].reason


def test_words_that_only_look_critical() -> None:
    assert find((turn("they may come back and march on one second"),), known(), critical_lists()) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("so Amelia was there", ["Amelia"]),
        ("Amelia's father came", ["Amelia's"]),
        ("Will you ask Will or Mark?", ["Will", "Mark?"]),
        ("Amelia came. Mark this.", ["Amelia"]),
        ("they will grow", []),
    ],
)
def test_names_are_heard_where_they_are_written_as_names(text: str, found: list[str]) -> None:
    draft = (turn(text, step=2.9),)
    doubted = find(draft, known(), critical_lists())
    assert [draft[0].words[one.first or 0].text for one in doubted if one.about == "name"] == found


def test_terms_of_the_glossary_are_heard_wherever_they_are() -> None:
    draft = (turn("she rang the hub at eastmere house again"),)
    found = find(draft, known(), critical_lists(["Eastmere House", "MASH"]))
    assert [(one.about, one.first, one.last) for one in found] == [("glossary", 5, 6)]


def test_critical_words_next_to_each_other_are_one_doubt_and_no_more_is_in_it_than_they_are() -> None:
    draft = (turn("I never saw him on a Tuesday two weeks later"), turn("no", 60.0, number=2))
    found = find(draft, known(), critical_lists())
    assert {(doubt.turn, doubt.first, doubt.last) for doubt in found} == {(1, 1, 1), (1, 6, 7), (2, 0, 0)}
    near = (Turn(number=1, speaker=Speaker.UNKNOWN, words=(word("four", 0.0), word("or", 0.3), word("five", 0.6))),)
    assert [doubted(near, doubt) for doubt in find(near, known(), critical_lists())] == ["four or five"]
    far = (Turn(number=1, speaker=Speaker.UNKNOWN, words=(word("never", 0.0), word("x", 0.5), word("Tuesday", 1.0))),)
    assert len(find(far, known(), critical_lists())) == 2


def test_a_critical_word_in_a_doubted_stretch_is_not_listed_twice() -> None:
    words = (word("I", 0.0), word("never", 0.4, 0.2), word("did", 0.8))
    draft = (Turn(number=1, speaker=Speaker.UNKNOWN, words=words),)
    assert rules(find(draft, known(), critical_lists())) == {Rule.UNSURE}


def test_where_a_doubted_stretch_ends_among_critical_words_only_the_rest_is_listed() -> None:
    words = (word("on", 0.0), word("Tuesday", 0.4, 0.2), word("March", 0.7), word("two", 1.0))
    draft = (Turn(number=1, speaker=Speaker.UNKNOWN, words=words),)
    found = find(draft, known(), critical_lists())
    assert [(doubt.rule, doubt.first, doubt.last) for doubt in found] == [(Rule.UNSURE, 1, 1), (Rule.CRITICAL, 2, 3)]


def test_worst_first_whatever_the_order_of_the_evidence() -> None:
    draft = (turn("no no no no", 0.0), turn("I never knew", 10.0, number=2), turn("so", 20.0, number=3))
    damage = (Span(start=30.0, end=31.0), Span(start=50.0, end=70.0))
    for order in itertools.permutations(damage):
        found = find(draft, known(damaged=order), critical_lists())
        assert [doubt.rule for doubt in found] == [Rule.LOOP, Rule.DAMAGED, Rule.DAMAGED, Rule.CRITICAL]
        assert found[1].span.start == 50.0, "the longer one"
        assert [doubt.risk for doubt in found] == sorted((doubt.risk for doubt in found), reverse=True)


def test_doubts_have_a_name_of_their_own_and_come_back_the_same() -> None:
    draft = (turn("no no no no I never was there"), turn("never", 90.0, number=2))
    found = find(draft, known(damaged=(Span(start=3.0, end=4.0),)), critical_lists())
    assert len({doubt.key for doubt in found}) == len(found) >= 4
    assert [doubt.key for doubt in find(draft, known(damaged=(Span(start=3.0, end=4.0),)), critical_lists())] == [
        doubt.key for doubt in found
    ]
    for doubt in found:
        assert doubts.from_json(doubts.to_json(doubt)) == doubt
        assert doubts.to_json(doubts.from_json(doubts.to_json(doubt))) == doubts.to_json(doubt)


def test_what_it_takes_to_clear_doubts_counts_nothing_twice() -> None:
    draft = (turn("I was never there at all in the house"),)
    found = find(draft, known(), critical_lists())
    once = to_hear(draft, found)
    assert once.doubts == 1
    assert once.words == pytest.approx(1 / 9)
    assert once.seconds == pytest.approx(0.3 + 2 * doubts.AROUND - 0.2), "nothing comes before the beginning"
    twice = to_hear(draft, [*found, *found])
    assert twice == replace(once, doubts=2)
    assert to_hear((), ()) == to_hear(draft, ()) == doubts.Load(doubts=0, words=0.0, seconds=0.0)
    silence = find(draft, known(unheard=(Span(start=20.0, end=25.0),)), ())
    assert to_hear(draft, silence) == doubts.Load(doubts=1, words=0.0, seconds=7.0), "also where there is no word"


def test_doubts_by_their_rules_are_all_there_gravest_first() -> None:
    draft = (turn("no no no no", 0.0), turn("I never knew", 10.0, number=2))
    found = find(draft, known(damaged=(Span(start=30.0, end=31.0),)), critical_lists())
    groups = by_rule(found)
    assert list(groups) == [Rule.LOOP, Rule.DAMAGED, Rule.CRITICAL]
    assert sorted(doubt.key for some in groups.values() for doubt in some) == sorted(doubt.key for doubt in found)


def test_the_lists_hold_words_as_they_sound() -> None:
    lists = critical_lists()
    assert {one.title for one in lists} == {
        "negation",
        "number",
        "date",
        "age",
        "body",
        "medication or substance",
        "harm",
        "name",
        "glossary",
    }
    for one in lists:
        assert one.phrases or one.title in {"name", "glossary"}
        for phrase in one.phrases:
            found = find((turn(" ".join(phrase)),), known(), (one,))
            assert found, f"{phrase} of {one.title} is never found"


def test_every_rule_has_a_reason_and_a_place_in_the_order() -> None:
    assert set(doubts.REASONS) == set(Rule)
    only = WordList(title="x", phrases=frozenset({("word",)}))
    assert find((turn("word"),), known(), (only,))[0].reason == "words that decide what was said (x)"
