"""The real library with models that say what the test wants."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import pytest
from faster_whisper import WhisperModel
from faster_whisper.vad import get_vad_model

from pipeline.recording import audio
from pipeline.recording.sound import RATE
from pipeline.transcription import coverage, library
from pipeline.transcription import speech as speech_module
from pipeline.transcription.spans import total
from pipeline.transcription.speech import Engine, at_once, floats, stretches, voices
from pipeline.transcripts.transcript import Heard, Span, Word, heard_from_json, heard_to_json
from tests import engines
from tests.pipeline.media import Samples, encoded, hum, person, silence, sound

TEXT = "I met the family in March"
# the likeliest words repeat themselves, which the library does not accept, so that it falls back on chance
WAVERING = [engines.Said("flat|house|home|place", 0.2 + 0.2 * number, 0.24) for number in range(12)]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def engine(models: Path) -> Engine:
    return Engine.load(engines.scripted(models / "plain", engines.script(TEXT)), threads=1)


def conversation(pause: float = 4.0) -> Samples:
    """The woman, a pause, the man."""
    return np.concatenate([silence(1), person("woman"), silence(pause), person("man"), silence(1)], axis=1)


def hear(engine: Engine, samples: Samples, offset: float = 0.0, seed: int = 0) -> Heard:
    return engine.hear(floats(samples), seed=seed, offset=offset)


def test_words_have_their_times_on_the_clock_of_the_recording(engine: Engine) -> None:
    samples = conversation()
    heard = hear(engine, samples, offset=600.0)
    first = heard.words[: len(TEXT.split())]
    assert " ".join(word.text for word in first) == TEXT
    speech_begins = heard.speech[0].start
    for number, word in enumerate(first):
        assert word.start == pytest.approx(speech_begins + 0.2 + 0.4 * number, abs=0.45)
    assert all(600 <= word.start <= word.end <= 600 + samples.shape[1] / RATE for word in heard.words)
    assert [word.start for word in heard.words] == sorted(word.start for word in heard.words)
    assert all(0.9 < word.probability <= 1 for word in heard.words)


def test_nothing_is_heard_in_silence_and_no_word_lies_in_a_pause(engine: Engine) -> None:
    assert hear(engine, silence(20)).words == ()
    heard = hear(engine, conversation())
    assert len(stretches(heard.speech)) == 2
    assert coverage.words_without_speech([heard]) == ()
    assert hear(engine, np.zeros((1, 0), np.int16)).words == ()


def test_the_library_is_asked_with_all_its_guards(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of them show only with a large model that goes astray; what each is for: the library's own words on `transcribe`."""
    engine = Engine.load(engines.scripted(models / "guarded", engines.script(TEXT)), threads=1)
    asked: list[dict[str, Any]] = []
    transcribe = engine._model.transcribe

    def heard(*sound: Any, **given: Any) -> Any:
        asked.append(given)
        return transcribe(*sound, **given)

    monkeypatch.setattr(engine._model, "transcribe", heard)
    assert hear(engine, conversation()).words
    for given in asked:
        assert given["condition_on_previous_text"] is False, "a loop must not go from one stretch to the next"
        assert given["vad_filter"] is False and given["word_timestamps"] is True
        assert (given["beam_size"], list(given["temperature"])) == (5, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
        limits = ("compression_ratio_threshold", "log_prob_threshold", "no_speech_threshold")
        assert [given[name] for name in limits] == [2.4, -1.0, 0.6]
        assert given["hallucination_silence_threshold"] == 2.0


def test_figures_of_the_model_are_kept(models: Path) -> None:
    unsure = [engines.Said("perhaps", 0.2, 0.4), engines.Said("so", 0.6, 0.9)]
    heard = hear(Engine.load(engines.scripted(models / "unsure", unsure, no_speech=0.3), 1), person("man"))
    assert [word.probability for word in heard.words[:2]] == pytest.approx([0.4, 0.9], abs=0.05)
    assert heard.estimates[0].no_speech == pytest.approx(0.3, abs=0.05)
    assert heard.estimates[0].confidence < -0.1
    assert heard.estimates[0].temperature == 0


def test_stretches_join_over_short_pauses_and_stay_within_what_the_model_hears() -> None:
    spans = [Span(start=start, end=start + 5) for start in (0.0, 6.0, 13.1, 19.0, 25.0, 31.0, 37.0)]
    joined = stretches(spans)
    assert joined[0] == Span(start=0, end=11), "a pause of more than two seconds ends it"
    assert all(span.end - span.start <= 28 for span in joined)
    assert all(any(one.start <= span.start and span.end <= one.end for one in joined) for span in spans), (
        "nothing is lost"
    )


def test_an_hour_of_talk_without_a_pause_is_cut_into_what_the_model_hears() -> None:
    talk = np.concatenate([person("woman"), person("man")] * 6, axis=1)
    assert max(span.end - span.start for span in stretches(voices(floats(talk)))) <= 28.5


def test_speech_without_words_is_tried_again_and_then_reported(engine: Engine) -> None:
    """The script ends after three seconds; what it leaves of a long sentence is heard once more, cut differently."""
    samples = np.concatenate([clip[:, RATE // 2 : -RATE // 2] for clip in (person("woman"), person("man")) * 4], axis=1)
    heard = hear(engine, samples)
    words = len(TEXT.split())
    assert len(heard.words) > words * len(stretches(heard.speech)), "the second try found words"
    left = coverage.speech_without_words([heard])
    assert left
    assert all(span.end - span.start >= 2 for span in left)
    counted = coverage.account(heard.window, (), [heard])
    assert counted.skipped == pytest.approx(total(left))


def test_somebody_far_from_the_microphone_is_heard_on_the_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo model hears real words, and none in what is so much quieter than the rest; the control leaves it so quiet."""
    samples = sound(Path("demo/sample/conversation-2.m4a").read_bytes())[:, : 14 * RATE]
    answer = Span(start=8.6, end=14.0)
    far = samples[:, round(answer.start * RATE) :]
    far[:] = np.round(far / 50)
    speech = (Span(start=0.6, end=7.4), answer)
    engine = Engine.load(DEMO, 2)

    def answered() -> str:
        heard = engine.hear(floats(samples), seed=0, offset=0.0, speech=speech)
        return " ".join(word.text for word in heard.words if word.start >= answer.start)

    assert "teacher for eleven years" in answered()
    monkeypatch.setattr(speech_module, "_louder", lambda sound, spans, offset: sound)
    assert "eleven" not in answered()


def test_two_seconds_of_speech_without_a_word_are_too_many() -> None:
    words = [
        Word(text="yes", start=0.0, end=0.5, probability=1.0),
        Word(text="no", start=2.4, end=3.0, probability=1.0),
    ]
    assert coverage.unheard([Span(start=0.0, end=5.0)], words) == (Span(start=3.0, end=5.0),)
    assert coverage.unheard([Span(start=0.0, end=4.9)], words) == ()


def test_every_second_is_accounted_for(engine: Engine) -> None:
    samples = conversation()
    heard = hear(engine, samples, offset=30.0)
    end = heard.window.end
    damaged = [Span(start=20.0, end=31.5), Span(start=end - 0.5, end=end + 9)]
    counted = coverage.account(heard.window, damaged, [heard])
    assert counted.duration == pytest.approx(samples.shape[1] / RATE)
    assert counted.damaged == pytest.approx(2.0)
    assert counted.transcribed > 3
    assert counted.silence > 3
    assert (counted + counted).duration == pytest.approx(2 * counted.duration)
    two = coverage.account(heard.window, (), [heard, heard])
    assert two == coverage.account(heard.window, (), [heard]), "speech in both channels counts once"


def test_only_the_given_stretches_are_heard(engine: Engine) -> None:
    samples = conversation()
    spans = voices(floats(samples))
    heard = engine.hear(floats(samples), seed=0, offset=0.0, speech=spans[-1:])
    assert heard.speech == spans[-1:]
    assert heard.words
    assert all(word.start >= spans[-1].start for word in heard.words)


def test_the_same_seed_gives_the_same_words_whatever_was_heard_before(models: Path) -> None:
    folder = engines.scripted(models / "wavering", WAVERING)
    samples = person("man")
    engine = Engine.load(folder, 1)
    first = hear(engine, samples, seed=1)
    assert first.estimates and max(estimate.temperature for estimate in first.estimates) > 0, "it had to guess"
    assert hear(engine, samples, seed=2).words != first.words
    assert hear(engine, samples, seed=1) == first
    assert hear(Engine.load(folder, 1), samples, seed=1) == first


DEMO = Path("demo/model").absolute()
KINDS: dict[str, Callable[[Path], Path]] = {
    "sure": lambda folder: engines.scripted(folder, engines.script(TEXT)),
    "wavering": lambda folder: engines.scripted(folder, WAVERING),
    "demo": lambda _: DEMO,
}


@pytest.mark.parametrize("kind", KINDS)
def test_heard_several_at_once_it_is_the_same_as_one_after_another(models: Path, kind: str) -> None:
    folder = KINDS[kind](models / f"at-once-{kind}")
    samples = np.concatenate([conversation(), silence(3), person("woman")], axis=1)

    def heard(engine: Engine) -> Heard:
        reached = [0.0]
        found = engine.hear(floats(samples), seed=1, offset=30.0, reached=reached.append)
        assert reached == sorted(reached) and len(reached) == 1 + len(stretches(found.speech)) == 4
        assert reached[-1] == pytest.approx(total(found.speech))
        return found

    alone = heard(Engine.load(folder, 1))
    assert alone.words
    guessed = max(estimate.temperature for estimate in alone.estimates) > 0
    assert guessed == (kind != "sure"), "chance takes part in what is compared"
    assert heard(Engine.load(folder, 4)) == alone
    together = Engine.load(folder, 2)
    assert heard(together) == heard(together) == alone, "also after it had to guess"


def test_what_fails_in_a_thread_fails_here_and_leaves_none(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine.load(engines.scripted(models / "failing", engines.script(TEXT)), 2)
    encode, calls = engine._model.encode, iter(range(99))

    def failing(*given: object) -> object:
        if next(calls) == 1:
            raise RuntimeError("no more")
        return encode(*given)

    monkeypatch.setattr(engine._model, "encode", failing)
    with pytest.raises(RuntimeError, match="no more"):
        hear(engine, np.concatenate([conversation(), conversation()], axis=1))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("hearing")]


def test_how_many_are_heard_at_once_goes_by_the_size_of_the_model() -> None:
    mebibyte = 1 << 20
    assert [at_once(75 * mebibyte, threads) for threads in (1, 2, 4, 16)] == [1, 2, 4, 4]
    assert [at_once(145 * mebibyte, threads) for threads in (1, 2, 16)] == [1, 2, 2]
    assert at_once(480 * mebibyte, 16) == 1


def test_a_model_is_loaded_anew_only_after_it_drew_by_chance(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading a large model takes seconds, and most windows draw nothing."""
    loads: list[str] = []
    load = library.loaded

    def counted(folder: Path, threads: int, device: str, at_once: int) -> object:
        loads.append(folder.name)
        return load(folder, threads, device, at_once)

    monkeypatch.setattr(library, "loaded", counted)
    sure = Engine.load(engines.scripted(models / "sure", engines.script(TEXT)), 1)
    wavering = Engine.load(engines.scripted(models / "unsteady", WAVERING), 1)
    for seed in range(3):
        hear(sure, person("man"), seed=seed)
        hear(wavering, person("man"), seed=seed)
    assert (loads.count("sure"), loads.count("unsteady")) == (1, 3)


def test_a_model_that_says_anything_at_all_is_heard_out(models: Path) -> None:
    samples = conversation()
    for seed in range(3):
        heard = hear(Engine.load(engines.random(models / f"random{seed}", seed), 1), samples)
        assert heard_from_json(heard_to_json(heard)) == heard
        assert coverage.account(heard.window, (), [heard]).duration == pytest.approx(samples.shape[1] / RATE)


def test_seeding_the_library_again_is_not_enough(models: Path) -> None:
    """The control to the test above, and the reason why each window has a fresh model."""
    folder = engines.scripted(models / "again", WAVERING)
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)

    def words() -> list[str]:
        ctranslate2.set_random_seed(1)
        return [segment.text for segment in model.transcribe(floats(person("man")), language="en")[0]]

    assert words() != words()


def test_terms_beyond_what_the_model_can_hold_are_left_out_and_never_crash() -> None:
    engine = Engine.load(DEMO, threads=1)
    terms = [f"Larkfield{number}" for number in range(200)]
    fitting = engine.fitting(terms)
    assert 0 < len(fitting) < len(terms)
    assert fitting == tuple(terms[: len(fitting)])
    assert engine.fitting(["Okafor", "Eastmere"]) == ("Okafor", "Eastmere")
    engine.hear(floats(person("man")), seed=0, offset=0.0, hotwords=terms)


def test_nothing_is_written_to_any_file_on_the_way(engine: Engine) -> None:
    data = encoded(conversation(), "m4a")
    with Writes() as seen:
        samples = audio.raise_quiet(sound(data))
        for window in audio.windows([]):
            hear(engine, window.samples)
        hear(engine, samples)
    assert seen.paths == []
    with Writes() as seen, tempfile.NamedTemporaryFile() as file:  # the control
        file.write(b"x")
    assert seen.paths


def test_the_library_is_told_to_stay_off_the_network(engine: Engine) -> None:
    hear(engine, silence(1))
    assert os.environ["HF_HUB_OFFLINE"] == os.environ["ORT_DISABLE_TELEMETRY"] == "1"


class Writes:
    """Paths of the files that Python opens for writing while this is entered."""

    _listening: "list[Writes]" = []
    _hooked = False

    def __init__(self) -> None:
        self.paths: list[str] = []

    def __enter__(self) -> "Writes":
        if not Writes._hooked:  # a hook stays for as long as the process lives
            sys.addaudithook(Writes._heard)
            Writes._hooked = True
        Writes._listening.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        Writes._listening.remove(self)

    @staticmethod
    def _heard(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and Writes._listening:
            path, _, flags = arguments
            if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR):
                for one in Writes._listening:
                    one.paths.append(str(path))


def test_voices_are_found_in_portions_as_in_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = floats(np.concatenate([conversation(), person("woman"), hum(3)], axis=1))
    voices(sound)
    network = get_vad_model().session._session
    given: list[int] = []

    class Seen:
        def run(self, names: None, what: dict[str, Any]) -> Any:
            given.append(len(what["input"]))
            return network.run(names, what)

    monkeypatch.setattr(get_vad_model().session, "_session", Seen())
    monkeypatch.setattr(library, "PORTION", 1 << 20)
    whole = voices(sound)
    assert len(whole) > 1 and len(given) == 1 and given[0] > 500
    monkeypatch.setattr(library, "PORTION", 100)
    assert voices(sound) == whole
    assert max(given[1:]) == 100 and sum(given[1:]) == given[0]


ARENAS = """
import ctypes, sys, threading
from pathlib import Path
from pipeline.transcription import library
model, few = sys.argv[1:]
if few == "few":
    library.loaded(Path(model), 1, "cpu")
else:
    import ctranslate2, numpy
together = threading.Barrier(8)
def work():
    kept = [bytearray(1000) for _ in range(100)]
    together.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
c = ctypes.CDLL(None)
c.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(c.fopen(b"/dev/stdout", b"w"))
c.malloc_info(0, file)
c.fflush(file)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only the C library of Linux keeps memory for each thread")
def test_threads_share_the_memory_they_have_given_back(models: Path) -> None:
    folder = engines.scripted(models / "sharing", engines.script(TEXT))

    def kept(how: str) -> int:
        told = subprocess.run(
            [sys.executable, "-c", ARENAS, str(folder), how], capture_output=True, text=True, check=True
        )
        return told.stdout.count("<heap nr=")

    assert 1 <= kept("few") <= library.ARENAS
    assert kept("usual") > 4
