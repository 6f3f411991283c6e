"""Whom to trust: logs, witnesses, and how many of them must have cosigned a head. Pure.

Format: c2sp.org/tlog-policy, one item a line.

    log <key> [<address>]
    witness <name> <key> [<address>]
    group <name> <all|any|number> <name>...
    quorum <name|none>
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from storage.errors import BadInput
from storage.log.keys import BadNote, KeyKind, VerifierKey

_NONE = "none"
_ALLOWED = re.compile(r"[\t -~\x80-\U0010ffff]*")


class BadPolicy(BadInput):
    """policy of witnesses: line {line}: {reason}; c2sp.org/tlog-policy says what one looks like"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Witness:
    """Someone outside who cosigns heads; `address` is the submission prefix of its web interface, empty without one."""

    name: str
    key: VerifierKey
    address: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """So many of these witnesses and groups together."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """`quorum` is the name of a witness or group, or "none": then no cosignature is asked for."""

    logs: tuple[VerifierKey, ...] = ()
    witnesses: Mapping[str, Witness]
    groups: Mapping[str, Group]
    quorum: str = _NONE

    @classmethod
    def parse(cls, text: str) -> "Policy":
        """A policy from its text.

        Raises:
            BadPolicy: a line of another form, a name or key twice, or a name that no line before defines.
        """
        return _Lines(text).policy()

    def satisfied(self, cosigned: Collection[str]) -> bool:
        """Whether the witnesses of these names are enough."""
        return self.quorum == _NONE or self._witnessed(self.quorum, cosigned)

    def _witnessed(self, name: str, cosigned: Collection[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in cosigned
        return sum(self._witnessed(member, cosigned) for member in group.members) >= group.needed

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The keys of all witnesses."""
        return tuple(witness.key for witness in self.witnesses.values())


class _Lines:
    """One reading of a policy; every line only knows the names above it, so that no group holds itself."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line = 0
        self._logs: list[VerifierKey] = []
        self._witnesses: dict[str, Witness] = {}
        self._groups: dict[str, Group] = {}
        self._grouped: set[str] = set()
        self._quorum: str | None = None

    def policy(self) -> Policy:
        for number, line in enumerate(self._text.split("\n"), 1):
            self._line = number
            if not _ALLOWED.fullmatch(line):
                raise self._bad("a control character")
            words = re.findall(r"[^ \t]+", line)
            if words and not words[0].startswith("#"):
                self._item(words[0], words[1:])
        if self._quorum is None:
            raise self._bad("no line says what the quorum is")
        return Policy(logs=tuple(self._logs), witnesses=self._witnesses, groups=self._groups, quorum=self._quorum)

    def _item(self, kind: str, words: list[str]) -> None:
        match kind, words:
            case "log", [key, *address] if len(address) < 2:
                self._logs.append(self._key(key, {KeyKind.LOG}, self._logs))
            case "witness", [name, key, *address] if len(address) < 2:
                known = [witness.key for witness in self._witnesses.values()]
                parsed = self._key(key, {KeyKind.WITNESS, KeyKind.WITNESS_PQ}, known)
                self._witnesses[self._new(name)] = Witness(name=name, key=parsed, address="".join(address))
            case "group", [name, count, *members] if members:
                self._groups[self._new(name)] = self._group(count, tuple(members))
            case "quorum", [name] if self._quorum is None and (name == _NONE or self._is_known(name)):
                self._quorum = name
            case "quorum", _:
                raise self._bad("the quorum is said once, and is a witness or group from above, or none")
            case _:
                raise self._bad("it is no log, witness, group or quorum with what belongs to it")

    def _group(self, count: str, members: tuple[str, ...]) -> Group:
        for name in members:
            if not self._is_known(name) or name in self._grouped:
                raise self._bad("each member is a witness or group from above, and in one group alone")
            self._grouped.add(name)
        needed = {"all": len(members), "any": 1}.get(count)
        if needed is None:
            if not re.fullmatch("[1-9][0-9]*", count) or int(count) > len(members):
                raise self._bad("so many members are needed: all, any, or a number from 1 to all")
            needed = int(count)
        return Group(needed=needed, members=members)

    def _is_known(self, name: str) -> bool:
        return name in self._witnesses or name in self._groups

    def _new(self, name: str) -> str:
        if name == _NONE or self._is_known(name):
            raise self._bad("this name is taken")
        return name

    def _key(self, text: str, kinds: set[KeyKind], known: Collection[VerifierKey]) -> VerifierKey:
        try:
            key = VerifierKey.parse(text)
        except BadNote as error:
            raise self._bad(str(error.fields["reason"])) from None
        if key.kind not in kinds:
            raise self._bad("a log has a key of a log, and a witness one of a witness")
        if any(key.public == other.public for other in known):
            raise self._bad("the same key stands above")
        return key

    def _bad(self, reason: str) -> BadPolicy:
        return BadPolicy(line=self._line, reason=reason)
