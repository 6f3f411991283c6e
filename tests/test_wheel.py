"""The wheel: it holds what it should and nothing else, and works from any folder without the sources."""

import hashlib
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from retention import program

ROOT = Path(__file__).parent.parent
OURS = {"access", "commands", "configs", "demo", "pipeline", "retention", "storage", "web", "worker", "cli.py"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the programs of a new environment: the wheel, and beside it what this environment depends on.

    The dependencies are lent by a path file. It is read without the path files in there, so that the sources stay unseen.
    """
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True, cwd="/"
    )
    return folder / "bin"


def run(program: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CANDOUR_", "PYTHON"))}
    return subprocess.run([str(program), *words], env=kept, cwd=cwd, capture_output=True, text=True, check=False)


def test_the_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == OURS
    assert {
        "configs/candour.toml",
        "web/templates/layout.html",
        "web/static/js/page.js",
        "web/vendor/govuk-frontend/LICENSE",
        "configs/codebooks/learning-together.toml",
        "storage/migrations/script.py.mako",
        "storage/migrations/versions/0001_the_first_tables.py",
        "demo/sample/conversation-1.m4a",
        "demo/model/model.bin",
    } <= set(names)
    assert [name for name in names if "/.work/" in name or "__pycache__" in name] == []


def test_what_the_wheel_holds_is_the_program_that_certificates_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = sorted(name for name in archive.namelist() if name.split("/")[0] in OURS and "/." not in name)
        lines = [f"{hashlib.sha256(archive.read(name)).hexdigest()}  {name}\n" for name in names]
    assert hashlib.sha256("".join(lines).encode()).hexdigest() == program.installed()


def test_the_wheel_carries_its_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (licence,) = [name for name in archive.namelist() if name.endswith("dist-info/licenses/LICENSE")]
        assert "MIT" in archive.read(licence).decode()


def test_the_installed_wheel_does_not_see_the_sources(installed: Path, tmp_path: Path) -> None:
    script = "import storage.home; print(storage.home.__file__)"
    done = run(installed / "python", "-c", script, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(installed.parent)
    assert run(installed / "python", "-c", "import tests", cwd=tmp_path).returncode == 1


def test_a_home_can_be_made_with_the_installed_wheel(installed: Path, tmp_path: Path) -> None:
    candour = installed / "candour"
    assert run(candour, "--version", cwd=tmp_path).stdout.startswith("candour 0.")
    (tmp_path / "secret").write_text("twelve grey horses")
    secrets = ["--passphrase-file", "secret", "--password-file", "secret", "--home", "home"]
    made = run(candour, "init", "--person", "ada", *secrets, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert run(candour, "review", "create", "LT-1", *secrets, cwd=tmp_path).returncode == 0
    assert "LT-1" in run(candour, "review", "list", "--home", "home", cwd=tmp_path).stdout
    assert run(candour, "audit", "verify", "--home", "home", cwd=tmp_path).returncode == 0
