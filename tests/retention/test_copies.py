"""Recovery copies on record: numbered, listed, named by certificates, attested; and a new passphrase."""

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from access.people import Person
from access.roles import NotAllowed
from access.signing import WrongPassword
from pipeline import reviews
from retention import certificates, copies, destroy, rotation, standalone
from retention.bundling import lines
from retention.certificate_check import verify_certificate
from retention.copies import (
    CopyAttested,
    CopyFileExists,
    CopyNotWritten,
    CopyState,
    NoCustodian,
    NoPlaceForCopy,
    UnknownCopy,
)
from retention.report import Problem
from storage import age, recovery
from storage.home import Home
from storage.log.log import Event
from storage.log.note import SigningKey
from storage.log.statements import subject_digest
from storage.vault import Vault, WrongPassphrase
from tests import story
from tests.retention.safe import CUSTODIAN, destroy_recording, take_copy, withdraw
from tests.story import FIRST, OTHER, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Story]:
    """A home whose first conversation is signed off and whose second is recorded."""
    one = story.at(Stage.SIGNED, tmp_path)
    yield one
    one.home.close()


def states(told: Story) -> list[CopyState]:
    return [one.state for one in copies.views(told.home)]


def attest(told: Story, number: int = 1, person: str = "ben") -> None:
    holder: Person = getattr(told, person)
    copies.attest(told.home, holder, story.password(person), number)


def test_a_copy_is_current_until_something_is_planned_or_destroyed(told: Story) -> None:
    assert states(told) == []
    take_copy(told)
    assert states(told) == [CopyState.CURRENT]
    reviews.plan_conversation(told.home, told.ana, story.REVIEW, story.POSITIONS[0], interviewer="Lead", on=None)
    assert [(one.state, one.lacks) for one in copies.views(told.home)] == [(CopyState.BEHIND, 1)]
    take_copy(told, "copy-2")
    destroy_recording(told)
    assert states(told) == [CopyState.OBSOLETE, CopyState.OBSOLETE]
    take_copy(told, "copy-3")
    attest(told)
    assert states(told) == [CopyState.ATTESTED, CopyState.OBSOLETE, CopyState.CURRENT]
    assert told.findings() == ()


def test_the_log_says_which_copies_were_made_and_attested(told: Story) -> None:
    take_copy(told)
    attest(told)
    made, attested = told.log()[-2:]
    assert made.event == "copy.made" and made.actor == "ana"
    assert made.detail == {"number": 1, "epoch": 1, "keys": 8, "recipients": 1}
    assert attested.event == "copy.attested" and attested.actor == "ben" and attested.obj == made.obj
    assert attested.sig is not None and attested.detail == {"number": 1}


def bundle(told: Story) -> list[str]:
    with told.home.reading() as session:
        return [line.decode() for line in lines(session, told.home.signer.verifier_key)]


def alone(told: Story) -> list[str]:
    """What the verifier that shares no code with us finds."""
    key = standalone.parse_key(told.home.signer.verifier_key)
    return standalone.verify_bundle(bundle(told), key, None)


def fatal(told: Story) -> list[Problem]:
    return [finding.problem for finding in told.findings() if finding.fatal]


def test_auditors_find_an_attestation_that_its_signer_did_not_give(told: Story) -> None:
    take_copy(told)
    attest(told)
    assert alone(told) == [] and fatal(told) == []
    (made,) = [entry for entry in told.log() if entry.event == Event.COPY_MADE]
    subject, false = subject_digest(made.obj, {"number": 1}), b64encode(bytes(64)).decode()
    with told.home.writing() as session:
        told.home.log(
            session, Event.COPY_ATTESTED, actor="ben", obj=made.obj, ref=subject, sig=false, detail={"number": 1}
        )
    assert fatal(told) == [Problem.COPY]
    assert len(alone(told)) == 1


def test_a_certificate_names_the_copies_made_before_and_none_made_after(told: Story) -> None:
    take_copy(told)
    # A crash comes after the erasure; a copy is made before the destruction is finished.
    destroy._intend(told.home, 1)
    destroy._erase(told.home, 1)
    take_copy(told, "copy-2")
    destroy.carry_out(told.home, 1)
    ((_, text, _),) = certificates.shown(told.home, FIRST)
    claims = json.loads(text)["certificate"]
    assert [(one["number"], one["state"]) for one in claims["copies"]] == [(1, "pending")]
    assert claims["status"] == "pending: copies 1"
    attest(told)
    withdraw(told, OTHER)
    ((_, later, _),) = certificates.shown(told.home, OTHER)
    stated = [(one["number"], one["state"]) for one in json.loads(later)["certificate"]["copies"]]
    assert stated == [(1, "attested"), (2, "pending")]


