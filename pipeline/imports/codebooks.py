"""A codebook that comes in as a file: our own TOML, or REFI-QDA (.qdc), told apart by how it begins."""

from dataclasses import dataclass

from pipeline.codes.codebook import BadCodebook, Codebook, parse
from pipeline.imports import adopting


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What giving a review this codebook would do to the one `before`: names of codes that come, go, and are called otherwise."""

    before: Codebook
    book: Codebook
    lost: tuple[str, ...]

    @property
    def new(self) -> tuple[str, ...]:
        known = {code.id for code in self.before.codes}
        return tuple(code.name for code in self.book.codes if code.id not in known)

    @property
    def gone(self) -> tuple[str, ...]:
        kept = {code.id for code in self.book.codes}
        return tuple(code.name for code in self.before.codes if code.id not in kept)

    @property
    def renamed(self) -> tuple[tuple[str, str], ...]:
        names = {code.id: code.name for code in self.book.codes}
        return tuple((c.name, names[c.id]) for c in self.before.codes if names.get(c.id, c.name) != c.name)


def understand(before: Codebook, data: bytes, review: str) -> Change:
    """The codebook in a file, with the ids that its codes have in the one `before`. Raises BadCodebook, NotReadable."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        # Imported for this kind of file alone, with the library for XML.
        from pipeline.imports import refi

        codes, lost = refi.read_codebook(data)
        adopted = adopting.replacement(before, codes, review)
        return Change(before=before, book=adopted.book, lost=(*lost, *adopted.lost))
    try:
        return Change(before=before, book=parse(data.decode("utf-8-sig")), lost=())
    except UnicodeDecodeError:
        raise BadCodebook(problem="this is neither TOML in UTF-8 nor a REFI-QDA codebook") from None
