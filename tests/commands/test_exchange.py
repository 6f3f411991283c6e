"""`candour export` and `candour import` as a person types them."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from click.testing import CliRunner, Result

from cli import main
from tests import story
from tests.story import FIRST, REVIEW, Stage

FOREIGN = Path(__file__).parents[1] / "vectors" / "refi-qda" / "probes" / "ok-baseline.qdpx"


@pytest.fixture
def asked(tmp_path: Path) -> Mapping[str, str]:
    return MappingProxyType(story.at(Stage.CODED, tmp_path).environment())


def run(asked: Mapping[str, str], *words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], env=dict(asked))


def told(asked: Mapping[str, str], *words: object) -> dict[str, object]:
    result = run(asked, *words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("name", ["out.qdpx", "out.sqlite3"])
def test_out_and_in_again(name: str, asked: Mapping[str, str], tmp_path: Path) -> None:
    file = tmp_path / name
    assert told(asked, "export", FIRST, "--to", file)["extracts"] == 2
    for number in (1, 2):
        assert run(asked, "extract", "remove", FIRST, number).exit_code == 0
    would = told(asked, "import", REVIEW, file, "--dry-run")
    assert (would["extracts"], would["dry_run"]) == (2, True)
    shown = run(asked, "import", FIRST, file)
    assert "Added 2 extracts and 0 codes; 0 extracts were there already." in shown.stdout
    assert "positions as" in shown.stdout
    assert told(asked, "import", FIRST, file)["already"] == 2


def test_line_ends_are_asked_for(asked: Mapping[str, str], tmp_path: Path) -> None:
    file = tmp_path / "out.qdpx"
    told(asked, "export", FIRST, "--to", file, "--line-ends", "crlf1")
    assert "as ATLAS.ti writes" in str(told(asked, "import", FIRST, file, "--dry-run")["dialect"])
    refused = run(asked, "export", FIRST, "--to", tmp_path / "out.csv", "--line-ends", "crlf1")
    assert (refused.exit_code, "leave out --line-ends" in refused.output) == (4, True)


def test_a_draft_for_a_participant(asked: Mapping[str, str], tmp_path: Path) -> None:
    file = tmp_path / "draft.html"
    refused = run(asked, "export", REVIEW, "--for", "participant", "--to", file)
    assert (refused.exit_code, "--recipient" in refused.output) == (3, True)
    told(asked, "export", REVIEW, "--for", "participant", "--recipient", "Head teacher 1", "--to", file)
    assert "Confidential, draft: for Head teacher 1 only" in file.read_text()


def test_captions_say_that_they_hold_no_extracts(asked: Mapping[str, str], tmp_path: Path) -> None:
    shown = run(asked, "export", FIRST, "--to", tmp_path / "out.vtt")
    assert "Wrote a vtt file without extracts" in shown.stdout
    assert "not carried: 2 extracts with codes" in shown.stdout


def test_a_codebook_of_a_review_without_transcripts_has_nothing_in_its_way(asked: Mapping[str, str]) -> None:
    assert run(asked, "review", "create", "LT-9").exit_code == 0
    for more, code in ((), 3), (("--format", "toml"), 0), (("--to", "book.toml"), 0), (("--to", "book.csv"), 3):
        assert run(asked, "export", "LT-9", "--dry-run", *more).exit_code == code


def test_what_cannot_be_imported_says_what_to_do(asked: Mapping[str, str], tmp_path: Path) -> None:
    (tmp_path / "words.qdpx").write_text("words")
    for file, code, words in (
        (tmp_path / "nowhere.qdpx", 4, "cannot be opened"),
        (tmp_path / "words.qdpx", 4, "neither a REFI-QDA project nor a Taguette project"),
        (FOREIGN, 3, "export of this review"),
    ):
        result = run(asked, "import", FIRST, file)
        assert (result.exit_code, words in result.output) == (code, True), result.output
        assert "qdpx" not in result.output, "the name of a file stays out of messages"
