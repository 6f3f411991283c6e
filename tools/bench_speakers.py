"""Who said it: how much is attributed, and how much of that wrongly.

    python -m tools.bench_speakers [--voices FOLDER] [--model FOLDER]

FOLDER (or CANDOUR_VOICES) holds one folder a speaker with their sentences, as LibriSpeech does. Conversations are made of them:
the sentences are cut at their pauses into turns, and two speakers take turns with pauses of 0.05 to 1 s in between. Nothing here
recognises speech: a "word" is a piece of a turn of 0.15 to 0.5 s, with borders that are off by 0.03 s as recognised ones are.
Without FOLDER the samples of the demo are measured alone, whose two voices are synthetic.

One channel is measured twice: without a model, and by a speaker model. That is the one in --model, a folder below `models` of a
home, or else one of the tests', which knows nothing but how bands vary together.
"""

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recording.decode import decode
from pipeline.recording.sound import RATE
from pipeline.transcription import model_store, speech
from pipeline.transcription.ears import Ear, Trained, Untrained
from pipeline.transcription.speaker_model import SpeakerModel
from pipeline.transcription.speakers import STEP, energies, own_spans
from pipeline.transcription.voices import Voices
from pipeline.transcripts.transcript import Span, Word

Sound = NDArray[np.float64]
Case = tuple[Voices, list[Word], NDArray[np.intp]]

SAMPLE: Final = Path("demo/sample")
BLEEDS: Final = (-40, -20, -12, -6, -3)
TURNS: Final = (3.0, 1.5)  # seconds that turns are long on the average
CONDITIONS: Final = ("quiet room", "noise at 15 dB", "telephone band", "echo")
LOUDNESS: Final = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Talk:
    """A conversation: the two people's own sound, shape (2, n), and who says each stretch of it."""

    own: Sound
    turns: tuple[tuple[int, Span], ...]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--voices", type=Path, default=os.environ.get("CANDOUR_VOICES"))
    parser.add_argument("--model", type=Path)
    given = parser.parse_args()
    folder = given.voices
    speakers = {one.name: _sentences(one) for one in sorted(Path(folder).iterdir()) if one.is_dir()} if folder else {}
    if speakers:
        _two_channels(speakers)
    _one_channel(speakers, "no model", Untrained)
    with TemporaryDirectory() as work:
        name, model = (
            ("the given model", given.model) if given.model else ("a model of statistics", _statistics(Path(work)))
        )
        loaded = SpeakerModel.load(model, 0)
        _one_channel(speakers, name, lambda: Trained(loaded))


def _statistics(folder: Path) -> Path:
    from tests import speakers

    return model_store.add(speakers.learnt(folder), "learnt", folder / "models", kind=model_store.Kind.SPEAKERS).folder


def _two_channels(speakers: dict[str, list[Sound]]) -> None:
    print(
        "| two microphones, bleed | time of one speaker alone given to that speaker | to both | to nobody |\n|---|---|---|---|"
    )
    talks = [_talk(speakers[one], speakers[other], 2.0, n) for n, (one, other) in enumerate(combinations(speakers, 2))]
    for bleed in BLEEDS:
        right, both, nobody = np.mean([_attributed(talk, bleed) for talk in talks], axis=0)
        print(f"| {bleed} dB | {right:.1%} | {both:.1%} | {nobody:.1%} |", flush=True)


def _attributed(talk: Talk, bleed: float) -> tuple[float, float, float]:
    """Of the time in which one person is heard to speak: given to them alone, to both, to nobody."""
    mixed = in_samples(talk.own + 10 ** (bleed / 20) * talk.own[::-1])
    spans = own_spans([speech.voices(speech.floats(channel)) for channel in mixed], energies(mixed))
    truth = [speech.voices(speech.floats(channel)) for channel in in_samples(talk.own)]
    steps = mixed.shape[1] // STEP
    said, meant = (np.array([_steps(one, steps) for one in found]) for found in (spans, truth))
    alone = meant.sum(axis=0) == 1
    kept, single = said[:, alone], meant[:, alone]
    count = kept.sum(axis=0)
    return float((kept == single).all(axis=0).mean()), float((count == 2).mean()), float((count == 0).mean())


