"""The processors this process may use, which a container or a pinned service has fewer of than its machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


def cores() -> int:
    """How many there are; at least 1."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows do not pin a process so
        return os.cpu_count() or 1


@contextmanager
def one_core_each() -> Iterator[None]:
    """While this is open, numpy multiplies matrices in the thread that asks for it, in the whole process.

    Its own threads wait for each other at full speed: for matrices as small as ours that took four to seven times the processor's
    time, and where the processor is busy with hearing also more of the clock's.
    """
    with threadpool_limits(1, user_api="blas"):
        yield
