"""A sealed recording is looked at: its waveform, which is sealed beside it once it was made."""

from access.people import Person
from access.roles import Act, allowed, require
from pipeline.recording import confined
from pipeline.recording.intake import opened
from pipeline.reviews import find_conversation, recording_key
from storage.blobs import BlobRef
from storage.errors import NotFound
from storage.home import Home
from storage.models import Recording
from storage.sealed import open_value, seal_value


class NothingThere(NotFound):
    """listen: {reference} has no sound there; `candour conversation show {reference}` says how long it is"""


def recorded(home: Home, reference: str) -> tuple[Recording, bytes, str]:
    """The recording of a conversation, the key that opens it, and the reference as it is written.

    Raises:
        UnknownConversation, NothingThere, ConversationGone, VaultClosed.
    """
    with home.reading() as session:
        conversation = find_conversation(session, reference)
        recording = conversation.recording
    key = recording_key(home, conversation)
    if recording is None:
        raise NothingThere(reference=conversation.reference)
    return recording, key, conversation.reference


def peaks(home: Home, actor: Person, reference: str) -> bytes:
    """The waveform of a recording, as `peaks.Peaks` makes it; made now where there is none yet, which takes seconds.

    Raises:
        NotAllowed, UnknownConversation, NothingThere, ConversationGone, VaultClosed, and what `confined.peaks` raises.
    """
    if not allowed(actor.roles, Act.UPLOAD):
        require(actor.roles, Act.LISTEN, actor.name)
    recording, key, reference = recorded(home, reference)
    if recording.waveform is not None:
        return open_value(key, f"recording.waveform:{recording.id}", recording.waveform)
    with opened(home, BlobRef(recording.blob), key, reference) as plain:
        waveform = confined.peaks(plain)
    with home.writing() as session:
        # Neither after a destruction, nor over what the worker made meanwhile.
        recording_key(home, find_conversation(session, reference))
        row = session.get_one(Recording, recording.id)
        if row.waveform is None:
            row.waveform = seal_value(key, f"recording.waveform:{row.id}", waveform)
    return waveform
