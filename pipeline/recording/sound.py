"""What a recording is, without the library that decodes it: facts, blocks of sound, and why one is refused.

The process that serves the page holds every key and decodes nothing, so it needs this, and neither the decoder nor arrays.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from storage.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE: Final = 16_000
# Of a waveform, which has for each fiftieth of a second and each channel the lowest and the highest sample.
PEAKS_PER_SECOND: Final = 50


class EmptyFile(BadInput):
    """recording: the file is empty; copy it from the recorder again"""


class NotAudio(BadInput):
    """recording: this is not an audio or video file that can be read; save it as M4A, MP3, WAV or FLAC and try again"""


class NoSound(BadInput):
    """recording: this video has no sound; choose the file that holds the sound"""


class NothingRecorded(BadInput):
    """recording: the file holds no sound at all, as when a recorder is stopped at once; look for another file on the recorder"""


class Protected(BadInput):
    """recording: the file is protected against copying (DRM), so its sound cannot be read; upload it unprotected"""


class Unfinished(BadInput):
    """recording: the file ends before its index was written, so nothing in it can be found; copy it from the recorder again, \
or let the recorder or its maker's software repair it first"""


@dataclass(frozen=True, kw_only=True, slots=True)
class AudioFacts:
    """What a recording says about itself; `duration` in seconds, None where the file does not declare it."""

    container: str
    codec: str
    channels: int
    sample_rate: int
    duration: float | None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Block:
    """A stretch of sound: int16 samples of shape (channels, n) at 16 kHz, from `start` seconds; silence where damaged."""

    start: float
    samples: "NDArray[np.int16]"
    damaged: bool = False

    @property
    def end(self) -> float:
        return self.start + int(self.samples.shape[1]) / RATE
