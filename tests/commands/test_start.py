"""What a command does not need it does not wait for: libraries that are not imported by the time it has done its work."""

import subprocess
import sys
from pathlib import Path

import pytest

from storage.log.log import Signer
from tests.homes import environment
from tests.story import Stage, at

SPEECH = {"numpy", "av", "faster_whisper", "ctranslate2"}
MIGRATIONS = {"alembic", "mako"}
ROWS = {"sqlalchemy"}
TELL = """
import sys
from cli import main
try:
    main()
finally:
    print(*{name.partition(".")[0] for name in sys.modules})
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("start")
    at(Stage.PLANNED, folder).home.close()
    return folder / "home"


def imported(home: Path, *arguments: str) -> set[str]:
    command = [sys.executable, "-c", TELL, *arguments]
    surroundings = environment(home, home.parent)
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_a_look_at_the_log_waits_for_no_speech_and_no_migrations(home: Path) -> None:
    found = imported(home, "audit", "verify")
    assert found.isdisjoint(SPEECH | MIGRATIONS)
    assert found >= ROWS, "the control: what is imported is seen"


def test_a_bundle_is_verified_without_what_a_home_needs(home: Path) -> None:
    bundle, key = home.parent / "bundle.zip", Signer.open(home / "log").verifier_key
    assert imported(home, "audit", "bundle", str(bundle)) >= ROWS
    found = imported(home, "audit", "verify", "--bundle", str(bundle), "--key", key)
    assert found.isdisjoint(SPEECH | MIGRATIONS | ROWS)
