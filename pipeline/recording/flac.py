"""Sound as it is spoken becomes FLAC: nothing of it is lost, half the size, and whole up to the place where it is cut off."""

from collections.abc import Callable
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

# A frame is a tenth of a second or less at any rate, so that no more than that waits in the encoder.
FRAME: Final = 4096


class Flac:
    """Encodes int16 samples of shape (channels, n), one or two channels, and hands on the bytes as soon as they are there."""

    def __init__(self, target: Callable[[bytes], object], rate: int, channels: int) -> None:
        self._container = av.open(_Forward(target), mode="w", format="flac")
        layout = "stereo" if channels == 2 else "mono"
        self._stream = self._container.add_stream(
            "flac", rate=rate, layout=layout, options={"frame_size": str(FRAME), "compression_level": "2"}
        )
        self._rate, self._position = rate, 0

    def add(self, samples: NDArray[np.int16]) -> None:
        interleaved = np.ascontiguousarray(samples.T).reshape(1, -1)
        frame = AudioFrame.from_ndarray(interleaved, format="s16", layout=self._stream.layout)
        frame.sample_rate, frame.pts = self._rate, self._position
        self._position += samples.shape[1]
        self._container.mux(self._stream.encode(frame))

    @property
    def seconds(self) -> float:
        """How long it is so far."""
        return self._position / self._rate

    def close(self) -> None:
        """Hand on what is left."""
        self._container.mux(self._stream.encode(None))
        self._container.close()


class _Forward:
    """Shows the encoder nothing but `write`: what is sealed cannot be gone back to."""

    def __init__(self, target: Callable[[bytes], object]) -> None:
        self._target = target

    def write(self, data: bytes) -> int:
        self._target(bytes(data))
        return len(data)
