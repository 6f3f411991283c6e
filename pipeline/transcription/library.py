"""The one place that knows faster-whisper and CTranslate2, so that a new version of theirs is one change.

They are imported where they are used: most commands never need them.
"""

import os
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recording.sound import RATE
from pipeline.transcription.model_store import PREPROCESSOR, ModelIncomplete
from pipeline.transcripts.transcript import Span

Sound = NDArray[np.float32]

STRETCH: Final = 28.0  # seconds; the model hears 30 at a time

_VOICE: Final = {
    "threshold": 0.5,
    "min_silence_duration_ms": 500,
    "speech_pad_ms": 200,
    "max_speech_duration_s": STRETCH,
}


def voices(sound: Sound, offset: float = 0.0) -> tuple[Span, ...]:
    """Where somebody speaks in 16 kHz sound, by the voice detection that comes with the library; `offset` is added."""
    _offline()
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    if sound.size == 0:
        return ()
    found = get_speech_timestamps(sound, VadOptions(**_VOICE))
    return tuple(Span(start=offset + one["start"] / RATE, end=offset + one["end"] / RATE) for one in found)


def try_card(folder: Path) -> None:
    """Hear a second of silence on the graphics card: libraries that are missing show only when it has to work."""
    model = loaded(folder, 1, "cuda")
    model.encode(model.feature_extractor(np.zeros(RATE, np.float32)))


def cards() -> int:
    """Graphics cards the library could use."""
    import ctranslate2

    return int(ctranslate2.get_cuda_device_count())


def loaded(folder: Path, threads: int, device: str) -> Any:
    """The model in a folder on "cpu" or "cuda"; its attribute `drew` says whether it has drawn by chance yet.

    Raises ModelIncomplete where its settings are for another number of bands than it hears.
    """
    _offline()
    from faster_whisper import WhisperModel

    class Model(WhisperModel):  # type: ignore[misc]
        """The library's model, which also remembers whether it drew by chance."""

        drew = False

        def generate_with_fallback(self, *given: Any, **named: Any) -> Any:
            result = super().generate_with_fallback(*given, **named)
            self.drew = self.drew or result[2] > 0  # the temperature at which it stopped
            return result

    compute = "float16" if device == "cuda" else "int8"
    model = Model(str(folder), device=device, compute_type=compute, cpu_threads=threads, local_files_only=True)
    if model.model.n_mels != model.feature_extractor.mel_filters.shape[0]:
        raise ModelIncomplete(file=PREPROCESSOR)
    return model


def seed(number: int) -> None:
    """What a model that has not drawn yet will draw from."""
    import ctranslate2

    ctranslate2.set_random_seed(number)


def _offline() -> None:
    # read by the hub client when it is imported; a model that passed `verify` needs nothing from there
    os.environ["HF_HUB_OFFLINE"] = "1"
