"""Each rule of the log with a story that keeps it and one that breaks it; the offline verifier must agree on every one."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from retention import standalone
from retention.bundle import Bundle, verify_bundle
from retention.report import Problem, Report
from storage.log.log import Event
from storage.log.statements import (
    extension_statement,
    hold_statement,
    order_statement,
    refusal_statement,
    signoff_statement,
    signoff_withdrawn_statement,
    subject_digest,
)
from tests.retention.stories import Story, until_order
from tests.storage.log.books import new_book


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(new_book(tmp_path))


def judge(story: Story) -> Report:
    """The report; both verifiers must come to the same verdict."""
    bundle = story.bundle()
    report = verify_bundle(Bundle(io.BytesIO(bundle)), story.key)
    wrong = standalone.verify_bundle(
        bundle.decode().removesuffix("\n").split("\n"), standalone.parse_key(story.key), None
    )
    assert report.ok is not bool(wrong), (str(report), wrong)
    return report


def test_destruction_by_the_rules_is_verified_without_a_word(story: Story) -> None:
    until_order(story).destroy()
    report = judge(story)
    assert report.ok
    assert report.findings == ()
    assert report.size == report.signed > 10


def test_hold_lifted_by_two_lets_destruction_go_on(story: Story) -> None:
    until_order(story).hold()
    story.lift("ann")
    story.lift("cat", last=True)
    story.destroy()
    assert judge(story).findings == ()


def test_failed_destruction_may_be_tried_again(story: Story) -> None:
    until_order(story)
    story.step(Event.DESTROY_INTENT)
    story.step(Event.DESTROY_FAILED, detail={"reason": "hold"})
    story.destroy()
    assert judge(story).findings == ()


def test_hold_placed_after_the_keys_are_gone_comes_too_late(story: Story) -> None:
    until_order(story)
    story.step(Event.DESTROY_INTENT)
    story.step(Event.DESTROY_ERASED)
    story.hold()
    made = story.certificate()
    story.certify(made, story.step(Event.DESTROY_DONE, detail={"certificate": made.digest}))
    assert judge(story).ok


def test_withdrawal_needs_no_sign_off(story: Story) -> None:
    for name in ("ann", "ben"):
        story.person(name)
    story.conversation()
    story.write(Event.WITHDRAWAL_RECEIVED, "ann", obj=["c1"])
    story.order(reason="withdrawal")
    story.approve("ann")
    story.approve("ben")
    story.destroy()
    assert judge(story).findings == ()


def test_keys_that_nothing_names_may_be_swept(story: Story) -> None:
    until_order(story).write(Event.VAULT_SWEPT, obj=["unused"])
    story.destroy()
    assert judge(story).findings == ()


def test_other_conversations_stay_destructible_under_a_hold(story: Story) -> None:
    until_order(story)
    story.conversation("c2", "r2")
    story.hold("h1", "c2")
    story.hold("h2", "r2")
    story.destroy()
    assert judge(story).findings == ()


def forged(story: Story, order: str = "o1") -> None:
    """Entries written by someone who has the database and the log's key, but not Ben's."""
    digest = story.digests[order]
    sig = story.signature("cat", order_statement(digest))
    story.write(Event.ORDER_APPROVED, "ben", obj=[order], ref=digest, sig=sig)


def one_approval(story: Story, then: Callable[[Story], object]) -> int:
    for name in ("ann", "ben", "cat"):
        story.person(name)
    story.conversation()
    story.sign_off("ann")
    story.sign_off("ben")
    story.order()
    story.approve("ann")
    then(story)
    return story.step(Event.DESTROY_INTENT)


def replayed(story: Story) -> None:
    story.order("o2", "c1")
    sig = story.signature("ben", order_statement(story.digests["o2"]))
    story.write(Event.ORDER_APPROVED, "ben", obj=["o1"], ref=story.digests["o1"], sig=sig)


def for_another_digest(story: Story) -> None:
    story.order("o2", "c1")
    digest = story.digests["o2"]
    sig = story.signature("ben", order_statement(digest))
    story.write(Event.ORDER_APPROVED, "ben", obj=["o1"], ref=digest, sig=sig)


def under_another_digest(story: Story) -> None:
    sig = story.signature("ben", order_statement(story.digests["o1"]))
    story.write(Event.ORDER_APPROVED, "ben", obj=["o1"], ref="ab" * 32, sig=sig)


def disabled(story: Story) -> None:
    story.write(Event.PERSON_DISABLED, "ada", obj=["ben"])
    story.approve("ben")


def for_another_purpose(story: Story) -> None:
    digest = story.digests["o1"]
    sig = story.signature("ben", signoff_statement(digest))
    story.write(Event.ORDER_APPROVED, "ben", obj=["o1"], ref=digest, sig=sig)


def unknown(story: Story) -> None:
    digest = story.digests["o1"]
    sig = story.signature("cat", order_statement(digest))
    story.write(Event.ORDER_APPROVED, "zoe", obj=["o1"], ref=digest, sig=sig)


def without_base64(story: Story) -> None:
    story.write(Event.ORDER_APPROVED, "ben", obj=["o1"], ref=story.digests["o1"], sig="not base64!")


@pytest.mark.parametrize(
    "second",
    [
        forged,
        replayed,
        for_another_digest,
        under_another_digest,
        disabled,
        for_another_purpose,
        unknown,
        without_base64,
    ],
)
def test_second_approval_that_does_not_count(story: Story, second: Callable[[Story], None]) -> None:
    seq = one_approval(story, second)
    report = judge(story)
    assert not report.ok
    problems = {(finding.seq, finding.problem) for finding in report.findings if finding.fatal}
    assert (seq, Problem.APPROVAL) in problems
    assert report.first_bad is not None
    assert report.first_bad < seq, "the forged approval itself is named, too"


def test_same_person_twice_is_one_approval(story: Story) -> None:
    seq = one_approval(story, lambda told: told.approve("ann"))
    assert judge(story).first_bad == seq


def test_two_people_with_one_key_are_one(story: Story) -> None:
    story.person("ann")
    story.keys["ben"] = story.keys["ann"]
    seq = story.write(Event.PERSON_ADDED, "ada", obj=["ben"], detail={"key": story.public("ben")})
    report = judge(story)
    assert (report.first_bad, report.findings[0].problem) == (seq, Problem.KEY)


def test_replaced_key_is_worth_a_question(story: Story) -> None:
    until_order(story)
    seq = story.person("ben", Event.PERSON_KEY_REPLACED)
    report = judge(story)
    assert report.ok
    assert [(f.seq, f.problem) for f in report.findings if f.problem is Problem.KEY] == [(seq, Problem.KEY)]


@pytest.mark.parametrize("key", ["", "ab", "zz" * 32, "ab" * 33])
def test_malformed_key_is_found(story: Story, key: str) -> None:
    seq = story.write(Event.PERSON_ADDED, "ada", obj=["ann"], detail={"key": key})
    assert judge(story).first_bad == seq


def test_order_whose_digest_hides_other_objects(story: Story) -> None:
    story.person("ann")
    digest = subject_digest(["o1", "c1"], {"reason": "backstop"})
    seq = story.write(Event.ORDER_MADE, "ann", obj=["o1", "c2"], ref=digest, detail={"reason": "backstop"})
    report = judge(story)
    assert (report.first_bad, report.findings[0].problem) == (seq, Problem.ORDER)


def no_order(story: Story) -> int:
    return story.write(Event.DESTROY_INTENT, obj=["o9", "c1"], ref="ab" * 32)


def more_objects(story: Story) -> int:
    return story.write(Event.DESTROY_INTENT, obj=[*story.objects["o1"], "c2"], ref=story.digests["o1"])


def done_without_intent(story: Story) -> int:
    return story.step(Event.DESTROY_DONE, detail={"certificate": "ab" * 32})


def done_twice(story: Story) -> int:
    story.destroy()
    return story.step(Event.DESTROY_DONE, detail={"certificate": "ab" * 32})


def begun_twice(story: Story) -> int:
    story.step(Event.DESTROY_INTENT)
    return story.step(Event.DESTROY_INTENT)


def begun_again_when_done(story: Story) -> int:
    story.destroy()
    return story.step(Event.DESTROY_INTENT)


def begun_after_cancelling(story: Story) -> int:
    story.write(Event.ORDER_CANCELLED, "ann", obj=["o1"])
    return story.step(Event.DESTROY_INTENT)


def erased_without_intent(story: Story) -> int:
    return story.step(Event.DESTROY_ERASED)


def failed_without_intent(story: Story) -> int:
    return story.step(Event.DESTROY_FAILED, detail={"reason": "hold"})


def failed_after_erasure(story: Story) -> int:
    story.step(Event.DESTROY_INTENT)
    story.step(Event.DESTROY_ERASED)
    return story.step(Event.DESTROY_FAILED, detail={"reason": "hold"})


def cancelled_when_begun(story: Story) -> int:
    story.step(Event.DESTROY_INTENT)
    return story.write(Event.ORDER_CANCELLED, "ann", obj=["o1"])


def certificate_of_nothing(story: Story) -> int:
    return story.write(Event.CERTIFICATE_ISSUED, obj=["D-0001", "o1"], ref="ab" * 32)


def another_certificate(story: Story) -> int:
    story.destroy()
    return story.write(Event.CERTIFICATE_ISSUED, obj=["D-0002", "o1"], ref="ab" * 32)


def swept_with_a_conversation(story: Story) -> int:
    return story.write(Event.VAULT_SWEPT, obj=["unused", "c1-key"])


def swept_with_a_review(story: Story) -> int:
    story.write(Event.REVIEW_CREATED, "ann", obj=["r2", "r2-codes", "r2-names"])
    return story.write(Event.VAULT_SWEPT, obj=["r2-names"])


def same_order_id(story: Story) -> int:
    return story.order()


@pytest.mark.parametrize(
    "crime",
    [
        no_order, more_objects, done_without_intent, done_twice, begun_twice, begun_again_when_done, begun_after_cancelling,
        erased_without_intent, failed_without_intent, failed_after_erasure, cancelled_when_begun, certificate_of_nothing,
        another_certificate, same_order_id, swept_with_a_conversation, swept_with_a_review,
    ],
)  # fmt: skip
def test_steps_out_of_order_are_named(story: Story, crime: Callable[[Story], int]) -> None:
    seq = crime(until_order(story))
    report = judge(story)
    assert report.first_bad == seq
    assert Problem.ORDER in {finding.problem for finding in report.findings if finding.seq == seq}


def never_signed_off(story: Story) -> None:
    pass


def signed_off_by_one(story: Story) -> None:
    story.sign_off("ann")


def signed_off_twice_by_one(story: Story) -> None:
    story.sign_off("ann")
    story.sign_off("ann")


def signed_off_differently(story: Story) -> None:
    story.sign_off("ann")
    story.sign_off("ben", analysis="a2")


def sign_off_taken_back(story: Story) -> None:
    story.sign_off("ann")
    story.sign_off("ben")
    story.said(Event.SIGNOFF_WITHDRAWN, signoff_withdrawn_statement, "ann", ["c1"], order="o1")


def signed_off_elsewhere(story: Story) -> None:
    story.conversation("c2")
    story.sign_off("ann", "c2")
    story.sign_off("ben", "c2")


@pytest.mark.parametrize(
    "before",
    [
        never_signed_off, signed_off_by_one, signed_off_twice_by_one, signed_off_differently, sign_off_taken_back,
        signed_off_elsewhere,
    ],
)  # fmt: skip
def test_destruction_for_sign_off_needs_two_different_people(story: Story, before: Callable[[Story], None]) -> None:
    for name in ("ann", "ben"):
        story.person(name)
    story.conversation()
    before(story)
    story.order()
    story.approve("ann")
    story.approve("ben")
    seq = story.step(Event.DESTROY_INTENT)
    report = judge(story)
    assert (report.first_bad, report.findings[0].problem) == (seq, Problem.SIGN_OFF)


def test_sign_off_signature_must_be_the_persons_own(story: Story) -> None:
    until_order(story)
    digest = subject_digest(["c1"], {"analysis": "a3"})
    sig = story.signature("ann", signoff_statement(digest))
    seq = story.write(Event.SIGNOFF_GIVEN, "cat", obj=["c1"], ref=digest, sig=sig, detail={"analysis": "a3"})
    assert judge(story).first_bad == seq


def test_sign_off_of_one_analysis_does_not_serve_another(story: Story) -> None:
    until_order(story)
    digest = subject_digest(["c1"], {"analysis": "a1"})
    sig = story.signature("cat", signoff_statement(digest))
    seq = story.write(Event.SIGNOFF_GIVEN, "cat", obj=["c2"], ref=digest, sig=sig, detail={"analysis": "a1"})
    assert judge(story).first_bad == seq


@pytest.mark.parametrize("held", ["c1", "r1", "c1-key", "c1-extracts"])
def test_destruction_under_a_hold_is_named(story: Story, held: str) -> None:
    until_order(story).hold("h1", "elsewhere", held)
    seq = story.step(Event.DESTROY_INTENT)
    report = judge(story)
    assert (report.first_bad, report.findings[0].problem) == (seq, Problem.HOLD)


@pytest.mark.parametrize("step", [Event.DESTROY_ERASED, Event.DESTROY_DONE])
def test_hold_placed_after_the_intent_still_protects(story: Story, step: Event) -> None:
    until_order(story)
    story.step(Event.DESTROY_INTENT)
    story.hold()
    seq = story.step(step, detail={"certificate": "ab" * 32})
    assert judge(story).first_bad == seq


def lifted_by_one(story: Story) -> None:
    story.lift("ann", last=True)


def lifted_by_the_same_twice(story: Story) -> None:
    story.lift("ann")
    story.lift("ann", last=True)


def lifted_with_a_forged_signature(story: Story) -> None:
    story.lift("ann")
    story.keys["ben"] = story.keys["cat"]
    story.lift("ben", last=True)


@pytest.mark.parametrize("crime", [lifted_by_one, lifted_by_the_same_twice, lifted_with_a_forged_signature])
def test_hold_not_lifted_by_two_still_stands(story: Story, crime: Callable[[Story], None]) -> None:
    until_order(story).hold()
    crime(story)
    seq = story.step(Event.DESTROY_INTENT)
    report = judge(story)
    assert [f.seq for f in report.findings if f.fatal and f.problem is Problem.HOLD] == [seq - 1, seq]


@pytest.mark.parametrize("crime", ["another's signature", "another digest", "nobody's"])
def test_a_hold_that_its_placer_did_not_sign_is_named_and_stands_all_the_same(story: Story, crime: str) -> None:
    until_order(story)
    digest = subject_digest(["h1", "c2" if crime == "another digest" else "c1"], {})
    actor, signer = ("zoe" if crime == "nobody's" else "ann"), ("ben" if crime == "another's signature" else "ann")
    sig = story.signature(signer, hold_statement(digest))
    placed = story.write(Event.HOLD_PLACED, actor, obj=["h1", "c1"], ref=digest, sig=sig)
    begun = story.step(Event.DESTROY_INTENT)
    assert [f.seq for f in judge(story).findings if f.fatal and f.problem is Problem.HOLD] == [placed, begun]


ACTS = {
    Event.SIGNOFF_WITHDRAWN: (signoff_withdrawn_statement, ["c1"], {"order": "o1"}),
    Event.WITHDRAWAL_REFUSED: (refusal_statement, ["c1"], {"ground": "legal-claims", "order": "o1"}),
    Event.RETENTION_EXTENDED: (extension_statement, ["c1", "e1"], {"until": "2027-03-31"}),
}


@pytest.mark.parametrize("crime", ["", "another's signature", "another digest", "nobody's", "for another act"])
@pytest.mark.parametrize("event", ACTS)
def test_an_act_that_keeps_or_puts_off_is_signed_by_who_did_it(story: Story, event: Event, crime: str) -> None:
    statement, obj, detail = ACTS[event]
    until_order(story).write(Event.WITHDRAWAL_RECEIVED, "ann", obj=["c1"])
    before = judge(story)
    digest = subject_digest(obj, detail | ({"until": "2030-01-01"} if crime == "another digest" else {}))
    actor, signer = ("zoe" if crime == "nobody's" else "ann"), ("ben" if crime == "another's signature" else "ann")
    sig = story.signature(signer, (hold_statement if crime == "for another act" else statement)(digest))
    seq = story.write(event, actor, obj=obj, ref=digest, sig=sig, detail=detail)
    assert [f.seq for f in judge(story).findings if f.fatal] == ([seq] if crime else [])
    closed = event is Event.WITHDRAWAL_REFUSED and not crime
    assert len([f for f in judge(story).findings if not f.fatal]) == len(before.findings) - closed


def test_a_refusal_that_nobody_signed_closes_no_withdrawal(story: Story) -> None:
    received = until_order(story).write(Event.WITHDRAWAL_RECEIVED, "ann", obj=["c1"])
    refused = story.write(Event.WITHDRAWAL_REFUSED, "ann", obj=["c1"], detail={"ground": "legal-claims", "order": "o1"})
    found = {f.seq: f.fatal for f in judge(story).findings}
    assert found[refused] is True and found[received] is False


def test_hold_of_another_digest_or_id_is_not_lifted(story: Story) -> None:
    until_order(story).hold()
    first = story.lift("ann", "h2")
    second = story.hold()
    assert [f.seq for f in judge(story).findings if f.fatal] == [first, second]


def test_what_is_left_open_is_listed_and_is_no_crime(story: Story) -> None:
    until_order(story)
    received = story.write(Event.WITHDRAWAL_RECEIVED, "ann", obj=["c1"])
    begun = story.step(Event.DESTROY_INTENT)
    report = judge(story)
    assert report.ok
    assert {(f.seq, f.problem) for f in report.findings} == {(begun, Problem.OPEN), (received, Problem.OPEN)}


def test_authorised_and_not_done_is_listed(story: Story) -> None:
    until_order(story)
    assert [f.text for f in judge(story).findings] == ["the order made here is approved by two and not carried out"]


def test_done_without_certificate_is_listed(story: Story) -> None:
    until_order(story)
    story.step(Event.DESTROY_INTENT)
    story.step(Event.DESTROY_DONE, detail={"certificate": "ab" * 32})
    assert [f.text for f in judge(story).findings] == ["the order made here is carried out and has no certificate"]


def refuse(story: Story) -> int:
    statement, obj, detail = ACTS[Event.WITHDRAWAL_REFUSED]
    digest = subject_digest(obj, detail)
    signed = story.signature("ann", statement(digest))
    return story.write(Event.WITHDRAWAL_REFUSED, "ann", obj=obj, ref=digest, sig=signed, detail=detail)


def test_refused_withdrawal_is_closed_and_a_refusal_of_none_is_worth_a_look(story: Story) -> None:
    until_order(story)
    before = judge(story).findings
    story.write(Event.WITHDRAWAL_RECEIVED, "ann", obj=["c1"])
    assert judge(story).findings != before
    refuse(story)
    assert judge(story).findings == before
    seq = refuse(story)
    assert [(f.seq, f.fatal) for f in judge(story).findings if f not in before] == [(seq, False)]


def test_a_withdrawal_that_a_hold_delays_stays_open_until_it_is_refused(story: Story) -> None:
    until_order(story)
    before = judge(story).findings
    received = story.write(Event.WITHDRAWAL_RECEIVED, "ann", obj=["c1"])
    story.write(Event.WITHDRAWAL_REFUSED, "ann", obj=["c1"], detail={"ground": "hold"})
    assert [(f.seq, f.problem) for f in judge(story).findings if f not in before] == [(received, Problem.OPEN)]
    refuse(story)
    assert judge(story).findings == before
