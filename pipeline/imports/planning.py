"""What an import would do: which extracts and codes are new, which are there already, and what cannot be carried over."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from pipeline.codes.codebook import Codebook
from pipeline.codes.coding import Extract
from pipeline.codes.quotes import Anchor, BadAnchor, take, times, who
from pipeline.imports.adopting import adopt, recognise
from pipeline.imports.incoming import Incoming, Mark
from pipeline.imports.placing import lay
from pipeline.transcripts.document import Document, clean

_LONGEST_CODER = 40
_NAMED = 5  # codes named in a line of the report


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What comes in: a codebook with `codes` new ones, `extracts` by conversation, `already` there, and what is lost."""

    book: Codebook
    codes: int
    extracts: tuple[Extract, ...]
    already: int
    texts: int
    lost: tuple[str, ...]


def plan(
    incoming: Incoming,
    documents: Sequence[Document],
    existing: Iterable[Extract],
    *,
    book: Codebook,
    review: str,
    add_codes: bool,
    coder: str,
    now: datetime,
) -> Plan:
    """Lay every text on its conversation and take over what was coded in it.

    `coder` stands for whoever the file does not name; without `add_codes`, codes that the book lacks are left out. `texts`
    counts the texts that are ours.
    """
    codes = _Codes(incoming, book, review, add_codes)
    there: dict[tuple[str, Anchor], list[Extract]] = {}
    for one in existing:
        there.setdefault((one.conversation, one.anchor), []).append(one)
    made: list[Extract] = []
    already = ours = 0
    lost: Counter[str] = Counter()
    for text in incoming.texts:
        placed = lay(text, documents)
        if placed is None:
            lost["extracts of a text that is no conversation of this review"] += len(text.marks)
            lost["texts that are no conversation of this review"] += 1
            continue
        ours += 1
        for mark in text.marks:
            anchor = placed.anchor(mark)
            ids = codes.of(mark, lost)
            if anchor is None:
                lost["extracts whose words do not stand in the conversation, or more than once"] += 1
            elif ids is None:
                lost["extracts with no code that this codebook has"] += 1
            elif any(_same(one, mark, ids) for one in there.get((placed.document.conversation, anchor), ())):
                already += 1
            else:
                try:
                    made.append(_extract(placed.document, anchor, mark, ids, codes.book, coder, now))
                except BadAnchor:
                    lost["extracts of no words"] += 1
    return Plan(
        book=codes.book,
        codes=codes.added,
        extracts=tuple(made),
        already=already,
        texts=ours,
        lost=(*incoming.lost, *codes.lost, *(f"{what}: {count}" for what, count in lost.items() if count)),
    )


class _Codes:
    """The other program's codes as codes of the book."""

    def __init__(self, incoming: Incoming, book: Codebook, review: str, add: bool) -> None:
        used = {key for text in incoming.texts for mark in text.marks for key in mark.codes}
        # what was coded with a heading elsewhere cannot be a heading here
        codes = [replace(code, codable=code.codable or code.key in used) for code in incoming.codes]
        self.lost: tuple[str, ...] = ()
        if add:
            adopted = adopt(book, codes, review)
            self.book, self.added, self.lost = adopted.book, len(adopted.added), adopted.lost
            self._ids: Mapping[str, str] = adopted.ids
        else:
            self.book, self.added = book, 0
            self._ids = {key: code.id for key, code in recognise(book, codes, review).items()}
            missing = [code.name for code in codes if code.key in used and code.key not in self._ids]
            if missing:
                more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
                self.lost = (f"codes this codebook lacks: {', '.join(missing[:_NAMED])}{more}",)
        self._codable = {code.id for code in self.book.codes if code.codable}

    def of(self, mark: Mark, lost: Counter[str]) -> tuple[str, ...] | None:
        """The codes of a mark as ids, in any order; None when it had some and none can be taken."""
        known = {self._ids[key] for key in mark.codes if key in self._ids}
        lost["codings under what is a heading here"] += len(known - self._codable)
        kept = known & self._codable
        return tuple(sorted(kept)) if kept or not mark.codes else None


def _same(one: Extract, mark: Mark, ids: tuple[str, ...]) -> bool:
    # some programs write an extract with two codes as two extracts
    return (
        set(ids) <= set(one.codes)
        and bool(ids or not one.codes)
        and (_memo(mark) or one.memo) == one.memo
        and (_coder(mark) or one.coder) == one.coder
    )


def _extract(
    document: Document, anchor: Anchor, mark: Mark, ids: tuple[str, ...], book: Codebook, coder: str, now: datetime
) -> Extract:
    """Raises BadAnchor."""
    start, end = times(document, anchor)
    return Extract(
        id=uuid4(),
        conversation=document.conversation,
        position=document.position,
        anchor=anchor,
        quote=take(document, anchor),
        speaker=who(document, anchor),
        start=start,
        end=end,
        codes=book.order(ids),
        memo=_memo(mark),
        coder=_coder(mark) or coder,
        at=min(mark.at or now, now),
    )


def _memo(mark: Mark) -> str:
    return clean(mark.memo).strip()


def _coder(mark: Mark) -> str:
    return " ".join(clean(mark.coder).split())[:_LONGEST_CODER]
