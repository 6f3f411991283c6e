"""The certificate of destruction: what was destroyed, who decided it, how, how it was verified, and what nobody can claim.

It holds ids, digests and the sign-in names of those who are responsible, never a participant. The log entry `destroy.done`
carries the certificate's digest, and the certificate carries that entry with its proof (c2sp.org/tlog-proof), so that the log's
public key alone verifies all of it offline. Fields follow NIST SP 800-88 (certificate of sanitization) as far as they apply.

The order of work: build a `Certificate`, log `destroy.done` with its `digest`, commit, sign a checkpoint, then `with_receipt`.
"""

import json
import textwrap
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from storage.log.entry import LONGEST_STRING, Plain, digest_of
from storage.log.proof import LogProof
from storage.log.statements import subject_digest

BEGIN, END = "-----BEGIN CANDOUR CERTIFICATE-----", "-----END CANDOUR CERTIFICATE-----"

ASSURANCE = {
    "E0": "logical deletion only: the medium may hold plaintext, or copies of keys are not known",
    "E1": "cryptographic erase; remnants of the erased root key in the medium's spare cells remain a risk",
    "E2": "cryptographic erase; the root key was on a medium that was destroyed or overwritten in hardware",
    "E3": "cryptographic erase; the root key never left the hardware that attested its destruction",
}

_NOT_CLAIMED = (
    "that no other copy of a key exists: nobody can prove that; known copies are listed above",
    "that no copy of a destroyed key is left in the memory of a machine, which was not searched",
    "that sealed copies elsewhere, such as in backups, are gone: without a copy of their keys nobody can open them",
    "that nothing is left that was never sealed: on the recorder's own card, in exports that left, on paper",
    "that nobody who could listen before the destruction wrote down, remembered or recorded what they heard",
    "that every event was logged: the log shows that none of its entries was changed or taken out",
)
_NOT_CLAIMED_AT = {
    "E0": ("that the content cannot be recovered from the medium",),
    "E1": ("that the medium keeps no remnant of the erased root key in cells the machine cannot address",),
    "E2": (),
    "E3": (),
}
_NOT_CLAIMED_CLASSICAL = ("that a future quantum computer could not open a kept copy of the sealed recording",)

# What the readable text shows, and in which order
SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Certificate of destruction", ("number", "status", "site", "tool", "build")),
    (
        "What was destroyed",
        ("destroyed", "order", "order_digest", "order_detail", "rule", "objects", "object_count", "recordings"),
    ),
    (
        "How",
        (
            "method",
            "technique",
            "algorithms",
            "erasure_strength",
            "epoch_before",
            "epoch_after",
            "started",
            "finished",
            "finished_local",
        ),
    ),
    ("Where", ("anchor", "medium")),
    ("Assurance", ("assurance", "assurance_meaning", "assurance_reasons")),
    ("Verified", ("hold_check", "checks", "verified_by", "copies")),
    ("Decided and done by", ("people", "carried_out_by", "validation", "accepted_by")),
    ("What is not claimed", ("not_claimed",)),
)
# Within one line, these come first and in this order
FIRST = ("number", "name", "role", "label", "state", "passed", "found")


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """A copy of keys that left the home: pending until its holder attests that it was destroyed."""

    number: int
    label: str
    attested: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One verification after the destruction: what was tried, whether it came out as it must, and what was found."""

    name: str
    passed: bool
    found: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Signatory:
    """Someone responsible. Approvers come with their public key (64 hex digits) and signature (base64) over the order."""

    name: str
    role: str
    at: datetime
    key: str = ""
    signature: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """What is certified. `objects` and `order_detail` are those of the order.made entry, `destroyed` says in words what there
    was, `recordings` are the SHA-256 of the sealed files, `build` that of all files of the program, `medium` what the machine
    tells (make, model, serial, file system). `entry` and `proof` come last, and are not part of the digest, which the entry
    carries.
    """

    number: str
    site: str
    tool: str
    build: str
    order: str
    objects: tuple[str, ...]
    order_detail: Mapping[str, str | int | bool]
    destroyed: tuple[str, ...]
    recordings: tuple[str, ...]
    rule: str
    hold_check: str
    assurance: str
    assurance_reasons: tuple[str, ...]
    algorithms: tuple[str, ...]
    post_quantum: bool
    epoch_before: int
    epoch_after: int
    anchor: str
    medium: Mapping[str, str]
    copies: tuple[Copy, ...]
    checks: tuple[Check, ...]
    people: tuple[Signatory, ...]
    carried_out_by: str
    verified_by: str
    validation: str
    accepted_by: tuple[str, ...]
    started: datetime
    finished: datetime
    finished_local: str
    entry: str = ""
    proof: str = ""

    @property
    def order_digest(self) -> str:
        """What the approvers signed; 64 hexadecimal digits."""
        return subject_digest([self.order, *self.objects], self.order_detail)

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical claims, for the destroy.done entry; the same in JSON and text."""
        return digest_of(self.claims())

    def claims(self) -> dict[str, Plain]:
        """Everything that is certified, as plain values.

        What comes from the machine is made printable and cut at 512 characters: a certificate must not fail on a device's name.
        """
        return {name: _printable(value) for name, value in self._plain().items()}

    def _plain(self) -> dict[str, Plain]:
        pending = [copy.number for copy in self.copies if not copy.attested]
        erased = self.assurance != "E0"
        return {
            "v": 1,
            "number": self.number,
            "status": f"pending: copies {', '.join(map(str, pending))}" if pending else "complete",
            "site": self.site,
            "tool": self.tool,
            "build": self.build,
            "order": self.order,
            "order_digest": self.order_digest,
            "order_detail": dict(self.order_detail),
            "objects": list(self.objects),
            "object_count": len(self.objects),
            "destroyed": list(self.destroyed),
            "recordings": list(self.recordings),
            "rule": self.rule,
            "hold_check": self.hold_check,
            "method": "purge" if erased else "none of NIST SP 800-88 is claimed",
            "technique": "cryptographic erase" if erased else "logical deletion",
            "algorithms": list(self.algorithms),
            "erasure_strength": "post-quantum" if self.post_quantum else "classical",
            "epoch_before": self.epoch_before,
            "epoch_after": self.epoch_after,
            "started": _time(self.started),
            "finished": _time(self.finished),
            "finished_local": self.finished_local,
            "anchor": self.anchor,
            "medium": dict(self.medium),
            "assurance": self.assurance,
            "assurance_meaning": ASSURANCE[self.assurance],
            "assurance_reasons": list(self.assurance_reasons),
            "copies": [
                {"number": c.number, "label": c.label, "state": "attested" if c.attested else "pending"}
                for c in self.copies
            ],
            "checks": [{"name": c.name, "passed": c.passed, "found": c.found} for c in self.checks],
            "people": [
                {"name": p.name, "role": p.role, "at": _time(p.at), "key": p.key, "signature": p.signature}
                for p in self.people
            ],
            "carried_out_by": self.carried_out_by,
            "verified_by": self.verified_by,
            "validation": self.validation,
            "accepted_by": list(self.accepted_by),
            "not_claimed": list(not_claimed(self.assurance, post_quantum=self.post_quantum)),
        }

    def with_receipt(self, entry: bytes, proof: LogProof) -> "Certificate":
        """The finished certificate: with the destroy.done entry's exact bytes and its proof."""
        return replace(self, entry=entry.decode(), proof=str(proof))

    def to_json(self) -> str:
        """One line of JSON with sorted keys."""
        return to_json(self.claims(), self.digest, self.entry, self.proof)

    def to_text(self) -> str:
        """The readable certificate; the JSON follows it, encoded, so that the text verifies by itself."""
        return to_text(self.claims(), self.digest, self.to_json())


