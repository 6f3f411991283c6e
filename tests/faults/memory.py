"""Processes with keys in their memory: `python -m tests.faults.memory HOME ROLE [ORDER]`.

`destroyer` uses the keys of a conversation, holds one of them, and then carries out an order; `reader` opens the vault, reads,
and goes on. Between their steps they say where they are and wait for a line, so that their memory can be searched from outside.
"""

import sys
from pathlib import Path

from pipeline.pseudonyms import naming
from pipeline.transcripts import reviewing
from retention import destroy
from storage.vault import KeyClass
from tests import story
from tests.story import FIRST


def at(step: str) -> None:
    print(step, flush=True)
    sys.stdin.readline()


def use(told: story.Story) -> None:
    reviewing.read(told.home, told.ana, FIRST)
    naming.preview(told.home, told.ana, FIRST)


def hold(told: story.Story) -> None:
    """Has a key in its hands for as long as it is looked at."""
    key = told.home.vault.get(told.conversation().recording_key, KeyClass.RECORDING)
    at("holding")
    assert len(key) == 32


def destroyer(home: Path, number: int) -> None:
    told = story.opened(home)
    use(told)
    hold(told)
    destroy.carry_out(told.home, number)
    at("destroyed")


def reader(home: Path) -> None:
    told = story.opened(home)
    with told.home.forgetting():
        use(told)
        at("has read")
        at("goes on")


if __name__ == "__main__":
    if sys.argv[2] == "reader":
        reader(Path(sys.argv[1]))
    else:
        destroyer(Path(sys.argv[1]), int(sys.argv[3]))
