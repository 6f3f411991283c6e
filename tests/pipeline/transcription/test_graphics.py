"""Hearing on a graphics card, and without one."""

import logging
from pathlib import Path

import pytest

from pipeline.transcription import graphics, library
from pipeline.transcription.speech import Engine, floats
from tests import engines
from tests.pipeline.media import person

NO_CARD = pytest.mark.skipif(library.cards() > 0, reason="this machine has a graphics card that works")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return engines.scripted(tmp_path / "model", engines.script("nobody asked them"))


@NO_CARD
def test_without_a_card_the_processor_hears_and_says_nothing(model: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert graphics.chosen("auto", model) == graphics.chosen("cpu", model) == "cpu"
    assert caplog.records == []


@NO_CARD
def test_a_card_that_is_asked_for_and_does_not_work_is_told_in_the_log(
    model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine.load(model, 1, "cuda")
    assert engine.device == "cpu"
    assert [(one.levelno, one.message) for one in caplog.records] == [
        (logging.WARNING, "the graphics card cannot be used; the processor hears")
    ]
    assert engine.hear(floats(person("woman")), seed=0, offset=0.0).words


def test_a_card_that_is_there_but_not_fit_is_tried_in_a_process_of_its_own(
    model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A missing library of the card's maker ends the process that needs it; ours must live on."""
    monkeypatch.setattr(library, "cards", lambda: 1)
    (model / "model.bin").unlink()
    assert graphics.chosen("auto", model) == "cpu"
    assert len(caplog.records) == 1


def test_a_card_that_fails_on_the_way_is_given_up_and_the_window_heard_again(
    model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine, sound = Engine.load(model, 1), floats(person("woman"))
    expected = engine.hear(sound, seed=0, offset=0.0)

    def fail(*_: object) -> None:
        raise RuntimeError("CUDA failed with error out of memory")

    engine.device = "cuda"
    monkeypatch.setattr(engine._model, "encode", fail)
    assert engine.hear(sound, seed=0, offset=0.0) == expected
    assert engine.device == "cpu"
    assert [one.message for one in caplog.records] == ["the graphics card failed; from here on the processor hears"]
    monkeypatch.setattr(engine._model, "encode", fail)
    with pytest.raises(RuntimeError):
        engine.hear(sound, seed=0, offset=0.0)
