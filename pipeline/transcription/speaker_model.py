"""A model that knows voices: 80 bands of a stretch of speech in, a vector out that lies near those of the same voice.

Any ONNX model that takes one input of shape (1, frames, 80) and gives vectors of one length, as the exports of WeSpeaker and
3D-Speaker (CAM++, ERes2Net, ResNet) do; see `bands` for what the bands are. The mean of each band over all that is said is taken
away before, which is the room; in the mean over half a second there is too much of the voice. It runs on the processor, and looks
to no network.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np

from pipeline.recording.sound import RATE
from pipeline.transcription import bands, library, model_store
from pipeline.transcription.bands import Bands
from pipeline.transcription.cores import cores
from pipeline.transcription.mixtures import Array
from pipeline.transcription.model_store import Kind, SpeakersUnusable

_QUIET: Final = 4  # of onnxruntime: only what ends everything is printed
_TRIED: Final = (150, 311)  # frames


class SpeakerModel:
    """A speaker model, ready to be asked; `digest` names it exactly."""

    rate: Final = RATE // bands.HOP
    # It needs less to know a voice by, and short stretches seldom hold both
    lengths: Final = (0.8, 1.2)

    def __init__(self, session: Any, digest: str, at_once: int = 1) -> None:
        self._session, self.digest, self.at_once = session, digest, at_once
        self._input = session.get_inputs()[0].name
        self._output = session.get_outputs()[-1].name

    @classmethod
    def load(cls, folder: Path, threads: int) -> "SpeakerModel":
        """The model in a folder, after all its files were compared with the manifest; it hears a stretch in each thread, and
        `threads` 0 means all.

        Raises ModelMissing, ModelDamaged, SpeakersUnusable.
        """
        model = model_store.verify(folder, Kind.SPEAKERS)
        return cls(_session(model_store.onnx_file(folder)), model.digest, threads or cores())

    def vectors(self, sounds: Sequence[Bands]) -> Array:
        """What the model makes of each stretch, shape (stretches, size), with length 1."""
        frames = sum(len(one) for one in sounds)
        level = np.sum([one.sum(axis=0, dtype=np.float64) for one in sounds], axis=0) / frames
        with ThreadPoolExecutor(self.at_once, thread_name_prefix="voices") as pool:
            return np.array(list(pool.map(lambda one: self.vector(one - level), sounds)))

    def vector(self, stretch: Array) -> Array:
        """What the model makes of a stretch without its level, in the thread that asks."""
        given = {self._input: stretch.astype(np.float32)[None]}
        vector = np.asarray(self._session.run([self._output], given)[0], np.float64).reshape(-1)
        return np.asarray(vector / (np.linalg.norm(vector) + 1e-9))


def check(file: Path) -> None:
    """See that an ONNX file can be asked for voices. Raises SpeakersUnusable."""
    session = _session(file)
    chance = np.random.default_rng(1)
    try:
        model = SpeakerModel(session, "")
        made = model.vectors([chance.normal(8, 2, (count, bands.SIZE)).astype(np.float32) for count in _TRIED])
    except Exception:  # the runtime raises errors of many kinds; what they say is not for people
        raise SpeakersUnusable(file=file.name) from None
    if made.ndim != 2 or not np.isfinite(made).all():
        raise SpeakersUnusable(file=file.name)


def _session(file: Path) -> Any:
    library.offline()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # stretches are short: two threads with one each take seven tenths of what both take for one after another
    options.intra_op_num_threads = 1
    options.log_severity_level = _QUIET
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception:
        raise SpeakersUnusable(file=file.name) from None
    inputs = [one.shape for one in session.get_inputs()]
    # a size that is not fixed has a name instead of a number
    if len(inputs) != 1 or len(inputs[0]) != 3 or (isinstance(inputs[0][2], int) and inputs[0][2] != bands.SIZE):
        raise SpeakersUnusable(file=file.name)
    return session
