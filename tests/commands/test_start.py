"""What a command does not need it does not wait for: libraries that are not imported by the time it has done its work."""

import subprocess
import sys

import pytest

from tests.story import Stage, Story, at

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
def told(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return at(Stage.PLANNED, tmp_path_factory.mktemp("start"))


def imported(told: Story, *arguments: str) -> set[str]:
    command = [sys.executable, "-c", TELL, *arguments]
    done = subprocess.run(command, env=told.environment(), capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_a_look_at_the_log_waits_for_no_speech_and_no_migrations(told: Story) -> None:
    found = imported(told, "audit", "verify")
    assert found.isdisjoint(SPEECH | MIGRATIONS)
    assert found >= ROWS, "the control: what is imported is seen"


def test_a_bundle_is_verified_without_what_a_home_needs(told: Story) -> None:
    bundle, key = told.home.folder.parent / "bundle.zip", told.home.signer.verifier_key
    assert imported(told, "audit", "bundle", str(bundle)) >= ROWS
    found = imported(told, "audit", "verify", "--bundle", str(bundle), "--key", key)
    assert found.isdisjoint(SPEECH | MIGRATIONS | ROWS)
