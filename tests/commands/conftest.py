"""A furnished home for every test that needs one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.home import Home
from tests import homes


@pytest.fixture(scope="session")
def furnished_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a home that tests copy: see `tests.homes`."""
    home = homes.furnished(tmp_path_factory.mktemp("furnished") / "home")
    home.close()
    return home.folder


@pytest.fixture
def home(furnished_home: Path, tmp_path: Path) -> Iterator[Home]:
    """A furnished home of the test's own, with its vault open."""
    one = homes.copy(furnished_home, tmp_path / "home")
    yield one
    one.close()
