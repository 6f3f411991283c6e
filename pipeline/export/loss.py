"""What an export leaves behind: told before and after writing, as the REFI-QDA standard asks (section 7)."""

from pipeline.export.model import Profile, Project
from pipeline.export.taguette import title

_NO_TEXT = "the text of the conversations beyond the extracts"
_NO_BOOK = "the codebook: codes without extracts, descriptions, colours, shortcuts and aliases"
_NO_PLACE = "places of extracts within their turns"


def loss(project: Project, format: str) -> tuple[str, ...]:
    """Lines that say what of this project the format cannot carry; only what the project has is listed."""
    lost = ["audio, playback copy and waveform, which never leave"] * bool(project.documents)
    if project.profile is not Profile.INTERNAL and project.documents:
        lost.append(f"memos and who coded, left out for the reader: {project.profile}")
    extracts, memos = len(project.extracts), sum(1 for one in project.extracts if one.memo)
    labels = sum(1 for code in project.codebook.codes if code.shortcut or code.aliases)
    if format in ("vtt", "srt"):
        lost += [f"{counted(extracts, 'extract')} with codes"] * bool(extracts) + [_NO_BOOK]
        lost.append("times of words, which are spread evenly over each turn; line ends within turns")
    if format in ("qdc", "toml"):
        lost += [counted(extracts, "extract")] * bool(extracts)
        lost += [counted(len(project.documents), "conversation")] * bool(project.documents)
    if format == "taguette":
        headings = sum(1 for code in project.codebook.codes if not code.codable)
        lost += [f"{headings} headings, and which code lies below which"] * bool(headings) + ["colours of codes"]
        lost += [counted(memos, "memo")] * bool(memos) + ["who coded, and when"] * bool(extracts)
        cut = sum(1 for one in project.documents if not title(one).endswith(one.position))
        lost += [f"the ends of {cut} positions in the names of documents"] * bool(cut)
    if format == "matrix":
        uncoded = sum(1 for one in project.extracts if not one.codes)
        lost += [f"{counted(uncoded, 'extract')} without a code"] * bool(uncoded)
        lost += [counted(memos, "memo")] * bool(memos) + ["who coded, who speaks, and when"] * bool(extracts)
    if format in ("qdpx", "qdc", "taguette") and labels:
        lost.append(f"shortcuts and aliases of {labels} codes")
    retired = sum(1 for code in project.codebook.codes if code.retired)
    if format in ("qdpx", "qdc", "taguette") and retired:
        lost.append(f"which codes are retired ({retired})")
    if format in ("qdpx", "qdc", "taguette") and project.codebook.attribution:
        lost.append("the attribution of the codebook")
    if format in ("qdpx", "taguette"):
        lost.append("times of words; the time of each turn stands in the text, to the second")
    if format in ("csv", "docx", "html", "txt", "matrix"):
        lost += [_NO_BOOK, _NO_PLACE]
    if format == "xlsx":
        lost.append(_NO_PLACE)
    if format in ("csv", "xlsx", "matrix") or (format in ("docx", "html", "txt") and not project.with_text):
        lost.append(_NO_TEXT)
    if format == "txt" and memos:
        lost.append(f"who wrote {counted(memos, 'memo')}")
    if format in ("csv", "xlsx", "docx", "html", "txt") and extracts:
        lost.append("when each extract was coded")
    return tuple(lost)


def counted(count: int, what: str) -> str:
    """ "1 extract", "2 extracts"."""
    return f"{count} {what}{'s' * (count != 1)}"
