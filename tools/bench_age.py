"""Throughput of sealing and opening, beside the age command and the cipher alone: `python -m tools.bench_age [MIB]`.

Both read the same file and write another. All figures come from one run on one machine, so read the ratios. Files lie in memory
where the system offers that.
"""

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from storage import age

_BLOCK = 1 << 20
_ROUNDS = 3
_LARGE = 4096  # blocks
_READS = 1000
_CHUNK = 64 * 1024
_MEMORY = Path("/dev/shm")  # noqa: S108


@dataclass(frozen=True)
class Rate:
    """MB a second of the clock, and of all processors together."""

    clock: float
    processor: float


Rates = dict[str, tuple[Rate, Rate]]


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    with tempfile.TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None) as name:
        folder = Path(name)
        with (folder / "plain").open("wb") as file:
            for _ in range(size):
                file.write(os.urandom(_BLOCK))
        figures = _ours(folder, size) | _command(folder, size) | _files(folder, size) | _cipher(size)
        told = _large(folder)
    print(f"{size} MiB, best of {_ROUNDS}, MB/s\n")
    for title, of in (("by the clock", _clock), ("by processor seconds", _processor)):
        seal, opened = map(of, figures["Candour"])
        print(f"{title:32}{'seal':>8}{'open':>8}{'seal x':>8}{'open x':>8}")
        for name, (sealing, opening) in figures.items():
            print(f"{name:32}{of(sealing):8.0f}{of(opening):8.0f}{seal / of(sealing):8.2f}{opened / of(opening):8.2f}")
        print()
    print(
        f"{_LARGE // 1024} GiB sealed and opened in {told['MiB']:.0f} MiB of memory; 64 KiB at random places, milliseconds:"
    )
    print(f"{'read':32}{told['read median']:8.2f} median{told['read p95']:8.2f} p95")
    print(f"{'open, verify the end, read':32}{told['open median']:8.2f} median{told['open p95']:8.2f} p95")
    if "age command" not in figures:
        print("The age command is not installed: no line for it.")


def _clock(rate: Rate) -> float:
    return rate.clock


def _processor(rate: Rate) -> float:
    return rate.processor


def _ours(folder: Path, size: int) -> Rates:
    identity = age.HybridIdentity.generate()
    # No more at a time than a processor keeps at hand; with 1 MiB all of it takes a seventh longer.
    buffer = bytearray(_CHUNK)

    def seal() -> None:
        with (
            (folder / "plain").open("rb", buffering=0) as source,
            (folder / "ours").open("wb", buffering=0) as sink,
            age.Writer(sink, [identity.recipient()]) as sealed,
        ):
            while source.readinto(buffer):
                sealed.write(buffer)

    def read() -> None:
        with (folder / "ours").open("rb", buffering=0) as source:
            for _ in age.read(source, [identity]):
                pass

    def seek() -> None:
        with age.Reader((folder / "ours").open("rb", buffering=0), [identity]) as reader:
            while reader.readinto(buffer):
                pass

    sealing = _rate(size, seal)
    return {"Candour": (sealing, _rate(size, read)), "Candour, seekable reader": (sealing, _rate(size, seek))}


def _command(folder: Path, size: int) -> Rates:
    program = shutil.which("age")
    if program is None:
        return {}
    identity = age.X25519Identity.generate()
    plain, sealed, key = (str(folder / name) for name in ("plain", "theirs", "their-key"))
    Path(key).write_text(f"{identity}\n")

    def run(*arguments: str) -> Callable[[], None]:
        def once() -> None:
            subprocess.run([program, *arguments], check=True, stdout=subprocess.DEVNULL)  # noqa: S603

        return once

    sealing = _rate(size, run("--recipient", str(identity.recipient()), "--output", sealed, plain))
    return {"age command": (sealing, _rate(size, run("--decrypt", "--identity", key, sealed)))}


def _files(folder: Path, size: int) -> Rates:
    """What reading the one file and writing the other costs without a cipher, and reading the sealed one."""
    buffer = bytearray(_CHUNK)

    def copy() -> None:
        with (folder / "plain").open("rb", buffering=0) as source, (folder / "copy").open("wb", buffering=0) as sink:
            while source.readinto(buffer):
                sink.write(buffer)

    def read() -> None:
        with (folder / "copy").open("rb", buffering=0) as source:
            while source.readinto(buffer):
                pass

    return {"the files alone, no cipher": (_rate(size, copy), _rate(size, read))}


def _cipher(size: int) -> Rates:
    cipher, nonce, chunk = ChaCha20Poly1305(bytes(32)), bytes(12), os.urandom(_CHUNK)
    sealed = cipher.encrypt(nonce, chunk, None)

    def encrypt() -> None:
        for _ in range(size * 16):
            cipher.encrypt(nonce, chunk, None)

    def decrypt() -> None:
        for _ in range(size * 16):
            cipher.decrypt(nonce, sealed, None)

    return {"ChaCha20-Poly1305 alone, 64 KiB": (_rate(size, encrypt), _rate(size, decrypt))}


def _large(folder: Path) -> dict[str, float]:
    """Seal a large file, open it, and read at random places: the most memory of that process in MiB, and milliseconds."""
    command = [sys.executable, "-c", "from tools.bench_age import large; large()", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603
    told: dict[str, float] = json.loads(done.stdout)
    return told


def large() -> None:
    """What `_large` runs in a process of its own."""
    file, identity = Path(sys.argv[1]) / "large", age.HybridIdentity.generate()
    block = os.urandom(_BLOCK)
    with file.open("wb", buffering=0) as sink, age.Writer(sink, [identity.recipient()]) as sealed:
        for _ in range(_LARGE):
            sealed.write(block)
    with file.open("rb", buffering=0) as source:
        size = sum(map(len, age.read(source, [identity])))
    if size != _LARGE * _BLOCK:
        raise SystemExit("the large file did not come back whole")
    with age.Reader(file.open("rb", buffering=0), [identity]) as reader:
        reads = [_timed(lambda at=at: _read_at(reader, at)) for at in _places(size)]  # type: ignore[misc]
    opened = [_timed(lambda at=at: _open_at(file, identity, at)) for at in _places(size)]  # type: ignore[misc]
    file.unlink()
    most = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
    told = {"MiB": most}
    for name, times in (("read", sorted(reads)), ("open", sorted(opened))):
        told |= {f"{name} median": times[len(times) // 2], f"{name} p95": times[len(times) * 95 // 100]}
    print(json.dumps(told))


def _places(size: int) -> list[int]:
    chance = random.Random(7)  # noqa: S311  # the same places each time
    return [chance.randrange(size - _CHUNK) for _ in range(_READS)]


def _read_at(reader: age.Reader, at: int) -> None:
    reader.seek(at)
    reader.read(_CHUNK)


def _open_at(file: Path, identity: age.HybridIdentity, at: int) -> None:
    with age.Reader(file.open("rb", buffering=0), [identity]) as reader:
        _read_at(reader, at)


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _rate(size: int, work: Callable[[], None]) -> Rate:
    clock = processor = float("inf")
    for _ in range(_ROUNDS):
        start, spent = time.perf_counter(), _spent()
        work()
        clock, processor = min(clock, time.perf_counter() - start), min(processor, _spent() - spent)
    return Rate(size * _BLOCK / 1e6 / clock, size * _BLOCK / 1e6 / processor)


def _spent() -> float:
    """Processor seconds of this process and the children it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
