"""Does whatever comes to mind, and is killed whenever: `python -m tests.faults.chance FOLDER SEED NUMBER`.

FOLDER/home holds a home. A child process does random steps in it, one after the other, until this one kills it without a
warning; the next child goes on with what is there, until NUMBER steps are done. When to kill is counted in calls and not in
seconds, so that a slow machine and a fast one die as often, and in the midst of things. Prints a JSON line: a `Lived`.
"""

import io
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
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
# A life: fewer steps than these in peace, then at most so many calls, as a power of ten.
QUIET: Final = 6
MOST_CALLS: Final = 4.5
KILL_ME: Final = b"kill me\n"
ENDS: Final = ("done", "refused")


@dataclass(frozen=True)
class Lived:
    """How often each step was done, or killed while it was at work, and what nobody foresaw."""

    done: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    unforeseen: list[str] = field(default_factory=list)


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
        person = self.somebody()
        holds.place(self.home, person, story.password(person.name), self.conversation(), **WHY)

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
        person = self.somebody()
        withdrawal.refuse(
            self.home, person, story.password(person.name), self.conversation(), Ground.LEGAL_CLAIMS, **WHY
        )

    def extend(self) -> None:
        day = (self.home.now() + timedelta(days=self._dice.randrange(1, 400))).date()
        person = self.somebody()
        extending.extend(self.home, person, story.password(person.name), self.conversation(), day, **WHY)

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


def child(home: Path, seed: int, number: int, sound: bytes, says: int) -> None:
    """Steps until it is killed: a few in peace, then as many calls of C functions as the dice say, wherever that is."""
    dice = random.Random(seed)  # noqa: S311
    chance = Chance(story.opened(home), dice, sound)
    peace, calls = dice.randrange(QUIET), int(10 ** dice.uniform(0, MOST_CALLS))

    def count(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls -= event == "c_call"
        if calls <= 0:
            sys.setprofile(None)
            os.write(says, KILL_ME)

    for n in range(number):
        (step,) = dice.choices(list(STEPS), weights=list(STEPS.values()))
        os.write(says, f"{step.__name__}\n".encode())
        try:
            if n >= peace and calls > 0:
                sys.setprofile(count)
            step(chance)
            result = b"done"
        except CandourError:
            # As most of what comes to mind is.
            result = b"refused"
        finally:
            sys.setprofile(None)
        os.write(says, result + b"\n")
    while calls <= 0:
        signal.pause()


def one_life(home: Path, dice: random.Random, number: int, sound: bytes, lived: Lived) -> None:
    """A child until it says that it is to be killed, which it is while it goes on, or has done all."""
    hears, says = os.pipe()
    seed = dice.randrange(2**32)
    process = os.fork()
    if process == 0:
        os.close(hears)
        try:
            child(home, seed, number, sound, says)
        except BaseException as error:
            os.write(says, f"unforeseen {type(error).__name__}: {str(error)[:200]}\n".encode())
            os._exit(1)
        os._exit(0)
    os.close(says)
    with os.fdopen(hears, "rb") as said:
        step = ""
        for line in said:
            if line == KILL_ME:
                os.kill(process, signal.SIGKILL)
                lived.killed[step] += 1
                break
            word = line.decode().strip()
            if word in ENDS:
                lived.done[step if word == "done" else word] += 1
            elif word.startswith("unforeseen"):
                lived.unforeseen.append(f"{step}: {word}")
            else:
                step = word
    os.waitpid(process, 0)


def main(folder: Path, seed: int, number: int) -> None:
    dice, lived = random.Random(seed), Lived()  # noqa: S311
    sound = story.recording("woman")[: 44 + 2 * 16000]
    while (left := number - lived.done.total()) > 0 and not lived.unforeseen:
        one_life(folder / "home", dice, left, sound, lived)
    print(json.dumps(vars(lived)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
