"""Whether to hear on a graphics card, found out in a process of its own: a driver or library that is missing ends a process.

python -I -m pipeline.transcription.graphics FOLDER
"""

import logging
import subprocess
import sys
from pathlib import Path
from typing import Final

from pipeline.transcription import library

PATIENCE: Final = 300.0  # seconds for a large model on a slow disk

_log = logging.getLogger(__name__)


def chosen(device: str, folder: Path) -> str:
    """ "cuda" where that is wanted and works with the model in `folder`, else "cpu"; `device` is "auto", "cuda" or "cpu"."""
    if device == "cpu" or (device == "auto" and library.cards() == 0):
        return "cpu"
    try:
        tried = subprocess.run(  # noqa: S603
            [sys.executable, "-I", "-m", "pipeline.transcription.graphics", str(folder.absolute())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        tried = -1
    if tried == 0:
        return "cuda"
    _log.warning("the graphics card cannot be used; the processor hears", extra={"exit_code": tried})
    return "cpu"


def main() -> None:
    library.try_card(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
