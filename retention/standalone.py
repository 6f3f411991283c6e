"""Verify a Candour log bundle or certificate of destruction offline: this one file, Python 3.11 and `cryptography`.

    python standalone.py FILE --key "name+hash+key" [--earlier CHECKPOINT] [--witness "name+hash+key"]

It shares no code with Candour, on purpose: it is a second reading of the same public formats (RFC 6962, and signed-note,
tlog-checkpoint, tlog-cosignature and tlog-proof of c2sp.org). Exit code 0: verified; 1: not verified; 2: wrong use.
"""

import argparse
import json
import sys
from base64 import b64decode, b64encode
from collections import defaultdict
from functools import reduce
from hashlib import sha256
from pathlib import Path
from textwrap import wrap
from types import SimpleNamespace
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

BEGIN, END = "-----BEGIN CANDOUR CERTIFICATE-----", "-----END CANDOUR CERTIFICATE-----"
SECTIONS = {
    "Certificate of destruction": "number status site tool build",
    "What was destroyed": "destroyed order order_digest order_detail rule objects object_count recordings",
    "How": "method technique algorithms erasure_strength epoch_before epoch_after started finished finished_local",
    "Where": "anchor medium",
    "Assurance": "assurance assurance_meaning assurance_reasons",
    "Verified": "hold_check checks verified_by copies",
    "Decided and done by": "people carried_out_by validation accepted_by",
    "What is not claimed": "not_claimed",
}
SAID = {"signoff.withdrawn": "signoff-withdrawn", "withdrawal.refused": "withdrawal-refused"}
SAID |= {"retention.extended": "extension", "hold.placed": "hold", "copy.attested": "copy-attested"}
FIRST = ["number", "name", "role", "label", "state", "passed", "found"]


Key = tuple[str, bytes, int, bytes]  # name, key id, type, public key


class Bad(Exception):
    """What is wrong, in words."""


def need(condition: object, text: str) -> None:
    if not condition:
        raise Bad(text)


def ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def unbase64(text: str) -> bytes:
    data = b64decode(text, validate=True)
    need(b64encode(data).decode() == text, "base64 in a second spelling")
    return data


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(value: Any) -> str:
    return sha256(canonical(value)).hexdigest()


def parse_key(text: str) -> Key:
    name, key_id, encoded = text.split("+", 2)
    data = unbase64(encoded)
    expected = hashed(name.encode(), b"\n", data)[:4]
    need(len(data) == 33 and data[0] in (1, 4) and expected.hex() == key_id, "this is not a verifier key")
    return name, expected, data[0], data[1:]


def signed_text(note: str, key: Key) -> str:
    """The text of a note, once it is certain that the key signed it."""
    name, key_id, kind, public = key
    text, gap, lines = note.rpartition("\n\n")
    text += "\n"
    found = False
    for line in lines.removesuffix("\n").split("\n"):
        dash, signer, encoded = line.split(" ")
        blob = unbase64(encoded)
        need(dash == "—", "a signature line of another form")
        if signer == name and blob[:4] == key_id:
            message, signature = text.encode(), blob[4:]
            if kind == 4:
                seconds = int.from_bytes(signature[:8])
                message, signature = f"cosignature/v1\ntime {seconds}\n{text}".encode(), signature[8:]
            need(ed25519(public, signature, message), f"the signature of {name} is false")
            found = True
    need(gap and found, f"{name} has not signed this checkpoint")
    return text


def open_checkpoint(note: str, key: Key) -> tuple[int, bytes]:
    origin, size, root, *_ = signed_text(note, key).split("\n")
    need(origin == key[0] and str(int(size)) == size and int(size) >= 0, "this checkpoint is of another log")
    need(len(unbase64(root)) == 32, "a root that is not 32 bytes")
    return int(size), unbase64(root)


def hashed(*parts: bytes) -> bytes:
    return sha256(b"".join(parts)).digest()


