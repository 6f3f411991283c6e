"""The habits of the house that no other tool looks after."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("access", "commands", "configs", "demo", "pipeline", "retention", "storage", "web", "worker")
LONGEST = 500
TYPICAL = 200
# Programs that a person runs by themselves; everything else speaks through the desk or the log.
SPEAKERS = {"demo"}
TEMPORARY = {"TemporaryDirectory", "NamedTemporaryFile", "TemporaryFile", "mkdtemp", "mkstemp"}
SPEAKING_FILES = {Path("configs/audit/check.py"), Path("retention/standalone.py")}


def modules() -> list[Path]:
    """Every module of the product, relative to the root."""
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in [*found, ROOT / "cli.py"])


def lines(path: Path) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def calls(module: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the name of what is called."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            yield (node.func.id if isinstance(node.func, ast.Name) else node.func.attr), node


def imports(module: ast.Module) -> set[str]:
    """The top-level names of whatever is imported."""
    names = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_the_modules_are_found() -> None:
    assert {Path("cli.py"), Path("storage/home.py"), Path("pipeline/transcription/speech.py")} <= set(modules())


def test_every_module_can_be_read_at_a_sitting() -> None:
    # A migration is a list of tables, made by a program.
    read = [path for path in modules() if "versions" not in path.parts]
    assert {str(path): n for path in read if (n := lines(path)) > LONGEST} == {}
    assert statistics.median(lines(path) for path in modules()) < TYPICAL


def test_every_module_begins_with_a_sentence_about_it() -> None:
    assert [str(path) for path in modules() if lines(path) and not ast.get_docstring(tree(path))] == []


def test_nothing_imports_the_command_line_or_the_tests() -> None:
    importers = [str(path) for path in modules() if imports(tree(path)) & {"cli", "tests", "tools"}]
    assert importers == []


def test_only_programs_of_their_own_print() -> None:
    found = [
        f"{path}:{call.lineno}"
        for path in modules()
        if path.parts[0] not in SPEAKERS and path not in SPEAKING_FILES
        for name, call in calls(tree(path))
        if name == "print"
    ]
    assert found == []


def test_sound_never_takes_the_way_of_pydub_through_files() -> None:
    users = [path for path in modules() if "pydub" in imports(tree(path))]
    assert users == [Path("pipeline/recording/audio.py")]
    forbidden = {"from_file", "from_wav", "from_mp3", "from_file_using_temporary_files", "export"}
    assert forbidden & {name for name, _ in calls(tree(users[0]))} == set()
    control = ast.parse("AudioSegment.from_file('x').export('y')")
    assert {name for name, _ in calls(control)} == {"from_file", "export"}


def test_temporary_files_are_made_in_the_home_alone() -> None:
    """What is named after nothing would lie on the machine's own disk, in clear and for ever."""
    found = []
    for path in modules():
        if path.parts[0] == "demo" or "tempfile" not in imports(tree(path)):
            continue
        for name, call in calls(tree(path)):
            if name in TEMPORARY and not any(keyword.arg == "dir" for keyword in call.keywords):
                found.append(f"{path}:{call.lineno}")
    assert found == []


def test_no_package_is_without_its_mirror_in_the_tests() -> None:
    mirrored = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    assert set(PACKAGES) - mirrored <= {"configs", "demo", "worker"}