def _one_channel(speakers: dict[str, list[Sound]], by: str, ear: Callable[[], Ear]) -> None:
    print(f"\n| one microphone, {by} | conversations | told apart | words labelled | of these wrong | `?` |")
    print("|---|---|---|---|---|---|")
    for number in (1, 2):
        _row(f"sample conversation {number} of the demo", [_demo(ear, number)])
    for condition in CONDITIONS if speakers else ():
        pairs = combinations(speakers, 2)
        _row(f"two speakers, {condition}", [case for pair in pairs for case in _heard(ear, speakers, *pair, condition)])
    if speakers:
        alone = [
            case for one in speakers for condition in CONDITIONS for case in _heard(ear, speakers, one, one, condition)
        ]
        _row("one speaker taken for two (the control)", alone)


def _row(name: str, cases: Sequence[Case]) -> None:
    words = sum(len(case[1]) for case in cases)
    counts = [_counted(*case) for case in cases]
    labelled, wrong = (sum(one[n] for one in counts) for n in (0, 1))
    apart = sum(voices.apart for voices, _, _ in cases)
    share = f"{wrong / labelled:.2%}" if labelled else "–"
    print(
        f"| {name} | {len(cases)} | {apart} | {labelled / words:.0%} | {share} | {1 - labelled / words:.0%} |",
        flush=True,
    )


def _counted(voices: Voices, words: list[Word], truth: NDArray[np.intp]) -> tuple[int, int]:
    """Words with a label, and those of them with the wrong one; which voice is called the first is chance."""
    labels = np.array([-1 if one is None else one for one in voices.labels(words)])
    given = labels >= 0
    wrong = int((labels[given] != truth[given]).sum())
    return int(given.sum()), min(wrong, int(given.sum()) - wrong)


def _told(ear: Ear, words: Sequence[Word], sound: Sound) -> Voices:
    ear.add(in_samples(sound[None])[0])
    return ear.told(words)


def _heard(
    ear: Callable[[], Ear], speakers: dict[str, list[Sound]], one: str, other: str, condition: str
) -> list[Case]:
    cases = []
    # other conversations than those that the settings were chosen on
    for seed, length in enumerate(TURNS, 100):
        talk = _talk(speakers[one], speakers[other], length, seed)
        chance = np.random.default_rng(seed)
        words, truth = _words(talk, chance)
        sound = heard_as(talk.own.sum(axis=0), condition, chance)
        cases.append((_told(ear(), words, sound), words, truth))
    return cases


def _demo(ear: Callable[[], Ear], number: int) -> Case:
    words, truth, sound = demo_sample(number)
    return _told(ear(), words, sound), words, truth


def demo_sample(number: int) -> tuple[list[Word], NDArray[np.intp], Sound]:
    """The words of a sample conversation of the demo, who said each, and its one channel."""
    turns = json.loads((SAMPLE / f"conversation-{number}.json").read_text())["turns"]
    found = sorted((start, end, text, turn["speaker"]) for turn in turns for text, start, end in turn["words"])
    words = [Word(text=text, start=start, end=end, probability=1) for start, end, text, _ in found]
    with (SAMPLE / f"conversation-{number}.m4a").open("rb") as file:
        sound = np.concatenate([block.samples for block in decode(file)], axis=1)[0]
    return words, np.array([who == "Participant" for _, _, _, who in found], np.intp), sound / 32768


def _sentences(folder: Path) -> list[Sound]:
    found = []
    for path in sorted(folder.glob("*.flac")):
        with path.open("rb") as file:
            sound = np.concatenate([block.samples for block in decode(file)], axis=1)[0] / 32768
        found.append(sound / (np.sqrt(np.mean(np.square(sound))) + 1e-9) * LOUDNESS)
    return found


