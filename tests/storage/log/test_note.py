import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from hypothesis import given
from hypothesis import strategies as st

from storage.log import tree
from storage.log.note import (
    BadNote,
    Checkpoint,
    KeyKind,
    Note,
    NoteNotSigned,
    Signature,
    SigningKey,
    VerifierKey,
    WrongSignature,
    cosign,
    cosigned_at,
    open_checkpoint,
    open_note,
    parse_number,
)

MOMENT = datetime(2026, 11, 22, 12, tzinfo=UTC)
VECTORS = Path(__file__).parents[2] / "vectors"

# golang.org/x/mod/sumdb/note, its published example
SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
NOTE = f"{TEXT}\n{LINE}"
PETER = VerifierKey.parse(VERIFIER)

TESSERA = VECTORS / "tlog-tiles-log"
TESSERA_KEY = VerifierKey.parse("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_go_example_verifies_and_is_made_again() -> None:
    assert open_note(NOTE, [PETER]).text == TEXT
    key = SigningKey.parse(SIGNER)
    assert key.secret_text() == SIGNER
    assert str(key.verifier) == VERIFIER
    assert str(Note(text=TEXT).with_signature(key.sign(TEXT))) == NOTE


def test_c2sp_example_key() -> None:
    text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    assert str(VerifierKey.parse(text)) == text


@pytest.mark.parametrize("place", range(len(VERIFIER)))
def test_no_mangled_verifier_key_is_read(place: int) -> None:
    for mangled in (
        VERIFIER[:place] + VERIFIER[place + 1 :],
        VERIFIER[:place],
        VERIFIER[:place] + "x" + VERIFIER[place + 1 :],
    ):
        if mangled != VERIFIER:
            with pytest.raises(BadNote):
                VerifierKey.parse(mangled)


@pytest.mark.parametrize("place", range(len(SIGNER)))
def test_no_mangled_signing_key_is_read(place: int) -> None:
    for mangled in (SIGNER[:place] + SIGNER[place + 1 :], SIGNER[:place]):
        with pytest.raises(BadNote):
            SigningKey.parse(mangled)


def test_signing_key_is_not_shown() -> None:
    key = SigningKey.generate("log.example")
    assert key.secret_text().split("+", 4)[4] not in repr(key)


@pytest.mark.parametrize("place", range(len(NOTE)))
def test_no_mangled_note_is_accepted(place: int) -> None:
    for mangled in (NOTE[:place] + NOTE[place + 1 :], NOTE[:place], NOTE[:place] + "?" + NOTE[place + 1 :]):
        with pytest.raises((BadNote, NoteNotSigned, WrongSignature)):
            open_note(mangled, [PETER])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "\n\n",
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}{LINE}",
        f"\n{LINE}",
        f"{NOTE}\n",
        NOTE.removesuffix("\n"),
        NOTE.replace("\n", "\r\n"),
        f"{TEXT}\n{LINE}\n{LINE[:-1]}",
        f"\x00{NOTE}",
        f"{TEXT[:-1]}\x1b[2J\n\n{LINE}",
        f"{TEXT[:-1]}\ud800\n\n{LINE}",
        f"{TEXT}\n— Peter Neumann AAAAAAAA\n",
        f"{TEXT}\n— Peter+Neumann AAAAAAAA\n",
        f"{TEXT}\n— PeterNeumann AAAAAA==\n",
        f"{TEXT}\n— PeterNeumann AAAAAAAB=\n",
        f"{TEXT}\n- PeterNeumann AAAAAAAA\n",
        f"{TEXT}\n—  AAAAAAAA\n",
        f"{TEXT}\n{LINE * 101}",
    ],
)
def test_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(BadNote):
        Note.parse(note)


def test_text_is_split_at_the_last_empty_line() -> None:
    key = SigningKey.generate("log.example")
    text = "one\n\ntwo\n"
    note = str(Note(text=text).with_signature(key.sign(text)))
    assert open_note(note, [key.verifier]).text == text


def test_unknown_signatures_are_ignored_and_known_ones_must_be_good() -> None:
    other = SigningKey.generate("PeterNeumann")
    both = Note.parse(NOTE).with_signature(other.sign(TEXT))
    assert open_note(str(both), [PETER]).signatures[1].name == "PeterNeumann"
    with pytest.raises(NoteNotSigned, match="else"):
        open_note(NOTE, [SigningKey.generate("else").verifier])
    false = Signature(name="PeterNeumann", key_id=PETER.id, blob=bytes(64))
    with pytest.raises(WrongSignature, match="PeterNeumann"):
        open_note(str(Note.parse(NOTE).with_signature(false)), [PETER])


def test_two_keys_of_one_name_and_hash_are_ambiguous() -> None:
    with pytest.raises(BadNote, match="same name"):
        open_note(NOTE, [PETER, PETER])


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a b", "a\nb", "a\ud800"])
def test_key_name_is_checked(name: str) -> None:
    with pytest.raises(BadNote):
        SigningKey.generate(name)


