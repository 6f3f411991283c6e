"""How the line ends of an exchanged text are written and counted, for programs that do not keep to the standard."""

from enum import StrEnum


class LineEnds(StrEnum):
    """`lf` as the standard says; `crlf1` for ATLAS.ti and MAXQDA, which count CRLF as one; `crlf2` for NVivo on Windows."""

    LF = "lf"
    CRLF1 = "crlf1"
    CRLF2 = "crlf2"

    def written(self, text: str) -> str:
        """A text with line feeds as it stands in the file."""
        return text if self is LineEnds.LF else text.replace("\n", "\r\n")

    def counted(self, text: str) -> str:
        """A text with line feeds as positions count it: one character for one position."""
        return text.replace("\n", "\r\n") if self is LineEnds.CRLF2 else text

    def read(self, text: str) -> str:
        """What stands in the file as positions count it."""
        return text.replace("\r\n", "\n") if self is LineEnds.CRLF1 else text
