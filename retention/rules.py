"""What the entries must say together: who may destroy what, and when. Pure; one pass over the entries in order.

The forms these rules rely on are in `storage.log.events`. An entry that breaks a rule is reported and then has no effect: a
false approval does not count, a hold that one person alone lifted still stands.
"""

from base64 import b64decode
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from retention.report import Finding, Problem
from storage.log.entry import Entry
from storage.log.events import Event, missing
from storage.log.statements import (
    copy_statement,
    extension_statement,
    hold_lift_statement,
    hold_statement,
    order_statement,
    refusal_statement,
    signoff_statement,
    signoff_withdrawn_statement,
    subject_digest,
)

SIGNED_OFF = "signed-off"
WITHDRAWAL = "withdrawal"
HOLD = "hold"


@dataclass(slots=True)
class _Order:
    seq: int
    digest: str
    objects: tuple[str, ...]
    reason: str
    approvers: dict[str, int] = field(default_factory=dict)
    cancelled: bool = False
    intent: int | None = None
    erased: bool = False
    done: bool = False
    claimed: str = ""
    certified: bool = False


@dataclass(slots=True)
class _Hold:
    objects: tuple[str, ...]
    asked: dict[str, str] = field(default_factory=dict)


class Rules:
    """Takes entries one by one with `see`, and tells at the `end` what was left open."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._disabled: set[str] = set()
        self._conversations: set[str] = set()
        self._above: dict[str, str] = {}
        self._holds: dict[str, _Hold] = {}
        self._signed_off: dict[str, dict[str, str]] = {}
        self._withdrawn: dict[str, int] = {}
        self._orders: dict[str, _Order] = {}
        self._copies: set[str] = set()
        self._rules: dict[str, Callable[[Entry], Iterator[Finding]]] = {
            Event.PERSON_ADDED: self._person,
            Event.PERSON_KEY_REPLACED: self._person,
            Event.PERSON_DISABLED: self._person_disabled,
            Event.REVIEW_CREATED: self._review,
            Event.CONVERSATION_PLANNED: self._conversation,
            Event.SIGNOFF_GIVEN: self._sign_off,
            Event.SIGNOFF_WITHDRAWN: self._sign_off_withdrawn,
            Event.HOLD_PLACED: self._hold,
            Event.HOLD_LIFT_ASKED: self._lift,
            Event.HOLD_LIFTED: self._lift,
            Event.WITHDRAWAL_RECEIVED: self._withdrawal,
            Event.WITHDRAWAL_REFUSED: self._withdrawal_refused,
            Event.ORDER_MADE: self._order,
            Event.ORDER_APPROVED: self._approval,
            Event.ORDER_CANCELLED: self._cancelled,
            Event.DESTROY_INTENT: self._intent,
            Event.DESTROY_ERASED: self._erased,
            Event.DESTROY_DONE: self._done,
            Event.DESTROY_FAILED: self._failed,
            Event.CERTIFICATE_ISSUED: self._certificate,
            Event.RETENTION_EXTENDED: self._extension,
            Event.COPY_MADE: self._copy_made,
            Event.COPY_ATTESTED: self._copy_attested,
            Event.VAULT_SWEPT: self._swept,
        }

    @property
    def events(self) -> Collection[str]:
        """The events that there is a rule for; an entry of another may be passed over."""
        return self._rules.keys()

    def see(self, entry: Entry) -> Iterator[Finding]:
        """Apply the rule for this entry; yields what is wrong with it."""
        rule = self._rules.get(entry.event)
        if rule is None:
            return
        if lacks := missing(entry):
            yield _bad(entry, Problem.ENTRY, f"{entry.event} lacks {', '.join(lacks)}")
        else:
            yield from rule(entry)

    def end(self) -> Iterator[Finding]:
        """What has begun and not ended: no proof of wrong, but worth knowing."""
        for order in self._orders.values():
            if order.intent is not None and not order.done:
                yield _open(order.intent, "destruction begun here is neither done nor failed")
            elif len(order.approvers) > 1 and not (order.done or order.cancelled):
                yield _open(order.seq, "the order made here is approved by two and not carried out")
            elif order.done and not order.certified:
                yield _open(order.seq, "the order made here is carried out and has no certificate")
        for seq in self._withdrawn.values():
            yield _open(seq, "the withdrawal received here is neither carried out nor refused")

    def _person(self, entry: Entry) -> Iterator[Finding]:
        person, key = entry.obj[0], str(entry.detail["key"])
        if _key(key) is None:
            yield _bad(entry, Problem.KEY, "the public key is not 32 bytes in hexadecimal")
            return
        if any(other != person and known == key for other, known in self._keys.items()):
            yield _bad(entry, Problem.KEY, "two people share one signing key")
        if person in self._keys:
            yield _flag(entry, Problem.KEY, "a person's signing key was replaced; ask them whether they know")
        self._keys[person] = key
        self._disabled.discard(person)

    def _person_disabled(self, entry: Entry) -> Iterator[Finding]:
        self._disabled.add(entry.obj[0])
        yield from ()

    def _review(self, entry: Entry) -> Iterator[Finding]:
        review, *keys = entry.obj
        self._above.update(dict.fromkeys(keys, review))
        yield from ()

    def _conversation(self, entry: Entry) -> Iterator[Finding]:
        conversation, *keys = entry.obj
        self._conversations.add(conversation)
        self._above.update(dict.fromkeys(keys, conversation))
        if "review" in entry.detail:
            self._above[conversation] = str(entry.detail["review"])
        yield from ()

    def _sign_off(self, entry: Entry) -> Iterator[Finding]:
        wrong = tuple(self._itself(entry, signoff_statement, Problem.SIGN_OFF))
        if not wrong:
            self._signed_off.setdefault(entry.obj[0], {})[entry.actor] = entry.ref or ""
        yield from wrong

    def _sign_off_withdrawn(self, entry: Entry) -> Iterator[Finding]:
        # Not signed it is no proof of who took them back, and they are gone all the same: two must sign anew.
        self._signed_off.pop(entry.obj[0], None)
        yield from self._itself(entry, signoff_withdrawn_statement, Problem.SIGN_OFF)

    def _hold(self, entry: Entry) -> Iterator[Finding]:
        if entry.obj[0] in self._holds:
            yield _bad(entry, Problem.HOLD, "a hold with this id stands already")
            return
        # A hold that nobody signed is no proof of who placed it, and stands all the same: it forbids, and destroys nothing.
        self._holds[entry.obj[0]] = _Hold(entry.obj[1:])
        yield from self._itself(entry, hold_statement, Problem.HOLD)

    def _lift(self, entry: Entry) -> Iterator[Finding]:
        name = entry.obj[0]
        hold = self._holds.get(name)
        if hold is None:
            yield _bad(entry, Problem.HOLD, "it lifts a hold that does not stand")
        elif entry.ref != subject_digest([name], {}):
            yield _bad(entry, Problem.HOLD, "the digest signed is not that of this hold")
        elif wrong := self._unsigned(entry, hold_lift_statement(entry.ref)):
            yield _bad(entry, Problem.HOLD, wrong)
        elif entry.event == Event.HOLD_LIFT_ASKED:
            hold.asked[entry.actor] = self._keys[entry.actor]
        elif any(actor != entry.actor for actor in hold.asked):
            del self._holds[name]
        else:
            yield _bad(entry, Problem.HOLD, "the hold was lifted without a second person; it counts as standing")

    def _withdrawal(self, entry: Entry) -> Iterator[Finding]:
        self._withdrawn[entry.obj[0]] = entry.seq
        yield from ()

    def _withdrawal_refused(self, entry: Entry) -> Iterator[Finding]:
        if entry.obj[0] not in self._withdrawn:
            yield _flag(entry, Problem.ORDER, "it refuses a withdrawal that was not received")
        if entry.detail["ground"] == HOLD:
            return  # what a hold delays, nobody refused: nobody signs it, and the withdrawal stays open
        wrong = tuple(self._itself(entry, refusal_statement, Problem.ORDER))
        yield from wrong
        if not wrong:
            self._withdrawn.pop(entry.obj[0], None)

    def _extension(self, entry: Entry) -> Iterator[Finding]:
        yield from self._itself(entry, extension_statement, Problem.ORDER)

    def _itself(self, entry: Entry, statement: Callable[[str], bytes], problem: Problem) -> Iterator[Finding]:
        """What is wrong with an entry whose actor signs all that it says."""
        if entry.ref != subject_digest(entry.obj, entry.detail):
            yield _bad(entry, problem, "the digest signed is not that of this entry")
        elif wrong := self._unsigned(entry, statement(entry.ref)):
            yield _bad(entry, problem, wrong)

    def _order(self, entry: Entry) -> Iterator[Finding]:
        name, *objects = entry.obj
        if name in self._orders:
            yield _bad(entry, Problem.ORDER, "an order with this id was made before")
        elif entry.ref != subject_digest(entry.obj, entry.detail):
            yield _bad(entry, Problem.ORDER, "the order's digest is not that of its objects and reason")
        else:
            self._orders[name] = _Order(entry.seq, entry.ref, tuple(objects), str(entry.detail["reason"]))

    def _approval(self, entry: Entry) -> Iterator[Finding]:
        order = self._orders.get(entry.obj[0])
        if order is None or order.cancelled or order.done:
            yield _bad(entry, Problem.APPROVAL, "it approves an order that is not open")
        elif entry.ref != order.digest:
            yield _bad(entry, Problem.APPROVAL, "it approves another digest than the order's")
        elif wrong := self._unsigned(entry, order_statement(order.digest)):
            yield _bad(entry, Problem.APPROVAL, wrong)
        else:
            order.approvers.setdefault(entry.actor, entry.seq)

    def _cancelled(self, entry: Entry) -> Iterator[Finding]:
        order = self._orders.get(entry.obj[0])
        if order is None or order.done or order.intent is not None:
            yield _bad(entry, Problem.ORDER, "it cancels an order that is not there, or is being carried out")
        else:
            order.cancelled = True

    def _intent(self, entry: Entry) -> Iterator[Finding]:
        order = self._matching(entry)
        if order is None:
            yield _bad(entry, Problem.ORDER, "destruction was begun without an order for these objects")
            return
        yield from self._authorised(entry, order)
        if order.intent is not None or order.done or order.cancelled:
            yield _bad(entry, Problem.ORDER, "destruction was begun a second time, or after the order was cancelled")
        order.intent = entry.seq

    def _authorised(self, entry: Entry, order: _Order) -> Iterator[Finding]:
        if len(order.approvers) < 2:
            yield _bad(entry, Problem.APPROVAL, "destruction was begun without two valid approvals by different people")
        if order.reason == SIGNED_OFF and not all(self._twice(name) for name in self._conversations_of(order)):
            yield _bad(entry, Problem.SIGN_OFF, "destruction was begun without sign-off by two different people")
        yield from self._held(entry, order)

    def _erased(self, entry: Entry) -> Iterator[Finding]:
        order = self._matching(entry)
        if order is None or order.intent is None or order.erased:
            yield _bad(entry, Problem.ORDER, "keys were erased without a destruction begun for them")
            return
        yield from self._held(entry, order)
        order.erased = True

    def _done(self, entry: Entry) -> Iterator[Finding]:
        order = self._matching(entry)
        if order is None or order.intent is None or order.done:
            yield _bad(entry, Problem.ORDER, "destruction is claimed that was not begun, or was claimed before")
            return
        if not order.erased:  # a hold placed after the keys are gone comes too late and bypasses nothing
            yield from self._held(entry, order)
        order.intent, order.done, order.claimed = None, True, str(entry.detail["certificate"])
        if order.reason == WITHDRAWAL:
            for name in self._conversations_of(order):
                self._withdrawn.pop(name, None)

    def _failed(self, entry: Entry) -> Iterator[Finding]:
        order = self._orders.get(entry.obj[0])
        if order is None or order.intent is None or order.erased:
            yield _bad(entry, Problem.ORDER, "destruction failed that was not begun, or after the keys were erased")
        else:
            order.intent = None

    def _certificate(self, entry: Entry) -> Iterator[Finding]:
        order = self._orders.get(entry.obj[1])
        if order is None or not order.done:
            yield _bad(entry, Problem.ORDER, "a certificate was issued for an order that is not carried out")
        elif entry.ref != order.claimed:
            yield _bad(entry, Problem.ORDER, "the certificate issued is not the one destruction was claimed with")
        else:
            order.certified = True

    def _copy_made(self, entry: Entry) -> Iterator[Finding]:
        self._copies.add(entry.obj[0])
        yield from ()

    def _copy_attested(self, entry: Entry) -> Iterator[Finding]:
        wrong = tuple(self._itself(entry, copy_statement, Problem.COPY))
        yield from wrong
        if not wrong and entry.obj[0] not in self._copies:
            yield _flag(entry, Problem.COPY, "it attests a copy whose making is not in this log, as after a restore")

    def _swept(self, entry: Entry) -> Iterator[Finding]:
        if any(key in self._above for key in entry.obj):
            yield _bad(entry, Problem.ORDER, "it destroys a key of a review or conversation without an order")

    def _matching(self, entry: Entry) -> _Order | None:
        order = self._orders.get(entry.obj[0])
        same = order is not None and order.digest == entry.ref and order.objects == entry.obj[1:]
        return order if same else None

    def _conversations_of(self, order: _Order) -> set[str]:
        return {name if name in self._conversations else self._above.get(name, name) for name in order.objects}

    def _held(self, entry: Entry, order: _Order) -> Iterator[Finding]:
        for hold in self._holds.values():
            if any(self._concerns(held, name) for held in hold.objects for name in order.objects):
                yield _bad(entry, Problem.HOLD, "it destroys what a standing hold protects")
                return

    def _concerns(self, one: str, other: str) -> bool:
        """Whether one contains the other: a review its conversations, a conversation its keys."""
        return one in self._chain(other) or other in self._chain(one)

    def _chain(self, name: str) -> list[str]:
        chain = [name]
        while (above := self._above.get(chain[-1])) is not None and above not in chain:
            chain.append(above)
        return chain

    def _twice(self, conversation: str) -> bool:
        given = list(self._signed_off.get(conversation, {}).values())
        return any(given.count(digest) > 1 for digest in given)

    def _unsigned(self, entry: Entry, statement: bytes) -> str | None:
        """Why the actor's own signature over the statement does not count; None when it does."""
        key = _key(self._keys.get(entry.actor, ""))
        if key is None:
            return "it is signed by someone whose key is not in the log"
        if entry.actor in self._disabled:
            return "it is signed by someone who was disabled before"
        try:
            key.verify(b64decode(entry.sig or "", validate=True), statement)
        except (InvalidSignature, ValueError):
            return "the actor's signature is false"
        return None


def _key(text: str) -> Ed25519PublicKey | None:
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError:
        return None


def _bad(entry: Entry, problem: Problem, text: str) -> Finding:
    return Finding(problem=problem, text=text, seq=entry.seq)


def _flag(entry: Entry, problem: Problem, text: str) -> Finding:
    return Finding(problem=problem, text=text, seq=entry.seq, fatal=False)


def _open(seq: int, text: str) -> Finding:
    return Finding(problem=Problem.OPEN, text=text, seq=seq, fatal=False)