@pytest.mark.parametrize("kind", [0, 2, 3, 5, 6, 255])
def test_other_key_types_are_refused(kind: int) -> None:
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(BadNote):
        VerifierKey.parse(f"log.example+00000000+{b64encode(bytes([kind]) + public).decode()}")


def tessera(size: int) -> tuple[Checkpoint, list[bytes]]:
    checkpoint = open_checkpoint((TESSERA / f"checkpoint.{size}").read_text("utf-8"), TESSERA_KEY)
    if size == 0:
        return checkpoint, []
    data = (TESSERA / "tile" / "entries" / "000.p" / str(size)).read_bytes()
    leaves = []
    while data:
        length = int.from_bytes(data[:2])
        leaves.append(data[2 : 2 + length])
        data = data[2 + length :]
    return checkpoint, leaves


@pytest.mark.parametrize("size", range(16))
def test_real_checkpoint_covers_its_entries(size: int) -> None:
    checkpoint, leaves = tessera(size)
    assert checkpoint.size == len(leaves) == size
    frontier = tree.Frontier()
    for leaf in leaves:
        frontier.append(tree.leaf_hash(leaf))
    assert frontier.root() == checkpoint.root
    tile = (TESSERA / "tile" / "0" / "000.p" / str(size)).read_bytes() if size else b""
    assert tile == b"".join(map(tree.leaf_hash, leaves))


@pytest.mark.parametrize(("old", "new"), list(combinations(range(1, 16), 2)))
def test_real_checkpoints_are_consistent(old: int, new: int) -> None:
    (first, _), (second, leaves) = tessera(old), tessera(new)

    def node(level: int, index: int) -> bytes:
        part = [tree.leaf_hash(leaf) for leaf in leaves[index << level : (index + 1) << level]]
        frontier = tree.Frontier()
        for leaf in part:
            frontier.append(leaf)
        return frontier.root()

    proof = tree.consistency_proof(old, new, node)
    assert tree.verify_consistency(old, new, first.root, second.root, proof)
    assert not tree.verify_consistency(old, new, second.root, first.root, proof)


ROOT = b64encode(bytes(32)).decode()


def test_checkpoint_round_trip_with_extension() -> None:
    text = f"log.example\n7\n{ROOT}\nextension\n"
    checkpoint = Checkpoint.parse(text)
    assert (checkpoint.size, checkpoint.extensions) == (7, ("extension",))
    assert checkpoint.text() == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"log.example\n7\n{ROOT}",
        f"\n7\n{ROOT}\n",
        f"log.example\n07\n{ROOT}\n",
        f"log.example\n+7\n{ROOT}\n",
        f"log.example\n-7\n{ROOT}\n",
        f"log.example\n7 \n{ROOT}\n",
        f"log.example\n٧\n{ROOT}\n",
        f"log.example\n9223372036854775808\n{ROOT}\n",
        f"log.example\n{'9' * 5000}\n{ROOT}\n",
        f"log.example\n7\n{ROOT[:-1]}\n",
        f"log.example\n7\n{ROOT[:-2]}B=\n",
        f"log.example\n7\n{b64encode(bytes(31)).decode()}\n",
        f"log.example\n7\n{ROOT}\n\nextension\n",
        f"log.example\n0\n{ROOT}\n",
        "log.example\n7\n",
    ],
)
def test_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.parse(text)


@given(st.integers(0, 2**63 - 1))
def test_numbers_have_one_spelling(number: int) -> None:
    assert parse_number(str(number)) == number
    with pytest.raises(BadNote):
        parse_number(f"0{number}")


def signed_checkpoint(log: SigningKey, origin: str | None = None) -> str:
    text = Checkpoint(origin=origin or log.name, size=7, root=bytes(32)).text()
    return str(Note(text=text).with_signature(log.sign(text)))


def test_checkpoint_belongs_to_the_log_that_signed_it() -> None:
    log = SigningKey.generate("log.example")
    assert open_checkpoint(signed_checkpoint(log), log.verifier).size == 7
    with pytest.raises(NoteNotSigned):
        open_checkpoint(signed_checkpoint(log, "other.example"), log.verifier)


def test_witness_states_when_it_saw_the_checkpoint() -> None:
    log, witness = SigningKey.generate("log.example"), SigningKey.generate("witness.example", KeyKind.WITNESS)
    note = cosign(signed_checkpoint(log), witness, NOON)
    assert cosigned_at(note, VerifierKey.parse(str(witness.verifier))) == NOON
    assert cosigned_at(signed_checkpoint(log), witness.verifier) is None
    assert open_checkpoint(note, log.verifier).size == 7
    parsed = Note.parse(note)
    blob = parsed.signatures[1].blob
    later = Signature(
        name=witness.name, key_id=witness.verifier.id, blob=(int.from_bytes(blob[:8]) + 60).to_bytes(8) + blob[8:]
    )
    with pytest.raises(WrongSignature):
        cosigned_at(str(Note(text=parsed.text, signatures=(later,))), witness.verifier)


