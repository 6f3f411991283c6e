"""The language of a conversation."""

from pathlib import Path

import numpy as np
import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES

from access.roles import NotAllowed
from pipeline.transcription import languages, transcribing
from pipeline.transcription.languages import AlreadyHeard, UnknownLanguage, choose
from pipeline.transcription.library import voices
from pipeline.transcription.speech import Engine, LanguageUnknown, floats
from storage.log.log import Event
from tests import engines, story
from tests.pipeline.media import person
from tests.pipeline.transcription.test_transcribing import engine, work
from tests.story import FIRST, PLANNED, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.RECORDED, tmp_path)


def test_it_is_english_unless_somebody_says_otherwise(told: Story) -> None:
    assert told.conversation().language == "en"
    choose(told.home, told.ana, FIRST, " CY ")
    assert told.conversation().language == "cy"
    choose(told.home, told.ana, FIRST, languages.DETECT)
    assert told.conversation().language == ""
    details = [dict(entry.detail) for entry in told.log()[-2:]]
    assert details == [{"language": "cy"}, {"language": "detect"}]
    assert told.events()[-1] == Event.CONVERSATION_LANGUAGE_CHOSEN
    assert told.findings() == ()


def test_what_is_no_language_and_who_may_not_choose(told: Story) -> None:
    for language in ("", "english", "xx", "e"):
        with pytest.raises(UnknownLanguage):
            choose(told.home, told.ana, FIRST, language)
    with pytest.raises(NotAllowed):
        choose(told.home, told.dora, FIRST, "cy")
    assert told.conversation().language == "en"


def test_what_is_known_is_what_the_library_knows() -> None:
    assert frozenset(_LANGUAGE_CODES) == languages.KNOWN


def test_it_is_settled_once_something_was_heard(tmp_path: Path) -> None:
    told = story.at(Stage.TRANSCRIBED, tmp_path)
    with pytest.raises(AlreadyHeard):
        choose(told.home, told.ana, FIRST, "cy")
    choose(told.home, told.ana, PLANNED, "cy")


def test_a_model_of_one_language_is_not_made_to_hear_another(told: Story) -> None:
    """The library would take English instead, with no more than a warning in its own log."""
    choose(told.home, told.ana, FIRST, "cy")
    with pytest.raises(LanguageUnknown, match="cy"):
        transcribing.advance(told.home, engine(told), work(told))
    assert "language" in (told.conversation().trouble or "")


def test_a_model_of_one_language_needs_not_listen_for_it(told: Story) -> None:
    choose(told.home, told.ana, FIRST, languages.DETECT)
    assert transcribing.advance(told.home, engine(told), work(told))
    assert told.conversation().language == "en"


def test_a_model_of_many_languages_finds_out(tmp_path: Path) -> None:
    folder = engines.random(tmp_path / "many", languages=("en", "cy", "de"))
    engine = Engine.load(folder, 1)
    assert set(engine.languages) >= {"en", "cy", "de"}
    sound = floats(np.concatenate([person("woman"), person("man")], axis=1))
    found = engine.detect(sound, voices(sound))
    assert found in {"en", "cy", "de"}
    assert engine.detect(sound, voices(sound)) == found
    assert engine.hear(sound, seed=0, offset=0.0, language=found).speech
