"""Whole stories in a log: people with keys, sign-off, orders, holds and destruction, each step as the product writes it."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from retention.bundling import lines
from retention.certificate import Certificate, Check, Copy, Signatory
from storage.log.log import Event, entries, prove
from storage.log.statements import (
    hold_lift_statement,
    hold_statement,
    order_statement,
    signoff_statement,
    subject_digest,
)
from tests.storage.log.books import Book

Detail = Mapping[str, str | int | bool]


@dataclass
class Story:
    """Writes what happens; each method is one entry, or what belongs together."""

    book: Book
    keys: dict[str, Ed25519PrivateKey] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    details: dict[str, Detail] = field(default_factory=dict)
    objects: dict[str, list[str]] = field(default_factory=dict)
    approvals: dict[str, list[Signatory]] = field(default_factory=dict)

    def write(self, event: Event, actor: str = "retention", **fields: Any) -> int:
        return self.book.write(event, actor, **fields)

    def person(self, name: str, event: Event = Event.PERSON_ADDED) -> int:
        self.keys[name] = Ed25519PrivateKey.generate()
        return self.write(event, "ada", obj=[name], detail={"key": self.public(name)})

    def public(self, name: str) -> str:
        return self.keys[name].public_key().public_bytes_raw().hex()

    def signature(self, name: str, statement: bytes) -> str:
        return b64encode(self.keys[name].sign(statement)).decode()

    def conversation(self, name: str = "c1", review: str = "r1") -> int:
        return self.write(
            Event.CONVERSATION_PLANNED, "ann", obj=[name, f"{name}-key", f"{name}-extracts"], detail={"review": review}
        )

    def sign_off(self, name: str, conversation: str = "c1", analysis: str = "a1") -> int:
        detail = {"analysis": analysis}
        digest = subject_digest([conversation], detail)
        sig = self.signature(name, signoff_statement(digest))
        return self.write(Event.SIGNOFF_GIVEN, name, obj=[conversation], ref=digest, sig=sig, detail=detail)

    def said(self, event: Event, statement: Callable[[str], bytes], name: str, obj: list[str], **detail: str) -> int:
        """An act that one person signs, over all that its entry says."""
        digest = subject_digest(obj, detail)
        sig = self.signature(name, statement(digest))
        return self.write(event, name, obj=obj, ref=digest, sig=sig, detail=detail)

    def order(self, order: str = "o1", conversation: str = "c1", reason: str = "signed-off") -> int:
        self.objects[order] = [order, conversation, f"{conversation}-key"]
        self.details[order] = {"number": 1, "reason": reason}
        self.digests[order] = subject_digest(self.objects[order], self.details[order])
        return self.write(
            Event.ORDER_MADE, "ann", obj=self.objects[order], ref=self.digests[order], detail=self.details[order]
        )

    def approve(self, name: str, order: str = "o1") -> int:
        digest = self.digests[order]
        sig = self.signature(name, order_statement(digest))
        person = Signatory(name=name, role="approver", at=self.book.now, key=self.public(name), signature=sig)
        self.approvals.setdefault(order, []).append(person)
        return self.write(Event.ORDER_APPROVED, name, obj=[order], ref=digest, sig=sig)

    def step(self, event: Event, order: str = "o1", **fields: Any) -> int:
        return self.write(event, obj=self.objects[order], ref=self.digests[order], **fields)

    def hold(self, hold: str = "h1", *objects: str, by: str = "ann") -> int:
        about = [hold, *(objects or ("c1",))]
        digest = subject_digest(about, {})
        sig = self.signature(by, hold_statement(digest))
        return self.write(Event.HOLD_PLACED, by, obj=about, ref=digest, sig=sig)

    def lift(self, name: str, hold: str = "h1", *, last: bool = False) -> int:
        digest = subject_digest([hold], {})
        sig = self.signature(name, hold_lift_statement(digest))
        return self.write(Event.HOLD_LIFTED if last else Event.HOLD_LIFT_ASKED, name, obj=[hold], ref=digest, sig=sig)

    def certificate(self, order: str = "o1", **changes: Any) -> Certificate:
        fields: dict[str, Any] = {
            "number": "D-0001",
            "site": "log.example/home",
            "tool": "candour 0.1.0",
            "build": "0" * 64,
            "order": order,
            "objects": tuple(self.objects[order][1:]),
            "order_detail": self.details[order],
            "destroyed": ("the recording: 12345 bytes sealed, 63 seconds", "its playback copy"),
            "recordings": ("ab" * 32,),
            "rule": "three months after sign-off",
            "hold_check": "no hold stood",
            "assurance": "E1",
            "assurance_reasons": ("anchor on a disk",),
            "algorithms": ("AES-256-GCM", "ML-KEM-768 with X25519"),
            "post_quantum": True,
            "epoch_before": 4,
            "epoch_after": 5,
            "anchor": "file, overwritten in place",
            "medium": {"make": "Zürich Drives", "filesystem": "ext4"},
            "copies": (Copy(number=3, label="safe of the records office"),),
            "checks": (Check(name="keys held open nothing", passed=True, found="0 of 12 keys open it"),),
            "people": tuple(self.approvals[order]),
            "carried_out_by": "the program",
            "verified_by": "the program",
            "validation": "residual risk accepted",
            "accepted_by": ("ann", "ben"),
            "started": self.book.now,
            "finished": self.book.now,
            "finished_local": "2026-11-22 10:00:00 +0000",
        }
        return Certificate(**(fields | changes))

    def destroy(self, order: str = "o1", **changes: Any) -> Certificate:
        """From intent to certificate."""
        self.step(Event.DESTROY_INTENT, order)
        self.step(Event.DESTROY_QUARANTINED, order)
        self.step(Event.DESTROY_ERASED, order)
        made = self.certificate(order, **changes)
        return self.certify(made, self.step(Event.DESTROY_DONE, order, detail={"certificate": made.digest}), order)

    def certify_as(self, made: Certificate, seq: int) -> Certificate:
        """The certificate with an entry and its proof, whatever entry that is."""
        self.book.sign()
        with Session(self.book.engine) as session:
            return made.with_receipt(dict(entries(session))[seq], prove(session, seq))

    def certify(self, made: Certificate, seq: int, order: str = "o1") -> Certificate:
        finished = self.certify_as(made, seq)
        self.write(Event.CERTIFICATE_ISSUED, obj=[made.number, order], ref=made.digest)
        return finished

    def bundle(self) -> bytes:
        self.book.sign()
        with Session(self.book.engine) as session:
            return b"".join(lines(session, self.key))

    @property
    def key(self) -> str:
        return self.book.signer.verifier_key


def until_order(story: Story) -> Story:
    """Three people, a conversation, sign-off by two, an order approved by two."""
    for name in ("ann", "ben", "cat"):
        story.person(name)
    story.conversation()
    story.sign_off("ann")
    story.order()
    story.approve("ann")
    story.sign_off("ben")
    story.approve("ben")
    return story
