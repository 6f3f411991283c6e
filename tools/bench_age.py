"""Throughput of sealing and opening, beside the age command and the cipher alone: `python -m tools.bench_age [MIB]`.

All figures come from one run on one machine, so read the ratios. Files lie in memory where the system offers that.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from storage import age

_BLOCK = 1 << 20
_ROUNDS = 3
_MEMORY = Path("/dev/shm")  # noqa: S108


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    with tempfile.TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None) as folder:
        figures = _ours(Path(folder), size) | _command(Path(folder), size) | _cipher(size)
        first_byte = _first_byte(Path(folder))
    seal, opened = figures["Candour"]
    print(f"{size} MiB, best of {_ROUNDS}, MB/s\n\n{'':32}{'seal':>8}{'open':>8}{'seal x':>8}{'open x':>8}")
    for name, (sealing, opening) in figures.items():
        print(f"{name:32}{sealing:8.0f}{opening:8.0f}{seal / sealing:8.2f}{opened / opening:8.2f}")
    print(f"\nOpen a sealed file and read 64 KiB at its middle: {first_byte * 1000:.2f} ms (median)")
    if "age command" not in figures:
        print("The age command is not installed: no line for it.")


def _ours(folder: Path, size: int) -> dict[str, tuple[float, float]]:
    identity = age.HybridIdentity.generate()
    (folder / "key").write_text(f"{identity}\n")
    block = os.urandom(_BLOCK)

    def seal() -> None:
        with (folder / "ours").open("wb", buffering=0) as sink, age.Writer(sink, [identity.recipient()]) as sealed:
            for _ in range(size):
                sealed.write(block)

    def read() -> None:
        with (folder / "ours").open("rb", buffering=0) as source:
            for _ in age.read(source, [identity]):
                pass

    def seek() -> None:
        buffer = bytearray(_BLOCK)
        with age.Reader((folder / "ours").open("rb", buffering=0), [identity]) as reader:
            while reader.readinto(buffer):
                pass

    sealing = _rate(size, seal)
    return {"Candour": (sealing, _rate(size, read)), "Candour, seekable reader": (sealing, _rate(size, seek))}


def _command(folder: Path, size: int) -> dict[str, tuple[float, float]]:
    program = shutil.which("age")
    if program is None:
        return {}
    identity = age.X25519Identity.generate()
    plain, sealed, key = (str(folder / name) for name in ("plain", "theirs", "their-key"))
    Path(key).write_text(f"{identity}\n")
    with Path(plain).open("wb") as file:
        for _ in range(size):
            file.write(os.urandom(_BLOCK))

    def run(*arguments: str) -> Callable[[], None]:
        def once() -> None:
            subprocess.run([program, *arguments], check=True, stdout=subprocess.DEVNULL)  # noqa: S603

        return once

    sealing = _rate(size, run("--recipient", str(identity.recipient()), "--output", sealed, plain))
    return {"age command": (sealing, _rate(size, run("--decrypt", "--identity", key, sealed)))}


def _cipher(size: int) -> dict[str, tuple[float, float]]:
    cipher, nonce, chunk = ChaCha20Poly1305(bytes(32)), bytes(12), os.urandom(64 * 1024)
    sealed = cipher.encrypt(nonce, chunk, None)

    def encrypt() -> None:
        for _ in range(size * 16):
            cipher.encrypt(nonce, chunk, None)

    def decrypt() -> None:
        for _ in range(size * 16):
            cipher.decrypt(nonce, sealed, None)

    return {"ChaCha20-Poly1305 alone, 64 KiB": (_rate(size, encrypt), _rate(size, decrypt))}


def _first_byte(folder: Path) -> float:
    identity = age.parse_identity((folder / "key").read_text())
    times = []
    for _ in range(51):
        start = time.perf_counter()
        with age.Reader((folder / "ours").open("rb", buffering=0), [identity]) as reader:
            reader.seek(reader.size // 2)
            reader.read(64 * 1024)
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


def _rate(size: int, work: Callable[[], None]) -> float:
    best = float("inf")
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return size * _BLOCK / 1e6 / best


if __name__ == "__main__":
    main()
