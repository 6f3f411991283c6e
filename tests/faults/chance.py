"""Does whatever comes to mind, and is killed whenever: `python -m tests.faults.chance FOLDER SEED NUMBER`.

FOLDER/home holds a home. A child process does random steps in it, one after the other, until this one kills it without a
warning; the next child goes on with what is there, until NUMBER steps are done. Prints a JSON line: what was done how often, and
the kills.
"""

import io
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from access.people import Person
from pipeline import reviews
from pipeline.recording import intake
from pipeline.reviews import RegisterEntry
from retention import backups, clock, copies, destroy, extending, holds, orders, plan, rotation, withdrawal
from retention.withdrawal import Ground
from storage import age, orphans
from storage.errors import CandourError
from storage.models import Conversation, Hold, Order
from tests import story
from tests.story import REVIEW, Story

CUSTODIAN: Final = age.HybridIdentity(bytes(range(32)))
WHY: Final = {"reason": "a letter", "reference": "L 1"}
TEAM: Final = ("ana", "ben", "cara", "eve")


class Chance:
    """One process at work; each step is a method, done with whatever the rows offer."""

    def __init__(self, told: Story, dice: random.Random, sound: bytes) -> None:
        self.told, self.home, self._dice, self._sound = told, told.home, dice, sound

    def somebody(self) -> Person:
        person: Person = getattr(self.told, self._dice.choice(TEAM))
        return person

    def conversation(self) -> str:
        with self.home.reading() as session:
            return self._dice.choice([one.reference for one in session.query(Conversation)])

    def plan_one(self) -> None:
        position = f"Teacher {self._dice.randrange(10**9)}"
        entry = RegisterEntry(name="A B", contact="x")
        reviews.add_participant(self.home, self.told.ana, REVIEW, position, "School", entry)
        reviews.plan_conversation(self.home, self.told.ana, REVIEW, position, interviewer="Lead", on=None)

    def upload(self) -> None:
        intake.receive(self.home, self.told.ana, self.conversation(), io.BytesIO(self._sound))

    def hold(self) -> None:
        holds.place(self.home, self.somebody(), self.conversation(), **WHY)

    def lift(self) -> None:
        with self.home.reading() as session:
            standing = [one.number for one in session.query(Hold).filter(Hold.lifted_at.is_(None))]
        person = self.somebody()
        if standing:
            holds.lift(self.home, person, story.password(person.name), self._dice.choice(standing), **WHY)

    def withdraw(self) -> None:
        person = self.somebody()
        withdrawal.withdraw(self.home, person, story.password(person.name), self.conversation())

    def refuse(self) -> None:
        withdrawal.refuse(self.home, self.somebody(), self.conversation(), Ground.LEGAL_CLAIMS, **WHY)

    def extend(self) -> None:
        day = (self.home.now() + timedelta(days=self._dice.randrange(1, 400))).date()
        extending.extend(self.home, self.somebody(), self.conversation(), day, **WHY)

    def approve(self) -> None:
        with self.home.reading() as session:
            numbers = [one.number for one in session.query(Order)]
        person = self.somebody()
        if numbers:
            orders.approve(self.home, person, story.password(person.name), self._dice.choice(numbers))

    def run(self) -> None:
        with self.home.working():
            plan.order_due(self.home, self.home.now())
            for number in plan.due(self.home, self.home.now()):
                destroy.carry_out(self.home, number)

    def rotate(self) -> None:
        rotation.rotate(self.home, self.told.ana, story.PASSPHRASE)

    def back_up(self) -> None:
        backups.make(self.home, self.told.ana, self._new("backup"))

    def copy(self) -> None:
        copies.make(self.home, self.told.ana, self._new("copy"), [str(CUSTODIAN.recipient())])

    def sweep(self) -> None:
        self.home.blobs.sweep_unfinished()
        orphans.sweep(self.home)

    def confirm(self) -> None:
        clock.confirm(self.home, self.somebody(), self.home.machine_clock().date())

    def _new(self, what: str) -> Path:
        return self.home.folder.parent / f"{what}-{self._dice.randrange(10**9)}"


STEPS: Final[dict[Callable[[Chance], None], int]] = {
    Chance.plan_one: 6, Chance.upload: 2, Chance.hold: 2, Chance.lift: 4, Chance.withdraw: 4, Chance.refuse: 1,
    Chance.extend: 1, Chance.approve: 8, Chance.run: 6, Chance.rotate: 1, Chance.back_up: 1, Chance.copy: 1,
    Chance.sweep: 1, Chance.confirm: 1,
}  # fmt: skip


def child(home: Path, seed: int, number: int, sound: bytes, done: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    chance = Chance(story.opened(home), dice, sound)
    for _ in range(number):
        (step,) = dice.choices(list(STEPS), weights=list(STEPS.values()))
        try:
            step(chance)
            result = step.__name__
        except CandourError:
            # Refused, as most of what comes to mind is.
            result = "refused"
        os.write(done, f"{result}\n".encode())


def one_life(home: Path, dice: random.Random, number: int, sound: bytes) -> tuple[Counter[str], bool]:
    """A child until it is killed or has done all; what it did, and whether it was killed."""
    reading, writing = os.pipe()
    seed, life = dice.randrange(2**32), dice.uniform(0.02, 3.0)
    process = os.fork()
    if process == 0:
        try:
            child(home, seed, number, sound, writing)
        except BaseException as error:
            os.write(writing, f"unforeseen {type(error).__name__}: {str(error)[:200]}\n".encode())
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        until = time.monotonic() + life
        while (ended := os.waitpid(process, os.WNOHANG)) == (0, 0):
            if time.monotonic() >= until:
                os.kill(process, signal.SIGKILL)
                ended = os.waitpid(process, 0)
                break
            time.sleep(0.005)
        return Counter(said.read().splitlines()), os.WIFSIGNALED(ended[1])


def main(folder: Path, seed: int, number: int) -> None:
    dice, done, kills = random.Random(seed), Counter[str](), 0  # noqa: S311
    sound = story.recording("woman")[: 44 + 2 * 16000]
    while (left := number - done.total()) > 0:
        did, killed = one_life(folder / "home", dice, left, sound)
        done, kills = done + did, kills + killed
    print(json.dumps({"done": done, "kills": kills}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
