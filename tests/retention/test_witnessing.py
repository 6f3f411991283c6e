"""Witnesses of a home, by file and over the web; and that nobody is called whose address nobody set."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from msgspec import structs

from retention import witnessing
from retention.verify import verify_database
from storage.home import Home
from storage.log.cosigning import OtherSize
from storage.log.log import Event, Signer, prove
from storage.log.note import (
    BadNote,
    KeyKind,
    NoteNotSigned,
    SigningKey,
    VerifierKey,
    WrongSignature,
    cosign,
    cosigned_at,
)
from storage.log.policy import BadPolicy
from storage.log.witness import WitnessFolder
from storage.log.witness_http import WitnessUnreachable, add_checkpoint
from storage.settings import Log
from tests import homes
from tests.retention.witness_server import WitnessServer, serving

ANA: Final = "ada"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = homes.empty(tmp_path_factory.mktemp("made") / "home")
    home.close()
    return home.folder


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Iterator[Home]:
    one = homes.copy(made, tmp_path / "home")
    yield one
    one.close()


@pytest.fixture
def witness(tmp_path: Path) -> WitnessFolder:
    return WitnessFolder.create(tmp_path / "w1", "witness.example/w1")


@pytest.fixture
def server(home: Home, witness: WitnessFolder) -> Iterator[WitnessServer]:
    with serving(witness, home.signer.verifier) as one:
        yield one


def set_witnesses(home: Home, text: str) -> None:
    home.settings = structs.replace(home.settings, log=Log(witnesses=text))


def set_one(home: Home, witness: WitnessFolder, address: str = "") -> None:
    set_witnesses(home, f"witness office {witness.verifier} {address}\nquorum office\n")


def go_on(home: Home) -> int:
    with home.writing() as session:
        return home.log(session, Event.WORK_STARTED, actor="worker")


def moment() -> datetime:
    return datetime.now(UTC)


def test_without_witnesses_there_is_nobody_to_ask(home: Home) -> None:
    assert witnessing.standings(home) == []
    assert witnessing.ask(home, ANA) == []
    assert witnessing.quorate(home) is not None, "and nobody to wait for"
    with pytest.raises(witnessing.NoSuchWitness):
        witnessing.request(home, "office")


def test_a_witness_cosigns_by_file(home: Home, witness: WitnessFolder) -> None:
    set_one(home, witness)
    assert witnessing.quorate(home) is None
    for _ in range(3):
        size = go_on(home) + 1
        request = str(witnessing.request(home, "office"))
        answer = witness.cosign(request, moment(), home.signer.verifier)
        assert witnessing.take(home, ANA, answer) == [witnessing.Asked(name="office", size=size)]
        assert witnessing.quorate(home) == size
        (standing,) = witnessing.standings(home)
        assert (standing.size, standing.behind) == (size, 1), "that it was cosigned is logged itself"
    with home.reading() as session:
        report = verify_database(session, home.signer.verifier_key, witnesses=[str(witness.verifier)])
    assert report.findings == ()


def test_the_proof_of_an_entry_stands_under_a_cosigned_head(home: Home, witness: WitnessFolder) -> None:
    set_one(home, witness)
    seq = go_on(home)
    witnessing.take(home, ANA, witness.cosign(str(witnessing.request(home, "office")), moment(), home.signer.verifier))
    go_on(home)
    with home.reading() as session:
        assert cosigned_at(prove(session, seq).checkpoint, witness.verifier) is not None
        assert cosigned_at(prove(session, seq + 2).checkpoint, witness.verifier) is None, "this came later"


def test_what_is_not_from_one_of_them_is_not_taken_in(home: Home, witness: WitnessFolder, tmp_path: Path) -> None:
    set_one(home, witness)
    request = witnessing.request(home, "office")
    stranger = SigningKey.generate("witness.example/w1", KeyKind.WITNESS)
    with pytest.raises(witnessing.NobodyKnown):
        witnessing.take(home, ANA, cosign(request.checkpoint, stranger, moment()))
    with pytest.raises(BadNote):
        witnessing.take(home, ANA, "no checkpoint")
    other = homes.empty(tmp_path / "other")
    set_one(other, witness)
    elsewhere = witness.cosign(str(witnessing.request(other, "office")), moment(), other.signer.verifier)
    with pytest.raises(NoteNotSigned):
        witnessing.take(home, ANA, elsewhere)
    origin, size, rest = elsewhere.split("\n", 2)
    with pytest.raises(WrongSignature):
        witnessing.take(home, ANA, f"{origin}\n{int(size) + 1}\n{rest}")
    strange = Signer.create(tmp_path / "strange", "log.example/strange").state()
    with pytest.raises(witnessing.NotOurs):
        witnessing.take(home, ANA, strange)
    other.close()


def test_a_witness_cosigns_over_the_web(home: Home, witness: WitnessFolder, server: WitnessServer) -> None:
    set_one(home, witness, server.address)
    for _ in range(2):
        size = go_on(home) + 1
        assert witnessing.ask(home, ANA) == [witnessing.Asked(name="office", size=size)]
        assert witnessing.ask(home, ANA, "office") == [witnessing.Asked(name="office", size=size)], (
            "nothing new to cosign"
        )
    assert [path for path, _ in server.requests] == ["/w1/add-checkpoint"] * 2
    assert witnessing.quorate(home) == size


def test_a_witness_that_saw_more_than_is_on_record_is_asked_again_from_there(
    home: Home, witness: WitnessFolder, server: WitnessServer
) -> None:
    set_one(home, witness, server.address)
    go_on(home)
    witness.cosign(str(witnessing.request(home, "office")), moment(), home.signer.verifier)
    size = go_on(home) + 1
    assert witnessing.ask(home, ANA) == [witnessing.Asked(name="office", size=size)]
    assert len(server.requests) == 2


def test_a_log_that_was_set_back_is_told_so_by_its_witness(
    home: Home, witness: WitnessFolder, server: WitnessServer, tmp_path: Path
) -> None:
    set_one(home, witness, server.address)
    before = homes.copy(home.folder, tmp_path / "before")
    go_on(home)
    go_on(home)
    witnessing.ask(home, ANA)
    set_one(before, witness, server.address)
    (asked,) = witnessing.ask(before, ANA)
    assert "it was set back" in asked.trouble
    for _ in range(9):
        go_on(before)
    (asked,) = witnessing.ask(before, ANA)
    assert "the proof does not lead from what it knows" in asked.trouble, "nor does growing again help"
    before.close()


@pytest.mark.parametrize(
    ("forced", "trouble"),
    [
        ((200, ""), "signed note"),
        ((200, "— witness.example/w1 AAAAAAAA\n"), "not signed by"),
        ((404, ""), "does not know this log"),
        ((403, ""), "does not accept this log's signature"),
        ((409, "what?\n"), "evidence of a fork"),
        ((500, "a long story"), "it answered 500"),
        ((302, ""), "it answered 302"),
        ((200, "x" * 70_000), "its answer does not end"),
    ],
)
def test_a_witness_that_answers_wrongly_leaves_no_trace(
    home: Home, witness: WitnessFolder, server: WitnessServer, forced: tuple[int, str], trouble: str
) -> None:
    set_one(home, witness, server.address)
    server.forced = forced
    before = homes.snapshot(home.folder)
    (asked,) = witnessing.ask(home, ANA)
    assert trouble in asked.trouble
    assert asked.size is None
    assert homes.snapshot(home.folder) == before


def test_a_witness_that_cannot_be_reached_does_not_stop_the_others(
    home: Home, witness: WitnessFolder, server: WitnessServer
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    gone = SigningKey.generate("gone.example", KeyKind.WITNESS).verifier
    lines = [
        f"witness gone {gone} http://127.0.0.1:{port}",
        f"witness office {witness.verifier} {server.address}/",
        "group g all gone office\nquorum g",
    ]
    set_witnesses(home, "\n".join(lines))
    first, second = witnessing.ask(home, ANA)
    assert "did not answer (ConnectionRefusedError)" in first.trouble
    assert second.trouble == ""
    assert witnessing.quorate(home) is None, "both are needed"
    set_witnesses(home, "\n".join(lines).replace(" all ", " any "))
    assert witnessing.quorate(home) == second.size


@pytest.mark.parametrize(
    "address", ["ftp://x", "https://", "http://user@host/", "http://h?q", "x", "http://h:99999999"]
)
def test_what_is_no_address_is_refused(home: Home, witness: WitnessFolder, address: str) -> None:
    set_one(home, witness)
    with pytest.raises(WitnessUnreachable, match="its address is not"):
        add_checkpoint("office", address, witnessing.request(home, "office"))


def test_nobody_is_called_whose_address_nobody_set(
    home: Home, witness: WitnessFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []

    def connect(*where: object, **how: object) -> socket.socket:
        called.append(where)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "create_connection", connect)
    set_one(home, witness)
    go_on(home)
    assert witnessing.ask(home, ANA) == []
    with pytest.raises(witnessing.NoAddress):
        witnessing.ask(home, ANA, "office")
    assert called == []
    set_one(home, witness, "http://127.0.0.1:9/w1")
    (asked,) = witnessing.ask(home, ANA)
    assert (len(called), asked.size) == (1, None), "the control: with an address it is called"


def test_settings_that_are_no_policy_are_refused(home: Home) -> None:
    set_witnesses(home, "witness office\nquorum office\n")
    with pytest.raises(BadPolicy, match="line 1: "):
        witnessing.standings(home)


def test_an_older_request_after_a_newer_one_is_refused_by_the_witness(home: Home, witness: WitnessFolder) -> None:
    set_one(home, witness)
    early = witnessing.request(home, "office")
    go_on(home)
    witness.cosign(str(witnessing.request(home, "office")), moment(), home.signer.verifier)
    with pytest.raises(OtherSize):
        witness.cosign(str(early), moment())
    with pytest.raises(OtherSize):
        witness.cosign(str(replace(early, old=1)), moment(), VerifierKey.parse(home.signer.verifier_key))
