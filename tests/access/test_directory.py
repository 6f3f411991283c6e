"""People of a home: added by who may, known by name, and without a password nobody signs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from access import directory
from access.directory import PersonDisabled, PersonTaken, UnknownPerson
from access.passwords import BadPassword, verify_password
from access.people import BadName, Person
from access.roles import NotAllowed, Role
from access.signing import WrongPassword, verify
from storage import models
from storage.home import Home
from storage.log.log import Event
from tests import story
from tests.story import LIGHT, TEAM, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.PLANNED, tmp_path)


def add(told: Story, name: str, by: str = "ben", password: str = "a password of their own") -> Person:
    return directory.add(told.home, directory.find(told.home, by), name, password, [Role.REVIEWER], work=LIGHT)


def test_everyone_is_known_with_their_roles(told: Story) -> None:
    found = {person.name: person.roles for person in directory.everyone(told.home)}
    assert found == {name: frozenset(roles) for name, roles in TEAM.items()}
    assert directory.find(told.home, "ana") == told.ana


def test_the_first_person_of_a_home_adds_the_others(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "home", b"a passphrase", origin="test.example/log", work=LIGHT)
    first = directory.add_first(home, "fay", "a password of their own", [Role.GOVERNANCE], work=LIGHT)
    directory.add(home, first, "gus", "a password of his own", [Role.REVIEWER], work=LIGHT)
    assert [person.name for person in directory.everyone(home)] == ["fay", "gus"]


def test_an_added_person_is_in_the_log_with_their_key(told: Story) -> None:
    added = add(told, "fay")
    entry = told.log()[-1]
    assert (entry.event, entry.actor, entry.obj) == (Event.PERSON_ADDED, "ben", ("fay",))
    assert entry.detail == {"key": added.public_key.hex(), "roles": "reviewer"}
    assert told.findings() == ()


@pytest.mark.parametrize("by", ["ana", "cara", "dora"])
def test_only_governance_adds_and_disables(told: Story, by: str) -> None:
    with pytest.raises(NotAllowed):
        add(told, "fay", by=by)
    with pytest.raises(NotAllowed):
        directory.disable(told.home, directory.find(told.home, by), "eve")
    assert {person.name for person in directory.everyone(told.home)} == TEAM.keys()
    assert not directory.find(told.home, "eve").disabled


def test_nobody_is_added_twice(told: Story) -> None:
    before = told.events()
    with pytest.raises(PersonTaken):
        add(told, "ana")
    assert told.events() == before
    assert told.ana.roles == set(TEAM["ana"])


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda told: add(told, "Fay"), BadName),
        (lambda told: add(told, ""), BadName),
        (lambda told: add(told, "fay", password="short"), BadPassword),
    ],
)
def test_a_name_or_password_that_is_none_is_refused(
    told: Story, act: Callable[[Story], object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        act(told)
    assert story.rows(told.home, models.Person) == len(TEAM)


def test_a_disabled_person_can_do_nothing_and_what_they_signed_stays(told: Story) -> None:
    eve = told.eve
    signature = directory.open_key(told.home, eve, story.password("eve")).sign(b"a statement")
    directory.disable(told.home, told.ben, "eve")
    with pytest.raises(PersonDisabled):
        directory.find(told.home, "eve")
    with pytest.raises(PersonDisabled):
        directory.open_key(told.home, eve, story.password("eve")).sign(b"another statement")
    assert verify(eve.public_key, signature, b"a statement")
    assert [person.name for person in directory.everyone(told.home) if person.disabled] == ["eve"]
    assert told.events()[-1] == Event.PERSON_DISABLED


def test_disabled_twice_is_disabled_since_the_first_time(told: Story) -> None:
    directory.disable(told.home, told.ben, "eve")
    since = row(told, "eve").disabled_at
    directory.disable(told.home, told.ben, "eve")
    assert row(told, "eve").disabled_at == since is not None


def row(told: Story, name: str) -> models.Person:
    with told.home.reading() as session:
        return session.query(models.Person).filter_by(name=name).one()


def test_who_is_not_there_is_said(told: Story) -> None:
    with pytest.raises(UnknownPerson):
        directory.find(told.home, "nobody")
    with pytest.raises(UnknownPerson):
        directory.disable(told.home, told.ben, "nobody")


def test_each_signs_with_their_own_key_and_password(told: Story) -> None:
    signature = directory.open_key(told.home, told.ana, story.password("ana")).sign(b"a statement")
    assert verify(told.ana.public_key, signature, b"a statement")
    assert not verify(told.cara.public_key, signature, b"a statement")
    with pytest.raises(WrongPassword):
        directory.open_key(told.home, told.ana, story.password("cara")).sign(b"a statement")


def test_no_password_and_no_seed_lies_in_the_home(told: Story) -> None:
    stored = row(told, "ana")
    assert verify_password(stored.password, story.password("ana"))
    assert not verify_password(stored.password, story.password("ben"))
    told.home.close()
    bodies = b"".join(path.read_bytes() for path in told.home.folder.rglob("*") if path.is_file())
    assert story.password("ana").encode() not in bodies
    assert stored.signing_key in bodies, "the look must see what is stored"
