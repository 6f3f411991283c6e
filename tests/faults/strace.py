"""System calls of a child process, listed, or made to fail one at a time, by `strace`.

The child is forked from a process that has everything imported, stops itself, and goes on when `strace` is attached: so what is
counted is the work and not the start of Python.
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROGRAM: Final = shutil.which("strace")
_LINE: Final = re.compile(r"(?:\[pid +\d+\] )?(\w+)\((.*?)(?:\) += .*| <unfinished.*|)")
_PR_SET_PTRACER: Final = 0x59616D61


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """The `at`-th call of a name, counted from 1, with what it was about."""

    name: str
    at: int
    about: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Traced:
    """How a child ended, and what it asked of the system."""

    status: int
    trace: str

    @property
    def injected(self) -> bool:
        return "(INJECTED)" in self.trace

    def calls(self) -> Iterator[Call]:
        seen: Counter[str] = Counter()
        for line in self.trace.splitlines():
            if (found := _LINE.fullmatch(line)) is not None:
                seen[found[1]] += 1
                yield Call(name=found[1], at=seen[found[1]], about=found[2])


def reason() -> str | None:
    """Why nothing can be traced here; None where it can."""
    if PROGRAM is None:
        return "needs strace (Debian: apt install strace)"
    probe = traced(lambda: Path("/").stat(), "trace=newfstatat,stat,statx", "inject=newfstatat,stat,statx:error=EIO")
    return None if probe.injected else "needs a machine on which one process may trace another"


def traced(act: Callable[[], object], *expressions: str) -> Traced:
    """Do this in a child of its own, under `strace` with these expressions of its -e option.

    The status is 0 when it came to its end, 1 after an exception, and negative for the signal that killed it.
    """
    assert PROGRAM is not None
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _be_child(act)
    os.waitpid(child, os.WUNTRACED)
    options = [part for one in expressions for part in ("-e", one)]
    command = [PROGRAM, "-f", "-y", "-s", "8", *options, "-p", str(child)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        first = tracer.stderr.readline()
        os.kill(child, signal.SIGCONT)
        trace = first + tracer.stderr.read()
    return Traced(status=os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), trace=trace)


def _be_child(act: Callable[[], object]) -> None:
    # Where only an ancestor may trace (Yama), this asks for anybody.
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
    try:
        os.kill(os.getpid(), signal.SIGSTOP)
        act()
    except BaseException:
        os._exit(1)
    os._exit(0)
