"""A home on both databases: made whole or not at all, opened again, and the log in step with what was done."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from access import directory
from pipeline import reviews
from retention.verify import verify_database
from storage import database
from storage.durable import DiskFull
from storage.errors import Refused
from storage.home import (
    BadOrigin,
    DatabaseTaken,
    Home,
    HomeExists,
    NoHome,
    RowsMissing,
    VaultClosed,
    WorkerRunning,
)
from storage.keyring import WrongPassphrase
from storage.log.log import Event, LogRolledBack, Signer, entries, stored_size
from storage.models import Review, State
from tests import homes
from tests.homes import PASSPHRASE, QUICK
from tests.storage.log.books import unguard


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Homes of this test keep their rows in this database."""
    if request.param == "postgresql":
        monkeypatch.setenv("CANDOUR_DATABASE__URL", request.getfixturevalue("postgres_address"))
    return str(request.param)


@pytest.fixture
def home(kind: str, tmp_path: Path) -> Iterator[Home]:
    one = homes.empty(tmp_path / "home")
    yield one
    one.close()


def events(home: Home) -> list[str]:
    with home.reading() as session:
        return [body.decode().split('"event":"')[1].split('"')[0] for _, body in entries(session)]


def test_the_whole_beginning_of_a_conversation_on_either_database(home: Home, kind: str) -> None:
    ada = directory.find(home, "ada")
    reviews.add_participant(home, ada, homes.REVIEW, "Health visitor 1", "Health")
    made = reviews.plan_conversation(home, ada, homes.REVIEW, "Health visitor 1", interviewer="Lead reviewer", on=None)
    home.close()
    again = Home.open(home.folder)
    assert again.engine.dialect.name == kind
    with again.reading() as session:
        found = reviews.find_conversation(session, "C-001")
        assert (found.id, found.state, found.review.reference) == (made.id, State.PLANNED, homes.REVIEW)
        report = verify_database(session, again.signer.verifier_key)
        assert (report.ok, report.signed) == (True, stored_size(session))
    assert events(again)[-3:] == ["review.created", "participant.added", "conversation.planned"]
    assert (again.folder / "candour.db").exists() == (kind == "sqlite")
    again.close()


def test_what_was_sealed_opens_after_unlocking_alone(home: Home) -> None:
    again = Home.open(home.folder)
    with again.reading() as session:
        review = reviews.find_review(session, homes.REVIEW)
    with pytest.raises(VaultClosed):
        reviews.codebook_of(again, review)
    with pytest.raises(WrongPassphrase):
        again.unlock(b"something else")
    again.unlock(PASSPHRASE.encode())
    assert reviews.codebook_of(again, review).codes
    again.close()


def test_a_step_that_fails_leaves_neither_row_nor_entry(home: Home) -> None:
    before = events(home)
    with pytest.raises(Refused), home.writing() as session:
        session.delete(reviews.find_review(session, homes.REVIEW))
        home.log(session, Event.REVIEW_CLOSED, actor="ada", obj=["x"])
        session.flush()
        raise Refused
    assert events(home) == before
    with home.reading() as session:
        assert session.query(Review).count() == 1


def test_each_logged_step_is_signed(home: Home) -> None:
    with home.writing() as session:
        seq = home.log(session, Event.WORK_STARTED, actor="worker", obj=["x"])
    with home.reading() as session:
        assert seq == stored_size(session) - 1
        assert verify_database(session, home.signer.verifier_key).signed == seq + 1


def test_threads_that_write_at_once_leave_one_whole_log(home: Home) -> None:
    def write() -> None:
        for _ in range(5):
            with home.writing() as session:
                home.log(session, Event.WORK_STARTED, actor="worker", obj=["x"])

    before = len(events(home))
    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with home.reading() as session:
        report = verify_database(session, home.signer.verifier_key)
    assert (report.ok, report.size, report.signed) == (True, before + 20, before + 20)


def test_rows_that_were_set_back_are_refused(home: Home) -> None:
    with database.writing(home.engine) as session:
        unguard(session)
        session.connection().exec_driver_sql("DELETE FROM audit_leaf WHERE idx > 2")
    with pytest.raises(LogRolledBack), home.writing():
        pass
    with home.reading() as session:
        assert stored_size(session) == 3


def test_a_second_home_does_not_share_a_database(
    home: Home, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANDOUR_DATABASE__URL", home.engine.url.render_as_string(hide_password=False))
    before = events(home)
    with pytest.raises(DatabaseTaken):
        Home.create(tmp_path / "second", PASSPHRASE.encode(), origin="candour.test/second", work=QUICK)
    assert not (tmp_path / "second").exists()
    assert events(home) == before


def test_a_home_does_not_start_over_when_its_rows_are_elsewhere(
    home: Home, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.close()
    if kind == "sqlite":
        (home.folder / "candour.db").rename(tmp_path / "candour.db")
    else:
        monkeypatch.delenv("CANDOUR_DATABASE__URL")
    with pytest.raises(RowsMissing):
        Home.open(home.folder)
    assert not (home.folder / "candour.db").exists()


def test_only_the_owner_can_look_into_a_home(home: Home, kind: str) -> None:
    assert home.folder.stat().st_mode & 0o077 == 0
    for path in home.folder.rglob("*"):
        if path.is_dir() or path.parent.name in {"vault", "log"}:
            assert path.stat().st_mode & 0o077 == 0 or path.name == "signer.state", path.name


def test_the_right_to_work_is_one_process_at_a_time(home: Home) -> None:
    other = Home.open(home.folder)
    with home.working(), pytest.raises(WorkerRunning), other.working():
        pass
    with other.working():
        pass
    other.close()


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("mine")
    for place in (tmp_path, tmp_path / "letter"):
        with pytest.raises(HomeExists):
            Home.create(place, PASSPHRASE.encode(), origin="candour.test/log", work=QUICK)
    assert [path.name for path in tmp_path.iterdir()] == ["letter"]


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    home = Home.create(tmp_path / "home", PASSPHRASE.encode(), origin="candour.test/log", work=QUICK)
    assert events(home) == []
    home.close()


def test_a_bad_name_for_the_log_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadOrigin):
        Home.create(tmp_path / "home", PASSPHRASE.encode(), origin="two words", work=QUICK)
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_could_not_be_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Signer, "create", fail)
    with pytest.raises(DiskFull):
        Home.create(tmp_path / "home", PASSPHRASE.encode(), origin="candour.test/log", work=QUICK)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_home_is_refused_untouched(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NoHome):
            Home.open(place)
    assert list(tmp_path.iterdir()) == []
