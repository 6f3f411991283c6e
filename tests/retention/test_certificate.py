import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from retention import standalone
from retention.certificate import BEGIN, Certificate, Check, Copy, from_claims, to_json, to_text
from retention.certificate_check import verify_certificate
from retention.report import Problem
from storage.log import tree
from storage.log.entry import Entry, digest_of
from storage.log.log import Event, add_cosignature, entries, prove
from storage.log.note import KeyKind, SigningKey, cosign
from storage.log.tables import AuditLeaf
from tests.retention.stories import Story, until_order
from tests.storage.log.books import START, new_book

Made = tuple[Story, Certificate]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    story = until_order(Story(new_book(tmp_path_factory.mktemp("book"))))
    return story, story.destroy()


def verdict(document: str, key: str) -> bool:
    """Whether it verifies; both verifiers must agree."""
    ours = verify_certificate(document, key).ok
    try:
        theirs = not standalone.verify_certificate(document, standalone.parse_key(key), [])
    except (standalone.Bad, ValueError, KeyError, IndexError, TypeError, AttributeError):
        theirs = False
    assert ours is theirs
    return ours


def test_text_and_json_verify_and_show_one_digest(made: Made) -> None:
    story, certificate = made
    assert verdict(certificate.to_json(), story.key)
    assert verdict(certificate.to_text(), story.key)
    assert json.loads(certificate.to_json())["digest"] == certificate.digest
    assert f"  digest: {certificate.digest}\n" in certificate.to_text()


def test_pending_copies_are_told_and_do_not_spoil_it(made: Made) -> None:
    story, certificate = made
    report = verify_certificate(certificate.to_text(), story.key)
    assert report.ok
    assert [(f.problem, f.text) for f in report.findings] == [
        (Problem.OPEN, "at its issue the holders of copies 3 had not attested their destruction")
    ]
    assert certificate.claims()["status"] == "pending: copies 3"
    assert replace(certificate, copies=(Copy(number=3, label="safe", attested=True),)).claims()["status"] == "complete"


def test_text_reads_like_a_certificate(made: Made) -> None:
    _, certificate = made
    shown = certificate.to_text().split(BEGIN)[0]
    for line in (
        "CERTIFICATE OF DESTRUCTION",
        "  status: pending: copies 3",
        "  technique: cryptographic erase",
        "  erasure strength: post-quantum",
        "  assurance: E1",
        "  medium: filesystem ext4; make Zürich Drives",
        "WHAT IS NOT CLAIMED",
        "    - that no other copy of a key exists: nobody can prove that; known copies are listed above",
    ):
        assert f"{line}\n" in shown
    assert all(len(line) <= 76 for line in certificate.to_text().split(BEGIN)[1].splitlines())


def test_every_claim_is_shown(made: Made) -> None:
    _, certificate = made
    shown = [name for _, names in standalone_sections() for name in names]
    assert sorted(shown) == sorted(name for name in certificate.claims() if name != "v")


def standalone_sections() -> list[tuple[str, list[str]]]:
    return [(title, names.split()) for title, names in standalone.SECTIONS.items()]


def test_claims_read_back(made: Made) -> None:
    _, certificate = made
    assert from_claims(certificate.claims()).claims() == certificate.claims()
    assert replace(from_claims(certificate.claims()), entry=certificate.entry, proof=certificate.proof) == replace(
        certificate,
        started=certificate.started.replace(microsecond=0),
        finished=certificate.finished.replace(microsecond=0),
        people=tuple(replace(person, at=person.at.replace(microsecond=0)) for person in certificate.people),
    )


def test_each_class_claims_what_it_can(made: Made) -> None:
    _, certificate = made
    by_class = {name: replace(certificate, assurance=name).claims() for name in ("E0", "E1", "E2", "E3")}
    assert by_class["E0"]["technique"] == "logical deletion"
    assert by_class["E0"]["method"] == "none of NIST SP 800-88 is claimed"
    assert all(by_class[name]["method"] == "purge" for name in ("E1", "E2", "E3"))
    assert "that the content cannot be recovered from the medium" in list_of(by_class["E0"]["not_claimed"])
    assert len(list_of(by_class["E1"]["not_claimed"])) > len(list_of(by_class["E2"]["not_claimed"])) > 0
    with pytest.raises(KeyError):
        replace(certificate, assurance="E4").claims()


