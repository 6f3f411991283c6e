"""The files of the program: scripts, styles, and what others wrote. The only thing that a browser may keep.

A digest of all of them is part of their addresses. So none is asked for twice, and once one has changed every page names others.
"""

from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from retention import program

FOLDERS: Final = tuple(Path(__file__).parent / name for name in ("static", "vendor"))


def digest(folders: Collection[Path]) -> str:
    """16 hexadecimal digits that change with every name and every byte of what is shipped in these folders."""
    return sha256("".join(program.over(folder, folder.rglob("*")) for folder in folders).encode()).hexdigest()[:16]


_DIGEST: Final = digest(FOLDERS)
STATIC, VENDOR = (f"/{folder.name}/{_DIGEST}" for folder in FOLDERS)


class Files(StaticFiles):
    """A folder whose files stay what they are for as long as their addresses."""

    def file_response(self, *args: object, **more: object) -> Response:
        response = super().file_response(*args, **more)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "max-age=31536000, immutable"
        return response


def mounts() -> list[Mount]:
    """The folders at their addresses."""
    return [
        Mount(path, Files(directory=folder), name=folder.name)
        for path, folder in zip((STATIC, VENDOR), FOLDERS, strict=True)
    ]
