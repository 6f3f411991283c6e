"""The one-file verifier as an auditor runs it: a process of its own that sees nothing of Candour."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from retention import standalone
from tests.retention.stories import Story, until_order
from tests.storage.log.books import new_book

SCRIPT = Path(standalone.__file__)


def run(folder: Path, file: Path, key: str, *more: str) -> subprocess.CompletedProcess[str]:
    """From another folder, isolated: neither the working directory nor the environment adds a module."""
    command = [sys.executable, "-I", "-W", "error", str(SCRIPT), str(file), "--key", key, *more]
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return until_order(Story(new_book(tmp_path_factory.mktemp("book"))))


@pytest.fixture(scope="module")
def files(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit")
    (folder / "earlier").write_text(story.book.sign(), "utf-8", newline="\n")
    (folder / "old-bundle").write_bytes(story.bundle())
    certificate = story.destroy()
    (folder / "certificate.txt").write_text(certificate.to_text(), "utf-8", newline="\n")
    (folder / "certificate.json").write_text(certificate.to_json(), "utf-8", newline="\n")
    (folder / "bundle").write_bytes(story.bundle())
    (folder / "later").write_text(story.book.sign(), "utf-8", newline="\n")
    return folder


@pytest.mark.parametrize("name", ["certificate.txt", "certificate.json", "bundle"])
def test_verifies_offline_and_alone(story: Story, files: Path, name: str) -> None:
    done = run(files, files / name, story.key)
    assert (done.returncode, done.stdout, done.stderr) == (0, "verified\n", "")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("certificate.txt", b"c1", b"c7"), ("certificate.json", b"c1", b"c7"), ("bundle", b'"c1', b'"c7')],
)
def test_says_what_is_wrong(story: Story, files: Path, tmp_path: Path, name: str, old: bytes, new: bytes) -> None:
    # In a bundle the two letters may stand in the random id of a key first, where changing them changes nothing.
    before = (files / name).read_bytes()
    assert old in before
    changed = tmp_path / name
    changed.write_bytes(before.replace(old, new, 1))
    done = run(tmp_path, changed, story.key)
    assert done.returncode == 1
    assert done.stdout.startswith("NOT verified\n  ")
    assert done.stderr == ""


def test_holds_a_bundle_against_an_earlier_head(story: Story, files: Path, tmp_path: Path) -> None:
    earlier = files / "earlier"
    assert run(files, files / "bundle", story.key, "--earlier", str(earlier)).returncode == 0
    other = Story(new_book(tmp_path))
    other.book.fill(3)
    (tmp_path / "earlier").write_text(other.book.sign(), "utf-8")
    assert run(files, files / "bundle", story.key, "--earlier", str(tmp_path / "earlier")).returncode == 1
    later = str(files / "later")
    assert run(files, files / "bundle", story.key, "--earlier", later).returncode == 0
    assert run(files, files / "old-bundle", story.key).returncode == 0
    assert run(files, files / "old-bundle", story.key, "--earlier", later).returncode == 1, "the log was set back"


def test_refuses_another_key_and_an_absent_witness(story: Story, files: Path, tmp_path: Path) -> None:
    other = Story(new_book(tmp_path))
    assert run(files, files / "certificate.txt", other.key).returncode == 1
    assert run(files, files / "certificate.txt", "nonsense").returncode == 1
    assert run(files, files / "certificate.txt", story.key, "--witness", other.key).returncode == 1
    assert run(files, files / "certificate.txt", story.key, "--witness", story.key).returncode == 0


def test_it_is_one_short_file_of_known_imports() -> None:
    source = SCRIPT.read_text("utf-8")
    modules = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add((node.module or "").split(".")[0])
    assert modules - set(sys.stdlib_module_names) == {"cryptography"}
    assert sum(bool(line.strip()) for line in source.splitlines()) < 300