def from_claims(claims: Mapping[str, Any]) -> Certificate:
    """The certificate of these claims; `claims()` of it are the same again unless they contradict each other.

    Raises:
        KeyError, TypeError, ValueError: they are not the claims of a certificate.
    """
    plain = (
        "number",
        "site",
        "tool",
        "build",
        "order",
        "order_detail",
        "rule",
        "hold_check",
        "assurance",
        "anchor",
        "medium",
        "carried_out_by",
        "verified_by",
        "finished_local",
    )
    lists = ("objects", "destroyed", "recordings", "assurance_reasons", "algorithms", "accepted_by")
    given: dict[str, Any] = {name: claims[name] for name in (*plain, "epoch_before", "epoch_after", "validation")}
    given |= {name: tuple(claims[name]) for name in lists}
    return Certificate(
        **given,
        post_quantum=claims["erasure_strength"] == "post-quantum",
        copies=tuple(
            Copy(number=c["number"], label=c["label"], attested=c["state"] == "attested") for c in claims["copies"]
        ),
        checks=tuple(Check(**check) for check in claims["checks"]),
        people=tuple(Signatory(**{**person, "at": _moment(person["at"])}) for person in claims["people"]),
        started=_moment(claims["started"]),
        finished=_moment(claims["finished"]),
    )


def not_claimed(assurance: str, *, post_quantum: bool) -> tuple[str, ...]:
    """What a certificate of this assurance class must say it does not prove."""
    return (*_NOT_CLAIMED, *_NOT_CLAIMED_AT[assurance], *(() if post_quantum else _NOT_CLAIMED_CLASSICAL))


def to_json(claims: Mapping[str, Any], digest: str, entry: str, proof: str) -> str:
    """The one JSON text of these values."""
    body = {"certificate": claims, "digest": digest, "entry": entry, "proof": proof}
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"


def to_text(claims: Mapping[str, Any], digest: str, encoded: str) -> str:
    """The one readable text of these claims, with their JSON underneath."""
    parts = []
    for title, fields in SECTIONS:
        rows = [f"  {name.replace('_', ' ')}: {_shown(claims[name])}" for name in fields]
        parts.append("\n".join([title.upper(), *rows]).replace(": \n", ":\n"))
    block = "\n".join(textwrap.wrap(b64encode(encoded.encode()).decode(), 76))
    return "\n\n".join([*parts, f"SHA-256\n  digest: {digest}", f"{BEGIN}\n{block}\n{END}\n"])


def _shown(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return "".join(f"\n    - {_shown(item)}" for item in value) or "none"
        case dict():
            names = [*(name for name in FIRST if name in value), *sorted(value.keys() - set(FIRST))]
            return "; ".join(f"{name} {_shown(value[name])}" for name in names if value[name] != "")
        case _:
            return str(value)


def _printable(value: Plain) -> Plain:
    match value:
        case str():
            return "".join(c if c.isprintable() else "?" for c in value[:LONGEST_STRING])
        case list():
            return [_printable(item) for item in value]
        case dict():
            return {name: _printable(item) for name, item in value.items()}
        case _:
            return value


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _time(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("certificate: a time without a time zone")
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