def climb(index: int, size: int, path: list[bytes], current: bytes) -> bytes:
    """The root that an audit path leads to, by the recursion of RFC 6962 section 2.1.1."""
    if size == 1:
        need(index == 0 and not path, "a proof that is too long")
        return current
    half = 1 << ((size - 1).bit_length() - 1)
    *below, step = path
    if index < half:
        return hashed(b"\x01", climb(index, half, below, current), step)
    return hashed(b"\x01", step, climb(index - half, size - half, below, current))


class Story:
    """Who may destroy what: the rules an auditor relies on, over all entries in order."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.gone: set[str] = set()
        self.above: dict[str, str] = {}
        self.conversations: set[str] = set()
        self.holds: dict[str, tuple[list[str], set[str]]] = {}
        self.signed_off: dict[str, dict[str, str]] = {}
        self.orders: dict[str, SimpleNamespace] = {}

    def signed(self, entry: dict[str, Any], purpose: str) -> None:
        key = bytes.fromhex(self.keys.get(entry["actor"], ""))
        need(entry["actor"] not in self.gone, "signed by someone who was disabled before")
        statement = f"candour/{purpose}/v1\n{entry['ref']}".encode()
        need(ed25519(key, unbase64(entry["sig"]), statement), "the actor's signature is false")

    def within(self, name: str) -> set[str]:
        """The object, its conversation and its review."""
        conversation = self.above.get(name, name)
        return {name, conversation, self.above.get(conversation, conversation)}

    def not_held(self, objects: list[str]) -> None:
        held = [name for names, _ in self.holds.values() for name in names]
        clash = any(one in self.within(other) or other in self.within(one) for one in held for other in objects)
        need(not clash, "it destroys what a standing hold protects")

    def order(self, entry: dict[str, Any], *states: str) -> SimpleNamespace:
        order = self.orders.get(entry["obj"][0], SimpleNamespace(state="unknown"))
        need(order.state in states, "no order stands that allows this")
        need(entry.get("ref", order.ref) == order.ref, "it is about another order")
        return order

    def see(self, entry: dict[str, Any]) -> None:
        event, obj, detail = entry["event"], entry["obj"], entry.get("detail", {})
        if event in ("person.added", "person.key_replaced"):
            taken = [person for person, key in self.keys.items() if key == detail["key"] and person != obj[0]]
            self.keys[obj[0]] = detail["key"]
            self.gone.discard(obj[0])
            need(len(bytes.fromhex(detail["key"])) == 32 and not taken, "the key is malformed or another person's")
        elif event == "person.disabled":
            self.gone.add(obj[0])
        elif event == "review.created":
            self.above |= dict.fromkeys(obj[1:], obj[0])
        elif event == "vault.swept":
            need(not self.above.keys() & obj, "it destroys a key of a review or conversation without an order")
        elif event == "conversation.planned":
            self.conversations.add(obj[0])
            self.above |= dict.fromkeys(obj[1:], obj[0]) | ({obj[0]: detail["review"]} if "review" in detail else {})
        elif event == "signoff.given":
            need(entry["ref"] == digest({"obj": obj, "detail": detail}), "the digest signed is another")
            self.signed(entry, "signoff")
            self.signed_off.setdefault(obj[0], {})[entry["actor"]] = entry["ref"]
        elif event == "signoff.withdrawn":
            self.signed_off.pop(obj[0], None)
        elif event == "hold.placed":
            need(len(obj) > 1 and obj[0] not in self.holds, "a hold on nothing, or a second time")
            self.holds[obj[0]] = (obj[1:], set())
        elif event in ("hold.lift_asked", "hold.lifted"):
            need(obj[0] in self.holds and entry["ref"] == digest({"obj": obj[:1], "detail": {}}), "no such hold stands")
            self.signed(entry, "hold-lift")
            asked = self.holds[obj[0]][1]
            if event == "hold.lifted":
                need(asked - {entry["actor"]}, "the hold was lifted without a second person")
                del self.holds[obj[0]]
            else:
                asked.add(entry["actor"])
        elif event.startswith(("order.", "destroy.", "certificate.")):
            self.destruction(entry, event, obj, detail)
        if event in SAID and detail.get("ground") != "hold":  # which delays, and nobody refused
            need(entry.get("ref") == digest({"obj": obj, "detail": detail}), "the digest signed is another")
            self.signed(entry, SAID[event])

    def destruction(self, entry: dict[str, Any], event: str, obj: list[str], detail: dict[str, Any]) -> None:
        if event == "order.made":
            need(obj[0] not in self.orders, "an order with this id was made before")
            need(entry["ref"] == digest({"obj": obj, "detail": detail}), "the order's digest is another")
            made = SimpleNamespace(ref=entry["ref"], obj=obj, reason=detail["reason"], by=set(), state="made")
            self.orders[obj[0]] = made
        elif event == "order.approved":
            order = self.order(entry, "made", "intent", "erased")
            self.signed(entry, "order")
            order.by.add(entry["actor"])
        elif event == "order.cancelled":
            self.order(entry, "made").state = "cancelled"
        elif event == "destroy.failed":
            self.order(entry, "intent").state = "made"
        elif event == "certificate.issued":
            certified = self.orders.get(obj[1], SimpleNamespace(state="unknown"))
            need(certified.state == "done" and certified.claimed == entry["ref"], "a certificate of nothing")
        elif event in ("destroy.intent", "destroy.erased", "destroy.done"):
            allowed = {"destroy.intent": ("made",), "destroy.erased": ("intent",), "destroy.done": ("intent", "erased")}
            order = self.order(entry, *allowed[event])
            before, order.state = order.state, event.removeprefix("destroy.")
            order.claimed = detail.get("certificate")
            need(order.obj == obj, "it names other objects than the order")
            if before != "erased":
                self.not_held(obj[1:])
            if event == "destroy.intent":
                need(len(order.by) > 1, "not approved by two different people")
                spoken = {n if n in self.conversations else self.above.get(n, n) for n in obj[1:]}
                given = [list(self.signed_off.get(name, {}).values()) for name in spoken]
                twice = all(any(refs.count(ref) > 1 for ref in refs) for refs in given)
                need(order.reason != "signed-off" or twice, "not signed off by two different people")


def verify_bundle(lines: list[str], key: Key, earlier: str | None) -> list[str]:
    first, *rows = [json.loads(line) for line in lines]
    need(first["bundle"] == "candour-log/v1", "this is not a bundle")
    bodies = [line.removesuffix("\n").encode() for line, row in zip(lines[1:], rows, strict=True) if "seq" in row]
    signed = defaultdict[int, set[bytes]](set)
    notes = [row["checkpoint"] for row in (first, *rows) if "checkpoint" in row]
    for note in [*notes, *([earlier] if earlier else [])]:
        size, root = open_checkpoint(note, key)
        signed[size].add(root)
    wrong, story, edge = [], Story(), list[bytes]()
    for size in range(len(bodies) + 1):
        root = reduce(lambda right, left: hashed(b"\x01", left, right), edge[::-1] or [hashed()])
        if signed.get(size, {root}) != {root}:
            wrong.append(f"entries before {size} are not those that were signed")
            break
        if size == len(bodies):
            break
        current, rest = hashed(b"\x00", bodies[size]), size
        while rest & 1:
            current, rest = hashed(b"\x01", edge.pop(), current), rest >> 1
        edge.append(current)
        try:
            entry = json.loads(bodies[size])
            need(canonical(entry) == bodies[size] and entry["seq"] == size, "not an entry of this place")
            story.see(entry)
        except (Bad, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            wrong.append(f"entry {size}: {error}")
    if max(signed) != len(bodies):
        wrong.append(f"entries and signed heads do not end together: {len(bodies)} entries")
    return wrong


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "".join(f"\n    - {shown(item)}" for item in value) or "none"
    if isinstance(value, dict):
        names = [*(name for name in FIRST if name in value), *sorted(value.keys() - set(FIRST))]
        return "; ".join(f"{name} {shown(value[name])}" for name in names if value[name] != "")
    return str(value)


def readable(claims: dict[str, Any], claimed: str, encoded: str) -> str:
    parts = [
        "\n".join(
            [title.upper(), *(f"  {name.replace('_', ' ')}: {shown(claims[name])}" for name in names.split())]
        ).replace(": \n", ":\n")
        for title, names in SECTIONS.items()
    ]
    block = "\n".join(wrap(b64encode(encoded.encode()).decode(), 76))
    return "\n\n".join([*parts, f"SHA-256\n  digest: {claimed}", f"{BEGIN}\n{block}\n{END}\n"])


def verify_certificate(text: str, key: Key, witnesses: list[str]) -> list[str]:
    encoded = text
    if not text.startswith("{"):
        block = text[text.index(BEGIN) + len(BEGIN) : text.index(END)]
        encoded = unbase64("".join(block.split())).decode()
    outer = json.loads(encoded)
    claims, claimed, entry = outer["certificate"], outer["digest"], json.loads(outer["entry"])
    need(canonical(outer).decode() + "\n" == encoded and digest(claims) == claimed, "the certificate was changed")
    need(encoded == text or readable(claims, claimed, encoded) == text, "the readable text was changed")
    objects = [claims["order"], *claims["objects"]]
    ordered = digest({"obj": objects, "detail": claims["order_detail"]})
    need(claims["order_digest"] == ordered, "the order is another")
    logged = (entry["event"], entry["obj"], entry["ref"], entry["detail"]["certificate"])
    need(logged == ("destroy.done", objects, ordered, claimed), "the log entry is not that of this destruction")
    head, _, note = outer["proof"].partition("\n\n")
    kind, index, *path = head.split("\n")
    need(kind == "c2sp.org/tlog-proof@v1" and index == f"index {entry['seq']}", "this is not its proof")
    size, root = open_checkpoint(note, key)
    led_to = climb(entry["seq"], size, [unbase64(step) for step in path], hashed(b"\x00", outer["entry"].encode()))
    need(led_to == root, "its log entry is not in the log")
    for witness in witnesses:
        signed_text(note, parse_key(witness))
    approvers = [person for person in claims["people"] if person["role"] == "approver"]
    statement = f"candour/order/v1\n{ordered}".encode()
    for person in approvers:
        good = ed25519(bytes.fromhex(person["key"]), unbase64(person["signature"]), statement)
        need(good, f"the signature of approver {person['name']} is false")
    need(min(len({p[what] for p in approvers}) for what in ("name", "key")) > 1, "not approved by two different people")
    pending = ", ".join(str(copy["number"]) for copy in claims["copies"] if copy["state"] != "attested")
    follows = (len(objects) - 1, f"pending: copies {pending}"[:512] if pending else "complete")
    need(
        (claims["object_count"], claims["status"]) == follows and claims["not_claimed"],
        "claims that contradict each other",
    )
    return [f"its own check failed: {check['name']}" for check in claims["checks"] if check["passed"] is not True]


def main() -> int:
    parser = argparse.ArgumentParser(description="Verify a Candour log bundle or certificate offline.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", required=True, help="the log's verifier key, from a source you trust")
    parser.add_argument("--earlier", type=Path, help="a checkpoint you kept from before")
    parser.add_argument("--witness", action="append", default=[], help="key of a witness that must have cosigned")
    given = parser.parse_args()
    try:
        key, text = parse_key(given.key), given.file.read_bytes().decode()
        if text.startswith('{"bundle"'):
            earlier = given.earlier.read_bytes().decode() if given.earlier else None
            lines = text.removesuffix("\n").split("\n")
            wrong, others = verify_bundle(lines, key, earlier), given.file.with_name("heads.jsonl")
            if wrong and others.exists():  # these heads tell where
                wrong = verify_bundle(lines + others.read_bytes().decode().splitlines(), key, earlier)
        else:
            wrong = verify_certificate(text, key, given.witness)
    except (Bad, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        wrong = [f"{error}" if isinstance(error, Bad) else "this is not a whole bundle or certificate"]
    print("NOT verified" if wrong else "verified", *wrong, sep="\n  ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
