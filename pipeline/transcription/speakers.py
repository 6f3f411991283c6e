"""Who said it, and what they said in one go.

Two microphones answer it: whoever speaks is louder in the own one. Both are kept where both speak at once. For one microphone
see `one_channel`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recording.sound import RATE
from pipeline.transcription.spans import overlap
from pipeline.transcripts.transcript import Heard, Span, Speaker, Turn, Word, plain

STEP: Final = RATE // 50  # 20 ms
SMOOTH: Final = 15  # steps, 0.3 s
DEPTH: Final = 35  # dB below the loudest speech, where a pause begins
FLICKER: Final = 5  # steps, a tenth of a second
MARGIN: Final = 1.5  # dB between the channels, within which both may be speaking
BLEED: Final = 0.3  # seconds within which the same word in both channels is one word
UTTERANCE: Final = 0.7  # seconds of pause that end what one person says in one go
PAUSE: Final = 1.0
SENTENCE_PAUSE: Final = 0.5

ROLES: Final = (Speaker.INTERVIEWER, Speaker.PARTICIPANT)


def energies(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """Smoothed level in dBFS of each 20 ms of two-channel sound, shape (2, steps)."""
    count = samples.shape[1] // STEP
    frames = samples[:, : count * STEP].reshape(samples.shape[0], count, STEP).astype(np.float64) / 32768
    power = np.mean(np.square(frames), axis=2)
    kernel = np.ones(SMOOTH) / SMOOTH
    smooth = np.stack([np.convolve(channel, kernel, mode="same") for channel in power]) if count >= SMOOTH else power
    return np.asarray(10 * np.log10(np.maximum(smooth, 1e-12)))


def own_spans(
    speech: Sequence[Sequence[Span]], levels: NDArray[np.float64], *, start: float = 0.0, balance: float = 0.0
) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Of the speech found in each of two channels, the stretches in which the channel's own person speaks.

    `levels` comes from `energies` of the window that begins at `start`; `balance` says how much louder, in dB, the first
    microphone is set. A channel gives up only what the other one heard clearly louder, so that no speech is left to neither.
    """
    difference = _through_pauses(levels[0] - levels[1] - balance, levels)
    first, second = (_steps(spans, levels.shape[1], start) for spans in speech)
    mine = first & ~(second & (difference <= -MARGIN))
    yours = second & ~(first & (difference >= MARGIN))
    return _spans(_steady(mine), start), _spans(_steady(yours), start)


def merge_channels(
    heard: Sequence[Heard],
    levels: NDArray[np.float64],
    *,
    balance: float = 0.0,
    roles: Sequence[Speaker] = ROLES,
) -> list[Word]:
    """The words of both channels of a window with who said them, in order of time.

    A word that both channels have at the same time came over by bleed where one channel has it clearly louder, and stays there
    alone. Where neither has, both people said it.
    """
    start = heard[0].window.start
    louder = [
        (_mean(levels[0] - levels[1], word, start) - balance) * sign
        for one, sign in zip(heard, (1, -1), strict=True)
        for word in one.words
    ]
    words = [
        (replace(word, speaker=role), channel)
        for channel, (one, role) in enumerate(zip(heard, roles, strict=True))
        for word in one.words
    ]
    ranked = sorted(range(len(words)), key=lambda place: -louder[place])
    kept: list[tuple[Word, int]] = []
    for place in ranked:
        word, channel = words[place]
        quieter = louder[place] <= -MARGIN
        if not (quieter and any(other != channel and _same(word, one) for one, other in kept)):
            kept.append((word, channel))
    return sorted((word for word, _ in kept), key=lambda word: (word.start, word.end, word.speaker))


def turns(words: Sequence[Word]) -> tuple[Turn, ...]:
    """Words as numbered turns in order of time.

    What one person says in one go stays together, so that a short "yes" in between does not cut it to pieces; it becomes the
    next turn. Where nobody knows who speaks, a turn ends at a pause of a second, or of half a second after a sentence.
    """
    pieces: list[list[Word]] = []
    for speaker in Speaker:
        pieces += _pieces([word for word in words if word.speaker is speaker], speaker)
    pieces.sort(key=lambda piece: (piece[0].start, piece[0].speaker))
    joined: list[list[Word]] = []
    for piece in pieces:
        if joined and piece[0].speaker is not Speaker.UNKNOWN and joined[-1][0].speaker is piece[0].speaker:
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(
        Turn(number=number, speaker=piece[0].speaker, words=tuple(piece))
        for number, piece in enumerate(joined, start=1)
    )


