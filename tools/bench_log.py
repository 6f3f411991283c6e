"""What it costs to write a log and to verify one: `python -m tools.bench_log [ENTRIES]`.

The log is that of conversations as the product keeps it: some 660 entries each, from the plan to the certificate, with every
signature that the rules look at. Each verification runs in a process of its own, so that its memory is its own.
"""

import json
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert

from retention.bundling import lines, stream
from storage import database
from storage.home import Home
from storage.log import tree
from storage.log.entry import Entry
from storage.log.log import Event, append
from storage.log.note import Checkpoint, Note, SigningKey
from storage.log.statements import order_statement, signoff_statement, subject_digest
from storage.log.store import TILE
from storage.log.tables import AuditCheckpoint, AuditLeaf, AuditNode

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
PORTION = 4096
ROUNDS = 3
# What people and the worker do with a conversation of an hour and a half
WORK = {
    Event.TRANSCRIPT_HEARD: 200,
    Event.TRANSCRIPT_CORRECTED: 250,
    Event.DOUBT_RESOLVED: 80,
    Event.NAME_DECIDED: 60,
    Event.EXTRACT_ADDED: 60,
}
Fields = dict[str, Any]

# What is measured imports what it needs and nothing else. VmHWM, because getrusage begins with what the parent process held.
VERIFY = {
    "bundle": """
import json, sys, time
from pathlib import Path
from retention.bundle import Bundle, verify_bundle
folder = Path(sys.argv[1])
clock, cpu = time.perf_counter(), time.process_time()
with (folder / "log.jsonl").open("rb") as file:
    report = verify_bundle(Bundle(file), (folder / "key").read_text())
assert report.ok, report
""",
    "database": """
import json, sys, time
from pathlib import Path
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from retention.verify import verify_database
folder = Path(sys.argv[1])
clock, cpu = time.perf_counter(), time.process_time()
with Session(create_engine(f"sqlite:///{folder / 'home' / 'candour.db'}")) as session:
    report = verify_database(session, (folder / "key").read_text())
assert report.ok, report
""",
    "candour audit verify": """
import json, sys, time
from pathlib import Path
clock, cpu = time.perf_counter(), time.process_time()
from cli import main
sys.argv = ["candour", "audit", "verify", "--home", str(Path(sys.argv[1]) / "home")]
try:
    main()
except SystemExit as done:
    assert not done.code
""",
    "candour audit verify --bundle": """
import json, sys, time
from pathlib import Path
clock, cpu = time.perf_counter(), time.process_time()
from cli import main
folder = Path(sys.argv[1])
sys.argv = ["candour", "audit", "verify", "--bundle", str(folder / "bundle.zip"), "--key", (folder / "key").read_text()]
try:
    main()
except SystemExit as done:
    assert not done.code
""",
}
TELL = """
memory = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
print(json.dumps({"seconds": time.perf_counter() - clock, "cpu": time.process_time() - cpu, "MiB": memory}))
"""


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, size)
        print(f"{size} entries, each with a signed head, best of {ROUNDS}\n\n{'':44}{'seconds':>9}{'CPU':>8}{'MiB':>6}")
        for what in VERIFY:
            told = min((apart(what, folder) for _ in range(ROUNDS)), key=lambda one: one["seconds"])
            print(f"{what:44}{told['seconds']:9.1f}{told['cpu']:8.1f}{told['MiB']:6.0f}")
        print(f"\n{'write':44}{'per second':>12}")
        home = Home.create(folder / "steps", b"twelve grey horses", origin="log.example/bench")
        print(f"{'steps: an entry and a signed head, durable':44}{rate(500, lambda: steps(home, 500)):12.0f}")
        print(f"{'entries in one transaction':44}{rate(5000, lambda: together(home, 5000)):12.0f}")
        home.close()


def happenings() -> Iterator[Fields]:
    """What happens in review after review, without end."""
    people = {name: Ed25519PrivateKey.generate() for name in ("ana", "ben")}
    for name, key in people.items():
        yield {"event": Event.PERSON_ADDED, "obj": [name], "detail": {"key": key.public_key().public_bytes_raw().hex()}}
    for _ in count():
        yield from conversation(people)


def portions(size: int) -> Iterator[list[tuple[int, Fields]]]:
    numbered = islice(enumerate(happenings()), size)
    while part := list(islice(numbered, PORTION)):
        yield part


