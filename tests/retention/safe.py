"""A backup, a recovery copy and a restore of a story's home, as tests need them in many combinations."""

from pathlib import Path

from retention import backups, copies, destroy, orders, withdrawal
from retention.restore import Restored, restore
from storage import age, recovery
from storage.age import HybridIdentity
from tests import story
from tests.story import Story

CUSTODIAN = HybridIdentity(bytes(range(32)))


def back_up(told: Story, name: str = "backup") -> Path:
    folder = told.home.folder.parent / name
    backups.make(told.home, told.ana, folder)
    return folder


def take_copy(told: Story, name: str = "copy") -> Path:
    file = told.home.folder.parent / name
    copies.make(told.home, told.ana, file, [str(CUSTODIAN.recipient())])
    return file


def bring_back(
    backup: Path,
    copy: Path,
    name: str = "new",
    *,
    identity: age.Identity = CUSTODIAN,
    passphrase: bytes = story.PASSPHRASE,
) -> tuple[Story, Restored]:
    """The restored home, opened, and what was said about it."""
    folder = backup.parent / name
    opened = recovery.open_copy(copy, [identity])
    done = restore(backup, opened, passphrase, folder, lambda home: Story(home).ana)
    return story.opened(folder), done


def destroy_recording(told: Story) -> int:
    """Carry out the order of the first conversation, which is signed off."""
    destroy.carry_out(told.home, 1)
    return 1


def withdraw(told: Story, reference: str = story.OTHER) -> int:
    """Destroy everything of a conversation; returns the order's number."""
    number = withdrawal.withdraw(told.home, told.ana, story.password("ana"), reference).order
    orders.approve(told.home, told.ben, story.password("ben"), number)
    destroy.carry_out(told.home, number)
    return number
