"""The processors this process may use, which a container or a pinned service has fewer of than its machine."""

import os


def cores() -> int:
    """How many there are; at least 1."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows do not pin a process so
        return os.cpu_count() or 1
