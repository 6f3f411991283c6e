"""Windows are ready before they are wanted, one at a time."""

import threading
import time
from collections.abc import Generator

import numpy as np
import pytest

from pipeline.recording.audio import Window, balance, channel_levels, speech_level, stands_out
from pipeline.recording.sound import RATE
from pipeline.transcription.ready import ahead, mono, only, ready
from pipeline.transcription.spans import total, within
from pipeline.transcription.speech import floats, voices
from pipeline.transcripts.transcript import Span
from tests.pipeline.media import Samples, person, silence, two_microphones


def window(samples: Samples, start: float = 300.0) -> Window:
    return Window(index=1, start=start, samples=samples, damaged=(), final=False)


def test_a_window_comes_with_its_speech_on_the_clock_of_the_recording() -> None:
    samples = np.concatenate([silence(2), person("woman"), silence(2)], axis=1)
    found = ready(window(np.repeat(samples, 2, axis=0)), None)
    (channel,) = found.channels
    assert channel.sound.shape == (samples.shape[1],)
    assert found.levels is None
    assert all(302 - 0.3 <= span.start < span.end <= 300 + samples.shape[1] / RATE - 1.5 for span in channel.speech)
    assert found.speech == pytest.approx(total(channel.speech))
    assert found.speech > 2


@pytest.mark.parametrize("louder", [None, 0.0])
def test_quiet_speech_is_found_in_a_window_as_loud_speech_is(louder: float | None) -> None:
    samples, _ = two_microphones(2, overlap=0.0)
    loud = ready(window(samples), louder).speech
    quiet = np.round(samples * 10 ** ((-67.0 - speech_level(samples)) / 20)).astype(np.int16)
    assert ready(window(quiet), louder).speech >= 0.95 * loud


def at(samples: Samples, level: float) -> Samples:
    """The same with its speech at so many dBFS."""
    return np.round(samples * 10 ** ((level - speech_level(samples)) / 20)).astype(np.int16)


@pytest.mark.parametrize("level", [-55.0, -62.0, -70.0])
def test_somebody_far_away_is_found_beside_somebody_loud(level: float) -> None:
    room = silence(1) // 3
    near, far = at(person("woman"), -20.0), at(person("man"), level)
    samples = np.concatenate([room, near, room, room, far, room, room, near, room], axis=1)
    begin = 300 + (3 * RATE + near.shape[1]) / RATE
    there = [Span(start=begin, end=begin + far.shape[1] / RATE)]
    (channel,) = ready(window(samples), None).channels
    alone = total(voices(floats(at(far, -20.0))))
    assert total(within(channel.speech, there[0])) >= 0.9 * alone
    assert total(within(voices(floats(samples), 300.0), there[0])) < 0.5 * alone, "the control: asked once"
    heard = within(channel.speech, there[0])[0]
    part = slice(*(round((time - 300) * RATE) for time in (heard.start + 0.5, heard.end - 0.5)))
    assert np.abs(channel.sound[part]).max() > 3 * np.abs(floats(samples)[part]).max(), "and is louder for the model"


