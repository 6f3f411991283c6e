"""Certificates of a home: claims that were looked up, a receipt that comes after them, and copies of keys that are owed."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from msgspec.structs import replace
from sqlalchemy import insert, update

from access import directory
from pipeline import reviews
from retention import assurance, certificates, orders, plan, withdrawal
from retention.certificate_check import verify_certificate
from retention.certificates import NoCertificate
from retention.destroy import carry_out
from retention.orders import Reason
from storage.log.log import Event, Signer
from storage.log.note import KeyKind, SigningKey
from storage.log.witness import WitnessFolder
from storage.models import Copy, Review
from storage.settings import Log
from tests import story
from tests.retention.witness_server import serving
from tests.story import FIRST, OTHER, Stage, Story


@pytest.fixture
def signed(tmp_path: Path) -> Story:
    return story.at(Stage.SIGNED, tmp_path)


def claims(told: Story) -> dict[str, object]:
    found: dict[str, object] = json.loads(certificates.shown(told.home, FIRST)[-1][1])["certificate"]
    return found


def test_it_names_the_two_who_signed_with_their_keys(signed: Story) -> None:
    carry_out(signed.home, 1)
    people = claims(signed)["people"]
    assert isinstance(people, list)
    assert [(one["name"], one["role"], one["key"]) for one in people] == [
        ("ana", "approver", signed.ana.public_key.hex()),
        ("ben", "approver", signed.ben.public_key.hex()),
    ]


def test_it_claims_no_more_than_the_machine_shows(signed: Story) -> None:
    grade, findings = assurance.classify(assurance.survey(signed.home))
    carry_out(signed.home, 1)
    made = claims(signed)
    assert made["assurance"] == grade
    assert made["assurance_reasons"] == [f"{one.name}: {one.seen}" for one in findings if one.lowers]
    seen = assurance.survey(signed.home)
    assert made["medium"] == {**seen.medium, "filesystem": seen.filesystem, "device": seen.device}
    assert {"make", "model", "serial"} <= seen.medium.keys()


def test_its_digest_is_in_the_log_twice_and_its_entry_is_proved(signed: Story, tmp_path: Path) -> None:
    carry_out(signed.home, 1)
    ((_, encoded, _),) = certificates.shown(signed.home, FIRST)
    whole = json.loads(encoded)
    done, issued = signed.log()[-2:]
    assert (done.event, issued.event) == (Event.DESTROY_DONE, Event.CERTIFICATE_ISSUED)
    assert whole["digest"] == done.detail["certificate"] == issued.ref
    assert whole["entry"].encode() == done.encode()
    assert verify_certificate(encoded, signed.home.signer.verifier_key).findings == ()
    stranger = Signer.create(tmp_path / "stranger", signed.home.signer.origin).verifier_key
    assert verify_certificate(encoded, stranger).findings


def test_a_recovery_copy_that_nobody_attested_stays_open_in_it(signed: Story) -> None:
    now = signed.home.now()
    for number, attested in ((1, now), (2, None)):
        values = {"number": number, "epoch": 1, "made_at": now, "made_by": "ana", "attested_at": attested}
        story.change(signed.home, insert(Copy).values(id=uuid4(), **values))
    carry_out(signed.home, 1)
    ((_, encoded, _),) = certificates.shown(signed.home, FIRST)
    (finding,) = verify_certificate(encoded, signed.home.signer.verifier_key).findings
    assert "copies 2 " in finding.text and not finding.fatal


def test_each_order_has_its_own(signed: Story) -> None:
    carry_out(signed.home, 1)
    number = withdrawal.withdraw(signed.home, signed.ana, story.password("ana"), FIRST).order
    orders.approve(signed.home, signed.ben, story.password("ben"), number)
    carry_out(signed.home, number)
    found = certificates.shown(signed.home, FIRST)
    assert [order for order, _, _ in found] == [1, number]
    rules = [json.loads(encoded)["certificate"]["rule"] for _, encoded, _ in found]
    assert rules[0] != rules[1] == "the participant withdrew consent"
    for _, encoded, text in found:
        for form in (encoded, text):
            assert verify_certificate(form, signed.home.signer.verifier_key).findings == ()


def test_no_personal_thing_is_in_it(signed: Story) -> None:
    carry_out(signed.home, 1)
    ((_, encoded, text),) = certificates.shown(signed.home, FIRST)
    for secret in (
        "Marlowe",
        story.POSITIONS[0],
        "Community health",
        str(signed.home.folder),
        *story.SAID.split()[2:3],
    ):
        assert secret not in encoded + text
    assert "ana" in text, "the look must see what is in it"


@pytest.mark.parametrize("reference", [OTHER, "C-999"])
def test_where_nothing_was_destroyed_there_is_none(reference: str, signed: Story) -> None:
    carry_out(signed.home, 1)
    with pytest.raises(NoCertificate):
        certificates.shown(signed.home, reference)
    assert certificates.shown(signed.home, FIRST.lower())


@pytest.mark.parametrize(
    ("trigger", "reason", "rule"),
    [
        ("signed off", "period-over", "the period that the review's schedule sets (schedule: period after signed off)"),
        ("recorded", "period-over", "the period that the review's schedule sets (schedule: period after recorded)"),
        (
            "review closed",
            "review-closed",
            "the period after the review was closed (schedule: period after review closed)",
        ),
    ],
)
def test_extracts_go_for_the_reason_that_the_certificate_names(
    signed: Story, trigger: str, reason: str, rule: str
) -> None:
    schedule = signed.conversation().review.schedule
    extracts = schedule.index('class = "extracts"')
    changed = schedule[extracts:].replace("review closed", trigger, 1).replace("P1Y", "P0D", 1)
    story.change(signed.home, update(Review).values(schedule=schedule[:extracts] + changed))
    carry_out(signed.home, 1)
    if trigger == "review closed":
        reviews.close_review(signed.home, signed.ana, story.REVIEW)
    plan.order_due(signed.home, signed.home.now())
    with signed.home.reading() as session:
        number = orders.open_order(
            session, signed.conversation().review, signed.conversation().extract_key, Reason(reason.replace("-", " "))
        )
    assert number is not None
    for name in ("ana", "ben"):
        orders.approve(signed.home, directory.find(signed.home, name), story.password(name), number.number)
    carry_out(signed.home, number.number)
    made = claims(signed)
    detail = made["order_detail"]
    assert isinstance(detail, dict)
    assert (detail["reason"], made["rule"]) == (reason, rule)
    assert signed.findings() == ()


def test_witnesses_that_can_be_reached_cosign_it_and_others_do_not_keep_it_waiting(
    signed: Story, tmp_path: Path
) -> None:
    witness = WitnessFolder.create(tmp_path / "w1", "witness.example/w1")
    away = SigningKey.generate("away.example", KeyKind.WITNESS).verifier
    home, key = signed.home, str(witness.verifier)
    with serving(witness, home.signer.verifier) as server:
        lines = [f"witness office {key} {server.address}", f"witness away {away} http://127.0.0.1:9", "quorum office"]
        home.settings = replace(home.settings, log=Log(witnesses="\n".join(lines)))
        carry_out(home, 1)
    events = [entry.event for entry in signed.log()]
    begun, erased = events.index(Event.DESTROY_INTENT), events.index(Event.DESTROY_ERASED)
    seen = [entry for entry in signed.log()[begun:erased] if entry.event == Event.LOG_CHECKPOINT_COSIGNED]
    assert [entry.detail["size"] for entry in seen] == [begun + 2], (
        "a witness saw the intent before the keys were erased"
    )
    ((_, encoded, _),) = certificates.shown(home, FIRST)
    assert verify_certificate(encoded, home.signer.verifier_key, [key]).findings == ()
    assert verify_certificate(encoded, home.signer.verifier_key, [str(away)]).findings, "who was away is not on it"
    assert signed.findings() == ()


def test_a_policy_that_is_none_does_not_stop_a_certificate(signed: Story) -> None:
    signed.home.settings = replace(signed.home.settings, log=Log(witnesses="nonsense"))
    carry_out(signed.home, 1)
    assert certificates.shown(signed.home, FIRST)
