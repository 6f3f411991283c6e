"""The sound of a recording, decoded in a child process (`confined.py`), as arrays."""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from pipeline.recording.confined import LIMITS, Child, Limits, restarted
from pipeline.recording.sound import RATE, Block


def decode(source: BinaryIO, limits: Limits = LIMITS) -> Iterator[Block]:
    """The sound of a recording as consecutive blocks, as the child's `decode` gives it. Raises what `probe` raises."""
    given = 0

    def blocks(child: Child) -> Iterator[Block]:
        """What an earlier child has not said already."""
        nonlocal given
        position = 0
        for one in child.sound():
            samples = np.zeros((one.channels, one.count), np.int16)
            if not one.damaged:
                samples[:] = np.frombuffer(one.data, "<i2").reshape(samples.shape)
            start = max(given, position)
            position += one.count
            if position > start:
                yield Block(start=start / RATE, samples=samples[:, start - position :], damaged=one.damaged)
                given = position

    return restarted(source, "decode", limits, blocks)
