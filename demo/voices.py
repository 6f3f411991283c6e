"""flite as a teacher: synthetic speech together with the exact time of every phone and word.

flite prints each phone with its end time, so no aligner is needed.  Words are found by matching the printed phones
against every word's own phones (asked for once, in isolation) by edit distance, because the voice reduces words in
context.  All sound is mono, 16 kHz; all times are seconds.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16000
# Mean pitch (Hz) each voice was built around; utterances vary a little about it.
VOICES: dict[str, float] = {"rms": 96.0, "slt": 170.0, "awb": 120.0, "kal16": 105.0}
PUNCTUATION = ".,?!"
LEAD, TAIL = 0.06, 0.10  # silence kept before the first and after the last phone, seconds

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Word:
    """A word of the text with its times within the utterance."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Utterance:
    """One spoken sentence: samples (n,) in -1..1, phones as (name, end) and words."""

    voice: str
    text: str
    sound: Floats
    phones: list[tuple[str, float]]
    words: list[Word]

    @property
    def seconds(self) -> float:
        return len(self.sound) / RATE


def available() -> bool:
    """Whether flite is installed."""
    return shutil.which("flite") is not None


def _flite(arguments: list[str]) -> str:
    return subprocess.run(["flite", *arguments], check=True, capture_output=True, text=True).stdout


@lru_cache(maxsize=8192)
def phones_of(word: str) -> tuple[str, ...]:
    """The phones of one word spoken alone, without silence."""
    printed = _flite(["-voice", "slt", "-ps", "-t", f"{word}.", "-o", "none"]).split()
    return tuple(p for p in printed if p != "pau")


def match(wanted: list[tuple[str, int]], got: list[str]) -> list[int]:
    """Give every phone of `got` the index of the word it belongs to.

    `wanted` holds (phone, word index) in order.  Plain edit distance, traced back; inserted phones take the word of
    their neighbour before them.
    """
    rows, cols = len(wanted), len(got)
    cost = np.zeros((rows + 1, cols + 1))
    cost[:, 0] = np.arange(rows + 1)
    cost[0, :] = np.arange(cols + 1)
    for i in range(1, rows + 1):
        for j in range(1, cols + 1):
            same = 0.0 if wanted[i - 1][0] == got[j - 1] else 1.0
            cost[i, j] = min(cost[i - 1, j - 1] + same, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    owner = [-1] * cols
    i, j = rows, cols
    while j > 0:
        same = 1.0 if i == 0 or wanted[i - 1][0] != got[j - 1] else 0.0
        if i > 0 and cost[i, j] == cost[i - 1, j - 1] + same:
            owner[j - 1] = wanted[i - 1][1]
            i, j = i - 1, j - 1
        elif i > 0 and cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
    last = wanted[0][1]
    for k in range(cols):
        last = owner[k] = owner[k] if owner[k] >= 0 else last
    return owner


def speak(text: str, voice: str, stretch: float = 1.0, pitch: float | None = None) -> Utterance:
    """Speak one sentence; silence at both ends is cut to LEAD and TAIL."""
    pitch = VOICES[voice] if pitch is None else pitch
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "said.wav")
        options = ["--setf", f"duration_stretch={stretch:.3f}", "--setf", f"int_f0_target_mean={pitch:.1f}"]
        printed = _flite(["-voice", voice, "-psdur", *options, "-t", text, "-o", path])
        with wave.open(path) as file:
            raw = file.readframes(file.getnframes())
    sound = np.frombuffer(raw, dtype="<i2").astype(np.float32) / 32768.0
    marks = [(name, float(end)) for name, _, end in (item.partition(":") for item in printed.split())]
    spans = [(name, marks[i - 1][1] if i else 0.0, end) for i, (name, end) in enumerate(marks)]
    spoken = [span for span in spans if span[0] != "pau"]
    if not spoken:
        raise ValueError(f"nothing was spoken for {text!r}")
    first = max(0.0, spoken[0][1] - LEAD)
    last = min(len(sound) / RATE, spoken[-1][2] + TAIL)
    sound = sound[int(first * RATE) : int(last * RATE)]
    tokens = text.split()
    wanted = [(p, i) for i, token in enumerate(tokens) for p in phones_of(token.strip(PUNCTUATION))]
    owner = match(wanted, [name for name, _, _ in spoken])
    words: list[Word] = []
    clock = spoken[0][1] - first
    for i, token in enumerate(tokens):
        mine = [span for span, who in zip(spoken, owner, strict=True) if who == i]
        start = mine[0][1] - first if mine else clock
        clock = mine[-1][2] - first if mine else clock + 0.02
        words.append(Word(token, start, clock))
    phones = [(name, min(end, last) - first) for name, _, end in spans if end > first]
    return Utterance(voice, text, sound, phones, words)
