"""The one place that knows faster-whisper and CTranslate2, so that a new version of theirs is one change.

They are imported where they are used: most commands never need them.
"""

import ctypes
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recording.sound import RATE
from pipeline.transcription.model_store import PREPROCESSOR, ModelIncomplete
from pipeline.transcripts.transcript import Span

Sound = NDArray[np.float32]

STRETCH: Final = 28.0  # seconds; the model hears 30 at a time

# pools of memory of the C library; with one for each thread, four stretches at once take 160 MiB more
ARENAS: Final = 2
PORTION: Final = 500  # frames of 32 ms that voice detection is given at a time; a whole window at once takes 170 MiB

_VOICE: Final = {
    "threshold": 0.5,
    "min_silence_duration_ms": 500,
    "speech_pad_ms": 200,
    "max_speech_duration_s": STRETCH,
}


def voices(sound: Sound, offset: float = 0.0) -> tuple[Span, ...]:
    """Where somebody speaks in 16 kHz sound, by the voice detection that comes with the library; `offset` is added."""
    offline()
    from faster_whisper.vad import VadOptions, get_speech_timestamps, get_vad_model

    if sound.size == 0:
        return ()
    detection = get_vad_model()
    if not isinstance(detection.session, _InPortions):
        detection.session = _InPortions(detection.session)
    found = get_speech_timestamps(sound, VadOptions(**_VOICE))
    return tuple(Span(start=offset + one["start"] / RATE, end=offset + one["end"] / RATE) for one in found)


class _InPortions:
    """The network of the voice detection, given a long sound in portions: what it remembers goes from one to the next."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def run(self, names: None, given: dict[str, Any]) -> list[Any]:
        memory = given["h"], given["c"]
        found = []
        for first in range(0, len(given["input"]), PORTION):
            part = given["input"][first : first + PORTION]
            one, *memory = self._session.run(names, {"input": part, "h": memory[0], "c": memory[1]})
            found.append(one)
        return [np.concatenate(found), *memory]


def try_card(folder: Path) -> None:
    """Hear a second of silence on the graphics card: libraries that are missing show only when it has to work."""
    model = loaded(folder, 1, "cuda")
    model.encode(model.feature_extractor(np.zeros(RATE, np.float32)))


def cards() -> int:
    """Graphics cards the library could use."""
    import ctranslate2

    return int(ctranslate2.get_cuda_device_count())


def loaded(folder: Path, threads: int, device: str, at_once: int = 1) -> Any:
    """The model in a folder on "cpu" or "cuda", for so many stretches at once, which share its weights and the threads.

    Raises ModelIncomplete where its settings are for another number of bands than it hears.
    """
    offline()
    _share_memory()
    from faster_whisper import WhisperModel

    model = WhisperModel(
        str(folder),
        device=device,
        compute_type="float16" if device == "cuda" else "int8",
        cpu_threads=max(1, threads // at_once),
        num_workers=at_once,
        local_files_only=True,
    )
    if model.model.n_mels != model.feature_extractor.mel_filters.shape[0]:
        raise ModelIncomplete(file=PREPROCESSOR)
    return model


class Temperatures(list[float]):
    """Temperatures for the library, which takes the next one where it is not content with what it heard.

    The first is 0, and with all others it draws by chance: `beyond` is called before one of these is given out.
    """

    def __init__(self, each: Sequence[float], beyond: Callable[[], None]) -> None:
        super().__init__(each)
        self._beyond = beyond

    def __iter__(self) -> Iterator[float]:
        yield self[0]
        self._beyond()
        yield from self[1:]


def seed(number: int) -> None:
    """What a model that has not drawn yet will draw from."""
    import ctranslate2

    ctranslate2.set_random_seed(number)


def offline() -> None:
    """Let the libraries look to no network and keep no record of their use; to be called before any of them is imported."""
    # read by the hub client when it is imported; a model that passed `verify` needs nothing from there
    os.environ["HF_HUB_OFFLINE"] = "1"
    # read by onnxruntime when it is imported; else its newer builds keep a database below ~/.cache and send it to their maker
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def _share_memory() -> None:
    """Let the threads of the library share what they give back; where a system has no such setting, nothing happens."""
    if sys.platform == "linux":
        # M_ARENA_MAX is -8 in malloc.h of the GNU C library; musl has neither
        setting = getattr(ctypes.CDLL(None), "mallopt", lambda *_: None)
        setting(-8, ARENAS)