def in_order(words: Sequence[Word]) -> tuple[Turn, ...]:
    """Words of one channel as numbered turns in the order they were said, each by one speaker; where nobody knows who speaks,
    also pauses end a turn."""
    pieces: list[list[Word]] = []
    for word in words:
        last = pieces[-1][-1] if pieces else None
        same = last is not None and last.speaker is word.speaker
        if last is not None and same and (word.speaker is not Speaker.UNKNOWN or not _ends(last, word, word.speaker)):
            pieces[-1].append(word)
        else:
            pieces.append([word])
    return tuple(
        Turn(number=number, speaker=piece[0].speaker, words=tuple(piece))
        for number, piece in enumerate(pieces, start=1)
    )


def assign(draft: Sequence[Turn], speakers: Mapping[int, Speaker]) -> tuple[Turn, ...]:
    """The same turns with some of them given to a speaker, by turn number."""
    return tuple(_by(turn, speakers.get(turn.number, turn.speaker)) for turn in draft)


def _by(turn: Turn, speaker: Speaker) -> Turn:
    return replace(turn, speaker=speaker, words=tuple(replace(word, speaker=speaker) for word in turn.words))


def _pieces(words: list[Word], speaker: Speaker) -> list[list[Word]]:
    pieces: list[list[Word]] = []
    for word in words:
        if pieces and not _ends(pieces[-1][-1], word, speaker):
            pieces[-1].append(word)
        else:
            pieces.append([word])
    return pieces


def _ends(last: Word, word: Word, speaker: Speaker) -> bool:
    pause = word.start - last.end
    if speaker is not Speaker.UNKNOWN:
        return pause >= UTTERANCE
    return pause >= PAUSE or (pause >= SENTENCE_PAUSE and last.text.endswith((".", "?", "!", "…")))


def _same(one: Word, other: Word) -> bool:
    near = overlap(Span(start=one.start, end=one.end), Span(start=other.start, end=other.end)) > 0
    return (near or abs(one.start - other.start) <= BLEED) and plain(one.text) == plain(other.text)


def _mean(difference: NDArray[np.float64], word: Word, start: float) -> float:
    first = max(0, int((word.start - start) * RATE / STEP))
    stop = max(first + 1, int((word.end - start) * RATE / STEP))
    part = difference[first:stop]
    return float(part.mean()) if part.size else 0.0


def _steps(spans: Sequence[Span], count: int, start: float) -> NDArray[np.bool_]:
    mask = np.zeros(count, dtype=np.bool_)
    for span in spans:
        mask[max(0, round((span.start - start) * RATE / STEP)) : max(0, round((span.end - start) * RATE / STEP))] = True
    return mask


def _through_pauses(difference: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The difference between the channels, which in a pause is only that of the noise, taken from the nearest speech there."""
    loudest = levels.max(axis=0)
    speaking = np.flatnonzero(loudest > np.percentile(loudest, 95) - DEPTH) if loudest.size else loudest
    if speaking.size == 0:
        return difference
    steps = np.arange(difference.size)
    after = np.clip(np.searchsorted(speaking, steps), 0, speaking.size - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.where(steps - speaking[before] < speaking[after] - steps, before, after)
    return np.asarray(difference[speaking[nearer]])


def _steady(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Without flickers of less than a tenth of a second, which is shorter than any word."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    steady = np.zeros_like(mask)
    for begin, end in edges.reshape(-1, 2):
        if end - begin >= FLICKER:
            steady[begin:end] = True
    return steady


def _spans(mask: NDArray[np.bool_], start: float) -> tuple[Span, ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    pairs = edges.reshape(-1, 2) * (STEP / RATE) + start
    return tuple(Span(start=float(begin), end=float(end)) for begin, end in pairs)
