"""Verification of a certificate of destruction, offline, with the log's public key alone."""

from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from json import loads

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from retention import certificate_page
from retention.certificate import BEGIN, END, Certificate, from_claims, to_json, to_text
from retention.report import Finding, Problem, Report
from storage.errors import NotVerified
from storage.log.entry import Entry, digest_of
from storage.log.events import Event
from storage.log.note import VerifierKey, cosigned_at
from storage.log.proof import LogProof
from storage.log.statements import order_statement


def verify_certificate(document: str, verifier_key: str, witnesses: Sequence[str] = ()) -> Report:
    """Verify a certificate: text, page or JSON. Each of the `witnesses` (verifier keys) must have cosigned its checkpoint."""
    try:
        certificate, digest = _read(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, NotVerified):
        text = "this is not a certificate, or a character of it was changed"
        return Report(what="certificate", findings=(Finding(problem=Problem.FORM, text=text),))
    findings = [
        *_claims(certificate),
        *_approvals(certificate),
        *_entry(certificate, digest),
        *_proof(certificate, verifier_key, witnesses),
    ]
    return Report(what=f"certificate {certificate.number}", findings=tuple(findings))


def _read(document: str) -> tuple[Certificate, str]:
    """The certificate and its digest; ValueError unless the document is exactly what we write for these claims."""
    encoded = document
    if document.startswith("<"):
        encoded = certificate_page.document(document)
        if certificate_page.page(encoded) != document:
            raise ValueError
    elif not document.startswith("{"):
        block = document[document.index(BEGIN) + len(BEGIN) : document.index(END)]
        encoded = b64decode("".join(block.split()), validate=True).decode()
    outer = loads(encoded)
    claims, digest, entry, proof = (outer[name] for name in ("certificate", "digest", "entry", "proof"))
    if encoded != to_json(claims, digest, entry, proof) or digest != digest_of(claims):
        raise ValueError
    if not document.startswith(("<", "{")) and document != to_text(claims, digest, encoded):
        raise ValueError
    certificate = from_claims(claims)
    # What follows from other claims (the status, what is not claimed, the order's digest) must follow from them here
    if certificate.claims() != claims:
        raise ValueError
    return replace(certificate, entry=entry, proof=str(LogProof.parse(proof))), digest


def _claims(certificate: Certificate) -> Iterator[Finding]:
    for check in certificate.checks:
        if not check.passed:
            yield Finding(problem=Problem.CLAIM, text=f"the destruction did not pass its own check: {check.name}")
    pending = ", ".join(str(copy.number) for copy in certificate.copies if not copy.attested)
    if pending:
        text = f"at its issue the holders of copies {pending} had not attested their destruction"
        yield Finding(problem=Problem.OPEN, text=text, fatal=False)


def _approvals(certificate: Certificate) -> Iterator[Finding]:
    approvers = [person for person in certificate.people if person.role == "approver"]
    statement = order_statement(certificate.order_digest)
    for person in approvers:
        if not _signed(person.key, person.signature, statement):
            yield Finding(problem=Problem.APPROVAL, text=f"the signature of approver {person.name} is false")
    if len({person.name for person in approvers}) < 2 or len({person.key for person in approvers}) < 2:
        yield Finding(problem=Problem.APPROVAL, text="the order was not approved by two different people")


def _signed(key: str, signature: str, statement: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(b64decode(signature, validate=True), statement)
    except (InvalidSignature, ValueError):
        return False
    return True


def _entry(certificate: Certificate, digest: str) -> Iterator[Finding]:
    try:
        entry = Entry.decode(certificate.entry.encode())
    except ValueError:
        yield Finding(problem=Problem.ENTRY, text="what it gives as its log entry is none")
        return
    fits = (
        entry.event == Event.DESTROY_DONE
        and entry.obj == (certificate.order, *certificate.objects)
        and entry.ref == certificate.order_digest
        and entry.detail.get("certificate") == digest
        and LogProof.parse(certificate.proof).index == entry.seq
    )
    if not fits:
        yield Finding(problem=Problem.ENTRY, seq=entry.seq, text="this log entry is not that of this destruction")


def _proof(certificate: Certificate, verifier_key: str, witnesses: Sequence[str]) -> Iterator[Finding]:
    try:
        proof = LogProof.parse(certificate.proof)
        proof.verify(certificate.entry.encode(), VerifierKey.parse(verifier_key))
        for witness in map(VerifierKey.parse, witnesses):
            if cosigned_at(proof.checkpoint, witness) is None:
                yield Finding(problem=Problem.SIGNATURE, text=f"witness {witness.name} has not cosigned its checkpoint")
    except NotVerified as error:
        yield Finding(problem=Problem.PROOF, text=str(error))
