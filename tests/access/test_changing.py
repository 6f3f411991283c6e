"""Another password, other roles: by whom they are, and never so that nobody is left to govern."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from access import changing, directory, sessions, signing_in
from access.changing import LastRole, OldPasswordNeeded
from access.directory import LastGovernance, UnknownPerson
from access.passwords import BadPassword
from access.people import Person
from access.roles import NotAllowed, Role
from access.sessions import NotSignedIn, SignedIn
from access.signing import WrongPassword, verify
from retention import destroy, orders, withdrawal
from storage.log.log import Event
from tests import story
from tests.story import LIGHT, Stage, Story

NEW = "another grey heron"
HERE = "127.0.0.1"


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Story]:
    found = story.at(Stage.PLANNED, tmp_path)
    yield found
    found.home.close()


def by_link(told: Story, name: str = "ana") -> SignedIn:
    return signing_in.sign_in_by_link(told.home, signing_in.make_link(told.home, told.ben, name), HERE).session


def roles(told: Story, name: str) -> set[Role]:
    return set(directory.find(told.home, name).roles)


def test_a_changed_password_opens_the_same_key(told: Story) -> None:
    before = told.ana
    changing.change_password(told.home, before, story.password("ana"), NEW, work=LIGHT)
    assert told.ana.public_key == before.public_key
    assert verify(before.public_key, directory.open_key(told.home, told.ana, NEW).sign(b"a statement"), b"a statement")
    assert directory.check(told.home, "ana", NEW) == told.ana
    for refused in (
        lambda: directory.open_key(told.home, told.ana, story.password("ana")).sign(b"a statement"),
        lambda: directory.check(told.home, "ana", story.password("ana")),
    ):
        with pytest.raises((WrongPassword, directory.WrongSignIn)):
            refused()
    assert told.events()[-1] == Event.PERSON_PASSWORD_CHANGED
    assert told.findings() == ()


@pytest.mark.parametrize(("old", "new", "error"), [("wrong", NEW, WrongPassword), (None, "short", BadPassword)])
def test_a_wrong_old_or_bad_new_password_changes_nothing(
    told: Story, old: str | None, new: str, error: type[Exception]
) -> None:
    before = told.events()
    with pytest.raises(error):
        changing.change_password(told.home, told.ana, old or story.password("ana"), new, work=LIGHT)
    assert told.events() == before
    assert directory.check(told.home, "ana", story.password("ana")) == told.ana


def test_a_changed_password_ends_every_other_session(told: Story) -> None:
    kept, other = (sessions.begin(told.home, told.ana, HERE) for _ in range(2))
    somebodys = sessions.begin(told.home, told.cara, HERE)
    changing.change_password(told.home, told.ana, story.password("ana"), NEW, keep=kept.session, work=LIGHT)
    for begun in (kept, somebodys):
        assert sessions.find(told.home, begun.token).id == begun.session.id
    with pytest.raises(NotSignedIn):
        sessions.find(told.home, other.token)


def test_with_a_link_a_password_is_chosen_once_and_with_a_new_key(told: Story) -> None:
    before, signed = told.ana, by_link(told)
    changing.choose_password(told.home, signed, NEW, work=LIGHT)
    assert told.ana.public_key != before.public_key
    assert verify(
        told.ana.public_key, directory.open_key(told.home, told.ana, NEW).sign(b"a statement"), b"a statement"
    )
    entry = next(one for one in reversed(told.log()) if one.event == Event.PERSON_KEY_REPLACED)
    assert entry.detail == {"key": told.ana.public_key.hex()}
    with pytest.raises(OldPasswordNeeded):
        changing.choose_password(told.home, signed, "a third password", work=LIGHT)
    assert [str(finding) for finding in told.findings() if finding.fatal] == []


def test_without_a_link_the_old_password_is_needed(told: Story) -> None:
    signed = sessions.begin(told.home, told.ana, HERE).session
    with pytest.raises(OldPasswordNeeded):
        changing.choose_password(told.home, signed, NEW, work=LIGHT)
    assert directory.check(told.home, "ana", story.password("ana")) == told.ana


def test_a_signature_given_before_the_key_was_replaced_still_counts(told: Story) -> None:
    number = withdrawal.withdraw(told.home, told.ana, story.password("ana"), story.FIRST).order
    changing.choose_password(told.home, by_link(told), NEW, work=LIGHT)
    orders.approve(told.home, told.ben, story.password("ben"), number)
    destroy.carry_out(told.home, number)
    assert [str(finding) for finding in told.findings() if finding.fatal] == []


def test_roles_are_given_and_taken_on_record(told: Story) -> None:
    changing.give_role(told.home, told.ben, "cara", Role.OPERATOR)
    assert roles(told, "cara") == {Role.REVIEWER, Role.OPERATOR}
    changing.take_role(told.home, told.ben, "cara", Role.REVIEWER)
    assert roles(told, "cara") == {Role.OPERATOR}
    entries = told.log()[-2:]
    assert [(one.event, one.actor, one.detail["role"]) for one in entries] == [
        (Event.ROLE_GRANTED, "ben", "operator"),
        (Event.ROLE_REMOVED, "ben", "reviewer"),
    ]
    before = told.events()
    changing.give_role(told.home, told.ben, "cara", Role.OPERATOR)
    changing.take_role(told.home, told.ben, "cara", Role.AUDITOR)
    assert told.events() == before, "what is so already is no event"


def test_a_role_that_was_taken_is_gone_at_the_next_request(told: Story) -> None:
    begun = sessions.begin(told.home, told.ana, HERE)
    changing.take_role(told.home, told.ben, "ana", Role.REVIEWER)
    assert sessions.find(told.home, begun.token).person.roles == {Role.OPERATOR}


def test_only_governance_gives_and_takes(told: Story) -> None:
    for name in ("ana", "cara", "dora"):
        person: Person = directory.find(told.home, name)
        with pytest.raises(NotAllowed):
            changing.give_role(told.home, person, name, Role.GOVERNANCE)
        with pytest.raises(NotAllowed):
            changing.take_role(told.home, person, "ben", Role.GOVERNANCE)
    with pytest.raises(UnknownPerson):
        changing.give_role(told.home, told.ben, "nobody", Role.AUDITOR)


def test_the_last_of_governance_stays(told: Story) -> None:
    ben = told.ben
    changing.give_role(told.home, ben, "ben", Role.AUDITOR)
    directory.disable(told.home, ben, "eve")
    with pytest.raises(LastGovernance):
        directory.disable(told.home, ben, "ben")
    with pytest.raises(LastGovernance):
        changing.take_role(told.home, ben, "ben", Role.GOVERNANCE)
    changing.give_role(told.home, ben, "cara", Role.GOVERNANCE)
    directory.disable(told.home, ben, "ben")
    assert directory.find(told.home, "cara").roles == {Role.REVIEWER, Role.GOVERNANCE}


def test_nobody_is_left_without_a_role(told: Story) -> None:
    with pytest.raises(LastRole):
        changing.take_role(told.home, told.ben, "cara", Role.REVIEWER)
    assert roles(told, "cara") == {Role.REVIEWER}
