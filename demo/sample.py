"""Render conversations of two synthetic voices: the shipped samples and the evaluation's unseen ones.

Sound is float32 at 16 kHz; a rendered conversation is two channels (2, n), one speaker each.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo.corpus import HERE, Corpus, sample_turns, sentences_of
from demo.voices import RATE, VOICES, Floats, Word, speak

SAMPLE = HERE / "sample"
LOUDNESS = 0.06  # root mean square every sentence is brought to
BLEED = 0.1  # -20 dB: how much of one speaker the other's microphone hears
# The voices of the model's last lesson; it is measured on these and on no other.
SPOKEN = ("rms", "slt")
# (speaker, voice, tempo, pitch in Hz) of the shipped samples
CASTS = {
    1: {"Interviewer": ("rms", 1.0, 96.0), "Participant": ("slt", 1.02, 172.0)},
    2: {"Interviewer": ("slt", 1.0, 176.0), "Participant": ("rms", 0.98, 101.0)},
}


@dataclass(frozen=True)
class Turn:
    """One turn as it sounds: times in seconds from the conversation's start."""

    speaker: str
    text: str
    start: float
    end: float
    words: list[Word]


@dataclass(frozen=True)
class Conversation:
    """Two channels (2, n) and what is said in them; channel 0 is the first speaker."""

    sound: Floats
    turns: list[Turn]
    speakers: list[str]

    def mono(self) -> Floats:
        mixed: Floats = self.sound.sum(axis=0)
        return mixed

    def with_bleed(self) -> Floats:
        both: Floats = self.sound + BLEED * self.sound[::-1]
        return both

    def words(self, speaker: str | None = None) -> list[Word]:
        return [w for t in self.turns if speaker in (None, t.speaker) for w in t.words]


def render(
    turns: list[tuple[str, str]], cast: dict[str, tuple[str, float, float]], seed: int, lead: float = 0.8
) -> Conversation:
    """Speak the turns one after another with human-like pauses and a faint room noise."""
    rng, noise = random.Random(seed), np.random.default_rng(seed)
    speakers = list(cast)
    pieces: list[tuple[int, int, Floats]] = []
    done: list[Turn] = []
    at = int(lead * RATE)
    for speaker, text in turns:
        voice, tempo, pitch = cast[speaker]
        words: list[Word] = []
        for i, sentence in enumerate(sentences_of(text)):
            at += int(RATE * rng.uniform(0.12, 0.45)) if i else 0
            said = speak(sentence, voice, tempo * rng.uniform(0.97, 1.04), pitch * rng.uniform(0.97, 1.03))
            sound = said.sound * (LOUDNESS / float(np.sqrt(np.mean(said.sound**2))))
            begun = at / RATE
            words += [Word(w.text, round(begun + w.start, 3), round(begun + w.end, 3)) for w in said.words]
            pieces.append((speakers.index(speaker), at, sound))
            at += len(sound)
        done.append(Turn(speaker, text, words[0].start, words[-1].end, words))
        at += int(RATE * rng.uniform(0.25, 1.6))
    sound = noise.standard_normal((2, at + RATE // 2)).astype(np.float32) * 4e-5
    for channel, begin, piece in pieces:
        sound[channel, begin : begin + len(piece)] += piece
    return Conversation(np.clip(sound, -0.99, 0.99), done, speakers)


def sample_conversation(number: int) -> Conversation:
    """Shipped conversation `number`, spoken anew (the same every time)."""
    return render(sample_turns(number), CASTS[number], seed=500 + number)


def unseen_conversation(seed: int, seconds: float = 70.0) -> Conversation:
    """A conversation of new sentences by the two voices in turn; its seed was never used in training."""
    rng, corpus = random.Random(900_000 + seed), Corpus(900_000 + seed)
    first, second = rng.sample(SPOKEN, 2)
    cast = {
        name: (voice, rng.uniform(0.9, 1.2), VOICES[voice] * rng.uniform(0.95, 1.05))
        for name, voice in (("Interviewer", first), ("Participant", second))
    }
    turns: list[tuple[str, str]] = []
    words = 0
    while words < seconds * 2.3:
        text = " ".join(corpus.sentence() for _ in range(rng.randint(1, 4)))
        turns.append((("Interviewer", "Participant")[len(turns) % 2], text))
        words += len(text.split())
    return render(turns, cast, seed)


def write_wave(path: Path, sound: NDArray[np.float32]) -> None:
    """Write (n,) or (channels, n) as 16-bit."""
    rows = np.atleast_2d(sound)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(rows))
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(rows.T, -1, 1) * 32767).astype("<i2").tobytes())


def _encode(sound: NDArray[np.float32], target: Path, options: list[str]) -> None:
    scratch = HERE / ".work" / "render.wav"
    scratch.parent.mkdir(exist_ok=True)
    write_wave(scratch, sound)
    command = ["ffmpeg", "-y", "-loglevel", "error", "-i", str(scratch), "-map_metadata", "-1", "-bitexact"]
    subprocess.run([*command, *options, str(target)], check=True)
    scratch.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    for number in CASTS:
        conversation = sample_conversation(number)
        name = f"conversation-{number}"
        _encode(conversation.mono(), SAMPLE / f"{name}.m4a", ["-c:a", "aac", "-b:a", "36k", "-ac", "1"])
        if number == 1:
            opus = ["-c:a", "libopus", "-b:a", "40k", "-application", "audio"]
            _encode(conversation.with_bleed(), SAMPLE / f"{name}-two-channels.opus", opus)
        turns = [
            {"speaker": t.speaker, "start": t.start, "end": t.end, "text": t.text,
             "words": [[w.text, w.start, w.end] for w in t.words]}
            for t in conversation.turns
        ]  # fmt: skip
        seconds = conversation.sound.shape[1] / RATE
        truth = {"seconds": round(seconds, 3), "channels": conversation.speakers, "turns": turns}
        body = json.dumps(truth, ensure_ascii=False)
        body = body.replace('{"speaker"', '\n{"speaker"') + "\n"
        (SAMPLE / f"{name}.json").write_text(body, encoding="utf-8")
        print(f"{name}: {seconds:.1f} s")
    for path in sorted(SAMPLE.iterdir()):
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
