"""Recovery copies as files: who opens them, and what a file that is none looks like."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from storage import age, recovery
from storage.age import HybridIdentity, NoMatch, X25519Identity
from storage.log.note import Note, Signature, SigningKey
from storage.recovery import (
    BadIdentityFile,
    CopyNotSigned,
    Known,
    NoRecoveryCopy,
    RecoveryCopy,
    RecoveryCopyDamaged,
)
from storage.vault import Taken

ONE, TWO = HybridIdentity.generate(), HybridIdentity.generate()
LOG, STRANGER = SigningKey.generate("candour.test/log"), SigningKey.generate("candour.test/log")
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
COPY = RecoveryCopy(
    number=2,
    made_at=NOON,
    log=str(LOG.verifier),
    entries=7,
    known=(
        Known(id=uuid4(), number=1, epoch=3, made_at=NOON, made_by="ada", attested_at=NOON),
        Known(id=uuid4(), number=2, epoch=4, made_at=NOON, made_by="ben", attested_at=None),
    ),
    taken=Taken(epoch=4, file=b"a vault file", anchor=bytes(range(32)), beside=b"a sealed key"),
)


# Under the name and the short hash of the log's key.
STRANGER_AS_LOG = (Signature(name=LOG.verifier.name, key_id=LOG.verifier.id, blob=bytes(64)),)


def signed(text: str, key: SigningKey = LOG) -> Note:
    return Note(text=text).with_signature(key.sign(text))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "copy"
    path.write_bytes(recovery.seal(COPY, [ONE.recipient(), TWO.recipient()], signed))
    return path


@pytest.mark.parametrize("identity", [ONE, TWO])
def test_each_custodian_opens_it_whole(file: Path, identity: HybridIdentity) -> None:
    assert recovery.open_copy(file, [identity]) == COPY


def test_nobody_else_does(file: Path) -> None:
    with pytest.raises(NoMatch):
        recovery.open_copy(file, [HybridIdentity.generate(), X25519Identity.generate()])


def test_a_classical_custodian_is_taken_and_two_kinds_are_not(tmp_path: Path) -> None:
    classical = X25519Identity.generate()
    (tmp_path / "copy").write_bytes(recovery.seal(COPY, [classical.recipient()], signed))
    assert recovery.open_copy(tmp_path / "copy", [classical]) == COPY
    with pytest.raises(age.MixedRecipients):
        recovery.seal(COPY, [classical.recipient(), ONE.recipient()], signed)


def sealed(data: bytes) -> bytes:
    sink = io.BytesIO()
    with age.Writer(sink, [ONE.recipient()]) as writer:
        writer.write(data)
    return sink.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"age-encryption.org/v1\n", id="a head alone"),
        pytest.param(sealed(b"a letter"), id="a sealed letter"),
        pytest.param(sealed(COPY.text().encode()), id="a copy without a signature"),
        pytest.param(sealed(str(signed("[]\n")).encode()), id="a list"),
        pytest.param(sealed(str(signed('{"form": "another/v1"}\n')).encode()), id="another form"),
        pytest.param(sealed(str(signed('{"form": "candour-recovery/v1"}\n')).encode()), id="nothing in it"),
        pytest.param(sealed(str(signed(COPY.text().replace(", ", ","))).encode()), id="a second spelling"),
        pytest.param(sealed(str(signed(COPY.text().replace(COPY.log, "a log"))).encode()), id="no log"),
    ],
)
def test_what_is_no_recovery_copy_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "copy").write_bytes(data)
    with pytest.raises(NoRecoveryCopy):
        recovery.open_copy(tmp_path / "copy", [ONE])


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoRecoveryCopy):
        recovery.open_copy(tmp_path / "copy", [ONE])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: data[:-1], id="cut"),
        pytest.param(lambda data: data[:-1] + bytes([data[-1] ^ 1]), id="changed"),
        pytest.param(lambda data: data + b"x", id="longer"),
    ],
)
def test_a_changed_copy_is_damaged(file: Path, change: Callable[[bytes], bytes]) -> None:
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(RecoveryCopyDamaged):
        recovery.open_copy(file, [ONE])


def forged(file: Path, note: Note) -> Path:
    file.write_bytes(sealed(str(note).encode()))
    return file


def test_the_digest_is_that_of_the_first_line_as_its_custodian_opens_it(file: Path) -> None:
    with file.open("rb") as source:
        opened = b"".join(age.read(source, [ONE]))
    assert COPY.digest == hashlib.sha256(opened.partition(b"\n")[0] + b"\n").hexdigest()


def test_whoever_knows_the_recipient_makes_no_copy(tmp_path: Path) -> None:
    for note in (signed(COPY.text(), STRANGER), Note(text=COPY.text(), signatures=STRANGER_AS_LOG)):
        with pytest.raises(CopyNotSigned):
            recovery.open_copy(forged(tmp_path / "copy", note), [ONE])
    assert recovery.open_copy(forged(tmp_path / "copy", signed(COPY.text())), [ONE], LOG.verifier) == COPY


@pytest.mark.parametrize("change", [{"number": 3}, {"entries": 0}, {"known": ()}, {"made_at": NOON.replace(year=2027)}])
def test_a_custodian_changes_nothing_in_theirs(tmp_path: Path, change: dict[str, Any]) -> None:
    note = Note(text=replace(COPY, **change).text(), signatures=signed(COPY.text()).signatures)
    with pytest.raises(CopyNotSigned):
        recovery.open_copy(forged(tmp_path / "copy", note), [ONE])


def test_a_copy_of_another_log_is_not_taken_for_one_of_the_log_that_is_known(tmp_path: Path) -> None:
    theirs = replace(COPY, log=str(STRANGER.verifier))
    file = forged(tmp_path / "copy", signed(theirs.text(), STRANGER))
    assert recovery.open_copy(file, [ONE]) == theirs, "in itself it is whole"
    with pytest.raises(CopyNotSigned):
        recovery.open_copy(file, [ONE], LOG.verifier)


def test_nothing_secret_is_shown() -> None:
    shown = repr(COPY)
    assert "RecoveryCopy" in shown and "anchor" not in shown and "vault" not in shown


def test_identities_come_from_a_file_as_age_keygen_writes_it(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(f"# created: 2026-03-14\n# public key: {ONE.recipient()}\n{ONE}\n\n{X25519Identity(bytes(32))}\n")
    assert recovery.read_identities(key) == [ONE, X25519Identity(bytes(32))]


@pytest.mark.parametrize("data", [b"", b"# nothing but a remark\n", b"\xff\xfe"])
def test_a_file_without_identities_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "key").write_bytes(data)
    with pytest.raises(BadIdentityFile):
        recovery.read_identities(tmp_path / "key")


def test_a_recipient_is_no_identity(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{ONE.recipient()}\n")
    with pytest.raises(age.BadIdentity):
        recovery.read_identities(tmp_path / "key")
    with pytest.raises(BadIdentityFile):
        recovery.read_identities(tmp_path / "nothing")
