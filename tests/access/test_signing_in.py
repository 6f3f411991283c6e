"""Signing in: by password, slowed down against guessing; by a link, once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from access import directory, passwords, sessions, signing_in
from access.directory import PersonDisabled, UnknownPerson, WrongSignIn
from access.roles import Act, NotAllowed, require
from access.signing import WrongPassword
from access.signing_in import LINK_LIFE, LinkOver, TooManyAttempts
from access.throttle import ACCOUNT_FREE
from storage import models
from storage.errors import CandourError
from storage.log.log import Event
from tests import story
from tests.story import Stage, Story

HERE = "127.0.0.1"


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Story]:
    found = story.at(Stage.PLANNED, tmp_path)
    yield found
    found.home.close()


def sign_in(told: Story, name: str = "ana", password: str | None = None, address: str = HERE) -> sessions.Begun:
    return signing_in.sign_in(told.home, name, story.password(name) if password is None else password, address)


def guess(told: Story, number: int = ACCOUNT_FREE, name: str = "ana", address: str = HERE) -> None:
    for _ in range(number):
        with pytest.raises(WrongSignIn):
            sign_in(told, name, "a wrong password", address)


def test_name_and_password_begin_a_session(told: Story) -> None:
    begun = sign_in(told)
    assert sessions.find(told.home, begun.token).person == told.ana
    entry = told.log()[-1]
    assert (entry.event, entry.actor, entry.detail) == (Event.SESSION_BEGUN, "ana", {"by": "password"})


@pytest.mark.parametrize("name", ["ana", "nobody", "eve", "a password typed here"])
def test_wrong_in_any_way_is_one_and_the_same_refusal(told: Story, name: str) -> None:
    directory.disable(told.home, told.ben, "eve")
    with pytest.raises(WrongSignIn) as refusal:
        sign_in(told, name, story.password("eve"))
    assert name not in str(refusal.value)
    assert story.rows(told.home, models.PersonSession) == 0


def test_a_name_that_nobody_has_costs_a_password_check_too(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    real = passwords.verify_password

    def watched(verifier: str, password: str) -> bool:
        checked.append(verifier)
        return real(verifier, password)

    monkeypatch.setattr(passwords, "verify_password", watched)
    guess(told, 1, "nobody")
    guess(told, 1, "ana")
    assert len(checked) == 2
    assert checked[0].rsplit("$", 2)[0] == checked[1].rsplit("$", 2)[0], "at the same price"


def test_guessing_is_slowed_down_even_for_the_right_password(told: Story) -> None:
    guess(told)
    with pytest.raises(TooManyAttempts) as refusal:
        sign_in(told)
    assert 0 < refusal.value.fields["seconds"] <= 60  # type: ignore[operator]
    assert sign_in(told, "ben").token
    assert told.events().count(Event.SIGN_IN_THROTTLED) == 1


def test_after_the_pause_the_right_password_is_taken(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    guess(told)
    then = told.home.now() + timedelta(minutes=1)
    monkeypatch.setattr(told.home, "now", lambda: then)
    assert sign_in(told).token


def test_guesses_at_the_same_moment_are_counted_each(told: Story) -> None:
    def attempt(_: int) -> type[Exception] | None:
        try:
            sign_in(told, "ana", "a wrong password")
        except CandourError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(24)))
    assert answers.count(WrongSignIn) == ACCOUNT_FREE
    assert answers.count(TooManyAttempts) == 24 - ACCOUNT_FREE


def test_no_password_typed_as_a_name_is_kept(told: Story) -> None:
    guess(told, 1, "Grey Heron Lake!")
    with told.home.reading() as session:
        assert [one.name for one in session.query(models.SignInAttempt)] == [""]


def test_any_other_password_field_is_slowed_down_the_same_way(told: Story) -> None:
    def sign(password: str) -> bytes:
        with signing_in.attempting(told.home, "ana", HERE):
            return directory.open_key(told.home, told.ana, password).sign(b"a statement")

    assert len(sign(story.password("ana"))) == 64
    for _ in range(ACCOUNT_FREE):
        with pytest.raises(WrongPassword):
            sign("a wrong password")
    with pytest.raises(TooManyAttempts):
        sign(story.password("ana"))


def test_an_act_that_is_refused_for_another_reason_is_no_wrong_password(told: Story) -> None:
    for _ in range(ACCOUNT_FREE + 1):
        with pytest.raises(NotAllowed), signing_in.attempting(told.home, "ana", HERE):
            require(told.ana.roles, Act.REFUSE_WITHDRAWAL, "ana")
    with pytest.raises(WrongPassword), signing_in.attempting(told.home, "ana", HERE):
        directory.open_key(told.home, told.ana, "a wrong password")
    with told.home.reading() as session:
        assert [one.passed for one in session.query(models.SignInAttempt)] == [False]


def test_a_link_signs_in_once(told: Story) -> None:
    token = signing_in.make_link(told.home, told.ben, "ana")
    begun = signing_in.sign_in_by_link(told.home, token, HERE)
    assert (begun.session.person, begun.session.by_link) == (told.ana, True)
    with pytest.raises(LinkOver):
        signing_in.sign_in_by_link(told.home, token, HERE)
    assert [entry.event for entry in told.log()[-2:]] == [Event.LOGIN_LINK_MADE, Event.SESSION_BEGUN]
    told.home.close()
    bodies = b"".join(path.read_bytes() for path in told.home.folder.rglob("*") if path.is_file())
    assert token.encode() not in bodies


def test_of_many_who_use_a_link_one_gets_in(told: Story) -> None:
    token = signing_in.make_link(told.home, told.ben, "ana")

    def use(_: int) -> bool:
        try:
            return bool(signing_in.sign_in_by_link(told.home, token, HERE))
        except LinkOver:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(8))) == 1


def test_a_link_is_over_after_a_day_and_when_there_is_a_newer_one(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    old, token = (signing_in.make_link(told.home, told.ben, "ana") for _ in range(2))
    with pytest.raises(LinkOver):
        signing_in.sign_in_by_link(told.home, old, HERE)
    then = told.home.now() + LINK_LIFE
    monkeypatch.setattr(told.home, "now", lambda: then)
    with pytest.raises(LinkOver):
        signing_in.sign_in_by_link(told.home, token, HERE)


def test_a_link_works_where_another_process_saw_a_later_time(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    other = story.opened(told.home.folder)
    ahead = told.home.machine_clock() + timedelta(seconds=30)
    monkeypatch.setattr(other.home, "machine_clock", lambda: ahead)
    token = signing_in.make_link(other.home, told.ben, "ana")
    other.home.close()
    assert signing_in.sign_in_by_link(told.home, token, HERE).token


REFUSED: list[tuple[Callable[[Story], object], type[Exception]]] = [
    (lambda told: signing_in.make_link(told.home, told.ana, "cara"), NotAllowed),
    (lambda told: signing_in.make_link(told.home, told.ben, "nobody"), UnknownPerson),
    (lambda told: signing_in.make_link(told.home, told.ben, "eve"), PersonDisabled),
    (lambda told: signing_in.sign_in_by_link(told.home, "made up", HERE), LinkOver),
]


@pytest.mark.parametrize(("act", "error"), REFUSED)
def test_a_link_that_should_not_be_is_refused(
    told: Story, act: Callable[[Story], object], error: type[Exception]
) -> None:
    directory.disable(told.home, told.ben, "eve")
    with pytest.raises(error):
        act(told)
    assert story.rows(told.home, models.LoginLink) == story.rows(told.home, models.PersonSession) == 0


def test_who_was_disabled_after_the_link_was_made_does_not_get_in(told: Story) -> None:
    token = signing_in.make_link(told.home, told.ben, "ana")
    directory.disable(told.home, told.ben, "ana")
    with pytest.raises(PersonDisabled):
        signing_in.sign_in_by_link(told.home, token, HERE)