def conversation(people: dict[str, Ed25519PrivateKey]) -> Iterator[Fields]:
    spoken, recording, extracts, order = (str(uuid4()) for _ in range(4))
    yield {"event": Event.CONVERSATION_PLANNED, "obj": [spoken, recording, extracts], "detail": {"review": "r1"}}
    yield {"event": Event.RECORDING_SEALED, "obj": [spoken], "ref": "ab" * 32}
    yield {"event": Event.TRANSCRIPT_DRAFTED, "obj": [spoken], "detail": {"turns": 310, "words": 8100}}
    for event, times in WORK.items():
        for number in range(times):
            yield {"event": event, "actor": "ana", "obj": [spoken], "detail": {"number": number}}
    objects, why = [order, spoken, recording], Fields(number=1, reason="signed-off")
    ref = subject_digest(objects, why)
    made = Fields(obj=objects, ref=ref)
    yield made | {"event": Event.ORDER_MADE, "actor": "ana", "detail": why}
    for name, key in people.items():
        detail = Fields(analysis="cd" * 32)
        signed = subject_digest([spoken], detail)
        sig = b64encode(key.sign(signoff_statement(signed))).decode()
        given = {"actor": name, "obj": [spoken], "ref": signed, "sig": sig, "detail": detail}
        yield given | {"event": Event.SIGNOFF_GIVEN}
        sig = b64encode(key.sign(order_statement(ref))).decode()
        yield {"event": Event.ORDER_APPROVED, "actor": name, "obj": [order], "ref": ref, "sig": sig}
    for event in (Event.DESTROY_INTENT, Event.DESTROY_QUARANTINED, Event.DESTROY_ERASED):
        yield made | {"event": event}
    yield made | {"event": Event.DESTROY_DONE, "detail": {"certificate": "ef" * 32}}
    yield {"event": Event.CERTIFICATE_ISSUED, "obj": ["D-0001", order], "ref": "ef" * 32}


def make(folder: Path, size: int) -> None:
    """A home and a bundle with so many entries and a signed head for each; written past the product, to be quick."""
    home = Home.create(folder / "home", b"twelve grey horses", origin="log.example/bench")
    signing = SigningKey.parse(home.signer.secret_text)
    (folder / "key").write_text(str(signing.verifier))
    frontier, tops = tree.Frontier(), list[bytes]()
    with database.writing(home.engine) as session:
        for part in portions(size):
            leaves, heads = list[Fields](), list[Fields]()
            for seq, fields in part:
                body = Entry(**{"actor": "worker", **fields, "seq": seq, "t": START + timedelta(seconds=seq)}).encode()
                leaves.append({"idx": seq, "body": body, "hash": tree.leaf_hash(body)})
                frontier.append(leaves[-1]["hash"])
                text = Checkpoint(origin=signing.name, size=frontier.size, root=frontier.root()).text()
                note = str(Note(text=text).with_signature(signing.sign(text)))
                heads.append({"size": frontier.size, "note": note})
            session.execute(insert(AuditLeaf), leaves)
            session.execute(insert(AuditCheckpoint), heads)
            layers = tree.layers([leaf["hash"] for leaf in leaves])
            tops += layers[TILE] if len(layers) > TILE else []
        nodes = [
            {"level": level, "idx": idx, "hash": node}
            for level, layer in enumerate(tree.layers(tops), TILE)
            for idx, node in enumerate(layer)
        ]
        session.execute(insert(AuditNode), nodes)
    with database.writing(home.engine) as session:
        home.signer.checkpoint(session)
    with (
        home.reading() as session,
        (folder / "log.jsonl").open("wb") as log,
        (folder / "bundle.zip").open("wb") as file,
    ):
        log.writelines(lines(session, str(signing.verifier)))
        file.writelines(stream(session, str(signing.verifier)))
    home.close()


def apart(what: str, folder: Path) -> dict[str, float]:
    """Verify in a new process; seconds on the clock and of the processor, and the most memory it ever held."""
    command = [sys.executable, "-c", f"{VERIFY[what]}{TELL}", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def steps(home: Home, times: int) -> None:
    for _ in range(times):
        with home.writing() as session:
            home.log(session, Event.TRANSCRIPT_HEARD, actor="ana", obj=[uuid4()])


def together(home: Home, times: int) -> None:
    with home.writing() as session:
        for _ in range(times):
            append(session, event=Event.TRANSCRIPT_HEARD, actor="ana", obj=[str(uuid4())], now=home.now())
            session.info["logged"] = True


def rate(times: int, work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return times / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
