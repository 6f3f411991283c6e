"""What a person listens to: a compact copy of the recording, made while it is decoded, without ever holding more than a block."""

from typing import BinaryIO, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from pipeline.recording.sound import RATE

BIT_RATE: Final = 48_000


class Playback:
    """Writes 16 kHz sound as M4A (AAC, 48 kbit/s) into any binary file, in fragments, so that it is written strictly forward."""

    def __init__(self, target: BinaryIO, channels: int) -> None:
        # two-second fragments: an encoder that seeks back to write the index could not write into a sealed file
        layout = {"movflags": "empty_moov+default_base_moof", "frag_duration": "2000000"}
        self._container = av.open(_Forward(target), mode="w", format="ipod", options=layout)
        # on speech at this rate the fast search sounds no worse, and takes a third of the time
        self._stream = self._container.add_stream(
            "aac", rate=RATE, layout="stereo" if channels == 2 else "mono", options={"aac_coder": "fast"}
        )
        self._stream.bit_rate = BIT_RATE
        self._position = 0

    def add(self, samples: NDArray[np.int16]) -> None:
        """Append int16 samples of shape (channels, n)."""
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="s16p", layout=self._stream.layout)
        frame.sample_rate = RATE
        frame.pts = self._position
        self._position += samples.shape[1]
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what is left; the target stays open."""
        self._container.mux(self._stream.encode(None))
        self._container.close()


class _Forward:
    """Shows the encoder nothing but `write`: it must not try to seek, and must not close the target."""

    def __init__(self, target: BinaryIO) -> None:
        self.write = target.write
