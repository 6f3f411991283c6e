"""Measure the demo model through faster-whisper, the way the product calls it.

With flite installed, unseen conversations are spoken first (new sentences, the same voices); without it only the
shipped samples are measured, and the output says so.  The word error rate is Levenshtein distance over the words of
the truth, both sides lower case without punctuation.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.audio import decode_audio
from faster_whisper.vad import VadOptions, get_speech_timestamps
from rapidfuzz.distance import Levenshtein

from demo.corpus import HERE, words_of
from demo.voices import RATE, Floats, Word, available

LONGEST_GROUP = 28.0  # seconds of speech joined into one clip
COMMON: dict[str, Any] = {"language": "en", "beam_size": 5, "condition_on_previous_text": False}


class Score:
    """Errors, words and word-start differences of one mode."""

    def __init__(self) -> None:
        self.errors = self.words = 0
        self.late: list[float] = []
        self.seconds = self.sound = 0.0

    def add(self, truth: list[Word], heard: list[Word]) -> None:
        left = [(w, n) for w in truth for n in words_of(w.text)]
        right = [(w, n) for w in heard for n in words_of(w.text)]
        a, b = [n for _, n in left], [n for _, n in right]
        self.errors += Levenshtein.distance(a, b)
        self.words += len(a)
        for block in Levenshtein.opcodes(a, b):
            if block.tag == "equal":
                pairs = zip(range(block.src_start, block.src_end), range(block.dest_start, block.dest_end), strict=True)
                self.late += [abs(left[i][0].start - right[j][0].start) for i, j in pairs if right[j][0].start >= 0]

    def row(self) -> dict[str, float | int]:
        out: dict[str, float | int] = {"wer": round(self.errors / max(1, self.words), 4), "words": self.words}
        if self.late:
            out["start_median_s"] = round(float(np.median(self.late)), 3)
            out["start_p90_s"] = round(float(np.percentile(self.late, 90)), 3)
        out["real_time_share"] = round(self.seconds / max(1e-9, self.sound), 4)
        return out


def _heard(segments: Iterable[Any], shift: float = 0.0) -> list[Word]:
    """Words of faster-whisper's segments; start is -1 where no word times were asked for."""
    out: list[Word] = []
    for segment in segments:
        if segment.words is not None:
            out += [Word(w.word, w.start + shift, w.end + shift) for w in segment.words]
        else:
            out += [Word(w, -1.0, -1.0) for w in segment.text.split()]
    return out


def speech_groups(sound: Floats) -> list[tuple[float, float]]:
    """Voice detection's stretches of speech joined to groups of at most 28 s, in seconds."""
    options = VadOptions(min_silence_duration_ms=300, speech_pad_ms=200, max_speech_duration_s=LONGEST_GROUP)
    groups: list[tuple[float, float]] = []
    for item in get_speech_timestamps(sound, options):
        start, end = item["start"] / RATE, item["end"] / RATE
        if groups and end - groups[-1][0] <= LONGEST_GROUP:
            groups[-1] = (groups[-1][0], end)
        else:
            groups.append((start, end))
    return groups


