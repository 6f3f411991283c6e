"""A sealed file that no row knows is swept, unless whoever wrote it lives."""

import gc
import os
import signal
from pathlib import Path

from storage import orphans
from storage.blobs import Kind
from tests import story
from tests.story import Stage, Story


def blobs(told: Story) -> set[str]:
    return {found.name for found in told.home.blobs.survey() if found.kind is Kind.BLOB}


def test_what_a_writer_left_that_died_before_its_row_is_swept(tmp_path: Path) -> None:
    told = story.at(Stage.TRANSCRIBED, tmp_path)
    known = blobs(told)
    child = os.fork()
    if child == 0:
        with told.home.blobs.writing() as sink:
            sink.write(b"sealed")
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert len(blobs(told) - known) == 1, "there is something to sweep"
    assert orphans.sweep(told.home) == 1
    assert blobs(told) == known
    assert orphans.sweep(told.home) == 0


def test_a_writer_that_has_yet_to_tell_of_its_file_is_spared(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    with told.home.blobs.writing() as sink:
        sink.write(b"sealed")
    assert orphans.sweep(told.home) == 0
    assert sink.ref in blobs(told)
    ref = sink.ref
    del sink
    assert orphans.sweep(told.home) == 1
    assert ref not in blobs(told)


def test_a_row_that_comes_while_the_sweep_is_at_it_counts(tmp_path: Path) -> None:
    told = story.at(Stage.RECORDED, tmp_path)
    with told.home.blobs.writing() as sink:
        sink.write(b"sealed")
    ref = sink.ref
    del sink
    asked: list[str] = []

    def is_known(name: str) -> bool:
        asked.append(name)
        return True

    assert told.home.blobs.sweep_orphans(is_known) == 0
    assert ref in asked and ref in blobs(told)


def test_no_handle_stays_open(tmp_path: Path) -> None:
    told = story.at(Stage.PLANNED, tmp_path)
    handles = Path("/dev/fd")
    # What other tests have left goes now, and not in between.
    gc.collect()
    before = len(list(handles.iterdir()))
    for _ in range(20):
        told.home.blobs.write([b"sealed"])
    assert len(list(handles.iterdir())) == before
