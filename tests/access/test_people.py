"""People: names to sign in with, and two who must be different."""

from dataclasses import replace
from uuid import UUID

import pytest

from access.people import BadName, Person, SamePerson, check_name, require_different
from access.roles import Role

MO = Person(id=UUID(int=1), name="mo", roles=frozenset({Role.REVIEWER}), public_key=b"1" * 32, disabled=False)
JO = Person(id=UUID(int=2), name="jo", roles=frozenset({Role.GOVERNANCE}), public_key=b"2" * 32, disabled=False)


@pytest.mark.parametrize("name", ["mo", "m", "mo.jones", "mo-jones_2", "a" * 40])
def test_a_usable_name_passes(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name", ["", "Mo", "2mo", "mo ", "mo jones", "mo..jones", "mo-", "../mo", "mo\n", "a" * 41, "mó", "mo@x"]
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(BadName):
        check_name(name)


def test_two_different_people_pass() -> None:
    require_different(MO, JO)


@pytest.mark.parametrize(
    "other", [MO, replace(JO, id=MO.id), replace(JO, name=MO.name), replace(JO, public_key=MO.public_key)]
)
def test_one_person_in_two_guises_is_refused(other: Person) -> None:
    with pytest.raises(SamePerson):
        require_different(MO, other)
