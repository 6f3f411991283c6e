"""Hearing on a graphics card, and without one."""

import ctypes
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rapidfuzz.distance import Levenshtein

from pipeline.recording import audio
from pipeline.recording.decode import decode
from pipeline.transcription import graphics, library
from pipeline.transcription.ready import mono
from pipeline.transcription.speech import Engine, floats
from pipeline.transcripts.transcript import Heard
from tests import engines
from tests.pipeline.media import person

DEMO = Path("demo/model").absolute()
CARD = pytest.mark.skipif(library.cards() == 0, reason="this machine has no graphics card")
NO_CARD = pytest.mark.skipif(library.cards() > 0, reason="this machine has a graphics card that works")


def said(heard: Heard) -> list[str]:
    return [word.text for word in heard.words]


@contextmanager
def full_card() -> Iterator[None]:
    """The first graphics card, without room for anything more, as it is where other work has taken all of it."""
    driver = ctypes.CDLL("libcuda.so.1")
    device, context, block = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_uint64()
    assert driver.cuInit(0) == 0
    assert driver.cuDeviceGet(ctypes.byref(device), 0) == 0
    assert driver.cuCtxCreate_v2(ctypes.byref(context), 0, device) == 0
    size = 1 << 40
    while size >= 1 << 20:
        if driver.cuMemAlloc_v2(ctypes.byref(block), ctypes.c_size_t(size)) != 0:
            size //= 2
    try:
        yield
    finally:
        assert driver.cuCtxDestroy_v2(context) == 0


@CARD
def test_a_card_hears_nearly_what_the_processor_hears(caplog: pytest.LogCaptureFixture) -> None:
    card, processor = Engine.load(DEMO, 1, "auto"), Engine.load(DEMO, 1, "cpu")
    assert (card.device, processor.device) == ("cuda", "cpu")
    with (DEMO.parent / "sample" / "conversation-1.m4a").open("rb") as file:
        window = next(audio.windows(decode(file)))
    sound = floats(mono(window.samples))
    heard, expected = (said(engine.hear(sound, seed=1, offset=0.0)) for engine in (card, processor))
    # the card reckons with 16-bit floating point numbers and the processor with 8-bit whole ones
    assert len(heard) > 50 and Levenshtein.normalized_similarity(heard, expected) > 0.9
    assert caplog.records == []


@CARD
def test_a_card_without_room_is_told_in_the_log(model: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert Engine.load(model, 1, "auto").device == "cuda", "where nothing else has taken the room"
    with full_card():
        engine = Engine.load(model, 1, "auto")
        assert engine.device == "cpu"
        assert engine.hear(floats(person("woman")), seed=0, offset=0.0).words
    assert [one.message for one in caplog.records] == ["the graphics card cannot be used; the processor hears"]


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
