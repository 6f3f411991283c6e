"""Sessions: known by a token that is not kept, over in time, ended at once, each only by who may."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from access import directory, sessions
from access.roles import NotAllowed
from access.sessions import IDLE, LONGEST, Begun, NotSignedIn, UnknownSession, ends_at, is_over
from storage import models
from storage.log.log import Event
from tests import story
from tests.story import Stage, Story

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Story]:
    found = story.at(Stage.PLANNED, tmp_path)
    yield found
    found.home.close()


def begin(told: Story, name: str = "ana") -> Begun:
    return sessions.begin(told.home, directory.find(told.home, name), "127.0.0.1")


def later(told: Story, monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    now = told.home.now() + by
    monkeypatch.setattr(told.home, "now", lambda: now)


def test_a_session_ends_after_rest_and_after_a_working_day() -> None:
    assert ends_at(NOON, NOON) == NOON + IDLE
    assert ends_at(NOON, NOON + LONGEST - SECOND) == NOON + LONGEST
    assert not is_over(NOON, NOON, NOON + IDLE - SECOND)
    assert is_over(NOON, NOON, NOON + IDLE)
    assert is_over(NOON, NOON + LONGEST - SECOND, NOON + LONGEST)
    assert is_over(NOON, NOON, NOON - timedelta(hours=1)), "set back an hour, nobody knows how long ago it began"
    assert not is_over(NOON, NOON, NOON - SECOND)


def test_a_token_finds_its_session_and_no_other_does(told: Story) -> None:
    begun = begin(told)
    found = sessions.find(told.home, begun.token)
    assert (found.id, found.person, found.by_link) == (begun.session.id, told.ana, False)
    for other in ("", begun.token[:-1], begun.token + "A", begin(told).token[::-1], "\udcff"):
        with pytest.raises(NotSignedIn):
            sessions.find(told.home, other)


def test_the_token_lies_nowhere(told: Story) -> None:
    begun = begin(told)
    told.home.close()
    bodies = b"".join(path.read_bytes() for path in told.home.folder.rglob("*") if path.is_file())
    assert begun.token.encode() not in bodies
    assert str(begun.session.id).replace("-", "").encode() in bodies, "the look must see what is stored"
    assert begun.token not in repr(begun)


def test_acting_goes_on_and_polling_does_not(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    acting, polling = begin(told), begin(told)
    later(told, monkeypatch, IDLE - SECOND)
    sessions.find(told.home, acting.token)
    sessions.find(told.home, polling.token, acting=False)
    later(told, monkeypatch, 2 * SECOND)
    assert sessions.find(told.home, acting.token).seen > acting.session.seen
    with pytest.raises(NotSignedIn):
        sessions.find(told.home, polling.token, acting=False)


def test_acting_all_day_ends_in_the_evening(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = begin(told)
    for _ in range(int(LONGEST / (IDLE - SECOND))):
        later(told, monkeypatch, IDLE - SECOND)
        sessions.find(told.home, begun.token)
    later(told, monkeypatch, IDLE - SECOND)
    with pytest.raises(NotSignedIn):
        sessions.find(told.home, begun.token)


def test_signing_out_ends_this_session_alone_and_says_so_in_the_log(told: Story) -> None:
    begun, other = begin(told), begin(told)
    sessions.end(told.home, begun.session)
    with pytest.raises(NotSignedIn):
        sessions.find(told.home, begun.token)
    assert sessions.find(told.home, other.token).id == other.session.id
    entry = told.log()[-1]
    assert (entry.event, entry.actor, entry.obj) == (Event.SESSION_ENDED, "ana", (str(begun.session.id),))
    sessions.end(told.home, begun.session)
    assert told.log()[-1] == entry, "an ended session is not ended again"


def test_who_is_disabled_is_signed_out(told: Story) -> None:
    begun = begin(told)
    directory.disable(told.home, told.ben, "ana")
    with pytest.raises(NotSignedIn):
        sessions.find(told.home, begun.token)


def test_everybody_sees_their_own_and_governance_everybodys(told: Story) -> None:
    own, other = begin(told, "ana"), begin(told, "cara")
    assert [one.id for one in sessions.going_on(told.home, told.ana)] == [own.session.id]
    with pytest.raises(NotAllowed):
        sessions.going_on(told.home, told.ana, everyone=True)
    found = {one.id: one.person.name for one in sessions.going_on(told.home, told.ben, everyone=True)}
    assert found == {own.session.id: "ana", other.session.id: "cara"}


def test_a_session_that_is_over_is_not_shown(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(told)
    later(told, monkeypatch, IDLE)
    assert sessions.going_on(told.home, told.ana) == []


def test_only_oneself_and_governance_end_a_session_from_elsewhere(told: Story) -> None:
    first, second = begin(told), begin(told)
    with pytest.raises(NotAllowed):
        sessions.end_one(told.home, told.cara, first.session.id)
    sessions.end_one(told.home, told.ana, first.session.id)
    sessions.end_one(told.home, told.ben, second.session.id)
    assert sessions.going_on(told.home, told.ana) == []
    with pytest.raises(UnknownSession):
        sessions.end_one(told.home, told.ana, first.session.id)
    with pytest.raises(UnknownSession):
        sessions.end_one(told.home, told.ana, uuid4())


def test_all_sessions_of_a_person_end_at_once(told: Story) -> None:
    begun, kept = [begin(told), begin(told)], begin(told, "cara")
    with pytest.raises(NotAllowed):
        sessions.end_all(told.home, told.cara, told.ana)
    assert sessions.end_all(told.home, told.ben, told.ana) == 2
    for one in begun:
        with pytest.raises(NotSignedIn):
            sessions.find(told.home, one.token)
    assert sessions.find(told.home, kept.token).id == kept.session.id


def test_old_sessions_are_forgotten(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(told)
    later(told, monkeypatch, timedelta(days=31))
    begin(told)
    assert story.rows(told.home, models.PersonSession) == 1
