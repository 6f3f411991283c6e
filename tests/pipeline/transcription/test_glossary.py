"""The glossary of a review, from being told to the model to being found where it was heard wrongly."""

from pathlib import Path

import pytest

from access.roles import NotAllowed
from pipeline import contents
from pipeline.reviews import UnknownReview, find_conversation, find_review
from pipeline.transcription import glossary, lookalikes, room, transcribing
from pipeline.transcription.glossary import BadTerm, change, read
from pipeline.transcription.speech import Engine
from storage.log.log import Event
from storage.models import Review
from storage.sealed import NotSealedHere, open_value
from storage.vault import KeyClass
from tests import story
from tests.pipeline.transcription.test_transcribing import engine, short_windows, upload, work
from tests.story import FIRST, REVIEW, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.PLANNED, tmp_path)


def test_terms_keep_their_order_and_are_there_once(told: Story) -> None:
    assert read(told.home, told.ana, REVIEW) == ()
    change(told.home, told.ana, REVIEW, add=["Okafor", "  Eastmere   House ", "MASH"])
    assert change(told.home, told.ana, REVIEW, add=["okafor", "Tilly"], remove=["mash"]) == (
        "Okafor", "Eastmere House", "Tilly",
    )  # fmt: skip
    assert read(told.again().home, told.ana, REVIEW) == ("Okafor", "Eastmere House", "Tilly")
    assert told.events()[-2:] == [Event.GLOSSARY_CHANGED] * 2
    assert told.findings() == ()


@pytest.mark.parametrize("term", ["", "  ", "12", "x" * 81, "a\x07b"])
def test_what_is_no_term_is_refused_and_changes_nothing(term: str, told: Story) -> None:
    with pytest.raises(BadTerm, match="line 2"):
        change(told.home, told.ana, REVIEW, add=["Okafor", term])
    assert read(told.home, told.ana, REVIEW) == ()


def test_only_who_may_know_names_sees_it(told: Story) -> None:
    with pytest.raises(NotAllowed):
        read(told.home, told.dora, REVIEW)
    with pytest.raises(NotAllowed):
        change(told.home, told.ben, REVIEW, add=["Okafor"])
    with pytest.raises(UnknownReview):
        read(told.home, told.ana, "LT-9")


def test_it_lies_sealed_under_the_names_key(told: Story) -> None:
    change(told.home, told.ana, REVIEW, add=["Okafor"])
    with told.home.reading() as session:
        review = find_review(session, REVIEW)
        sealed = review.glossary
    assert sealed is not None and b"Okafor" not in sealed
    names = told.home.vault.get(review.names_key, KeyClass.NAMES)
    assert b"Okafor" in open_value(names, f"review.glossary:{review.id}", sealed)
    other = told.home.vault.get(review.review_key, KeyClass.REVIEW)
    with pytest.raises(NotSealedHere):
        open_value(other, f"review.glossary:{review.id}", sealed)
    told.home.close()
    bodies = [path.read_bytes() for path in told.home.folder.rglob("*") if path.is_file()]
    assert not any(b"Okafor" in body for body in bodies)
    assert any(REVIEW.encode() in body for body in bodies), "the look must see what lies open"


@pytest.mark.parametrize("people", [["woman"], ["woman", "man"] * 3])
def test_every_window_is_heard_with_it_and_its_terms_are_doubted(
    people: list[str], told: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(told, story.recording(*people))
    short_windows(told)
    change(told.home, told.ana, REVIEW, add=["Marlowe", "Eastmere"])
    loaded = engine(told)
    prompts: list[str] = []
    transcribe = loaded._model.transcribe

    def heard(sound: object, **named: object) -> object:
        prompts.append(str(named.pop("hotwords")))
        return transcribe(sound, **named)  # without them: a scripted model says its script from a fixed place on

    monkeypatch.setattr(loaded._model, "transcribe", heard)
    assert transcribing.advance(told.home, loaded, work(told))
    assert len(prompts) >= len(people) and set(prompts) == {"Marlowe, Eastmere"}
    with told.home.reading() as session:
        found = contents.doubts(told.home, session, find_conversation(session, FIRST))
    # of many sentences that are the same it is the repetition that is doubted
    assert any("glossary" in doubt.about for _, doubt in found) or len(people) > 1


def test_what_does_not_fit_is_left_out_the_same_way_with_and_without_the_model(told: Story) -> None:
    terms = [f"Larkfield{number}" for number in range(300)]
    folder = told.home.models / "scripted"
    told_to = room.of_model(folder, terms)
    assert told_to == Engine.load(folder, 1).fitting(terms)
    assert 10 < len(told_to) < 300
    assert told_to == tuple(terms[: len(told_to)])


@pytest.mark.parametrize(
    ("text", "term", "written"),
    [
        ("then doctor Okafour rang", "Okafor", "Okafour"),
        ("then oh kafor rang", "Okafor", "oh kafor"),
        ("it was Larkfeild who said so", "Larkfield", "Larkfeild"),
        ("at East Mere House again", "Eastmere House", "East Mere House"),
        ("we asked Mister Merlow there", "Marlowe", "Merlow"),
        ("the Kathryn I know", "Catherine", "Kathryn"),
        ("so Marchmort wrote back", "Marchmont", "Marchmort"),
    ],
)
def test_what_may_be_a_term_heard_wrongly(text: str, term: str, written: str) -> None:
    found = lookalikes.find({1: text}, [term])
    assert [(one.written, one.term, one.turns) for one in found] == [(written, term, (1,))]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Okafor said that OKAFOR came", ["Okafor"]),
        ("the school and the house and the family", ["Scholes", "Hawse"]),
        ("Eastmere and Westmere are two places", ["Eastmere", "Westmere"]),
        ("there was nothing like it", ["Larkfield"]),
        ("", ["Larkfield"]),
    ],
)
def test_what_is_no_lookalike(text: str, terms: list[str]) -> None:
    assert lookalikes.find({1: text}, terms) == ()


def test_lookalikes_are_gathered_most_alike_first() -> None:
    texts = {1: "Okafour and okafour and Larkfeild", 3: "Okafour, then Larkfieldd."}
    found = lookalikes.find(texts, ["Larkfield", "Okafor"])
    assert sorted((one.written, one.turns) for one in found) == [
        ("Larkfeild", (1,)), ("Larkfieldd", (3,)), ("Okafour", (1, 1, 3)),
    ]  # fmt: skip
    assert [one.alike for one in found] == sorted((one.alike for one in found), reverse=True)


def test_a_review_without_a_glossary_tells_the_model_nothing(told: Story) -> None:
    with told.home.reading() as session:
        assert glossary.terms(told.home, session.query(Review).one()) == ()
