"""A sealed recording is listened to: decoded in memory, handed on as sound, never as a file."""

import io
import wave

import numpy as np

from access.people import Person
from access.roles import Act, require
from pipeline.recording.confined_sound import decode
from pipeline.recording.intake import opened
from pipeline.recording.looking import NothingThere, recorded
from pipeline.recording.sound import RATE
from pipeline.transcripts.transcript import Span
from storage.blobs import BlobRef
from storage.home import Home


def sound(home: Home, actor: Person, reference: str, span: Span) -> bytes:
    """A stretch of a recording as WAV bytes: 16 bit, 16 kHz, its one or two channels.

    Raises:
        NotAllowed, UnknownConversation, NothingThere, ConversationGone, VaultClosed.
    """
    require(actor.roles, Act.LISTEN, actor.name)
    recording, key, reference = recorded(home, reference)
    parts = []
    with opened(home, BlobRef(recording.blob), key, reference) as plain:
        for block in decode(plain):
            if block.start >= span.end:
                break
            first = max(0, round((span.start - block.start) * RATE))
            parts.append(block.samples[:, first : round((span.end - block.start) * RATE)])
    samples = np.concatenate(parts, axis=1) if parts else np.zeros((1, 0), np.int16)
    if samples.shape[1] == 0:
        raise NothingThere(reference=reference)
    return _wav(samples)


def _wav(samples: "np.ndarray[tuple[int, ...], np.dtype[np.int16]]") -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as out:
        out.setnchannels(samples.shape[0])
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.T.astype("<i2").tobytes())
    return target.getvalue()
