"""A PostgreSQL server of the tests' own: in a new folder, on a free port, as a user without rights, gone at the end."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

REASON = "needs PostgreSQL (Debian: apt install postgresql)"


def programs() -> Path | None:
    """The folder with initdb and pg_ctl; Debian keeps them out of the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb and shutil.which("pg_ctl") else None


@contextmanager
def running(bin_folder: Path) -> Iterator[str]:
    """A server; gives the address of its maintenance database."""
    # Not below pytest's own folder, which other users may not enter.
    folder = Path(tempfile.mkdtemp(prefix="candour-postgres-"))
    data, who = folder / "data", _other_user()
    try:
        if who:
            shutil.chown(folder, who["user"], who["group"])
        _run(bin_folder / "initdb", "-D", data, "-U", "candour", "-A", "trust", "-E", "UTF8", "--no-sync", **who)
        port = _start(bin_folder, data, who)
        try:
            yield f"postgresql://candour@127.0.0.1:{port}/postgres"
        finally:
            _run(bin_folder / "pg_ctl", "-D", data, "-m", "immediate", "stop", **who)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(maintenance: str) -> str:
    """An empty database on a running server; returns its address."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return maintenance.rpartition("/")[0] + f"/{name}"


def _start(bin_folder: Path, data: Path, who: dict[str, Any]) -> int:
    for attempt in range(5):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        options = f"-F -c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories="
        try:
            _run(bin_folder / "pg_ctl", "-D", data, "-o", options, "-l", data / "server.log", "-w", "start", **who)
            return port
        except subprocess.CalledProcessError:
            # Somebody else took the port between the two steps.
            if attempt == 4:
                raise
    raise AssertionError


def _run(*command: str | Path, **who: Any) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **who)


def _other_user() -> dict[str, Any]:
    # The server refuses to run as root.
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": entry.pw_name, "group": entry.pw_gid, "extra_groups": []}
