"""Which speech model suits which machine, in plain words.

Sizes are those of the files that are fetched. Memory is what recognition takes on a processor in 8 bits, rounded up from what
faster-whisper publishes for small (1.5 GB) and in proportion for the others.
"""

import os
from dataclasses import dataclass
from typing import Final

from pipeline.transcription.cores import cores

GIB: Final = 1 << 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A model that can be fetched: `size` to fetch in MB, `memory` to run in GiB."""

    name: str
    source: str
    size: int
    memory: int
    about: str


CHOICES: Final = (
    Choice(
        name="base.en", source="Systran/faster-whisper-base.en", size=145, memory=1,
        about="English. For a first try and for very small machines; much to correct",
    ),
    Choice(
        name="small.en", source="Systran/faster-whisper-small.en", size=484, memory=2,
        about="English. A fair choice without a graphics card",
    ),
    Choice(
        name="medium.en", source="Systran/faster-whisper-medium.en", size=1528, memory=4,
        about="English. Hears more than small.en, takes about three times as long",
    ),
    Choice(
        name="large-v3-turbo", source="mobiuslabsgmbh/faster-whisper-large-v3-turbo", size=1620, memory=4,
        about="Many languages. For eight cores and more, or a graphics card",
    ),
    Choice(
        name="large-v3", source="Systran/faster-whisper-large-v3", size=3090, memory=6,
        about="Many languages. The most accurate; wants a graphics card",
    ),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """`memory` in GiB; `card`: there is a graphics card that the library can use."""

    cores: int
    memory: float
    card: bool


def source(name: str) -> str:
    """The repository a model is fetched from."""
    return next((one.source for one in CHOICES if one.name == name), f"Systran/faster-whisper-{name}")


def suited(machine: Machine) -> str:
    """The name of the model to begin with on a machine."""
    if machine.card:
        return "large-v3"
    if machine.cores >= 8 and machine.memory >= 8:
        return "large-v3-turbo"
    return "small.en" if machine.cores >= 2 and machine.memory >= 4 else "base.en"


def this_machine(cards: int) -> Machine:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return Machine(cores=cores(), memory=memory, card=cards > 0)