def test_cosignature_has_the_form_other_tools_expect() -> None:
    witness = SigningKey.generate("witness.example", KeyKind.WITNESS)
    text = Checkpoint(origin="log.example", size=7, root=bytes(32)).text()
    blob = witness.sign(text, NOON).blob
    seconds = int(NOON.timestamp())
    assert blob[:8] == seconds.to_bytes(8, "big")
    as_log = VerifierKey(name="x", kind=KeyKind.LOG, public=witness.verifier.public)
    assert as_log.verify(f"cosignature/v1\ntime {seconds}\n{text}", blob[8:])
    assert not as_log.verify(text, blob[8:])


def ed25519() -> list[Any]:
    groups = json.loads((VECTORS / "wycheproof" / "ed25519_test.json").read_text())["testGroups"]
    return [
        pytest.param(group["publicKey"]["pk"], test, id=str(test["tcId"]))
        for group in groups
        for test in group["tests"]
    ]


@pytest.mark.parametrize(("public", "vector"), ed25519())
def test_ed25519_vector(public: str, vector: dict[str, Any]) -> None:
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(vector["sig"]), bytes.fromhex(vector["msg"]))
        good = True
    except InvalidSignature:
        good = False
    assert good is (vector["result"] == "valid")


def test_a_post_quantum_cosignature_signs_what_the_standard_says() -> None:
    witness = SigningKey.generate("witness.example/w1", KeyKind.WITNESS_PQ)
    assert VerifierKey.parse(str(witness.verifier)) == witness.verifier
    assert SigningKey.parse(witness.secret_text()) == witness
    head = Checkpoint(origin="log.example", size=300, root=bytes(range(32)))
    blob = witness.sign(head.text(), MOMENT).blob
    seconds = int(MOMENT.timestamp()).to_bytes(8)
    assert blob[:8] == seconds
    assert len(blob) == 8 + 2420
    # struct cosigned_message of c2sp.org/tlog-cosignature, byte by byte
    message = b"subtree/v1\n\0" + b"\x12witness.example/w1" + seconds + b"\x0blog.example"
    message += bytes(8) + (300).to_bytes(8) + bytes(range(32))
    MLDSA44PublicKey.from_public_bytes(witness.verifier.public).verify(blob[8:], message)
    assert witness.verifier.verify(head.text(), blob)
    assert witness.verifier.time_of(blob) == MOMENT
    for changed in (blob[:-1], blob[1:], b"", bytes(8) + blob[8:], blob[:-1] + bytes([blob[-1] ^ 1])):
        assert not witness.verifier.verify(head.text(), changed)
    assert not witness.verifier.verify(replace(head, size=301).text(), blob)
    with pytest.raises(BadNote):
        witness.verifier.verify("no checkpoint\n", blob)


def test_what_another_program_signed_with_ml_dsa_is_verified() -> None:
    key = VerifierKey.parse((VECTORS / "torchwood" / "mldsa.vkey").read_text().strip())
    note = (VECTORS / "torchwood" / "mldsa.checkpoint").read_text(encoding="utf-8")
    assert key.kind is KeyKind.WITNESS_PQ
    assert (open_checkpoint(note, key).origin, open_checkpoint(note, key).size) == ("example.com/mldsa-log", 1)
    assert cosigned_at(note, key) == datetime(1970, 1, 1, tzinfo=UTC), "it states no time, which is written as 0"
    (blob,) = [signature.blob for signature in Note.parse(note).signatures]
    text = Note.parse(note).text
    for at in (0, 7, 8, 1000, len(blob) - 1):
        bent = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
        assert not key.verify(text, bent), at
    for changed in (
        text.replace("\n1\n", "\n2\n"),
        text.replace("mldsa-log", "mldsa-1og"),
        text.replace("+zoE", "+zoF"),
    ):
        assert changed != text and not key.verify(changed, blob)
    assert not replace(key, name="example.com/other").verify(text, blob)


@pytest.mark.parametrize("kind", [KeyKind.WITNESS, KeyKind.WITNESS_PQ])
def test_a_cosignature_from_beyond_the_calendar_is_false(kind: KeyKind) -> None:
    witness = SigningKey.generate("witness.example", kind)
    head = Checkpoint(origin="log.example", size=3, root=bytes(32)).text()
    far = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert witness.verifier.verify(head, witness.sign(head, far).blob)
    beyond = SimpleNamespace(timestamp=lambda: far.timestamp() + 1)
    assert not witness.verifier.verify(head, witness.sign(head, cast("datetime", beyond)).blob)
