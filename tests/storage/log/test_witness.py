"""A witness cosigns what continues what it has seen, remembers it, and nothing else; both ends of the protocol."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from storage.log.cosigning import NotContinued, OtherSize, Request, cosignatures
from storage.log.log import consistency
from storage.log.note import (
    BadNote,
    Checkpoint,
    KeyKind,
    Note,
    NoteNotSigned,
    SigningKey,
    WrongSignature,
    cosigned_at,
)
from storage.log.witness import (
    BadWitnessName,
    NoWitness,
    OtherLogKey,
    UnknownLog,
    WitnessDamaged,
    WitnessExists,
    WitnessFolder,
)
from tests.storage.log.books import START, Book, new_book


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return new_book(tmp_path)


@pytest.fixture
def witness(tmp_path: Path) -> WitnessFolder:
    return WitnessFolder.create(tmp_path / "witness", "witness.example/w1")


def asked(book: Book, old: int, note: str | None = None) -> Request:
    note = book.sign() if note is None else note
    with Session(book.engine) as session:
        proof = consistency(session, old, Checkpoint.parse(Note.parse(note).text).size) if old else []
    return Request(old=old, proof=tuple(proof), checkpoint=note)


@pytest.mark.parametrize("kind", [KeyKind.WITNESS, KeyKind.WITNESS_PQ])
def test_a_witness_follows_a_log_as_it_grows(book: Book, tmp_path: Path, kind: KeyKind) -> None:
    witness = WitnessFolder.create(tmp_path / "w", "witness.example/w1", kind)
    old = 0
    for more in (1, 1, 5, 0, 30):
        book.fill(more)
        request = asked(book, old)
        assert Request.parse(str(request)) == request
        cosigned = WitnessFolder.open(tmp_path / "w").cosign(str(request), START, book.signer.verifier)
        assert cosigned_at(cosigned, witness.verifier) == START
        assert cosigned.startswith(book.sign())
        old += more
        last = witness.last(book.signer.origin)
        assert last is not None
        assert last.size == old


def test_the_form_is_that_of_the_standard(book: Book) -> None:
    book.fill(7)
    lines = str(asked(book, 3)).split("\n")
    assert lines[0] == "old 3"
    gap = lines.index("")
    assert all(len(line) == 44 for line in lines[1:gap])
    assert "\n".join(lines[gap + 1 :]) == book.sign()
    assert str(asked(book, 0)).startswith("old 0\n\nlog.example/home\n7\n")


def test_a_log_is_trusted_from_the_first_time_with_the_key_given_then(book: Book, witness: WitnessFolder) -> None:
    book.fill(2)
    request = str(asked(book, 0))
    with pytest.raises(UnknownLog):
        witness.cosign(request, START)
    with pytest.raises(UnknownLog):
        witness.cosign(request, START, SigningKey.generate("log.example/another").verifier)
    with pytest.raises(NoteNotSigned):
        witness.cosign(request, START, SigningKey.generate(book.signer.origin).verifier)
    witness.cosign(request, START, book.signer.verifier)
    book.fill(1)
    witness.cosign(str(asked(book, 2)), START)
    with pytest.raises(OtherLogKey):
        witness.cosign(str(asked(book, 3)), START, SigningKey.generate(book.signer.origin).verifier)


def test_what_does_not_continue_is_not_cosigned(book: Book, witness: WitnessFolder, tmp_path: Path) -> None:
    book.fill(5)
    early = asked(book, 0)
    book.fill(5)
    witness.cosign(str(asked(book, 0)), START, book.signer.verifier)
    with pytest.raises(OtherSize, match="10 entries were cosigned last"):
        witness.cosign(str(early), START)
    book.fill(5)
    good = asked(book, 10)
    for bad in (replace(good, proof=()), replace(good, proof=good.proof[1:]), replace(good, proof=(bytes(32),) * 4)):
        with pytest.raises(NotContinued):
            witness.cosign(str(bad), START)
    key = SigningKey.parse((tmp_path / "log" / "signer.key").read_text().strip())
    forged_root = Note(text=Checkpoint(origin=key.name, size=15, root=bytes(32)).text())
    rewritten = str(forged_root.with_signature(key.sign(forged_root.text)))
    with pytest.raises(NotContinued):
        witness.cosign(str(replace(good, checkpoint=rewritten)), START)
    with pytest.raises(BadNote):
        witness.cosign(str(replace(early, old=10)), START)
    last = witness.last(book.signer.origin)
    assert last is not None
    assert last.size == 10, "nothing of this moved what it remembers"
    witness.cosign(str(good), START)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text.replace("old ", "new "),
        lambda text: text.replace("old 2", "old 02"),
        lambda text: text.replace("old 2", "old -2"),
        lambda text: text.replace("\n\n", "\n", 1),
        lambda text: text.replace("\n\n", "\nAAAA\n\n", 1),
        lambda text: text.replace("\n\n", "\n" + "A" * 43 + "=\n" * 64 + "\n", 1),
    ],
)
def test_what_is_no_request_is_refused(book: Book, change: Callable[[str], str]) -> None:
    book.fill(3)
    text = str(asked(book, 2))
    assert Request.parse(text).old == 2
    with pytest.raises(BadNote):
        Request.parse(change(text))


def test_an_answer_is_lines_or_a_whole_checkpoint_and_only_this_witnesss(book: Book, witness: WitnessFolder) -> None:
    note = book.fill(3)
    cosigned = witness.cosign(str(asked(book, 0)), START, book.signer.verifier)
    line = cosigned.removeprefix(note)
    stranger = SigningKey.generate("other.example", KeyKind.WITNESS)
    also = str(stranger.sign(Note.parse(note).text, START))
    for answer in (line, also + line, cosigned):
        (signature,) = cosignatures(answer, note, witness.verifier)
        assert str(signature) == line
    for answer in (also, note):
        with pytest.raises(NoteNotSigned):
            cosignatures(answer, note, witness.verifier)
    with pytest.raises(WrongSignature):
        cosignatures(line, book.fill(1), witness.verifier)
    with pytest.raises(BadNote):
        cosignatures(cosigned, book.sign(), witness.verifier)


def test_what_it_remembers_is_durable_and_private_and_never_guessed(book: Book, tmp_path: Path) -> None:
    folder = tmp_path / "witness"
    witness = WitnessFolder.create(folder, "witness.example/w1")
    assert (folder / "witness.key").stat().st_mode & 0o077 == 0
    with pytest.raises(WitnessExists):
        WitnessFolder.create(folder, "witness.example/w2")
    with pytest.raises(BadWitnessName):
        WitnessFolder.create(tmp_path / "x", "two words")
    with pytest.raises(NoWitness):
        WitnessFolder.open(tmp_path / "nowhere")
    book.fill(3)
    witness.cosign(str(asked(book, 0)), START, book.signer.verifier)
    state = (folder / "witness.state").read_text()
    for damaged in (
        "",
        "[]",
        '{"log.example/home": {}}',
        state.replace("\\n3\\n", "\\n2\\n"),
        state.replace("home", "h"),
    ):
        (folder / "witness.state").write_text(damaged)
        with pytest.raises(WitnessDamaged):
            witness.cosign(str(asked(book, 3)), START)
    (folder / "witness.state").unlink()
    with pytest.raises(WitnessDamaged):
        witness.cosign(str(asked(book, 0)), START, book.signer.verifier)
    (folder / "witness.state").write_text(state)
    assert json.loads(state)[book.signer.origin]["checkpoint"] == book.sign()
    witness.cosign(str(asked(book, 3)), START)