def quiet_cuts(sound: Floats) -> list[int]:
    """Sample indices that cut `sound` into pieces of at most 30 s at the quietest 0.2 s of the last 8 s of each."""
    cuts, step = [0], RATE // 5
    while len(sound) - cuts[-1] > 30 * RATE:
        begin = cuts[-1] + 22 * RATE
        part = sound[begin : cuts[-1] + 30 * RATE]
        energy = (part[: len(part) // step * step].reshape(-1, step) ** 2).sum(axis=1)
        cuts.append(begin + int(energy.argmin()) * step + step // 2)
    return [*cuts, len(sound)]


def transcribe(model: WhisperModel, sound: Floats, mode: str) -> list[Word]:
    """One of the measured modes over sound (n,)."""
    timed = "words" in mode
    options = COMMON | {"word_timestamps": timed}
    if mode.startswith("clips"):
        clips = [t for group in speech_groups(sound) for t in group]
        return _heard(model.transcribe(sound, clip_timestamps=clips, **options)[0]) if clips else []
    if mode.startswith("windows"):
        cuts = quiet_cuts(sound) if "quiet" in mode else [*range(0, len(sound), 30 * RATE), len(sound)]
        out: list[Word] = []
        for a, b in itertools.pairwise(cuts):
            out += _heard(model.transcribe(sound[a:b], **options)[0], a / RATE)
        return out
    return _heard(model.transcribe(sound, vad_filter="vad" in mode, **options)[0])


MODES = [
    "whole", "whole words", "whole vad", "whole vad words", "clips", "clips words", "windows cut hard at 30 s words",
    "windows cut at quiet places words",
]  # fmt: skip


def _truth(number: int) -> tuple[list[str], list[tuple[str, Word]]]:
    """Speakers and (speaker, word) of a shipped sample."""
    data = json.loads((HERE / "sample" / f"conversation-{number}.json").read_text(encoding="utf-8"))
    return data["channels"], [(t["speaker"], Word(*w)) for t in data["turns"] for w in t["words"]]


def evaluate(folder: Path, minutes: float, modes: list[str]) -> dict[str, Any]:
    """All figures as a dictionary."""
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True)
    result: dict[str, Any] = {"flite": available(), "unseen": {}, "samples": {}}
    unseen: list[tuple[Floats, list[Word]]] = []
    if available() and minutes > 0:
        from demo.sample import unseen_conversation

        seed, total = 1, 0.0
        while total < minutes * 60:
            talk = unseen_conversation(seed)
            unseen.append((talk.mono(), talk.words()))
            total += talk.sound.shape[1] / RATE
            seed += 1
        result["unseen_seconds"] = round(total, 1)
        result["unseen_conversations"] = len(unseen)
    for mode in modes:
        score = Score()
        for sound, truth in unseen:
            _measure(model, sound, truth, mode, score)
        if unseen:
            result["unseen"][mode] = score.row()
        for number in (1, 2):
            _, said = _truth(number)
            score = Score()
            sound = decode_audio(str(HERE / "sample" / f"conversation-{number}.m4a"), sampling_rate=RATE)
            _measure(model, sound, [w for _, w in said], mode, score)
            result["samples"].setdefault(f"conversation-{number}", {})[mode] = score.row()
        names, said = _truth(1)
        path = str(HERE / "sample" / "conversation-1-two-channels.opus")
        for name, sound in zip(names, decode_audio(path, sampling_rate=RATE, split_stereo=True), strict=True):
            score = Score()
            _measure(model, sound, [w for who, w in said if who == name], mode, score)
            result["samples"].setdefault(f"conversation-1, channel {name}", {})[mode] = score.row()
    return result


def _measure(model: WhisperModel, sound: Floats, truth: list[Word], mode: str, score: Score) -> None:
    ctranslate2.set_random_seed(1)
    begun = time.time()
    heard = transcribe(model, sound, mode)
    score.seconds += time.time() - begun
    score.sound += len(sound) / RATE
    score.add(truth, heard)


def _table(title: str, rows: dict[str, dict[str, Any]]) -> None:
    print(
        f"\n{title}\n| mode | WER | words | word start error, median / p90 | share of real time |\n|---|---|---|---|---|"
    )
    for mode, row in rows.items():
        times = f"{row['start_median_s']:.2f} / {row['start_p90_s']:.2f} s" if "start_median_s" in row else ""
        print(f"| {mode} | {row['wer'] * 100:.1f} % | {row['words']} | {times} | {row['real_time_share']:.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=HERE / "model")
    parser.add_argument("--minutes", type=float, default=6.0, help="unseen conversation to speak and measure")
    parser.add_argument("--modes", nargs="*", default=MODES)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    result = evaluate(args.model, args.minutes, args.modes)
    if args.json:
        print(json.dumps(result, indent=2))
        return
    if result["unseen"]:
        print(f"{result['unseen_conversations']} unseen conversations, {result['unseen_seconds']} s, spoken by flite")
        _table("Unseen conversations", result["unseen"])
    else:
        print("flite is not installed or no minutes were asked for: the shipped samples only")
    for name, rows in result["samples"].items():
        _table(name, rows)


if __name__ == "__main__":
    main()
