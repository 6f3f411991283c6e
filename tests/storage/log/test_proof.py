from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from storage.log.log import NoCheckpoint, entries, prove
from storage.log.note import BadNote, SigningKey
from storage.log.proof import LogProof, NotInLog
from tests.storage.log.books import new_book


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[LogProof, bytes, SigningKey]:
    folder = tmp_path_factory.mktemp("book")
    book = new_book(folder)
    book.fill(21)
    with Session(book.engine) as session:
        body = dict(entries(session))[17]
        proof = prove(session, 17)
    return proof, body, SigningKey.parse((folder / "log" / "signer.key").read_text().strip())


Made = tuple[LogProof, bytes, SigningKey]


def test_every_entry_can_be_proved(tmp_path: Path) -> None:
    book = new_book(tmp_path)
    for size in range(1, 18):
        book.write()
        book.sign()
        with Session(book.engine) as session:
            for seq, body in entries(session):
                proof = LogProof.parse(str(prove(session, seq)))
                assert proof.verify(body, book.signer.verifier).size == size


def test_text_has_the_standard_form(made: Made) -> None:
    proof, _, _ = made
    lines = str(proof).split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 17"]
    assert lines[2 + len(proof.hashes)] == ""
    assert "\n".join(lines[3 + len(proof.hashes) :]) == proof.checkpoint
    assert LogProof.parse(str(proof)) == proof


def test_extra_data_travels_along(made: Made) -> None:
    proof, body, key = made
    more = LogProof(index=17, hashes=proof.hashes, checkpoint=proof.checkpoint, extra=b"order 4")
    assert LogProof.parse(str(more)) == more
    assert str(more).split("\n")[1] == "extra b3JkZXIgNA=="
    assert more.verify(body, key.verifier).size == 21


def test_proof_of_another_entry_or_place_fails(made: Made) -> None:
    proof, body, key = made
    assert proof.verify(body, key.verifier).size == 21
    with pytest.raises(NotInLog, match="17"):
        proof.verify(body + b" ", key.verifier)
    with pytest.raises(NotInLog, match="16"):
        LogProof(index=16, hashes=proof.hashes, checkpoint=proof.checkpoint).verify(body, key.verifier)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@v1", "@v2"),
        ("index 17", "index 017"),
        ("index 17", "index -1"),
        ("index 17\n", ""),
        ("index 17", "extra ?\nindex 17"),
        ("index 17", "index 17\nextra AAAA"),
        ("=\n", "\n"),
        ("\n\n", "\n"),
        ("index 17", "index 17" + ("\n" + "A" * 43 + "=") * 64),
    ],
)
def test_malformed_proof_is_refused(made: Made, old: str, new: str) -> None:
    text = str(made[0])
    assert old in text
    with pytest.raises(BadNote):
        LogProof.parse(text.replace(old, new))


def test_entry_without_signed_head_has_no_proof(tmp_path: Path) -> None:
    book = new_book(tmp_path)
    book.write()
    with Session(book.engine) as session, pytest.raises(NoCheckpoint):
        prove(session, 0)
    book.sign()
    with Session(book.engine) as session, pytest.raises(NoCheckpoint):
        prove(session, 1)
