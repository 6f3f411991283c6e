"""One person is never both signatures: not for the commands, not in the database, and not for whoever verifies the log."""

from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cli import main
from retention.report import Problem
from retention.verify import verify_database
from storage import database
from storage.base import Base
from storage.log.log import Event
from storage.models import Approval, HoldLift, Person, SignOff
from tests import story
from tests.retention.stories import Story, until_order
from tests.storage import rows
from tests.storage.log.books import new_book
from tests.story import FIRST, OTHER, Stage


def run(told: story.Story, person: str, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, [*words], env=told.environment(person))
    return done.exit_code, done.output


def test_the_commands_refuse_a_second_signature_of_one_person(tmp_path: Path) -> None:
    told = story.at(Stage.EXPORTED, tmp_path)
    assert run(told, "ana", "signoff", FIRST, "--yes")[0] == 0
    code, said = run(told, "ana", "signoff", FIRST, "--yes")
    assert code == 3 and "a second, different person must sign" in said
    assert run(told, "ben", "signoff", FIRST, "--yes")[0] == 0, "the control: another person may"
    assert run(told, "ana", "conversation", "withdraw", OTHER, "--yes")[0] == 0
    code, said = run(told, "ana", "retention", "approve", "2", "--yes")
    assert code == 3 and "a second, different person must sign" in said
    assert run(told, "ben", "retention", "approve", "2", "--yes")[0] == 0
    hold = ["--reason", "a hearing", "--reference", "letter 7"]
    assert run(told, "ben", "hold", "place", FIRST, *hold)[0] == 0
    assert run(told, "ben", "hold", "lift", "1", *hold)[0] == 0
    code, said = run(told, "ben", "hold", "lift", "1", *hold)
    assert code == 3 and "different person" in said
    assert run(told, "eve", "hold", "lift", "1", *hold)[0] == 0


def columns(row: Base) -> dict[str, object]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


@pytest.mark.parametrize("table", [Approval, SignOff, HoldLift])
def test_the_database_refuses_a_second_signature_of_one_person(
    address: str, table: type[Approval | SignOff | HoldLift]
) -> None:
    engine = rows.restore(address, "0001")
    with database.writing(engine) as session:
        one, person = session.query(table).one(), session.query(Person).one()
        first, second = columns(one), columns(person)
    again = first | {"id": UUID(int=2)}
    with pytest.raises(IntegrityError), database.writing(engine) as session:
        session.execute(insert(table).values(again))
    with database.writing(engine) as session:
        session.execute(insert(Person).values(second | {"id": UUID(int=2), "name": "another"}))
        session.execute(insert(table).values(again | {"person_id": UUID(int=2)}))
    engine.dispose()


def findings(told: Story) -> set[Problem]:
    told.book.sign()
    with Session(told.book.engine) as session:
        return {finding.problem for finding in verify_database(session, told.key).findings if finding.fatal}


def begun(told: Story, *approvers: str) -> None:
    for name in ("ann", "ben"):
        told.person(name)
    told.conversation()
    told.order(reason="withdrawal")
    for name in approvers:
        told.approve(name)
    told.step(Event.DESTROY_INTENT)


@pytest.mark.parametrize(
    ("approvers", "expected"),
    [
        (("ann", "ben"), set()),
        (("ann", "ann"), {Problem.APPROVAL}),
        (("ann",), {Problem.APPROVAL}),
        ((), {Problem.APPROVAL}),
    ],
)
def test_the_log_counts_one_person_once(tmp_path: Path, approvers: tuple[str, ...], expected: set[Problem]) -> None:
    told = Story(new_book(tmp_path))
    begun(told, *approvers)
    assert findings(told) == expected


def test_the_log_counts_one_key_once_whatever_names_it_has(tmp_path: Path) -> None:
    told = Story(new_book(tmp_path))
    told.person("ann")
    told.keys["eve"] = told.keys["ann"]
    told.write(Event.PERSON_ADDED, "ada", obj=["eve"], detail={"key": told.public("eve")})
    assert findings(told) == {Problem.KEY}


@pytest.mark.parametrize(("second", "expected"), [("ben", set()), ("ann", {Problem.SIGN_OFF})])
def test_a_sign_off_by_one_person_twice_destroys_nothing(tmp_path: Path, second: str, expected: set[Problem]) -> None:
    told = Story(new_book(tmp_path))
    for name in ("ann", "ben"):
        told.person(name)
    told.conversation()
    told.sign_off("ann")
    told.sign_off(second)
    told.order()
    told.approve("ann")
    told.approve("ben")
    told.step(Event.DESTROY_INTENT)
    assert findings(told) == expected


@pytest.mark.parametrize(("second", "expected"), [("cat", set()), ("ann", {Problem.HOLD})])
def test_a_hold_lifted_by_one_person_twice_stands(tmp_path: Path, second: str, expected: set[Problem]) -> None:
    told = until_order(Story(new_book(tmp_path)))
    told.hold()
    told.lift("ann")
    told.lift(second, last=True)
    told.step(Event.DESTROY_INTENT)
    assert findings(told) == expected
