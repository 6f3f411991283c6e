"""Certificates of the orders of a home: made from what was done, kept with the order, shown, and checked again."""

import json
from base64 import b64encode
from datetime import datetime
from importlib.metadata import version

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from retention import assurance, copies, program, witnessing
from retention.certificate import Certificate, Check, Copy, Signatory, from_claims, to_text
from retention.copies import Attestation
from retention.orders import ACTOR, Reason, about, objects
from storage.errors import NotFound
from storage.home import Home
from storage.log.entry import Plain
from storage.log.log import Event, entries, prove
from storage.models import Approval, Conversation, Order, OrderState, Person, Review
from storage.models import Copy as CopyRow

RULES = {
    Reason.SIGNED_OFF: "analysis signed off by two people; the recording key goes as the review's schedule says",
    Reason.BACKSTOP: "the date that no recording of this review outlives",
    Reason.REVIEW_CLOSED: "the period after the review was closed",
    Reason.PERIOD_OVER: "the period that the review's schedule sets",
    Reason.NEVER_RECORDED: "nothing was recorded, and the review was closed",
    Reason.WITHDRAWAL: "the participant withdrew consent",
}


class NoCertificate(NotFound):
    """certificate: nothing of {reference} has been destroyed yet; `candour retention plan` shows what will be"""


def log_done(home: Home, session: Session, order: Order) -> None:
    """Log that an order is done, in the caller's transaction, with the digest of the certificate that will say so."""
    made = _build(home, session, order)
    seq = home.log(
        session,
        Event.DESTROY_DONE,
        actor=ACTOR,
        obj=objects(order),
        ref=order.digest,
        detail={"certificate": made.digest},
    )
    order.facts = order.facts | {"claims": made.claims(), "entry": seq}


def issue(home: Home, number: int) -> None:
    """Finish the certificate of a done order with its receipt from the log, which witnesses that have an address cosign first."""
    witnessing.ask_those_reachable(home, ACTOR)
    with home.writing() as session:
        order = session.scalars(select(Order).where(Order.number == number)).one()
        seq = order.facts["entry"]
        ((_, body),) = entries(session, seq, seq + 1)
        finished = from_claims(order.facts["claims"]).with_receipt(body, prove(session, seq))
        order.certificate = finished.to_json()
        home.log(
            session,
            Event.CERTIFICATE_ISSUED,
            actor=ACTOR,
            obj=[finished.number, order.id],
            ref=finished.digest,
        )


def _build(home: Home, session: Session, order: Order) -> Certificate:
    facts = assurance.survey(home)
    grade, findings = assurance.classify(facts)
    # A later epoch never held what was destroyed here.
    before = select(CopyRow).where(CopyRow.epoch < order.facts["epoch_after"])
    known = session.scalars(before.order_by(CopyRow.number)).all()
    people = _people(session, order)
    done = datetime.fromisoformat(order.facts["done_at"])
    detail: dict[str, str | int | bool] = {"number": order.number, "reason": order.reason.replace(" ", "-")}
    return Certificate(
        number=f"D-{order.number:04}",
        site=home.signer.origin,
        tool=f"candour {version('candour')}",
        build=program.installed(),
        order=str(order.id),
        objects=(str(about(order)), *order.objects),
        order_detail=detail,
        destroyed=tuple(order.facts.get("destroyed", ())),
        recordings=tuple(order.facts.get("blobs", ())),
        rule=_rule(order),
        hold_check="no hold stood before the intent, and none before the old root was erased",
        assurance=grade,
        assurance_reasons=tuple(f"{f.name}: {f.seen}" for f in findings if f.lowers),
        algorithms=(
            "age v1, ML-KEM-768 with X25519, ChaCha20-Poly1305",
            "AES-256-GCM, HKDF-SHA-256, Argon2id",
        ),
        post_quantum=True,
        epoch_before=order.facts["epoch_before"],
        epoch_after=order.facts["epoch_after"],
        anchor="file, overwritten in place, read back",
        medium={**facts.medium, "filesystem": facts.filesystem, "device": facts.device},
        copies=tuple(Copy(number=c.number, label=_label(c), attested=c.attested_at is not None) for c in known),
        checks=tuple(Check(**check) for check in order.facts["checks"]),
        people=people,
        carried_out_by=f"the program, as {ACTOR}: no person had to be there",
        verified_by="the program itself, by the checks above; anybody else by the proof of its entry in the log",
        validation="accepted with the two signatures on the order",
        accepted_by=tuple(person.name for person in people),
        started=order.made_at,
        finished=done,
        finished_local=f"{done.astimezone():%Y-%m-%d %H:%M:%S %z}, by the clock of the machine",
    )


def _label(copy: CopyRow) -> str:
    return (
        f"recovery copy {copy.number}, made {copy.made_at:%Y-%m-%d} by {copy.made_by}; its holder knows where it lies"
    )


def _rule(order: Order) -> str:
    """Why, in words, and by which rule of the schedule when it was one."""
    why, rule = RULES[Reason(order.reason)], order.facts.get("rule")
    return f"{why} (schedule: {rule})" if rule else why


def _people(session: Session, order: Order) -> tuple[Signatory, ...]:
    rows = session.execute(
        select(Person, Approval)
        .join(Approval, Approval.person_id == Person.id)
        .where(Approval.order_id == order.id)
        .order_by(Approval.at)
    ).all()
    return tuple(
        Signatory(
            name=person.name,
            role="approver",
            at=approval.at,
            key=approval.public_key.hex(),
            signature=b64encode(approval.signature).decode(),
        )
        for person, approval in rows
    )


def shown(home: Home, reference: str) -> list[tuple[int, str, str]]:
    """The certificates of a conversation or of a review as a whole, by its reference: order number, JSON, readable text.

    Raises:
        NoCertificate.
    """
    with home.reading() as session:
        orders = session.scalars(
            select(Order)
            .join(Review, Review.id == Order.review_id)
            .outerjoin(Conversation, Conversation.id == Order.conversation_id)
            .where(Order.state == OrderState.DONE, _is_about(reference))
            .order_by(Order.number)
        ).all()
    found = [(order.number, order.certificate) for order in orders if order.certificate is not None]
    if not found:
        raise NoCertificate(reference=reference)
    return [(number, text, _readable(text)) for number, text in found]


def _is_about(reference: str) -> ColumnElement[bool]:
    whole = Order.conversation_id.is_(None) & (Review.reference == reference)
    return (Conversation.reference == reference.upper()) | whole


def attested_since(home: Home, text: str) -> list[Attestation]:
    """Of the recovery copies that a certificate calls pending, those that their holders have attested since.

    The certificate stays as it was issued: its digest is in the log.
    """
    claims = json.loads(text)["certificate"]
    pending = {copy["number"] for copy in claims["copies"] if copy["state"] != "attested"}
    return copies.attestations(home, pending) if pending else []


def _readable(text: str) -> str:
    body = json.loads(text)
    claims: dict[str, Plain] = body["certificate"]
    return to_text(claims, body["digest"], text)
