"""Log-mel features exactly as faster-whisper makes them, and the cache of spoken training sentences.

The cache keeps log10 mel power (100 frames a second, 80 bands, float16) and not the finished features: the library
clamps and scales relative to the loudest frame of a whole file, so that step, like all augmentation, has to come
after utterances have been put together.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

from demo.corpus import HERE, Corpus
from demo.voices import RATE, VOICES, Floats, speak

WORK = HERE / ".work"
BANDS = 80
HOP = 160  # samples between frames: 100 frames a second
_FFT = 400
_WINDOW: Floats = np.hanning(_FFT + 1)[:-1].astype(np.float32)
_FILTERS: Floats = FeatureExtractor.get_mel_filters(RATE, _FFT, n_mels=BANDS).astype(np.float32)


def log_power(sound: Floats) -> Floats:
    """log10 mel power of `sound` (n,) as (n // 160, 80), without the library's clamp and scale."""
    padded = np.pad(sound, _FFT // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::HOP][: len(sound) // HOP]
    power = np.abs(np.fft.rfft(frames * _WINDOW, axis=-1)).astype(np.float32) ** 2
    mel: Floats = np.log10(np.maximum(power @ _FILTERS.T, 1e-10)).astype(np.float32)
    return mel


def finish(power: NDArray[np.float32], loudest: float | None = None) -> NDArray[np.float32]:
    """The library's last step: clamp 8 decades under the loudest value, then scale."""
    top = float(power.max()) if loudest is None else loudest
    return ((np.maximum(power, top - 8.0) + 4.0) / 4.0).astype(np.float32)


def _shard(job: tuple[int, int, int]) -> str:
    """Speak and store one shard; `job` is (shard number, utterances, seed)."""
    number, count, seed = job
    target = WORK / "voices" / f"{number:04d}.npz"
    if target.exists():
        return f"{target.name} is there"
    begun = time.time()
    corpus, rng = Corpus(seed + number), random.Random(seed * 7919 + number)
    mels: list[NDArray[np.float16]] = []
    meta: list[dict[str, object]] = []
    for _ in range(count):
        text, voice = corpus.sentence(), rng.choice(list(VOICES))
        said = speak(text, voice, rng.uniform(0.85, 1.25), VOICES[voice] * rng.uniform(0.92, 1.08))
        mels.append(log_power(said.sound).astype(np.float16))
        meta.append(
            {
                "voice": voice,
                "text": text,
                "frames": len(mels[-1]),
                "phones": said.phones,
                "words": [(word.start, word.end) for word in said.words],
            }
        )
    with target.with_suffix(".tmp").open("wb") as file:
        np.savez(file, mel=np.concatenate(mels), meta=np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8))
    target.with_suffix(".tmp").rename(target)
    hours = sum(len(m) for m in mels) / 360000
    return f"{target.name}: {count} utterances, {hours:.2f} h, {time.time() - begun:.0f} s"


def load_shard(path: Path) -> tuple[NDArray[np.float16], list[dict[str, object]]]:
    """Frames (n, 80) of one shard and the description of its utterances."""
    with np.load(path) as file:
        meta: list[dict[str, object]] = json.loads(file["meta"].tobytes().decode())
        return file["mel"], meta


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=int, default=34)
    parser.add_argument("--count", type=int, default=500, help="utterances a shard")
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    (WORK / "voices").mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(args.jobs) as pool:
        for line in pool.map(_shard, [(n, args.count, args.seed) for n in range(args.shards)]):
            print(line, flush=True)


if __name__ == "__main__":
    main()
