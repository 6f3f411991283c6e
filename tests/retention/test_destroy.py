"""Destruction: what was to go is gone, all else opens, and the evidence holds; also from a database of before."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from pipeline.pseudonyms import naming
from pipeline.recording.decode import probe
from pipeline.recording.sound import NotAudio
from pipeline.reviews import ConversationGone
from pipeline.transcripts import reviewing
from retention import certificates, destroy, orders, withdrawal
from retention.certificate_check import verify_certificate
from retention.destroy import StillOpens, carry_out
from retention.orders import OrderClosed, UnknownOrder
from retention.verify import verify_database
from storage import age
from storage.durable import DiskFull
from storage.errors import Destroyed
from storage.home import Home
from storage.keyring import VaultDamaged
from storage.log.log import Event
from storage.log.signer import LogRolledBack
from storage.models import (
    Conversation,
    Correction,
    Doubt,
    Extract,
    Hearing,
    Order,
    OrderState,
    Recording,
    SignOff,
    State,
    Window,
)
from storage.sealed import NotSealedHere, open_value, slot
from storage.vault import KeyClass, KeyGone, Rotation, VaultSetBack
from tests import story
from tests.story import FIRST, OTHER, Stage, Story

OF_THE_RECORDING = (Window, Correction, Hearing, Doubt)
OF_THE_ANALYSIS = (Extract, SignOff)


@pytest.fixture
def signed(tmp_path: Path) -> Story:
    """A conversation that two people signed off: order 1 may be carried out."""
    return story.at(Stage.SIGNED, tmp_path)


def withdrawn(told: Story) -> int:
    number = withdrawal.withdraw(told.home, told.ana, story.password("ana"), FIRST).order
    orders.approve(told.home, told.ben, story.password("ben"), number)
    return number


def files(told: Story) -> set[str]:
    return {found.name for found in told.home.blobs.survey()}


def of(told: Story, reference: str) -> Iterator[str]:
    recording = told.conversation(reference).recording
    assert recording is not None
    yield from (name for name in (recording.blob, recording.playback) if name)


def hears(told: Story, reference: str) -> bool:
    """Whether the recording opens with what the vault holds, and is sound."""
    with told.playing(reference) as plain:
        return probe(plain).channels == 1


def test_the_recording_goes_and_its_analysis_stays(signed: Story) -> None:
    conversation = signed.conversation()
    gone = set(of(signed, FIRST))
    assert len(gone) == 2 and gone < files(signed), "the recording and its playback copy"
    assert hears(signed, FIRST) and hears(signed, OTHER)
    keys = signed.home.vault.ids()
    outcome = carry_out(signed.home, 1)
    assert (outcome.about, outcome.certificate) == (FIRST, "D-0001")
    assert signed.home.vault.ids().keys() == keys.keys() - {conversation.recording_key}
    assert files(signed) == set(of(signed, OTHER))
    with pytest.raises(KeyGone):
        hears(signed, FIRST)
    assert hears(signed, OTHER)
    with pytest.raises(ConversationGone):
        reviewing.read(signed.home, signed.ana, FIRST)
    kept = naming.preview(signed.home, signed.ana, FIRST)
    assert story.CORRECTED in [passage.text for passage in kept.passages]
    after = signed.conversation()
    assert (after.state, after.draft, after.quarantined) == (State.DESTROYED, None, False)
    assert after.recording is not None and after.recording.waveform is None
    assert [story.rows(signed.home, table) for table in OF_THE_RECORDING] == [0, 0, 0, 0]
    assert [story.rows(signed.home, table) for table in OF_THE_ANALYSIS] == [2, 2]


def test_a_withdrawal_takes_the_analysis_too(signed: Story) -> None:
    conversation = signed.conversation()
    carry_out(signed.home, withdrawn(signed))
    assert not {conversation.recording_key, conversation.extract_key} & signed.home.vault.ids().keys()
    assert [story.rows(signed.home, table) for table in OF_THE_RECORDING + OF_THE_ANALYSIS] == [0] * 6
    with pytest.raises(Destroyed):
        naming.preview(signed.home, signed.ana, FIRST)
    assert hears(signed, OTHER)


def test_ciphertext_kept_from_before_opens_with_no_key_that_is_left(signed: Story, tmp_path: Path) -> None:
    conversation = signed.conversation()
    assert conversation.recording is not None and conversation.draft is not None
    copies = {name: (signed.home.folder / "blobs" / name).read_bytes() for name in files(signed)}
    carry_out(signed.home, 1)
    vault = signed.home.vault
    held = [vault.get(key, kind) for key, kind in vault.ids().items()]

    def opening(data: bytes) -> int:
        kept = tmp_path / "kept"
        kept.write_bytes(data)
        tried = 0
        for key in held:
            with kept.open("rb") as source:
                try:
                    age.Reader(source, [slot(key)]).close()
                except age.NoMatch:
                    continue
                tried += 1
        return tried

    gone = set(of(signed, OTHER))
    assert {name: opening(data) for name, data in copies.items()} == {name: int(name in gone) for name in copies}
    for key in held:
        with pytest.raises(NotSealedHere):
            open_value(key, f"conversation.draft:{conversation.id}", conversation.draft)


def test_the_evidence_holds(signed: Story) -> None:
    carry_out(signed.home, 1)
    ((number, encoded, text),) = certificates.shown(signed.home, FIRST)
    key = signed.home.signer.verifier_key
    assert number == 1
    assert verify_certificate(encoded, key).findings == ()
    assert verify_certificate(text, key).findings == ()
    assert verify_certificate(encoded.replace("signed-off", "withdrawal"), key).findings
    claims = json.loads(encoded)["certificate"]
    conversation = signed.conversation()
    assert conversation.recording is not None
    assert claims["recordings"] == [conversation.recording.digest]
    assert claims["objects"] == [str(conversation.id), str(conversation.recording_key)]
    assert claims["epoch_after"] == claims["epoch_before"] + 1 == signed.home.vault.epoch
    assert [check["passed"] for check in claims["checks"]] == [True, True, True]
    assert signed.findings() == ()
    assert [event for event in signed.events() if event.startswith(("destroy", "certificate"))] == [
        Event.DESTROY_INTENT,
        Event.DESTROY_QUARANTINED,
        Event.DESTROY_ERASED,
        Event.DESTROY_DONE,
        Event.CERTIFICATE_ISSUED,
    ]


def test_once_done_it_is_done(signed: Story) -> None:
    first = carry_out(signed.home, 1)
    events, epoch = signed.events(), signed.home.vault.epoch
    assert carry_out(signed.home, 1) == first
    assert (signed.events(), signed.home.vault.epoch) == (events, epoch)


def test_an_order_that_is_not_there_is_said(signed: Story) -> None:
    with pytest.raises(UnknownOrder):
        carry_out(signed.home, 2)


def test_the_database_of_before_brings_nothing_back(signed: Story, tmp_path: Path) -> None:
    before = tmp_path / "before"
    signed.home.close()
    shutil.copytree(signed.home.folder, before)
    told = story.opened(signed.home.folder)
    carry_out(told.home, 1)
    told.home.close()
    shutil.copy(before / "candour.db", told.home.folder / "candour.db")
    shutil.copytree(before / "blobs", told.home.folder / "blobs", dirs_exist_ok=True)
    old = story.opened(told.home.folder)
    assert old.conversation().state is State.SIGNED_OFF, "the rows are back"
    with pytest.raises(Destroyed):
        reviewing.read(old.home, old.ana, FIRST)
    with pytest.raises(Destroyed):
        hears(old, FIRST)
    assert hears(old, OTHER)
    rows = story.rows(old.home, Order), old.events()
    for act in (lambda: carry_out(old.home, 1), lambda: reviewing.hear(old.home, old.ana, OTHER, [])):
        with pytest.raises(LogRolledBack):
            act()
    assert (story.rows(old.home, Order), old.events()) == rows, "and nothing is added to them"


def test_the_vault_file_of_before_brings_nothing_back(signed: Story, tmp_path: Path) -> None:
    before = tmp_path / "vault-1"
    shutil.copy(signed.home.folder / "vault" / "vault-1", before)
    carry_out(signed.home, 1)
    signed.home.close()
    shutil.copy(before, signed.home.folder / "vault" / "vault-1")
    assert signed.conversation().recording_key not in signed.again().home.vault.ids()


def test_the_whole_vault_of_before_is_refused(signed: Story, tmp_path: Path) -> None:
    """Nobody can take the keys out of a copy that somebody made; but no home goes on with it as if nothing had been destroyed."""
    vault = signed.home.folder / "vault"
    shutil.copytree(vault, tmp_path / "before")
    carry_out(signed.home, 1)
    signed.home.close()
    shutil.rmtree(vault)
    shutil.copytree(tmp_path / "before", vault)
    with pytest.raises(VaultSetBack) as refused:
        signed.again()
    assert (refused.value.fields["epoch"], refused.value.fields["reached"]) == (1, 2)


def test_a_copy_of_the_whole_home_does_bring_it_back(signed: Story, tmp_path: Path) -> None:
    """The control of the three above, and the reason why copies of keys are registered."""
    signed.home.close()
    shutil.copytree(signed.home.folder, tmp_path / "before")
    carry_out(story.opened(signed.home.folder).home, 1)
    assert hears(story.opened(tmp_path / "before"), FIRST)


@pytest.mark.parametrize("damage", ["cut", "no header", "missing"])
def test_a_recording_that_has_rotted_is_destroyed_all_the_same(damage: str, signed: Story) -> None:
    name = next(of(signed, FIRST))
    path = signed.home.folder / "blobs" / name
    path.chmod(0o600)
    match damage:
        case "cut":
            path.write_bytes(path.read_bytes()[:3000])
        case "no header":
            path.write_bytes(b"rotten" + path.read_bytes()[6:])
        case "missing":
            path.unlink()
    carry_out(signed.home, 1)
    assert name not in files(signed)
    assert signed.findings() == ()


def test_what_a_key_that_is_held_still_opens_is_an_incident(signed: Story) -> None:
    other = next(of(signed, OTHER))
    story.change(
        signed.home,
        update(Recording).where(Recording.conversation_id == signed.conversation().id).values(playback=other),
    )
    with pytest.raises(StillOpens):
        carry_out(signed.home, 1)
    assert Event.DESTROY_DONE not in signed.events()
    assert hears(signed, OTHER)


def test_a_key_that_came_back_is_an_incident(signed: Story) -> None:
    destroy._intend(signed.home, 1)
    destroy._erase(signed.home, 1)
    signed.home.vault.put(signed.conversation().recording_key, KeyClass.RECORDING)
    with pytest.raises(StillOpens):
        carry_out(signed.home, 1)


def test_no_certificate_says_that_keys_open_which_do_not(signed: Story) -> None:
    destroy._intend(signed.home, 1)
    destroy._erase(signed.home, 1)
    vault = signed.home.vault
    held = vault._current()
    key, record = next(iter(held.ring.records.items()))
    spoilt = {**held.ring.records, key: replace(record, sealed=bytes(len(record.sealed)))}
    vault._opened = replace(held, ring=replace(held.ring, records=spoilt))
    with pytest.raises(VaultDamaged):
        carry_out(signed.home, 1)
    assert Event.DESTROY_DONE not in signed.events()
    vault._opened = held
    assert carry_out(signed.home, 1).certificate == "D-0001"


def test_an_error_while_erasing_leaves_the_vault_to_others(signed: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(Rotation, "commit", fails)
        with pytest.raises(DiskFull):
            carry_out(signed.home, 1)
    assert hears(signed, FIRST)
    assert order(signed.home).state is OrderState.INTENDED
    assert carry_out(signed.home, 1).certificate == "D-0001"
    assert signed.findings() == ()


def order(home: Home) -> Order:
    with home.reading() as session:
        return orders.find(session, 1)


def test_the_certificate_says_what_the_auditor_sees(signed: Story) -> None:
    carry_out(signed.home, 1)
    with signed.home.reading() as session:
        report = verify_database(session, signed.home.signer.verifier_key)
    assert report.ok and report.size == report.signed
    with signed.home.reading() as session:
        assert session.query(Conversation).filter_by(state=State.DESTROYED).count() == 1


def test_no_certificate_before_there_is_anything_to_certify(signed: Story) -> None:
    with pytest.raises(certificates.NoCertificate):
        certificates.shown(signed.home, FIRST)


def test_an_order_void_or_unsigned_destroys_nothing(signed: Story) -> None:
    done = withdrawal.withdraw(signed.home, signed.ana, story.password("ana"), FIRST).order
    for number in (1, done):
        with pytest.raises(OrderClosed):
            carry_out(signed.home, number)
    assert signed.conversation().recording_key in signed.home.vault.ids()


def test_the_sound_of_another_recording_is_no_recording(signed: Story) -> None:
    """The control of `hears`: it can tell sound from anything else."""
    with pytest.raises(NotAudio), (signed.home.folder / "candour.toml").open("rb") as text:
        probe(text)
