"""What a person signs: others write while the password is tried, and what they changed meanwhile is seen."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from access import changing, directory, signing
from access.directory import PersonDisabled
from access.roles import NotAllowed, Role
from access.signing import WrongPassword
from pipeline.reviews import ConversationGone
from retention import approvals, copies, extending, holds, orders, withdrawal
from retention.approvals import AlreadySigned, NotSigned
from retention.withdrawal import AlreadyWithdrawn, Ground
from storage.home import Home
from storage.keyring import Work, stretch
from storage.models import Order, SignOff
from tests import story
from tests.retention.safe import take_copy
from tests.story import FIRST, LIGHT, Stage, Story

WHY = {"reason": "a question is open", "reference": "Letter of 4 May"}


@pytest.fixture
def ready(tmp_path: Path) -> Story:
    return story.at(Stage.EXPORTED, tmp_path)


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen while the next password is tried."""

    def slow(passphrase: bytes, salt: bytes, work: Work) -> bytes:
        monkeypatch.setattr(signing, "stretch", stretch)
        act()
        return stretch(passphrase, salt, work)

    monkeypatch.setattr(signing, "stretch", slow)


def is_free(home: Home) -> bool:
    """Whether another connection could write now."""
    with closing(sqlite3.connect(home.folder / "candour.db", timeout=0, isolation_level=None)) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        other.execute("ROLLBACK")
        return True


def sign_off(told: Story, name: str) -> None:
    approvals.sign_off(told.home, getattr(told, name), story.password(name), FIRST)


def take_back(told: Story, name: str) -> None:
    approvals.take_back(told.home, getattr(told, name), story.password(name), FIRST)


def place(told: Story, name: str) -> None:
    holds.place(told.home, getattr(told, name), story.password(name), FIRST, **WHY)


def lift(told: Story, name: str) -> None:
    holds.lift(told.home, getattr(told, name), story.password(name), 1, **WHY)


def extend(told: Story, name: str) -> None:
    day = (datetime.now(UTC) + timedelta(days=40)).date()
    extending.extend(told.home, getattr(told, name), story.password(name), FIRST, day, **WHY)


def withdraw(told: Story, name: str) -> None:
    withdrawal.withdraw(told.home, getattr(told, name), story.password(name), FIRST)


def refuse(told: Story, name: str) -> None:
    withdrawal.refuse(told.home, getattr(told, name), story.password(name), FIRST, Ground.LEGAL_CLAIMS, **WHY)


def approve(told: Story, name: str) -> None:
    with told.home.reading() as session:
        number = max(order.number for order in session.query(Order))
    orders.approve(told.home, getattr(told, name), story.password(name), number)


def attest(told: Story, name: str) -> None:
    copies.attest(told.home, getattr(told, name), story.password(name), 1)


def test_nobody_waits_while_a_password_is_tried(ready: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    take_copy(ready)
    seen: list[tuple[str, bool]] = []
    acts = (sign_off, take_back, place, lift, extend, withdraw, refuse, withdraw, approve, attest)
    for act in acts:
        meanwhile(monkeypatch, lambda act=act: seen.append((act.__name__, is_free(ready.home))))  # type: ignore[misc]
        act(ready, "eve" if act is approve else "ben")
    assert seen == [(act.__name__, True) for act in acts]
    assert [finding for finding in ready.findings() if finding.fatal] == []


def test_the_look_sees_a_lock_that_is_held(ready: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    meanwhile(monkeypatch, lambda: seen.append(is_free(ready.home)))
    with ready.home.writing():
        directory.open_key(ready.home, ready.ben, story.password("ben"))
    assert seen == [False]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda told: changing.take_role(told.home, told.eve, "cara", Role.REVIEWER), NotAllowed),
        (lambda told: directory.disable(told.home, told.ben, "cara"), PersonDisabled),
        (
            lambda told: changing.change_password(
                told.home, told.cara, story.password("cara"), "another password", work=LIGHT
            ),
            WrongPassword,
        ),
        (lambda told: withdraw(told, "ana"), ConversationGone),
        (lambda told: sign_off(told, "cara"), AlreadySigned),
    ],
)
def test_what_changed_meanwhile_is_seen_under_the_lock(
    ready: Story, monkeypatch: pytest.MonkeyPatch, change: Callable[[Story], object], error: type[Exception]
) -> None:
    changing.give_role(ready.home, ready.ben, "cara", Role.OPERATOR)
    cara = ready.cara
    meanwhile(monkeypatch, lambda: change(ready))
    with pytest.raises(error):
        approvals.sign_off(ready.home, cara, story.password("cara"), FIRST)
    assert story.rows(ready.home, SignOff) == (1 if error is AlreadySigned else 0)


@pytest.mark.parametrize(
    ("act", "change", "error"),
    [
        (take_back, take_back, NotSigned),
        (withdraw, withdraw, AlreadyWithdrawn),
        (extend, withdraw, ConversationGone),
    ],
)
def test_of_two_at_once_the_later_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Story, str], None],
    change: Callable[[Story, str], None],
    error: type[Exception],
) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    meanwhile(monkeypatch, lambda: change(told, "eve"))
    with pytest.raises(error):
        act(told, "ben")
    assert [finding for finding in told.findings() if finding.fatal] == []


@pytest.mark.parametrize(("act", "error"), [(take_back, NotSigned), (refuse, withdrawal.NotWithdrawn)])
def test_what_cannot_be_done_is_said_before_the_password_is_tried(
    ready: Story, act: Callable[[Story, str], None], error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "password", lambda name: "a wrong password")
    with pytest.raises(error):
        act(ready, "ben")
    with pytest.raises(WrongPassword):
        sign_off(ready, "ben")
