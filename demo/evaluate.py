"""Measure the demo model through faster-whisper, in the library's own modes and the way Candour calls it.

With flite installed, unseen conversations are spoken first (new sentences, the same voices); without it only the
shipped samples are measured, and the output says so.  The word error rate is Levenshtein distance over the words of
the truth, both sides lower case without punctuation.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.audio import decode_audio
from rapidfuzz.distance import Levenshtein

from demo.corpus import HERE, words_of
from demo.sample import unseen_conversation
from demo.voices import RATE, Floats, Word, available
from pipeline.transcription import library
from pipeline.transcription.speech import Engine

THREADS = 2
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


def transcribe(model: WhisperModel, sound: Floats, mode: str) -> list[Word]:
    """One of the library's modes over sound (n,)."""
    options = COMMON | {"word_timestamps": "words" in mode}
    if "windows" in mode:
        out: list[Word] = []
        for begin in range(0, len(sound), 30 * RATE):
            out += _heard(model.transcribe(sound[begin : begin + 30 * RATE], **options)[0], begin / RATE)
        return out
    return _heard(model.transcribe(sound, vad_filter="vad" in mode, **options)[0])


def candour(engine: Engine, sound: Floats) -> list[Word]:
    """The words as Candour itself hears them: only where somebody speaks, a stretch at a time."""
    return [Word(w.text, w.start, w.end) for w in engine.hear(sound, seed=1, offset=0.0).words]


OURS = "as Candour does"
MODES = ("whole", "whole, words", "whole, vad", "whole, vad, words", "30 s windows", "30 s windows, words", OURS)
SAMPLE_MODES = ("whole, words", OURS)


def evaluate(folder: Path, minutes: float) -> dict[str, Any]:
    """All figures as a dictionary: mode -> row for unseen conversations, and sample -> mode -> row."""
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=THREADS, local_files_only=True)
    engine = Engine(folder, THREADS, "en")

    def score(talks: list[tuple[Floats, list[Word]]], modes: Iterable[str]) -> dict[str, Any]:
        rows: dict[str, Any] = {}
        for mode in modes:
            one = Score()
            for sound, truth in talks:
                ctranslate2.set_random_seed(1)
                begun = time.time()
                heard = candour(engine, sound) if mode == OURS else transcribe(model, sound, mode)
                one.seconds += time.time() - begun
                one.sound += len(sound) / RATE
                one.add(truth, heard)
            rows[mode] = one.row()
        return rows

    result: dict[str, Any] = {"unseen_conversations": 0, "unseen_seconds": 0.0, "unseen": {}}
    if available() and minutes > 0:
        unseen: list[tuple[Floats, list[Word]]] = []
        total = 0.0
        while total < minutes * 60:
            talk = unseen_conversation(len(unseen) + 1)
            unseen.append((talk.mono(), talk.words()))
            total += talk.sound.shape[1] / RATE
        result |= {"unseen_conversations": len(unseen), "unseen_seconds": round(total, 1)}
        result["unseen"] = score(unseen, MODES)
    result["samples"] = {name: score([talk], SAMPLE_MODES) for name, talk in _samples()}
    return result


def _samples() -> Iterator[tuple[str, tuple[Floats, list[Word]]]]:
    """Each shipped sample, mixed to one channel, as (sound, truth)."""
    for number in (1, 2):
        sound = decode_audio(str(HERE / "sample" / f"conversation-{number}.m4a"), sampling_rate=RATE)
        data = json.loads((HERE / "sample" / f"conversation-{number}.json").read_text(encoding="utf-8"))
        yield (
            f"sample conversation {number}",
            (sound, [Word(*word) for turn in data["turns"] for word in turn["words"]]),
        )


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
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    library.offline()
    result = evaluate(args.model, args.minutes)
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
