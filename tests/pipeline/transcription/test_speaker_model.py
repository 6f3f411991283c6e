"""A speaker model: taken in, checked, and asked who speaks; with a real ONNX model, though a very small one."""

import json
import shutil
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import kaldi_native_fbank
import numpy as np
import pytest
from numpy.typing import NDArray

from demo.walk import MODEL as DEMO_MODEL
from pipeline.recording.sound import RATE
from pipeline.transcription import bands, likeness, model_store, speaker_model
from pipeline.transcription.bands import Bands
from pipeline.transcription.ears import Trained
from pipeline.transcription.mixtures import Array
from pipeline.transcription.model_store import (
    Kind,
    ModelDamaged,
    ModelIncomplete,
    SpeakersUnusable,
    WrongKind,
    add,
    list_models,
    verify,
)
from pipeline.transcription.speaker_model import SpeakerModel
from pipeline.transcription.vectors import sounds_like, weigh
from pipeline.transcription.voices import Voices
from pipeline.transcripts import kept
from pipeline.transcripts.transcript import Speaker, Word
from storage.log.log import Event
from tests import engines, speakers, story
from tests.commands.asking import ask, done
from tests.pipeline import media
from tests.story import FIRST, Stage
from tools import learn_likeness
from tools.bench_speakers import SAMPLE, demo_sample, in_samples

LEARNT: Final = "learnt"