def list_of(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def test_classical_keys_are_called_so(made: Made) -> None:
    _, certificate = made
    classical = replace(certificate, post_quantum=False).claims()
    assert classical["erasure_strength"] == "classical"
    assert "that a future quantum computer could not open a kept copy of the sealed recording" in list_of(
        classical["not_claimed"]
    )


def test_a_device_with_a_strange_name_does_not_stop_a_certificate(tmp_path: Path) -> None:
    story = until_order(Story(new_book(tmp_path)))
    medium = {"make": "Bad\x1b[2J\nDrive\ud800", "serial": "9" * 5000}
    certificate = story.destroy(medium=medium)
    assert verdict(certificate.to_json(), story.key)
    assert verdict(certificate.to_text(), story.key)
    assert "Bad?[2J?Drive?" in certificate.to_text()
    assert "\x1b" not in certificate.to_text()


def test_times_need_a_time_zone(made: Made) -> None:
    _, certificate = made
    with pytest.raises(ValueError, match="time zone"):
        replace(certificate, started=datetime(2026, 11, 22)).claims()


@pytest.mark.parametrize("form", ["to_json", "to_text"])
def test_no_character_can_change(made: Made, form: str) -> None:
    story, certificate = made
    document: str = getattr(certificate, form)()
    assert verdict(document, story.key)
    for at in range(0, len(document), 41):
        other = "0" if document[at] != "0" else "1"
        assert not verdict(document[:at] + other + document[at + 1 :], story.key), document[at - 20 : at + 20]
        assert not verdict(document[:at] + document[at + 1 :], story.key)
    assert not verdict(document + "\n", story.key)
    assert not verdict(document[: len(document) // 2], story.key)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", "D-0009"),
        ("objects", ["c2", "c2-key"]),
        ("order_digest", "ab" * 32),
        ("status", "complete"),
        ("object_count", 5),
        ("assurance", "E3"),
        ("not_claimed", []),
        ("erasure_strength", "classical"),
        ("copies", []),
        ("checks", []),
        ("epoch_after", 9),
        ("rule", "none"),
        ("v", 2),
        ("finished", "2020-01-01T00:00:00Z"),
    ],
)
def test_no_claim_can_change_even_with_a_fresh_digest(made: Made, name: str, value: Any) -> None:
    story, certificate = made
    claims = certificate.claims() | {name: value}
    encoded = to_json(claims, digest_of(claims), certificate.entry, certificate.proof)
    assert not verify_certificate(encoded, story.key).ok
    assert not verify_certificate(to_text(claims, digest_of(claims), encoded), story.key).ok
    assert not verdict(encoded, story.key)


def test_certificate_of_another_log_or_destruction_is_refused(made: Made, tmp_path: Path) -> None:
    story, certificate = made
    other = until_order(Story(new_book(tmp_path)))
    strange = other.destroy()
    assert verdict(strange.to_json(), other.key)
    assert not verdict(certificate.to_json(), other.key)
    mixed = replace(certificate, entry=strange.entry, proof=strange.proof)
    assert not verdict(mixed.to_json(), story.key)
    assert not verdict(mixed.to_json(), other.key)


def test_entry_of_another_kind_or_place_does_not_serve(tmp_path: Path) -> None:
    story = until_order(Story(new_book(tmp_path)))
    made = story.certificate()
    seq = story.step(Event.DESTROY_QUARANTINED, detail={"certificate": made.digest})
    assert not verdict(story.certify_as(made, seq).to_json(), story.key)
    done = story.step(Event.DESTROY_DONE, detail={"certificate": made.digest})
    finished = story.certify_as(made, done)
    assert verdict(finished.to_json(), story.key)
    with Session(story.book.engine) as session:
        elsewhere = str(prove(session, seq))
    assert not verdict(replace(finished, proof=elsewhere).to_json(), story.key)
    assert not verdict(replace(finished, entry="").to_json(), story.key)
    assert not verdict(replace(finished, proof="").to_json(), story.key)


def test_entry_about_another_order_does_not_serve(tmp_path: Path) -> None:
    story = until_order(Story(new_book(tmp_path)))
    made = story.certificate()
    objects, detail = story.objects["o1"], {"certificate": made.digest}
    seq = story.write(Event.DESTROY_DONE, obj=objects, ref="ab" * 32, detail=detail)
    assert not verdict(story.certify_as(made, seq).to_json(), story.key)


def test_entry_that_lies_about_its_place_does_not_serve(tmp_path: Path) -> None:
    story = until_order(Story(new_book(tmp_path)))
    made = story.certificate()
    seq = story.step(Event.DESTROY_DONE, detail={"certificate": made.digest})
    with Session(story.book.engine) as session, session.begin():
        row = session.get_one(AuditLeaf, seq)
        row.body = replace(Entry.decode(row.body), seq=seq + 1).encode()
        row.hash = tree.leaf_hash(row.body)
    assert not verdict(story.certify_as(made, seq).to_json(), story.key)


@pytest.mark.parametrize(
    ("name", "value"), [("status", "complete"), ("object_count", 5), ("not_claimed", []), ("order_digest", "ab" * 32)]
)
def test_claims_that_contradict_each_other_are_refused_although_logged(tmp_path: Path, name: str, value: Any) -> None:
    story = until_order(Story(new_book(tmp_path)))
    claims = story.certificate().claims() | {name: value}
    seq = story.step(Event.DESTROY_DONE, detail={"certificate": digest_of(claims)})
    logged = story.certify_as(story.certificate(), seq)
    assert not verdict(to_json(claims, digest_of(claims), logged.entry, logged.proof), story.key)


def crime(story: Story, **changes: Any) -> bool:
    """Whether a certificate issued with these claims verifies, although the log stands behind it."""
    return verdict(story.destroy(**changes).to_json(), story.key)


def test_two_different_people_must_have_signed(tmp_path: Path) -> None:
    story = until_order(Story(new_book(tmp_path)))
    ann, ben = story.approvals["o1"]
    assert crime(story, people=(ann, ben, replace(ann, role="operator", key="", signature="")))
    for people in (
        (),
        (ann,),
        (ann, ann),
        (ann, replace(ann, name="ben")),
        (ann, replace(ben, signature=ann.signature)),
        (ann, replace(ben, key=ann.key)),
        (ann, replace(ben, key="")),
        (ann, replace(ben, signature="")),
        (ann, replace(ben, role="verifier")),
        (ann, replace(ben, signature=b64encode(bytes(64)).decode())),
    ):
        assert not crime(story, people=people)


def test_failed_check_is_never_hidden(tmp_path: Path) -> None:
    story = until_order(Story(new_book(tmp_path)))
    check = Check(name="keys held open nothing", passed=False, found="1 of 12 keys opens it")
    report = verify_certificate(story.destroy(checks=(check,)).to_json(), story.key)
    assert [(f.problem, f.fatal) for f in report.findings if f.problem is Problem.CLAIM] == [(Problem.CLAIM, True)]
    assert not crime(story, checks=(check,))


def test_witness_asked_for_must_have_cosigned(made: Made, tmp_path: Path) -> None:
    witness = SigningKey.generate("witness.example", KeyKind.WITNESS)
    story, without = made
    assert not verify_certificate(without.to_json(), story.key, [str(witness.verifier)]).ok
    cosigned = until_order(Story(new_book(tmp_path)))
    draft = cosigned.certificate()
    seq = cosigned.step(Event.DESTROY_DONE, detail={"certificate": draft.digest})
    note = cosign(cosigned.book.sign(), witness, START.astimezone(UTC))
    with Session(cosigned.book.engine) as session, session.begin():
        add_cosignature(session, note, cosigned.book.signer.verifier, witness.verifier)
        finished = draft.with_receipt(dict(entries(session))[seq], prove(session, seq))
    assert verify_certificate(finished.to_text(), cosigned.key, [str(witness.verifier)]).ok
    other = SigningKey.generate("other.example", KeyKind.WITNESS)
    assert not verify_certificate(finished.to_text(), cosigned.key, [str(other.verifier)]).ok
    assert not verify_certificate(finished.to_text(), cosigned.key, ["nonsense"]).ok


@pytest.mark.parametrize("document", ["", "x", "{}", "[]", '{"certificate":1}', BEGIN, "{" * 100_000, "[" * 100_000])
def test_what_is_no_certificate_is_refused(document: str) -> None:
    assert [finding.problem for finding in verify_certificate(document, "x").findings] == [Problem.FORM]
