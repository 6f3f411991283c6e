"""Recovery copies as files: who opens them, and what a file that is none looks like."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from storage import age, recovery
from storage.age import HybridIdentity, NoMatch, X25519Identity
from storage.recovery import BadIdentityFile, Known, NoRecoveryCopy, RecoveryCopy, RecoveryCopyDamaged
from storage.vault import Taken

ONE, TWO = HybridIdentity.generate(), HybridIdentity.generate()
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
COPY = RecoveryCopy(
    number=2,
    made_at=NOON,
    log="candour.test/log+00000000+AAAA",
    entries=7,
    known=(
        Known(id=uuid4(), number=1, epoch=3, made_at=NOON, made_by="ada", attested_at=NOON),
        Known(id=uuid4(), number=2, epoch=4, made_at=NOON, made_by="ben", attested_at=None),
    ),
    taken=Taken(epoch=4, file=b"a vault file", anchor=bytes(range(32)), beside=b"a sealed key"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "copy"
    path.write_bytes(recovery.seal(COPY, [ONE.recipient(), TWO.recipient()]))
    return path


@pytest.mark.parametrize("identity", [ONE, TWO])
def test_each_custodian_opens_it_whole(file: Path, identity: HybridIdentity) -> None:
    assert recovery.open_copy(file, [identity]) == COPY


def test_nobody_else_does(file: Path) -> None:
    with pytest.raises(NoMatch):
        recovery.open_copy(file, [HybridIdentity.generate(), X25519Identity.generate()])


def test_a_classical_custodian_is_taken_and_two_kinds_are_not(tmp_path: Path) -> None:
    classical = X25519Identity.generate()
    (tmp_path / "copy").write_bytes(recovery.seal(COPY, [classical.recipient()]))
    assert recovery.open_copy(tmp_path / "copy", [classical]) == COPY
    with pytest.raises(age.MixedRecipients):
        recovery.seal(COPY, [classical.recipient(), ONE.recipient()])


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
        pytest.param(sealed(b"[]"), id="a list"),
        pytest.param(sealed(json.dumps({"form": "another/v1"}).encode()), id="another form"),
        pytest.param(sealed(json.dumps({"form": "candour-recovery/v1"}).encode()), id="nothing in it"),
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