def test_where_nobody_speaks_noises_stay_noises() -> None:
    chance = np.random.default_rng(5)
    noise = chance.normal(0, 4, (1, 40 * RATE))
    for start in chance.integers(0, 38 * RATE, 25):
        length = int(chance.integers(RATE // 10, RATE))
        noise[0, start : start + length] += chance.normal(0, 60, length) * np.hanning(length)
    near = at(person("woman"), -20.0)
    samples = np.concatenate([near, noise.astype(np.int16), near], axis=1)
    (channel,) = ready(window(samples), None).channels
    assert channel.speech == voices(floats(samples), 300.0)
    assert np.array_equal(channel.sound, floats(samples))
    assert stands_out(samples[:, near.shape[1] + RATE : -near.shape[1] - RATE]), "the control: it was asked again"


def test_of_two_microphones_each_is_silent_where_the_other_heard_better() -> None:
    samples, truth = two_microphones(4, bleed=-12.0, overlap=0.0)
    found = ready(window(samples, 0.0), 0.0)
    assert found.levels is not None
    for who, start, end in truth:
        middle = slice(round((start + end) / 2 * RATE) - RATE // 4, round((start + end) / 2 * RATE) + RATE // 4)
        own, other = (found.channels[channel].sound[middle] for channel in (who, 1 - who))
        assert np.abs(own).max() > 0.01
        assert not other.any()
        assert np.abs(samples[1 - who, middle]).max() > 100, "the control: there was something to be heard there"
    assert found.speech == pytest.approx(sum(total(channel.speech) for channel in found.channels))


def test_a_microphone_that_is_set_low_is_raised_by_itself() -> None:
    samples, _ = two_microphones(6, bleed=-30.0, overlap=0.0)
    low = samples.copy()
    low[1] = np.round(low[1] / 200)
    as_set, lower = (ready(window(one), balance(channel_levels(one))).channels[1] for one in (samples, low))
    assert total(lower.speech) >= 0.8 * total(as_set.speech)
    assert np.abs(lower.sound).max() > 0.1 > np.abs(floats(low[1:])).max()


def test_only_the_spans_stay() -> None:
    sound = floats(np.full((1, 4 * RATE), 1000, np.int16))
    kept = only(sound, (Span(start=11.0, end=12.0), Span(start=13.5, end=99.0)), 10.0)
    assert kept.size == sound.size
    heard = np.flatnonzero(kept)
    assert heard.size == 1.5 * RATE
    assert (heard[0], heard[-1]) == (RATE, 4 * RATE - 1)


def test_one_channel_is_the_mean_of_all() -> None:
    both = np.array([[100, -100], [200, -300]], np.int16)
    assert mono(both).tolist() == [[150, -200]]
    assert mono(both[:1]).tolist() == [[100, -100]]


class Source:
    """Counts upwards, and says how far it is and whether it was closed."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.made: list[int] = []
        self.closed = False
        self.threads: set[int] = set()
        self._fails_at = fails_at

    def numbers(self) -> Generator[int]:
        try:
            for number in range(1, 6):
                if number == self._fails_at:
                    raise OSError("no more")
                self.made.append(number)
                self.threads.add(threading.get_ident())
                yield number
        finally:
            self.closed = True


def test_what_is_made_ahead_is_the_same_and_in_order() -> None:
    source = Source()
    with ahead(source.numbers()) as coming:
        assert list(coming) == [1, 2, 3, 4, 5]
    assert source.closed
    assert threading.get_ident() not in source.threads


def test_never_more_than_one_is_made_ahead() -> None:
    source = Source()
    with ahead(source.numbers()) as coming:
        for number in coming:
            assert len(source.made) <= number + 1


def test_it_tells_how_long_making_took_also_of_what_is_being_made() -> None:
    begun, let_go = threading.Event(), threading.Event()

    def slow() -> Generator[int]:
        time.sleep(0.02)
        yield 1
        begun.set()
        let_go.wait()
        yield 2

    with ahead(slow()) as coming:
        numbers = iter(coming)
        next(numbers)
        begun.wait()
        first = coming.busy()
        time.sleep(0.02)
        assert first >= 0.02 and first + 0.02 <= coming.busy()
        let_go.set()
        assert list(numbers) == [2]
        ended = coming.busy()
        time.sleep(0.02)
        assert coming.busy() == ended


def test_what_fails_ahead_fails_in_its_place() -> None:
    source, taken = Source(fails_at=3), []
    with pytest.raises(OSError, match="no more"), ahead(source.numbers()) as coming:
        for number in coming:
            taken.append(number)
    assert taken == [1, 2]
    assert source.closed


def test_who_leaves_early_leaves_nothing_at_work() -> None:
    source = Source()
    with pytest.raises(KeyError), ahead(source.numbers()) as coming:
        for _ in coming:
            raise KeyError
    assert source.closed
    made = list(source.made)
    assert made in ([1], [1, 2])
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]
