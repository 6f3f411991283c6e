"""What the program may write about itself: one JSON object a line, on standard error, with ids, numbers and places only.

    log = logging.getLogger(__name__)
    log.warning("a window was given up", extra={"conversation": reference, "seconds": 300})

    {"t": "2026-03-02T09:15:00Z", "level": "warning", "logger": "worker.local", "message": "a window was given up",
     "conversation": "C-4", "seconds": 300}

A line is built from nothing out of what is allowed, so that what nobody thought of stays out: the fixed text of our own
messages, the fields below, and of an exception its type and place. Of other libraries only that they spoke.
"""

import json
import logging
import os
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO
from uuid import UUID

# A value under one of these names is written when it is a number, an id or a short reference; all others are dropped.
FIELDS: Final = (
    "conversation", "review", "person", "order", "hold", "key", "blob", "model", "revision", "event", "entry", "window",
    "seconds", "count", "bytes", "exit_code",
)  # fmt: skip
OURS: Final = frozenset(
    {"access", "commands", "configs", "demo", "pipeline", "retention", "storage", "web", "worker", "cli"}
)

_REFERENCE = re.compile(r"[\w.:/+-]{1,64}")


class Line(logging.Formatter):
    """Formats a record as one JSON object without anything that could hold content."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "t": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.name.split(".")[0] in OURS:
            # The text as it stands in the code: values come through the fields, never by being put into the text.
            line["message"] = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
            line |= {name: value for name in FIELDS if (value := _allowed(getattr(record, name, None))) is not None}
        if record.exc_info and record.exc_info[1] is not None:
            line |= _exception(record.exc_info[1])
        return json.dumps(line)


def _allowed(value: object) -> str | int | float | None:
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, UUID) or (isinstance(value, str) and _REFERENCE.fullmatch(value)):
        return str(value)
    return None


def _exception(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)
    place = {"at": f"{Path(frames[-1].filename).stem}:{frames[-1].lineno}"} if frames else {}
    return {"exception": type(error).__name__, **place}


def configure(stream: TextIO | None = None, level: int = logging.WARNING) -> None:
    """Send everything that is logged or warned of in this process to `stream` (standard error), and nowhere else.

    A library that was imported before and put up a handler of its own, past ours, loses it.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Line())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for logger in named():
        logger.handlers.clear()
        logger.propagate = True
    # Whatever fails while logging would print the record itself.
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    # Imported later, this library would put up a handler of its own all the same.
    os.environ.setdefault("HF_HUB_VERBOSITY", "critical")


def named() -> list[logging.Logger]:
    """Every logger of this process but the root."""
    return [one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
