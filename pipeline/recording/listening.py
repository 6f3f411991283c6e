"""A sealed recording is listened to or looked at: decoded in memory, handed on as sound or as its waveform, never as a file."""

import io
import wave

import numpy as np

from access.people import Person
from access.roles import Act, allowed, require
from pipeline.recording.confined import decode
from pipeline.recording.decode import RATE
from pipeline.recording.intake import opened
from pipeline.recording.playback import Peaks
from pipeline.reviews import find_conversation, recording_key
from pipeline.transcripts.transcript import Span
from storage.blobs import BlobRef
from storage.errors import NotFound
from storage.home import Home
from storage.models import Recording
from storage.sealed import open_value, seal_value


class NothingThere(NotFound):
    """listen: {reference} has no sound there; `candour conversation show {reference}` says how long it is"""


def sound(home: Home, actor: Person, reference: str, span: Span) -> bytes:
    """A stretch of a recording as WAV bytes: 16 bit, 16 kHz, its one or two channels.

    Raises:
        NotAllowed, UnknownConversation, NothingThere, ConversationGone, VaultClosed.
    """
    require(actor.roles, Act.LISTEN, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        recording = conversation.recording
    key = recording_key(home, conversation)
    if recording is None:
        raise NothingThere(reference=conversation.reference)
    parts = []
    with opened(home, BlobRef(recording.blob), key, conversation.reference) as plain:
        for block in decode(plain):
            if block.start >= span.end:
                break
            first = max(0, round((span.start - block.start) * RATE))
            parts.append(block.samples[:, first : round((span.end - block.start) * RATE)])
    samples = np.concatenate(parts, axis=1) if parts else np.zeros((1, 0), np.int16)
    if samples.shape[1] == 0:
        raise NothingThere(reference=conversation.reference)
    return _wav(samples)


def peaks(home: Home, actor: Person, reference: str) -> bytes:
    """The waveform of a recording, as `playback.Peaks` makes it; made now where there is none yet, which takes seconds.

    Raises:
        NotAllowed, UnknownConversation, NothingThere, ConversationGone, VaultClosed, and what `decode` raises.
    """
    if not any(allowed(actor.roles, act) for act in (Act.UPLOAD, Act.LISTEN)):
        require(actor.roles, Act.LISTEN, actor.name)
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        recording = conversation.recording
    key = recording_key(home, conversation)
    if recording is None:
        raise NothingThere(reference=conversation.reference)
    if recording.waveform is not None:
        return open_value(key, f"recording.waveform:{recording.id}", recording.waveform)
    made = Peaks()
    with opened(home, BlobRef(recording.blob), key, conversation.reference) as plain:
        for block in decode(plain):
            made.add(block.samples)
    waveform = made.close()
    with home.writing() as session:
        # Neither after a destruction, nor over what the worker made meanwhile.
        recording_key(home, find_conversation(session, reference))
        row = session.get_one(Recording, recording.id)
        if row.waveform is None:
            row.waveform = seal_value(key, f"recording.waveform:{row.id}", waveform)
    return waveform


def _wav(samples: "np.ndarray[tuple[int, ...], np.dtype[np.int16]]") -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as out:
        out.setnchannels(samples.shape[0])
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.T.astype("<i2").tobytes())
    return target.getvalue()
