"""The documentation says what the program does: commands, settings, errors, links, quoted command lines, picture, decisions."""

import importlib
import pkgutil
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import click
import pytest

from cli import main
from storage.errors import FAMILIES, CandourError
from tools import picture, reference

ROOT: Final = Path(__file__).parent.parent
PACKAGES: Final = ("access", "commands", "demo", "pipeline", "retention", "storage", "web", "worker")
# What it says becomes a part of another error's message, row by row.
DECISIONS: Final = ROOT / "docs" / "decisions"

FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE: Final = re.compile(r"`(candour [^`]+)`")
LINK: Final = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
# Put together here, so that this file does not name them itself.
HOSTS: Final = ("py" + "pi", "python" + "hosted")
OUTSIDE: Final = re.compile(
    "|".join([r"(?<![\w.])/" + r"work/\w", "/tm" + "p/train", *(f"{host}[.](?:org|com|io)" for host in HOSTS)])
)


@cache
def tracked() -> tuple[Path, ...]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return tuple(ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file())


@cache
def pages() -> tuple[Path, ...]:
    return tuple(path for path in tracked() if path.suffix == ".md")


@cache
def errors() -> tuple[type[CandourError], ...]:
    """Every error of the product, once all its modules are imported."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if _is_ours(module.name):
                importlib.import_module(module.name)
    return tuple(kind for kind in _below(CandourError) if kind.__module__.split(".")[0] in PACKAGES)


def _is_ours(module: str) -> bool:
    # demo's training needs libraries that the product does not have, and a migration runs when it is imported.
    return not module.startswith("demo.") and "migrations" not in module


def _below(kind: type[CandourError]) -> Iterator[type[CandourError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def message(kind: type[CandourError]) -> str:
    return " ".join((kind.__doc__ or "").split())


def wrong_with_message(text: str) -> str:
    """What is wrong with the message of an error; empty when nothing is."""
    step, colon, rest = text.partition(": ")
    if not colon or not 0 < len(step) <= 40 or not rest:
        return "names no step before a colon"
    if text[0].isupper():
        return "begins with a capital"
    return "ends with a full stop" if text.endswith(".") else ""


def commands_quoted(text: str) -> Iterator[tuple[str, bool]]:
    """Command lines in a page, and whether each is meant to be typed as it stands."""
    for language, block in FENCE.findall(text):
        for line in block.splitlines() if language == "sh" else ():
            for words in _simple_commands(line):
                if Path(words[0]).name == "candour":
                    yield shlex.join(["candour", *words[1:]]), True
    for line in INLINE.findall(FENCE.sub("", text)):
        yield line, False


def _simple_commands(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split, lexer.commenters = True, "#"
    words: list[str] = []
    for token in lexer:
        if set(token) <= set("|&;<>"):
            if words:
                yield words
            words = [] if token[0] in "|&;" else ["redirected"]
        elif words or token != "sudo":
            words.append(token)
    if words:
        yield words


def wrong_with_command(line: str, *, whole: bool) -> str:
    """Why the program would not understand a quoted command line; empty when it would."""
    _, *words = shlex.split(line)
    command: click.Command = main
    called = "candour"
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        with click.Context(command) as context:
            found = command.get_command(context, words[0])
        if found is None:
            return f"{called} has no command {words[0]}"
        command, called = found, f"{called} {words.pop(0)}"
    with click.Context(command) as context:
        known = {name: one for one in command.get_params(context) for name in (*one.opts, *one.secondary_opts)}
    for word in words:
        if word.startswith("--") and word.partition("=")[0] not in known:
            return f"{called} has no option {word}"
    if not whole or {"--help", "--version"} & set(words):
        return ""
    try:
        command.make_context(called, words)
    except click.ClickException as error:
        return f"{called}: {error.format_message()}"
    return ""


def anchors(page: Path) -> set[str]:
    """The headings of a page, in the form that a link to them has."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }


def broken_links(page: Path) -> list[str]:
    broken = []
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        place, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    return broken


def outside(paths: Iterable[Path]) -> list[str]:
    """Files that name a machine's own folders or the host of a package index."""
    found = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.name}: {match.group()}" for match in OUTSIDE.finditer(text)]
    return found


def test_every_command_and_option_has_help() -> None:
    silent = [words for words, command in reference.commands(main) if not command.help]
    silent += [
        (*words, one.opts[0])
        for words, command in reference.commands(main)
        for one in command.params
        if isinstance(one, click.Option) and not one.help
    ]
    assert silent == []
    assert len(list(reference.commands(main))) > 50


def test_the_reference_is_what_the_program_says() -> None:
    text = reference.FILE.read_text(encoding="utf-8")
    assert reference.BEGIN in text
    assert reference.renewed(text) == text, "run: python -m tools.reference"


