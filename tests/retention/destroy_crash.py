"""Dies, really, at one chosen step of a destruction: `python -m tests.retention.destroy_crash FOLDER ORDER`.

FOLDER/home holds a home whose order may be carried out. For each step that leaves something behind, a child process gets a
copy, carries the order out and ends there without a word. What it left is carried on with in a process of its own, and so is
another copy of it, on which a hold is placed first. Prints a JSON line for each death and each carrying on.
"""

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from pipeline.recording.decode import probe
from retention import destroy, holds, orders
from retention.certificate_check import verify_certificate
from storage.anchor import Anchor
from storage.blobs import LocalBlobs
from storage.home import Home
from storage.log.log import Event
from storage.vault import KeyGone, Rotation, Vault
from tests import story


def arm(at: int) -> None:
    """From now on, let the process end at its `at`-th step: before or after each call that leaves something behind."""
    count = 0

    def step(*_: object) -> None:
        nonlocal count
        if count == at:
            os._exit(9)
        count += 1

    def wrap(owner: type, name: str) -> None:
        call = getattr(owner, name)

        def stepped(*arguments: Any, **named: Any) -> Any:
            step()
            result = call(*arguments, **named)
            step()
            return result

        setattr(owner, name, stepped)

    for owner, name in ((Vault, "prepare"), (Rotation, "commit"), (Anchor, "erase"), (LocalBlobs, "destroy")):
        wrap(owner, name)
    event.listen(Session, "before_commit", step)
    event.listen(Session, "after_commit", step)


def in_child(act: Callable[[], None]) -> int:
    """The exit status of a process of its own that does this."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException as error:
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
            os._exit(1)
        sys.stdout.flush()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def crash(folder: Path, number: int, at: int) -> int:
    def act() -> None:
        told = story.opened(folder)
        arm(at)
        destroy.carry_out(told.home, number)

    return in_child(act)


def finish(folder: Path, number: int, before: dict[str, str], hold: bool) -> None:
    """Carry on with what a crash left, if wanted after a hold; print what there is then."""

    def act() -> None:
        told = story.opened(folder)
        if hold:
            holds.place(told.home, told.ben, story.password("ben"), story.FIRST, reason="a letter", reference="L 1")
        try:
            destroy.carry_out(told.home, number)
            held = False
        except destroy.Held:
            held = True
        print(json.dumps({"held": held, **look(told, number, before)}))

    in_child(act)


def secrets(home: Home) -> dict[str, str]:
    """A digest of every key that opens, by its id."""
    found = home.vault.ids().items()
    return {str(key): sha256(home.vault.get(key, kind)).hexdigest() for key, kind in found}


def look(told: story.Story, number: int, before: dict[str, str]) -> dict[str, object]:
    home = told.home
    with home.reading() as session:
        order = orders.find(session, number)
        victims = set(order.objects)
    now, events = secrets(home), Counter(told.events())
    lived = {key: digest for key, digest in before.items() if key not in victims}
    first = told.conversation()
    assert first.recording is not None
    certificate = order.certificate or ""
    return {
        "state": order.state.value,
        "victims": len(victims & now.keys()),
        "survivors": {key: digest for key, digest in now.items() if key not in victims} == lived,
        "other": opens(told, story.OTHER),
        "first": opens(told, story.FIRST),
        "files": sum(found.name == first.recording.blob for found in home.blobs.survey()),
        "done": events[Event.DESTROY_DONE],
        "erased": events[Event.DESTROY_ERASED],
        "issued": events[Event.CERTIFICATE_ISSUED],
        "certified": bool(certificate) and verify_certificate(certificate, home.signer.verifier_key).findings == (),
        "findings": [str(finding) for finding in told.findings()],
    }


def opens(told: story.Story, reference: str) -> bool:
    """Whether the vault still has what opens a recording, and it does."""
    try:
        with told.playing(reference) as plain:
            return probe(plain).channels == 1
    except KeyGone:
        return False


def main(folder: Path, number: int) -> None:
    told = story.opened(folder / "home")
    before = secrets(told.home)
    told.home.close()
    for at in range(1000):
        crashed = folder / "crashed"
        shutil.copytree(folder / "home", crashed)
        status = crash(crashed, number, at)
        print(json.dumps({"at": at, "status": status}), flush=True)
        for hold in (False, True):
            carried_on = folder / "carried on"
            shutil.copytree(crashed, carried_on)
            finish(carried_on, number, before, hold)
            shutil.rmtree(carried_on)
        shutil.rmtree(crashed)
        if status != 9:
            break


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
