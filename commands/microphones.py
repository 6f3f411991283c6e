"""The microphones of this machine, behind an interface of ours: a recorder takes blocks of sound and knows no library."""

import queue
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from storage.errors import BadInput, NotFound, Unavailable

Samples = NDArray[np.int16]

BLOCKS_PER_SECOND: Final = 10
# As long without a block as this, and nothing is plugged in any more.
SILENCE: Final = 5.0


class NoRecorder(Unavailable):
    """record: the optional part that knows microphones is not installed; `pip install "candour[record]"` brings it"""


class NoPortAudio(Unavailable):
    """record: the library PortAudio is missing on this machine; on Debian and Ubuntu `apt install libportaudio2` brings it"""


class NoMicrophone(NotFound):
    """record: no such microphone is there, or another program holds it; `candour record --list` shows what there is"""


class TooFewChannels(BadInput):
    """record: this microphone has one channel; leave out --channels, or choose one with two from `candour record --list`"""


class MicrophoneGone(Unavailable):
    """record: the microphone has gone. What was said until then is sealed and is the recording; before sign-off somebody says
    that they know where it ends. If the conversation went on, plan another one for the rest
    """


class Microphone(Protocol):
    """An open microphone that does not listen yet. `rate` in samples per second, one or two `channels`."""

    @property
    def rate(self) -> int: ...
    @property
    def channels(self) -> int: ...
    def blocks(self) -> Iterator[Samples]:
        """What is heard from this call on, as it is heard: int16 of shape (channels, n), ten a second, without an end.

        Raises:
            NoMicrophone; MicrophoneGone later, by the iterator.
        """


def found() -> list[dict[str, object]]:
    """The microphones that are there: number, name, and how many channels each has. Raises NoRecorder, NoPortAudio."""
    library = _library()
    return [
        {"number": one["index"], "name": one["name"], "channels": one["max_input_channels"]}
        for one in library.query_devices()
        if one["max_input_channels"] > 0
    ]


def opened(number: int | None, channels: int | None) -> AbstractContextManager[Microphone]:
    """A microphone, by its number, with as many channels as it has up to two unless said. It hears nothing before `blocks`.

    Raises:
        NoRecorder, NoPortAudio, NoMicrophone, TooFewChannels.
    """
    return _opened(_library(), number, channels)


@contextmanager
def _opened(library: Any, number: int | None, channels: int | None) -> Iterator[Microphone]:
    heard: queue.SimpleQueue[Samples] = queue.SimpleQueue()

    def take(block: Any, *_: object) -> None:
        heard.put(np.array(block, np.int16).T)

    with _answering(library):
        device = library.query_devices(number, "input")
        rate, most = int(device["default_samplerate"]), min(2, int(device["max_input_channels"]))
        if channels is not None and channels > most:
            raise TooFewChannels
        stream = library.InputStream(
            samplerate=rate,
            blocksize=rate // BLOCKS_PER_SECOND,
            device=number,
            channels=channels or most,
            dtype="int16",
            callback=take,
        )

    def start() -> None:
        with _answering(library):
            stream.start()

    # As a context of its own it would listen at once, while consent is still asked for.
    with closing(stream):
        yield _PortAudio(rate, channels or most, heard, start)


@contextmanager
def _answering(library: Any) -> Iterator[None]:
    try:
        yield
    except (library.PortAudioError, ValueError):
        raise NoMicrophone from None


class _PortAudio:
    def __init__(
        self, rate: int, channels: int, heard: "queue.SimpleQueue[Samples]", start: Callable[[], None]
    ) -> None:
        self.rate, self.channels = rate, channels
        self._heard, self._start = heard, start

    def blocks(self) -> Iterator[Samples]:
        self._start()
        return self._blocks()

    def _blocks(self) -> Iterator[Samples]:
        while True:
            try:
                yield self._heard.get(timeout=SILENCE)
            except queue.Empty:
                raise MicrophoneGone from None


def _library() -> Any:
    try:
        import sounddevice  # an optional extra
    except ImportError:
        raise NoRecorder from None
    except OSError:
        raise NoPortAudio from None
    return sounddevice
