"""Training windows put together from cached utterances, with every label the losses need.

A window is `frames` long at 100 Hz.  Everything about where words are is kept in 20 ms steps, the encoder's rate.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from demo.features import BANDS, WORK, finish, load_shard
from demo.tokens import Tokens

IGNORE = -100
FLOOR = -10.0  # log10 mel power of digital silence
LEVEL = 0.0  # log10 of the speech power every utterance is brought to


@dataclass
class Batch:
    """One training batch; b windows, f feature frames, t tokens."""

    features: Tensor  # (b, 80, f)
    offset: int  # 20 ms steps the window starts after a full window's start
    inputs: Tensor  # (b, t)
    targets: Tensor  # (b, t), IGNORE where nothing is asked
    spans: Tensor  # (b, t, 2) 20 ms steps of the target's sound, start < 0 where unknown
    phones: Tensor  # (b, f / 2), IGNORE in padding
    words: Tensor  # (b, f / 2)


class Store:
    """Cached utterances in memory, of some voices or of all; `refresh` picks up shards that were finished meanwhile."""

    def __init__(self, voices: Collection[str] = ()) -> None:
        self.voices = voices
        self.seen: set[str] = set()
        self.mels: list[NDArray[np.float16]] = []
        self.by_voice: dict[str, list[dict[str, Any]]] = {}
        self.phone_class: dict[str, int] = {"pau": 0}
        self.loudest: list[float] = []
        self.seconds = 0.0

    def refresh(self) -> None:
        """Load what is new."""
        for path in sorted((WORK / "voices").glob("*.npz")):
            if path.name in self.seen:
                continue
            self.seen.add(path.name)
            mel, meta = load_shard(path)
            at = 0
            for item in meta:
                row: dict[str, Any] = dict(item)
                part = mel[at : at + row["frames"]]
                at += row["frames"]
                energy = np.log10(np.sum(10.0 ** part.astype(np.float32), axis=1).mean())
                row["mel"], row["shift"] = part, LEVEL - float(energy)
                row["tokens"] = row["text"].split()
                row["starts"] = np.array([w[0] for w in row["words"]])
                row["ends"] = np.array([w[1] for w in row["words"]])
                row["phone_ids"] = np.array(
                    [self.phone_class.setdefault(p, len(self.phone_class)) for p, _ in row["phones"]]
                )
                # Every phone has its class before a voice is left out: a checkpoint must find the same classes again.
                if self.voices and row["voice"] not in self.voices:
                    continue
                row["phone_ends"] = np.array([e for _, e in row["phones"]])
                self.by_voice.setdefault(row["voice"], []).append(row)
                self.loudest.append(float(part.max()) + row["shift"])
                self.seconds += row["frames"] / 100


class Maker:
    """Composes windows."""

    def __init__(self, store: Store, tokens: Tokens, seed: int, calm: float = 1.0, spliced: float = 0.0) -> None:
        """`calm` scales how often sound is coloured, noisy or masked: 1 for the first lesson, less for the last.

        `spliced` is the share of utterances put together from pieces of several, so that no sentence is worth learning by heart.
        """
        self.store, self.tokens, self.calm, self.spliced = store, tokens, calm, spliced
        self.rng = random.Random(seed)
        self.np = np.random.default_rng(seed)

    def batch(self, size: int, frames: int, bleed: float = 0.0, scramble: float = 0.1) -> Batch:
        """`size` windows of `frames`; shorter ones than 3,000 start anywhere in a full window."""
        full = frames == 3000
        offset = 0 if full or self.rng.random() < 0.25 else self.rng.randint(0, (3000 - frames) // 2)
        rows = [self._window(frames, offset, bleed) for _ in range(size)]
        longest = max(len(r[1]) for r in rows)
        inputs = np.full((size, longest), self.tokens.eot)
        targets = np.full((size, longest), IGNORE)
        spans = np.full((size, longest, 2), -1.0, dtype=np.float32)
        for i, (_, ins, outs, where, _, _) in enumerate(rows):
            n = len(ins)
            inputs[i, :n], targets[i, :n], spans[i, :n] = ins, outs, where
            # Wrong history now and then: the decoder must not trust its own words more than the sound.
            wrong = (self.np.random(n) < scramble) & (inputs[i, :n] < self.tokens.eot)
            inputs[i, :n][wrong] = self.np.integers(256, self.tokens.eot, int(wrong.sum()))
        return Batch(
            torch.from_numpy(np.stack([r[0] for r in rows])),
            offset,
            torch.from_numpy(inputs),
            torch.from_numpy(targets),
            torch.from_numpy(spans),
            torch.from_numpy(np.stack([r[4] for r in rows])),
            torch.from_numpy(np.stack([r[5] for r in rows])),
        )

    def _utterance(self, voice: str) -> dict[str, Any]:
        """One utterance of a voice as it was spoken, or one spliced from pieces of up to five words."""
        rng, rows = self.rng, self.store.by_voice[voice]
        if rng.random() >= self.spliced:
            return rng.choice(rows)
        mels: list[NDArray[np.float32]] = []
        whole: dict[str, Any] = {
            "shift": 0.0,
            "tokens": [],
            "starts": [],
            "ends": [],
            "phone_ids": [],
            "phone_ends": [],
        }
        at = 0.0
        pieces = rng.randint(2, 5)
        for number in range(pieces):
            row = rng.choice(rows)
            count = len(row["tokens"])
            first = rng.randrange(count)
            last = min(count, first + rng.randint(1, 5)) - 1
            lead = 8 if number == 0 else 0
            tail = 10 if number == pieces - 1 else 0
            begin = max(0, round(row["starts"][first] * 100) - lead)
            end = min(row["frames"], round(row["ends"][last] * 100) + tail)
            mels.append(row["mel"][begin:end].astype(np.float32) + row["shift"])
            move = at - begin / 100
            whole["tokens"] += row["tokens"][first : last + 1]
            whole["starts"] += list(row["starts"][first : last + 1] + move)
            whole["ends"] += list(row["ends"][first : last + 1] + move)
            inside = (row["phone_ends"] > begin / 100) & (row["phone_ends"] <= end / 100 + 0.01)
            whole["phone_ids"] += list(row["phone_ids"][inside])
            whole["phone_ends"] += list(row["phone_ends"][inside] + move)
            at += (end - begin) / 100
        whole["mel"] = np.concatenate(mels)
        whole["frames"] = len(whole["mel"])
        return whole | {name: np.array(whole[name]) for name in ("starts", "ends", "phone_ids", "phone_ends")}

    def _gap(self, turn: bool) -> int:
        """Frames of silence before the next utterance."""
        rng = self.rng
        if not turn:
            return int(100 * rng.uniform(0.02, 0.6))
        return int(100 * (rng.uniform(3.0, 7.0) if rng.random() < 0.06 else rng.uniform(0.1, 2.4)))

    def _window(
        self, frames: int, offset: int, bleed: float
    ) -> tuple[
        NDArray[np.float32], list[int], list[int], list[tuple[float, float]], NDArray[np.int64], NDArray[np.int64]
    ]:
        rng, tok = self.rng, self.tokens
        steps = frames // 2
        content = frames
        if rng.random() < (0.4 if frames == 3000 else 0.15):  # the file, or a stretch of speech, ends early
            content = rng.randint(min(150, frames // 2), frames - 10)
        clean_end = content < frames and rng.random() < 0.8
        power = np.full((frames, BANDS), FLOOR, dtype=np.float32)
        phones = np.zeros(steps, dtype=np.int64)
        words = np.zeros(steps, dtype=np.int64)
        phones[(content + 1) // 2 :] = words[(content + 1) // 2 :] = IGNORE
        silent = rng.random() < 0.03
        bleeding = rng.random() < bleed
        names = list(self.store.by_voice)
        pair = rng.sample(names, 2) if rng.random() < 0.85 else [rng.choice(names)] * 2
        faint = {pair[0]: bleeding, pair[1]: False} if pair[0] != pair[1] else {pair[0]: False}
        volume = {name: rng.gauss(0.0, 0.12) for name in names}
        draw = rng.random()
        at = int(
            100
            * (rng.uniform(0, 0.5) if draw < 0.55 else rng.uniform(0.3, 2.0) if draw < 0.9 else rng.uniform(2.0, 6.0))
        )
        who, left = rng.randrange(2), rng.randint(1, 4)
        first, heard, begin_cut = True, [], rng.random() < 0.1
        while not silent and at < content - 10:
            row = self._utterance(pair[who])
            n = row["frames"]
            skip = 0
            if first and begin_cut and n > 120:
                skip, at = rng.randint(20, n - 60), 0
            first = False
            if clean_end and at + n - skip > content:
                break
            size = min(n - skip, content - at)
            lower = -rng.uniform(1.7, 2.7) if faint[pair[who]] else 0.0
            shift = row["shift"] + volume[pair[who]] + rng.gauss(0, 0.05) + lower
            power[at : at + size] = row["mel"][skip : skip + size].astype(np.float32) + shift
            if lower == 0.0:
                begin = at - skip
                heard.append((row, begin))
                lo, hi = (at + 1) // 2, min((at + size) // 2, steps)
                seconds = (np.arange(lo, hi) * 2 + 1 - begin) / 100
                index = np.minimum(np.searchsorted(row["phone_ends"], seconds), len(row["phone_ids"]) - 1)
                phones[lo:hi] = row["phone_ids"][index]
                index = np.searchsorted(row["ends"], seconds)
                inside = index < len(row["ends"])
                index = np.minimum(index, len(row["ends"]) - 1)
                inside &= seconds >= row["starts"][index]
                classes = np.array([tok.class_of(w) for w in row["tokens"]])
                words[lo:hi] = np.where(inside, classes[index], 0)
            at += size
            left -= 1
            if left == 0:
                who, left = 1 - who, rng.randint(1, 4)
                at += self._gap(True)
            else:
                at += self._gap(False)
        ins, outs, where = self._text(heard, content, content < frames, offset)
        features = self._colour(power, content)
        return features, ins, outs, where, phones, words

    def _text(
        self, heard: list[tuple[dict[str, Any], int]], content: int, padded: bool, offset: int
    ) -> tuple[list[int], list[int], list[tuple[float, float]]]:
        """Inputs, targets and the targets' spans for utterances that start at the given frames."""
        tok, stamped = self.tokens, self.rng.random() < 0.6
        none = (-1.0, -1.0)
        out: list[tuple[int, tuple[float, float]]] = []

        def mark(frame: float) -> None:
            step = round(frame / 2)
            label = step + offset
            if not out and offset == 0:
                label = min(label, 50)  # the library allows no first timestamp after 1.00 s
            out.append((tok.stamp + min(max(label, 0), 1500), (step - 4.0, step + 4.0)))

        for row, begin in heard:
            starts, ends = row["starts"] * 100 + begin, row["ends"] * 100 + begin
            keep = [i for i in range(len(starts)) if starts[i] >= -2 and ends[i] <= content + 2]
            cut = ends[-1] > content + 2
            if cut and stamped and not padded and len(heard) > 1:
                if starts[0] < content - 8:
                    mark(starts[0])
                break
            if not keep:
                continue
            if stamped:
                mark(max(0.0, starts[keep[0]]))
            for i in keep:
                lo, hi = starts[i] / 2, ends[i] / 2
                for token in tok.encode_word(row["tokens"][i]):
                    comma = token < 256 and tok.text[token] in ".,?!"
                    out.append((token, (hi - 2.0, hi + 6.0) if comma else (lo, hi)))
            if stamped and not (cut and not padded):
                mark(min(ends[keep[-1]], content))
        ids = [t for t, _ in out]
        if not ids:
            second = tok.stamp if stamped else tok.notimestamps
            return [tok.sot, second], [tok.nospeech, tok.eot], [none, none]
        if stamped:
            return [tok.sot, *ids], [*ids, tok.eot], [*(s for _, s in out), none]
        return [tok.sot, tok.notimestamps, *ids], [IGNORE, *ids, tok.eot], [none, *(s for _, s in out), none]

    def _colour(self, power: NDArray[np.float32], content: int) -> NDArray[np.float32]:
        """Augment log power (frames, 80), scale it as the library does, zero the padding -> (80, frames)."""
        rng = self.rng
        part: NDArray[np.floating[Any]] = power[:content]
        bands = np.linspace(-1, 1, BANDS, dtype=np.float32)
        if rng.random() < 0.7 * self.calm:
            part = part + rng.gauss(0, 0.25) * bands + rng.gauss(0, 0.2) * np.cos(np.pi * (bands + rng.random()))
        if rng.random() < 0.25 * self.calm:
            edge = rng.randint(52, 79)
            part = part - rng.uniform(1.0, 6.0) * (np.arange(BANDS) > edge)
        if rng.random() < 0.75 * self.calm:
            level = LEVEL - 1.5 - rng.uniform(2.0, 7.0)
            shape = level + rng.gauss(-0.4, 0.4) * bands + rng.gauss(0, 0.2) * np.cos(2 * np.pi * bands)
            draw = self.np.standard_gamma(1.5, part.shape).astype(np.float32) / 1.5
            part = np.log10(10.0**part + draw * 10.0 ** shape.astype(np.float32) + 1e-10)
        part = np.maximum(part + rng.gauss(0, 0.25), FLOOR)
        speech = float(part.max()) if content else 0.0
        usual = rng.choice(self.store.loudest)
        loud = max(speech, usual - 0.2) + (rng.uniform(0, 0.3) if rng.random() < 0.5 else 0.0)
        out = np.zeros((BANDS, len(power)), dtype=np.float32)
        done = finish(part.astype(np.float32), loud)
        if rng.random() < 0.5 * self.calm:
            for _ in range(rng.randint(1, 2)):
                low, wide = rng.randrange(BANDS), rng.randint(1, 8)
                done[:, low : low + wide] = done.mean()
        if rng.random() < 0.3 * self.calm:
            for _ in range(max(1, content // 500)):
                begin, wide = rng.randrange(max(1, content)), rng.randint(2, 8)
                done[begin : begin + wide] = done.min()
        out[:, :content] = done.T
        return out
