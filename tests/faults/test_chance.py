"""Random steps, killed without a warning again and again: what is left is consistent, and nothing else is lost.

The homes lie in memory where the system offers that: a process that is killed leaves there what it would leave on a disk.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from retention import destroy, plan, rotation
from retention.certificate_check import verify_certificate
from storage import orphans
from storage.blobs import Kind
from storage.log.log import Event
from storage.models import Conversation, Order, OrderState, Review, State
from storage.vault import KeyClass, Vault
from tests import story
from tests.story import Stage, Story

MEMORY: Final = Path("/dev/shm")  # noqa: S108


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as name:
        yield Path(name)


def live(folder: Path, seed: int, number: int) -> dict[str, Any]:
    story.at(Stage.PLANNED, folder).home.close()
    command = [sys.executable, "-m", "tests.faults.chance", str(folder), str(seed), str(number)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def wrong(told: Story) -> list[str]:
    """Everything that is not as it must be."""
    home, living = told.home, told.home.vault.ids()
    found = [str(one) for one in told.findings() if one.fatal]
    done = Counter(entry.obj[0] for entry in told.log() if entry.event == Event.DESTROY_DONE)
    with home.reading() as session:
        for order in session.query(Order):
            over = order.state in {OrderState.ERASED, OrderState.DONE}
            if over and any(key in map(str, living) for key in order.objects):
                found.append(f"order {order.number}: a key lives on")
            if order.state is OrderState.DONE and done[str(order.id)] != 1:
                found.append(f"order {order.number}: done {done[str(order.id)]} times")
            if order.certificate and not verify_certificate(order.certificate, home.signer.verifier_key).ok:
                found.append(f"order {order.number}: its certificate is not true")
        gone = {key for one in session.query(Order) if one.state is OrderState.DONE for key in one.objects}
        for one in session.query(Conversation):
            keys = {one.recording_key: KeyClass.RECORDING, one.extract_key: KeyClass.EXTRACT}
            for key, kind in keys.items():
                if (str(key) in gone) is (living.get(key) is kind):
                    found.append(f"{one.reference}: its {kind} key is not where it should be")
            if one.recording and one.state not in {State.WITHDRAWN, State.DESTROYED} and not _opens(told, one):
                found.append(f"{one.reference}: its recording does not open")
        for review in session.query(Review):
            found += ["a key of the review is lost"] * ({review.names_key, review.review_key} - living.keys() != set())
    return found


def _opens(told: Story, one: Conversation) -> bool:
    with told.playing(one.reference) as plain:
        return len(plain.read(4)) == 4


def settle(told: Story) -> None:
    """What the next round of a worker does."""
    orphans.sweep(told.home)
    for number in plan.due(told.home, told.home.now()):
        destroy.carry_out(told.home, number)
    rotation.rotate(told.home, told.ana, story.PASSPHRASE)


def check(folder: Path, lived: dict[str, Any]) -> Story:
    assert lived["unforeseen"] == []
    told = story.opened(folder / "home")
    settle(told)
    assert wrong(told) == []
    kept = {found.name for found in told.home.blobs.survey()}
    with told.home.reading() as session:
        known = {one.recording.blob for one in session.query(Conversation) if one.recording}
        keys = {key for one in session.query(Conversation) for key in (one.recording_key, one.extract_key)}
        keys |= {key for one in session.query(Review) for key in (one.names_key, one.review_key)}
    assert told.home.vault.ids().keys() <= keys
    assert kept <= known and all(found.kind is Kind.BLOB for found in told.home.blobs.survey())
    assert not list((folder / "home" / "vault").glob("*.new"))
    return told


@pytest.mark.slow
def test_some_random_steps_with_kills_leave_a_whole_home(folder: Path) -> None:
    lived = live(folder, 1, 100)
    assert sum(lived["killed"].values()) >= 10
    told = check(folder, lived)
    vault: Vault = told.home.vault
    with told.home.reading() as session:
        victim = next(one.recording_key for one in session.query(Conversation) if one.recording_key in vault.ids())
    with vault.prepare([victim]) as new_root:
        new_root.commit()
    assert wrong(told), "the look sees a key that was lost"


@pytest.mark.exhaustive
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(2, 42))
def test_ten_thousand_random_steps_with_kills_leave_forty_whole_homes(folder: Path, seed: int) -> None:
    lived = live(folder, seed, 250)
    print(json.dumps(lived))
    assert sum(lived["killed"].values()) > 30
    check(folder, lived)