@cache
def learnt() -> SpeakerModel:
    """A model that has heard the second sample of the demo, and not the first."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        made = add(speakers.learnt(home), LEARNT, home / "models", kind=Kind.SPEAKERS, check=speaker_model.check)
        return SpeakerModel.load(made.folder, 1)


@cache
def sample() -> tuple[list[Word], list[int], NDArray[np.int16]]:
    words, truth, sound = demo_sample(1)
    return words, list(truth), in_samples(sound[None])[0]


def told(words: list[Word]) -> Voices:
    ear = Trained(learnt())
    for first, last in pairwise([0, 70_001, 1_000_000, len(sample()[2])]):
        ear.add(sample()[2][first:last])
    return ear.told(words)


def test_bands_are_those_of_kaldi() -> None:
    sound = media.person("woman")[0]
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither, options.frame_opts.window_type = 0.0, "hamming"
    options.mel_opts.num_bins = bands.SIZE
    theirs = kaldi_native_fbank.OnlineFbank(options)
    theirs.accept_waveform(RATE, sound.astype(np.float32).tolist())
    expected = np.array([theirs.get_frame(place) for place in range(theirs.num_frames_ready)])
    made = bands.bands(sound)
    assert made.shape == (len(sound) // bands.HOP, bands.SIZE)
    assert np.abs(made[: len(expected)] - expected).max() < 1e-2
    assert bands.bands(sound[:100]).shape == (0, bands.SIZE)


def test_a_speaker_model_is_taken_in_and_listed_and_checked_like_a_speech_model(tmp_path: Path) -> None:
    models = tmp_path / "models"
    made = add(speakers.statistics(tmp_path / "stick"), "voices", models, kind=Kind.SPEAKERS, check=speaker_model.check)
    assert (made.kind, made.language) == (Kind.SPEAKERS, "any")
    assert list_models(models) == [made] == [verify(made.folder, Kind.SPEAKERS)]
    again = add(made.folder, "copy", models, kind=Kind.SPEAKERS, check=speaker_model.check)
    assert again.kind is Kind.SPEAKERS
    file = model_store.onnx_file(made.folder)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelDamaged, match=r"statistics\.onnx"):
        SpeakerModel.load(made.folder, 1)


def test_what_is_no_speaker_model_is_refused_before_it_is_copied(tmp_path: Path) -> None:
    models = tmp_path / "models"

    def refused(folder: Path, error: type[Exception]) -> None:
        with pytest.raises(error):
            add(folder, "voices", models, kind=Kind.SPEAKERS, check=speaker_model.check)
        assert list_models(models) == []

    refused(speakers.statistics(tmp_path / "other bands", size=40), SpeakersUnusable)
    refused(speakers.statistics(tmp_path / "two inputs", inputs=2), SpeakersUnusable)
    no_model = tmp_path / "no model"
    no_model.mkdir()
    refused(no_model, ModelIncomplete)
    (no_model / "voices.onnx").write_bytes(b"this is no model")
    refused(no_model, SpeakersUnusable)
    (no_model / "more.onnx").write_bytes(b"this is no model")
    refused(no_model, ModelIncomplete)
    speech = engines.scripted(tmp_path / "speech", engines.script("hello"))
    refused(speech, WrongKind)


def test_words_and_voices_are_not_taken_for_each_other(tmp_path: Path) -> None:
    models = tmp_path / "models"
    voices = add(speakers.statistics(tmp_path / "stick"), "voices", models, kind=Kind.SPEAKERS)
    with pytest.raises(WrongKind, match=r"voices.*speaker model"):
        verify(voices.folder, Kind.SPEECH)
    with pytest.raises(WrongKind):
        add(voices.folder, "again", models)
    with pytest.raises(WrongKind):
        SpeakerModel.load(engines.scripted(models / "speech", engines.script("hello")), 1)


def test_two_voices_are_told_apart_by_a_model_and_none_is_wrong() -> None:
    words, truth, _ = sample()
    found = told(words)
    labels = found.labels(words)
    assert found.apart
    assert found.moments is not None
    assert None not in labels
    assert len({(label, who) for label, who in zip(labels, truth, strict=True)}) == 2


@pytest.mark.parametrize("voice", [0, 1])
def test_one_voice_alone_is_not_two_for_a_model_either(voice: int) -> None:
    words, truth, _ = sample()
    alone = [word for word, who in zip(words, truth, strict=True) if who == voice]
    found = told(alone)
    assert not found.apart
    assert found.coherence < 0.35
    assert set(found.labels(alone)) == {None}


def test_what_a_room_does_to_all_stretches_is_taken_away_and_what_is_in_one_alone_is_not() -> None:
    chance = np.random.default_rng(7)
    stretches = [chance.normal(8, 2, (60, bands.SIZE)).astype(np.float32) for _ in range(5)]
    room = chance.normal(0, 3, bands.SIZE).astype(np.float32)
    plain = learnt().vectors(stretches)
    assert learnt().vectors([one + room for one in stretches]) == pytest.approx(plain, abs=1e-3)
    assert np.abs(learnt().vectors([stretches[0] + room, *stretches[1:]])[0] - plain[0]).max() > 0.05


class Tones:
    """Knows a voice by its tone: the sound is the voice itself."""

    rate, lengths = 10, (1.2, 1.6)

    def vectors(self, sounds: Sequence[NDArray[np.float32]]) -> Array:
        turned = np.array([np.pi / 2 * one.mean() for one in sounds])
        return np.stack([np.cos(turned), np.sin(turned)], axis=1)


def test_a_short_turn_in_the_middle_of_another_is_heard_in_its_moments() -> None:
    voice = [0] * 20 + [1] * 20 + [0] * 2 + [1] * 20
    words = [Word(text="so", start=0.4 * n, end=0.4 * n + 0.4, probability=1) for n in range(len(voice))]
    sound = np.repeat(np.array(voice, np.float32), 4)
    first = np.array([0.99] * 20 + [0.01] * 42)  # the short turn is taken for the one around it
    moments = sounds_like(words, sound, Tones(), first)
    assert moments[[5, 30, 40, 50]].tolist() == [1, -1, 1, -1]
    assert sounds_like(words, sound, Tones(), 1 - first)[[5, 30, 40, 50]].tolist() == [-1, 1, -1, 1]
    labels = Voices(runs=np.array([first, first]), moments=moments).labels(words)
    assert set(labels[40:42]) == {None}
    assert None not in labels[:18] + labels[22:38] + labels[44:]


def test_a_model_that_knows_nothing_names_nobody() -> None:
    class Deaf:
        rate, lengths = SpeakerModel.rate, SpeakerModel.lengths

        def vectors(self, sounds: Sequence[Bands]) -> Array:
            vectors = np.random.default_rng(5).normal(size=(len(sounds), 32))
            return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    words, _, sound = sample()
    found = weigh(words, bands.bands(sound), Deaf())
    assert abs(found.coherence) < 0.3
    assert not Voices(runs=found.runs, coherence=found.coherence).apart


@pytest.mark.parametrize("count", [0, 1, 5])
def test_with_next_to_nothing_said_a_model_names_nobody(count: int) -> None:
    words = sample()[0][:count]
    assert set(told(words).labels(words)) <= {None}
    ear = Trained(learnt())
    assert set(ear.told(words).labels(words)) <= {None}, "no sound at all"


def test_what_likeness_has_learnt_is_what_is_shipped() -> None:
    shipped = np.load(learn_likeness.TARGET, allow_pickle=False)
    assert shipped.shape == (likeness.LENGTH * (likeness.LENGTH + 1) // 2,)
    assert np.abs(learn_likeness.learnt() - shipped).max() < 0.02 * np.abs(shipped).max()


def test_an_installed_model_says_who_speaks(tmp_path: Path) -> None:
    """From the folder on a stick to the draft, with the commands of a person and the speech model of the demo."""
    told = story.at(Stage.PLANNED, tmp_path)
    stick = speakers.learnt(tmp_path / "stick", sample=1)
    shutil.rmtree(told.home.models / "scripted")
    done(told, f"model add {DEMO_MODEL} --name demo")
    added = ask(told, f"model add {stick} --name voices --speakers")
    assert "speakers" in done(told, "model list")
    done(told, "model verify voices")
    done(told, f"upload {SAMPLE / 'conversation-2.m4a'} --conversation {FIRST}")
    assert ask(told, "work --once")["transcribed"] == [FIRST]
    after = told.again()
    drafted = next(entry for entry in after.log() if entry.event == Event.TRANSCRIPT_DRAFTED)
    assert drafted.detail["speakers"] == added["sha256"]
    turns = kept.draft(after.home, after.conversation())
    labelled = [word for turn in turns for word in turn.words if word.speaker is not Speaker.UNKNOWN]
    assert len(labelled) > 0.8 * sum(len(turn.words) for turn in turns)
    right = [word for word in labelled if _speaker_at((word.start + word.end) / 2) in {word.speaker.value, None}]
    assert len(right) >= 0.99 * len(labelled)


def _speaker_at(time: float) -> str | None:
    turns = json.loads((SAMPLE / "conversation-2.json").read_text())["turns"]
    return next((turn["speaker"] for turn in turns if turn["start"] <= time <= turn["end"]), None)
