"""What participants say in a codebook: the in vivo codes of a conversation, judged with everything else that is said in it.

For whoever looks for names, or for what the public may not read, they are one text that stands in the conversation as turn 0.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace as changed
from typing import Final

from pipeline.codes.codebook import LONGEST_NAME, Code, Codebook, folded
from pipeline.pseudonyms.names import NameKey, Replaced, rewrite
from pipeline.transcripts.document import Passage, clean
from pipeline.transcripts.transcript import Speaker

TURN: Final = 0
_BRACKETED: Final = re.compile(r"\[[^\[\]\n]*\]")


def passage(codes: Sequence[Code]) -> Passage:
    """Names, descriptions and aliases of these codes, a line each."""
    text = "\n".join(text for code in codes for text in _texts(code))
    return Passage(turn=TURN, speaker=Speaker.UNKNOWN, start=0.0, end=0.0, text=clean(text))


def to_decide(codes: Sequence[Code]) -> Passage:
    """The same for finding names: what stands in brackets stands for a name already, and is no word."""
    whole = passage(codes)
    return changed(whole, text=_BRACKETED.sub(lambda match: f"[{'·' * (len(match.group()) - 2)}]", whole.text))


def again(codes: Sequence[Code], ways: Sequence[Replaced]) -> Iterator[Code]:
    """The codes as their text became, one way after the other."""
    start = 0
    for code in codes:
        texts: list[str] = []
        for text in map(clean, _texts(code)):
            first, last = start, start + len(text)
            start = last + 1
            for way in ways:
                first, last = way.to_result(first, last)
            texts.append(ways[-1].text[first:last])
        yield _with(code, texts)


def without_names(code: Code, key: NameKey) -> Code:
    """A code in the team's own words, without the terms of the name key and the dates that are said otherwise. Words that
    are merely like a term stay: who made the code can spell."""
    return _with(code, [rewrite(text, [cut for cut in key.cuts(text) if cut.exact]).text for text in _texts(code)])


def with_codes(book: Codebook, given: Mapping[str, Code]) -> Codebook:
    """The book with these codes for those of the same ids. Two that became the same word by word stay two, by their ids."""
    kept = [code for code in book.codes if given.get(code.id, code) == code]
    taken = {folded(label) for code in kept for label in code.labels}
    made = {code.id: code for code in kept}
    for code in book.codes:
        if code.id not in made:
            made[code.id] = _apart(given[code.id], taken)
            taken |= {folded(label) for label in made[code.id].labels}
    return changed(book, codes=tuple(made[code.id] for code in book.codes))


def _apart(code: Code, taken: Iterable[str]) -> Code:
    known = {*taken, folded(code.id)}
    name = code.name if folded(code.name) not in known else f"{code.name} ({code.id.rpartition('/')[2]})"
    known.add(folded(name))
    shortcut = code.shortcut if folded(code.shortcut) not in known else ""
    aliases = {folded(alias): alias for alias in code.aliases if folded(alias) not in {*known, folded(shortcut)}}
    return changed(code, name=name, shortcut=shortcut, aliases=tuple(aliases.values()))


def _texts(code: Code) -> tuple[str, ...]:
    return (code.name, code.description, code.shortcut, *code.aliases)


def _with(code: Code, texts: Sequence[str]) -> Code:
    name, description, shortcut, *aliases = texts
    if (name, description, shortcut, *aliases) == _texts(code):
        return code
    return changed(
        code, name=_label(name), description=description, shortcut=_label(shortcut), aliases=tuple(map(_label, aliases))
    )


def _label(text: str) -> str:
    """As a label of a code may be; a replacement may be longer, or hold what separates labels."""
    line = " ".join(text.replace(";", ",").split())
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1].rstrip()}…"
