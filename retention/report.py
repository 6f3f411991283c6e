"""What a verification found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Problem(StrEnum):
    """What can be wrong. Flags (see `Finding.fatal`) are worth a look and no proof of anything."""

    FORM = "form"
    SIGNATURE = "signature"
    ROLLED_BACK = "rolled back"
    REWRITTEN = "rewritten"
    SEQUENCE = "sequence"
    ENTRY = "entry"
    TREE = "tree"
    UNSIGNED = "unsigned"
    TIME = "time"
    KEY = "key"
    APPROVAL = "approval"
    SIGN_OFF = "sign-off"
    HOLD = "hold"
    ORDER = "order"
    COPY = "copy"
    OPEN = "open"
    DIGEST = "digest"
    PROOF = "proof"
    CLAIM = "claim"
    MORE = "more"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One problem; `seq` is the entry it concerns, when it concerns one. `fatal` means: do not rely on it."""

    problem: Problem
    text: str
    seq: int | None = None
    fatal: bool = True

    def __str__(self) -> str:
        where = "" if self.seq is None else f"entry {self.seq}: "
        return f"{'' if self.fatal else 'note: '}{where}{self.text}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The result of verifying a log or a certificate: `size` entries seen, of which `signed` stand under the signed head."""

    what: str
    size: int = 0
    signed: int = 0
    root: bytes = b""
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing fatal was found."""
        return not any(finding.fatal for finding in self.findings)

    @property
    def first_bad(self) -> int | None:
        """The first entry that is not what it should be; None when none is known."""
        return min((f.seq for f in self.findings if f.fatal and f.seq is not None), default=None)

    def __str__(self) -> str:
        head = f"{self.what}: {'verified' if self.ok else 'NOT verified'}"
        return "\n".join([head, *(f"  {finding}" for finding in self.findings)])


class Findings:
    """Collects what is found: at most so many of either kind, because a log that is shifted by one is wrong at every entry."""

    MOST = 500

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._counts = {True: 0, False: 0}

    def add(self, finding: Finding) -> None:
        self._counts[finding.fatal] += 1
        if self._counts[finding.fatal] <= self.MOST:
            self._found.append(finding)

    def all(self, ending: Iterable[Finding] = ()) -> tuple[Finding, ...]:
        """What was found, and what only the end shows, in the order of the entries; what concerns the whole log comes first."""
        whole = Findings()
        whole._found, whole._counts = [*self._found], {**self._counts}
        for finding in ending:
            whole.add(finding)
        found = sorted(whole._found, key=lambda finding: -1 if finding.seq is None else finding.seq)
        for fatal, count in whole._counts.items():
            if count > self.MOST:
                text = f"and {count - self.MOST} more of this kind"
                found.append(Finding(problem=Problem.MORE, text=text, fatal=fatal))
        return tuple(found)


def merged(report: Report, findings: Sequence[Finding]) -> Report:
    """The same report with more findings."""
    return Report(
        what=report.what,
        size=report.size,
        signed=report.signed,
        root=report.root,
        findings=(*report.findings, *findings),
    )
