"""How programs count positions in a text, and finding out which way a file was written.

The REFI-QDA standard (1.5, section 10.2) says Unicode code points from 0. Measured exports differ: NVivo for Windows counts
UTF-16 units, a CRLF as two and no byte-order mark; ATLAS.ti writes CRLF and counts it as one; QualCoder writes a byte-order
mark and does not count it. A file is read in every way that its texts leave open, and the way that fits best is taken: quotes
that stand in the names of selections, then ends that fall on the ends of words.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

_LINE_END = re.compile("\r\n|\r")
_CUT_SHORT = re.compile(r"\s*(?:…|\.\.\.)$")
_LONGEST_SEEN = 60  # characters of a name that are compared


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A text as it came, decoded: `text` has line feeds only, `doubled` are the places of its CRLF, `wide` of its characters
    above U+FFFF, `mark` whether there was a byte-order mark."""

    text: str = field(repr=False)
    doubled: tuple[int, ...]
    wide: tuple[int, ...]
    mark: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """One way of counting: how much a byte-order mark, a CRLF and a character above U+FFFF count."""

    mark: int
    line_end: int
    wide: int

    def place(self, source: Source) -> "Ruler":
        """The ruler of a text in this dialect."""
        extra = sorted([*(source.doubled if self.line_end == 2 else ()), *(source.wide if self.wide == 2 else ())])
        before = self.mark if source.mark else 0
        return Ruler(before=before, extra=tuple(place + before + n for n, place in enumerate(extra)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruler:
    """Turns positions of the dialect into code points. `extra` are the positions, in the dialect, of what counts two."""

    before: int
    extra: tuple[int, ...]

    def index(self, position: int) -> int:
        """The code point at a position; a position inside a character that counts two is that character."""
        return max(0, position - self.before - bisect_left(self.extra, position))


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A selection as it came: its positions, and its name, which in many programs begins with the words themselves."""

    start: int
    end: int
    name: str = field(repr=False)


def decode(data: bytes) -> Source:
    """A text file as a source. Raises UnicodeDecodeError."""
    text = data.decode("utf-8")
    return source(text.removeprefix("\ufeff"), mark=text.startswith("\ufeff"))


def source(text: str, *, mark: bool = False) -> Source:
    """A decoded text as a source."""
    doubled = [match.start() - n for n, match in enumerate(re.finditer("\r\n", text))]
    flat = _LINE_END.sub("\n", text)
    wide = [match.start() for match in re.finditer("[\U00010000-\U0010ffff]", flat)]
    return Source(text=flat, doubled=tuple(doubled), wide=tuple(wide), mark=mark)


def choose(texts: Sequence[tuple[Source, Sequence[Stretch]]], origin: str) -> Dialect:
    """The dialect that fits these texts and their selections best; `origin` decides where several fit alike."""
    return max(_possible([one for one, _ in texts], origin), key=lambda dialect: _fit(dialect, texts))


def describe(dialect: Dialect, sources: Iterable[Source]) -> str:
    """The dialect in words, as far as these texts show any difference."""
    seen = tuple(sources)
    marked, doubled, wide = (any(getattr(one, what) for one in seen) for what in ("mark", "doubled", "wide"))
    facts = ["a byte-order mark that counts" if dialect.mark else "a byte-order mark that does not count"] * marked
    facts += [f"CRLF line ends that count as {'two' if dialect.line_end == 2 else 'one'}"] * doubled
    facts += ["UTF-16 units" if dialect.wide == 2 else "code points"] * wide
    if doubled and dialect.line_end == 1:
        style = "as ATLAS.ti writes"
    elif doubled and marked and not dialect.mark:
        style = "as NVivo for Windows writes"
    elif wide and dialect.wide == 2:
        style = "counted in UTF-16"
    elif marked and not dialect.mark:
        style = "as QualCoder writes"
    else:
        style = "as the standard says"
    return f"{style} ({', '.join(facts)})" if facts else style


def _possible(sources: Sequence[Source], origin: str) -> list[Dialect]:
    """The ways of counting that make a difference here, the likeliest first."""
    nvivo, atlas = ("nvivo" in origin.lower(), "atlas" in origin.lower())
    marks = (0, 1) if any(one.mark for one in sources) else (0,)
    ends = ((1, 2) if atlas else (2, 1)) if any(one.doubled for one in sources) else (2,)
    wides = ((2, 1) if nvivo else (1, 2)) if any(one.wide for one in sources) else (1,)
    return [Dialect(mark=mark, line_end=end, wide=wide) for mark, end, wide in product(marks, ends, wides)]


def _fit(dialect: Dialect, texts: Sequence[tuple[Source, Sequence[Stretch]]]) -> tuple[int, int]:
    named = clean = 0
    for source, stretches in texts:
        ruler = dialect.place(source)
        for one in stretches:
            start, end = ruler.index(one.start), ruler.index(one.end)
            named += _is_named(source.text[start:end], one.name)
            clean += _is_edge(source.text, start) + _is_edge(source.text, end)
    return named, clean


def _is_named(piece: str, name: str) -> bool:
    # some names, ours among them, say first where the words stand: "Turn 3: ..."
    said = " ".join(piece[: 4 * _LONGEST_SEEN].split())
    whole = _CUT_SHORT.sub("", name)
    wanted = [" ".join(words.split())[:_LONGEST_SEEN] for words in (whole, whole.partition(": ")[2])]
    return any(words and said.startswith(words) for words in wanted)


def _is_edge(text: str, place: int) -> bool:
    if place in (0, len(text)):
        return True
    return place < len(text) and not (text[place - 1].isalnum() and text[place].isalnum())
