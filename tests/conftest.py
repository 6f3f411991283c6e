"""What tests of several packages share."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from pipeline.transcription import library
from tests import postgres

# Some tests import the libraries of speech themselves.
library.offline()

# No test asserts a time, and neither does a generated example.
hypothesis.settings.register_profile("candour", deadline=None)
hypothesis.settings.load_profile("candour")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With REQUIRE_ALL set, a test that is passed over because it "needs" something fails: CI has installed all of it."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if os.environ.get("REQUIRE_ALL") and report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason.startswith("needs "):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was passed over and must not be: it {reason}"
    return report  # type: ignore[return-value]


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> None:
    """What a developer has set for a home of their own is not for the tests."""
    for name in [name for name in os.environ if name.startswith("CANDOUR_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The maintenance address of a PostgreSQL server that lives as long as the tests."""
    found = postgres.programs()
    if found is None:
        pytest.skip(postgres.REASON)
    with postgres.running(found) as address:
        yield address


@pytest.fixture
def postgres_address(postgres_server: str) -> str:
    """The address of a new, empty PostgreSQL database."""
    return postgres.new_database(postgres_server)


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new, empty database of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'rows.db'}"
    fresh: str = request.getfixturevalue("postgres_address")
    return fresh