def test_attestations_stand_beside_a_certificate_that_does_not_change(told: Story) -> None:
    take_copy(told)
    destroy_recording(told)
    ((_, text, readable),) = certificates.shown(told.home, FIRST)
    assert certificates.attested_since(told.home, text) == []
    attest(told)
    assert certificates.shown(told.home, FIRST) == [(1, text, readable)]
    (since,) = certificates.attested_since(told.home, text)
    assert (since.number, since.by) == (1, "ben")
    assert told.log()[since.entry].event == "copy.attested"
    assert verify_certificate(readable, told.home.signer.verifier_key).ok


def test_neither_custodian_nor_passphrase_opens_a_copy_alone(told: Story, tmp_path: Path) -> None:
    home = told.home
    keys = [home.vault.get(key, kind) for key, kind in home.vault.ids().items()]
    signing = [home.signer.secret_text.encode(), SigningKey.parse(home.signer.secret_text)._seed]
    opened = recovery.open_copy(take_copy(told), [CUSTODIAN])
    in_clear = b"".join([opened.taken.file, opened.taken.beside, opened.taken.anchor])
    assert not [secret for secret in [*keys, *signing] if secret in in_clear]
    with pytest.raises(WrongPassphrase):
        Vault.put_back(tmp_path / "wrong", opened.taken, b"another passphrase")
    vault, beside = Vault.put_back(tmp_path / "right", opened.taken, story.PASSPHRASE)
    assert [vault.get(key, kind) for key, kind in vault.ids().items()] == keys
    assert beside == signing[0]


@pytest.mark.parametrize("recipients", [[], ["age1nonsense"], [""]])
def test_a_copy_needs_custodians(told: Story, tmp_path: Path, recipients: list[str]) -> None:
    with pytest.raises((NoCustodian, age.BadRecipient)):
        copies.make(told.home, told.ana, tmp_path / "copy", recipients)
    assert states(told) == [] and not (tmp_path / "copy").exists()


def test_no_file_is_overwritten(told: Story, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("something")
    with pytest.raises(CopyFileExists):
        take_copy(told)
    with pytest.raises(NoPlaceForCopy):
        take_copy(told, "nowhere/copy")
    assert (tmp_path / "copy").read_text() == "something" and states(told) == []


def test_a_copy_is_on_record_before_its_file_can_be_there(told: Story) -> None:
    with pytest.raises(CopyNotWritten, match="copy 1 is on record"):
        take_copy(told, "x" * 255)
    assert states(told) == [CopyState.CURRENT]


def test_a_copy_is_for_its_owner_alone(told: Story) -> None:
    assert take_copy(told).stat().st_mode & 0o077 == 0


def test_who_may(told: Story, tmp_path: Path) -> None:
    for person in (told.ben, told.cara, told.dora):
        with pytest.raises(NotAllowed):
            copies.make(told.home, person, tmp_path / "copy", [str(CUSTODIAN.recipient())])
        with pytest.raises(NotAllowed):
            rotation.rotate(told.home, person, b"another passphrase")
    take_copy(told)
    for name in ("cara", "dora"):
        with pytest.raises(NotAllowed):
            attest(told, person=name)
    with pytest.raises(WrongPassword):
        copies.attest(told.home, told.ben, story.password("ana"), 1)
    assert states(told) == [CopyState.CURRENT]


def test_a_copy_is_attested_once(told: Story) -> None:
    take_copy(told)
    attest(told)
    with pytest.raises(CopyAttested):
        attest(told)
    with pytest.raises(UnknownCopy):
        attest(told, 2)
    assert told.events().count("copy.attested") == 1


def test_a_new_passphrase_takes_the_place_of_the_old(told: Story) -> None:
    kept = told.home.vault.ids()
    take_copy(told)
    assert rotation.rotate(told.home, told.ana, b"seven slow tortoises") == 2
    assert told.events()[-1] == "vault.rotated"
    again = Home.open(told.home.folder)
    with pytest.raises(WrongPassphrase):
        again.unlock(story.PASSPHRASE)
    again.unlock(b"seven slow tortoises")
    assert again.vault.ids() == kept
    assert all(again.vault.get(key, kind) for key, kind in kept.items())
    again.close()
    assert states(told) == [CopyState.OBSOLETE], "it opens with the old passphrase"
