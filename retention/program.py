"""What the program is made of, as certificates name it: anybody can see with it whether a copy of theirs is the same."""

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

# What is installed, in one folder.
PARTS = ("access", "cli.py", "commands", "configs", "demo", "pipeline", "retention", "storage", "web", "worker")


@cache
def installed() -> str:
    """The digest of the program that runs."""
    return digest(Path(__file__).parent.parent)


def digest(folder: Path) -> str:
    """SHA-256 over what `sha256sum` says of all files of the program in a folder: scripts, styles, pages, word lists, schedules,
    migrations and everything else, byte for byte, in the order of their names: a line each, the digest in hexadecimal, two
    spaces, the name. Left out is what a machine writes beside them: `__pycache__`, and names that begin with a dot.
    """
    return over(folder, (file for part in PARTS for file in (folder / part, *(folder / part).rglob("*"))))


def over(folder: Path, files: Iterable[Path]) -> str:
    """The same over some files of a folder."""
    shipped = (file.relative_to(folder) for file in files if file.is_file())
    names = sorted(name.as_posix() for name in shipped if _is_shipped(name))
    lines = (f"{sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    return sha256("".join(lines).encode()).hexdigest()


def _is_shipped(name: Path) -> bool:
    return not any(part == "__pycache__" or part.startswith(".") for part in name.parts)