def test_every_setting_stands_in_the_shipped_file_with_its_meaning() -> None:
    file = ROOT / "configs" / "candour.toml"
    shipped: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    expected: dict[str, dict[str, object]] = {section: {} for section, *_ in reference.settings()}
    for section, name, default, meaning in reference.settings():
        assert meaning, name
        expected[section][name] = default
    assert shipped == expected
    lines = file.read_text(encoding="utf-8").splitlines()
    for _, name, *_ in reference.settings():
        at = next(number for number, line in enumerate(lines) if line.startswith(f"{name} ="))
        assert lines[at - 1].startswith("# "), name


@pytest.mark.parametrize("kind", errors(), ids=lambda kind: kind.__name__)
def test_an_error_names_its_step_and_is_no_sentence_of_its_own(kind: type[CandourError]) -> None:
    if kind not in FAMILIES:
        assert wrong_with_message(message(kind)) == ""
    wrong = [wrong_with_command(line, whole=False) for line in INLINE.findall(message(kind))]
    assert wrong == [""] * len(wrong)


def test_the_check_on_messages_sees_what_it_looks_for() -> None:
    assert wrong_with_message("hold: there is no hold 3") == ""
    for text in ("there is no hold", "Hold: there is none", "hold: there is none.", ": nothing", "hold"):
        assert wrong_with_message(text), text


def test_every_exit_code_is_in_the_readme() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == reference.exit_codes()


def test_every_link_leads_somewhere() -> None:
    assert {str(page): broken for page in pages() if (broken := broken_links(page))} == {}
    assert len(pages()) > 20


def test_the_check_on_links_sees_a_broken_one(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A heading, here\n[a](#a-heading-here) [b](#nothing) [c](other.md) [d](https://example.org)\n")
    assert broken_links(page) == ["#nothing", "other.md"]


def test_every_quoted_command_would_be_understood() -> None:
    quoted = [(page, *one) for page in pages() for one in commands_quoted(page.read_text(encoding="utf-8"))]
    wrong = [
        f"{page.name}: {line}: {fault}" for page, line, whole in quoted if (fault := wrong_with_command(line, whole=whole))
    ]  # fmt: skip
    assert wrong == []
    assert len(quoted) > 100


@pytest.mark.parametrize(
    "page",
    [
        "```sh\ncandour conversations list\n```",
        "```sh\ncandour hold place LT-7 --reason x\n```",
        "```sh\ncat list | sudo candour hold lift three --reason x --reference y > out\n```",
        "```sh\ncandour person add ruth --role boss\n```",
        "Say `candour hold place --because`.",
        "Say `candour hold drop`.",
    ],
)
def test_the_check_on_commands_sees_what_it_looks_for(page: str) -> None:
    ((line, whole),) = commands_quoted(page)
    assert wrong_with_command(line, whole=whole)


def test_the_picture_is_that_of_the_script() -> None:
    assert picture.FILE.read_bytes() == picture.picture().encode()


def test_the_picture_is_well_formed_and_says_in_words_what_it_shows() -> None:
    name = "{http://www.w3.org/2000/svg}"
    svg = ElementTree.fromstring(picture.picture())  # noqa: S314  # our own text
    assert svg.get("role") == "img"
    told = [svg.find(f"{name}{part}") for part in ("title", "desc")]
    assert svg.get("aria-labelledby") == " ".join(one.get("id", "") for one in told if one is not None)
    assert all(one is not None and one.text for one in told)
    words = " ".join(svg.itertext())
    assert all(state in words for state, *_ in picture.STATES)
    assert {element.tag.removeprefix(name) for element in svg.iter()} <= {
        "svg", "title", "desc", "rect", "path", "circle", "g", "text", "tspan",
    }  # fmt: skip


def test_decisions_are_numbered_without_gaps_and_have_their_parts() -> None:
    files = sorted(DECISIONS.glob("*.md"))
    assert [path.name[:4] for path in files] == [f"{number:04}" for number in range(1, len(files) + 1)]
    for number, path in enumerate(files, 1):
        text = path.read_text(encoding="utf-8")
        assert re.match(rf"# {number}\. \w", text), path.name
        assert re.findall(r"^Status: \w+$", text, re.MULTILINE), path.name
        assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], path.name


def test_no_file_names_a_machine_or_a_package_host() -> None:
    assert outside(tracked()) == []


def test_the_check_on_names_sees_what_it_looks_for(tmp_path: Path) -> None:
    for number, text in enumerate(
        ["cd /" + "work/main", "https://py" + "pi.org/simple", "files.pythonhosted" + ".org"]
    ):
        (tmp_path / f"{number}.md").write_text(text)
    (tmp_path / "fine.md").write_text("demo/.work, https://example.org/work/, /home/work/x")
    assert len(outside(sorted(tmp_path.iterdir()))) == 3
