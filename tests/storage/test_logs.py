"""Nothing that could be content reaches a log line, whoever logs it and however."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from uuid import UUID

import pytest

from storage import logs

MARKER = "Tilly said she was afraid of him"
FOREIGN = (
    "alembic",
    "sqlalchemy.engine",
    "faster_whisper",
    "httpx",
    "huggingface_hub",
    "PIL",
    "asyncio",
    "procrastinate",
)


@pytest.fixture
def told() -> Iterator[io.StringIO]:
    """The stream of a configured process; afterwards logging is as it was."""
    root = logging.getLogger()
    before, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    others = [(logger, list(logger.handlers), logger.propagate) for logger in logs.named()]
    stream = io.StringIO()
    logs.configure(stream)
    yield stream
    logging.captureWarnings(False)
    for logger, handlers, propagate in others:
        logger.handlers[:], logger.propagate = handlers, propagate
    root.handlers[:], logging.raiseExceptions = before, raising
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def speak(logger: logging.Logger) -> None:
    """Let a marker out in every way that logging has."""
    logger.warning("%s", MARKER)
    logger.warning("a window was given up", MARKER)
    logger.error("it failed", extra={"text": MARKER, "conversation": MARKER, "seconds": MARKER})
    try:
        raise ValueError(MARKER)
    except ValueError:
        logger.exception("it failed", stack_info=True)
    try:
        try:
            raise KeyError(MARKER)
        except KeyError as error:
            raise RuntimeError(MARKER) from error
    except RuntimeError as error:
        logger.error("it failed", exc_info=error)
    logger.error(ValueError(MARKER))


@pytest.mark.parametrize("name", [*FOREIGN, "worker.local", "pipeline.transcription.speech"])
def test_no_way_of_logging_lets_content_through(told: io.StringIO, name: str) -> None:
    unfiltered = io.StringIO()
    control = logging.StreamHandler(unfiltered)
    logging.getLogger().addHandler(control)
    speak(logging.getLogger(name))
    logging.getLogger().removeHandler(control)
    assert MARKER in unfiltered.getvalue(), "the control must see what the filter hides"
    assert "Tilly" not in told.getvalue()
    assert len(lines(told)) >= 5


def test_a_library_that_came_first_with_its_own_handler_is_filtered_too(told: io.StringIO) -> None:
    own, filtered = io.StringIO(), io.StringIO()
    library = logging.getLogger("early.library")
    library.addHandler(logging.StreamHandler(own))
    library.propagate = False
    library.warning(MARKER)
    assert MARKER in own.getvalue(), "the control: it does write past everything"
    logs.configure(filtered)
    library.warning("%s again", MARKER)
    assert "again" not in own.getvalue()
    assert [line["logger"] for line in lines(filtered)] == ["early.library"]


def test_of_other_libraries_only_that_they_spoke(told: io.StringIO) -> None:
    logging.getLogger("sqlalchemy.engine").error("INSERT %s", MARKER, extra={"seconds": 3})
    (line,) = lines(told)
    assert set(line) == {"t", "level", "logger"}
    assert (line["level"], line["logger"]) == ("error", "sqlalchemy.engine")


def test_ours_keep_their_fixed_text_and_the_fields_on_the_list(told: io.StringIO) -> None:
    one = UUID(int=7)
    logging.getLogger("worker.local").warning(
        "a window was given up", extra={"conversation": "LT-1/3", "order": one, "seconds": 2.5, "weather": 4}
    )
    (line,) = lines(told)
    assert line["message"] == "a window was given up"
    assert (line["conversation"], line["order"], line["seconds"]) == ("LT-1/3", str(one), 2.5)
    assert "weather" not in line


def test_an_exception_leaves_its_type_and_place(told: io.StringIO) -> None:
    try:
        raise ValueError(MARKER)
    except ValueError:
        logging.getLogger("storage.home").exception("it failed")
    (line,) = lines(told)
    assert line["exception"] == "ValueError"
    assert str(line["at"]).startswith("test_logs:")


def test_warnings_go_the_same_way(told: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(MARKER, UserWarning, stacklevel=1)
        logging.captureWarnings(False)
    (line,) = lines(told)
    assert line["logger"] == "py.warnings"
    assert "Tilly" not in told.getvalue()


def test_what_is_below_the_level_is_not_written(told: io.StringIO) -> None:
    logging.getLogger("worker.local").info("a round of work")
    assert told.getvalue() == ""