def _talk(one: list[Sound], other: list[Sound], length: float, seed: int) -> Talk:
    chance = np.random.default_rng(seed)
    # of one speaker taken for two each gets every second stretch
    pieces = [list(_pieces(sentences, length, chance)) for sentences in (one, other)]
    if one is other:
        pieces = [pieces[0][::2], pieces[0][1::2]]
    parts: list[tuple[int, Sound]] = []
    who = 0
    while pieces[who]:
        for _ in range(1 + (chance.random() < 0.2)):
            parts += [(who, pieces[who].pop(0))] if pieces[who] else []
        who = 1 - who
    pauses = [int(RATE * chance.choice([0.05, 0.15, 0.3, 0.6, 1.0])) for _ in parts]
    own = np.zeros((2, sum(len(part) for _, part in parts) + sum(pauses)))
    turns, place = [], 0
    for (speaker, part), pause in zip(parts, pauses, strict=True):
        own[speaker, place : place + len(part)] = part
        turns.append((speaker, Span(start=place / RATE, end=(place + len(part)) / RATE)))
        place += len(part) + pause
    return Talk(own=own + chance.normal(0, 1e-4, own.shape), turns=tuple(turns))


def _pieces(sentences: Sequence[Sound], length: float, chance: np.random.Generator) -> Iterator[Sound]:
    """Stretches of the sentences from pause to pause, as long as turns are."""
    for sentence in sentences:
        cuts = [0, *_pauses(sentence), len(sentence)]
        first = 0
        wished = chance.gamma(1.3, length / 1.3)
        for cut in cuts[1:]:
            if cut - first >= max(0.5, wished) * RATE or (cut == len(sentence) and cut - first > 0.35 * RATE):
                yield sentence[first:cut]
                first, wished = cut, chance.gamma(1.3, length / 1.3)


def _pauses(sentence: Sound) -> Iterator[int]:
    count = len(sentence) // 160
    level = np.mean(np.square(sentence[: count * 160].reshape(count, 160)), axis=1)
    quiet = np.convolve(level, np.ones(5) / 5, "same") < np.percentile(level, 95) / 300
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(np.int8))).reshape(-1, 2)
    yield from (int(begin + end) * 80 for begin, end in edges if end - begin >= 6 and 30 < begin < count - 30)


def _words(talk: Talk, chance: np.random.Generator) -> tuple[list[Word], NDArray[np.intp]]:
    words, truth = [], []
    for who, span in talk.turns:
        time = span.start
        while time < span.end - 0.1:
            end = min(span.end, time + chance.uniform(0.15, 0.5))
            begin = max(0.0, time + chance.normal(0, 0.03))
            words.append(Word(text="so", start=begin, end=max(begin, end + chance.normal(0, 0.03)), probability=1))
            truth.append(who)
            time = end
    return words, np.array(truth, np.intp)


def heard_as(sound: Sound, condition: str, chance: np.random.Generator) -> Sound:
    if condition == "noise at 15 dB":
        return np.asarray(sound + chance.normal(0, np.sqrt(np.mean(np.square(sound))) * 10 ** (-15 / 20), len(sound)))
    if condition == "telephone band":
        spectrum, frequency = np.fft.rfft(sound), np.fft.rfftfreq(len(sound), 1 / RATE)
        spectrum[(frequency < 300) | (frequency > 3400)] = 0
        return np.asarray(np.fft.irfft(spectrum, len(sound)) + chance.normal(0, 1e-4, len(sound)))
    if condition == "echo":
        length = RATE // 4
        room = np.exp(-np.arange(length) / (0.06 * RATE)) * chance.normal(0, 0.25, length)
        room[0] = 1.0
        return np.asarray(np.convolve(sound, room)[: len(sound)])
    return sound


def in_samples(sound: Sound) -> NDArray[np.int16]:
    return np.clip(sound * 32768, -32768, 32767).astype(np.int16)


def _steps(spans: Sequence[Span], count: int) -> NDArray[np.bool_]:
    mask = np.zeros(count, np.bool_)
    for span in spans:
        mask[round(span.start * RATE / STEP) : round(span.end * RATE / STEP)] = True
    return mask


if __name__ == "__main__":
    main()
