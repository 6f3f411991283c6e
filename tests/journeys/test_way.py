"""The whole way of a conversation, through the installed command, and then what is really stored."""

import csv
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from demo.walk import FIRST, LEAD, REVIEW, SAMPLE
from pipeline.transcripts.document import Document
from retention import standalone
from storage import age
from storage.home import Home
from storage.models import Conversation
from storage.sealed import open_value
from storage.vault import KeyClass

CANDOUR = Path(sys.executable).with_name("candour")
# Names and turns of phrase of the script that nothing in the clear may hold.
SPOKEN = ("Marlowe", "Hartigan", "Okafor", "Eastmere", "Larkfield", "nobody was holding", "bruise on his left arm")


def candour(
    *words: str, home: Path | None = None, person: str = LEAD, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run the installed command as a person would, with the demonstration's secrets."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CANDOUR_")}
    if home is not None:
        secrets = home.parent / "secrets"
        environment |= {
            "CANDOUR_HOME": str(home),
            "CANDOUR_PERSON": person,
            "CANDOUR_PASSPHRASE_FILE": str(secrets / "passphrase"),
            "CANDOUR_PASSWORD_FILE": str(secrets / person),
        }
    done = subprocess.run([str(CANDOUR), *words], env=environment, capture_output=True, text=True, timeout=600)
    assert not check or done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that `candour demo` made, and what it said."""
    folder = tmp_path_factory.mktemp("demo") / "candour-demo"
    done = candour("demo", "--to", str(folder))
    return folder, done.stdout


def test_the_demonstration_goes_the_whole_way(walked: tuple[Path, str]) -> None:
    folder, said = walked
    states = {
        row["conversation"]: row["state"]
        for row in json.loads(candour("conversation", "list", "--json", home=folder / "home").stdout)
    }
    assert states == {"C-001": "destroyed", "C-002": "transcribed"}
    assert "CERTIFICATE OF DESTRUCTION" in said
    assert "certificate D-0001: verified" in said


def test_the_demonstration_measures_its_word_error_rate(walked: tuple[Path, str]) -> None:
    rates = [float(rate) for rate in re.findall(r"Word error rate of \S+ \([^)]*\) .*: ([\d.]+)%", walked[1])]
    two_channels, one_channel = rates
    assert 0 < two_channels <= 10
    assert 0 < one_channel <= 10


def test_the_other_conversation_can_be_explored(walked: tuple[Path, str]) -> None:
    home = walked[0] / "home"
    assert candour("transcript", "show", "C-002", home=home).stdout.count("\n") > 5
    assert candour("doubts", "list", "C-002", home=home).stdout
    assert "open  heard" in candour("conversation", "show", "C-002", home=home).stdout


def test_an_auditor_verifies_the_log_and_the_certificate_without_candour(
    walked: tuple[Path, str], tmp_path: Path
) -> None:
    home = walked[0] / "home"
    key = json.loads(candour("audit", "bundle", str(tmp_path / "bundle"), "--json", home=home, person="alex").stdout)[
        "key"
    ]
    script = str(standalone.__file__)
    with ZipFile(tmp_path / "bundle") as archive:
        archive.extractall(tmp_path)
    for file in (tmp_path / "log.jsonl", walked[0] / "exports" / "certificate.txt"):
        done = subprocess.run([sys.executable, "-I", script, str(file), "--key", key], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    broken = (tmp_path / "log.jsonl").read_bytes().replace(b"signoff.given", b"signoff.taken", 1)
    (tmp_path / "broken").write_bytes(broken)
    done = subprocess.run(
        [sys.executable, "-I", script, str(tmp_path / "broken"), "--key", key], capture_output=True, text=True
    )
    assert done.returncode == 1


def found_in(folder: Path, words: tuple[str, ...]) -> set[str]:
    """Which of the words stand in any file of a home, as UTF-8 or UTF-16, or in any value of its database.

    The speech model is left out: it is the same for everybody, and its vocabulary lists every word it can write.
    """
    bodies = [
        path.read_bytes() for path in folder.rglob("*") if path.is_file() and folder / "models" not in path.parents
    ]
    database = sqlite3.connect(folder / "candour.db")
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for row in database.execute(f'SELECT * FROM "{table}"'):
            bodies += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    database.close()
    return {
        word
        for word in words
        for body in bodies
        if any(word.encode(form).lower() in body.lower() for form in ("utf-8", "utf-16-le"))
    }


def test_no_word_of_a_conversation_lies_in_the_home(walked: tuple[Path, str], tmp_path: Path) -> None:
    assert found_in(walked[0] / "home", SPOKEN) == set()
    copy = tmp_path / "home"
    shutil.copytree(walked[0] / "home", copy)
    (copy / "blobs" / "planted").write_text("she told Marlowe")
    database = sqlite3.connect(copy / "candour.db")
    database.execute("UPDATE conversation SET trouble = 'seen in Eastmere'")
    database.commit()
    database.close()
    assert found_in(copy, SPOKEN) == {"Marlowe", "Eastmere"}, "the search must see what was planted"


def test_quotes_stand_in_the_pseudonymised_transcript(walked: tuple[Path, str]) -> None:
    passages = json.loads(
        candour("transcript", "show", FIRST, "--pseudonyms", "--json", home=walked[0] / "home").stdout
    )
    texts = {str(one["turn"]): one["text"] for one in passages}
    table = (walked[0] / "exports" / "extracts.csv").read_text(encoding="utf-8-sig")
    head, *body = [row for row in csv.reader(io.StringIO(table)) if not row[0].startswith("#")]
    rows = [dict(zip(head, row, strict=True)) for row in body]
    assert len(rows) == 12
    columns = {name.lower(): name for name in rows[0]}
    for row in rows:
        assert row[columns["quote"]] in texts[row[columns["turn"]]]
    assert not any(name in text for name in SPOKEN[:5] for text in texts.values())


def test_nothing_of_the_destroyed_recording_opens(walked: tuple[Path, str]) -> None:
    home = walked[0] / "home"
    assert candour("transcript", "show", FIRST, home=home, check=False).returncode == 8
    opened = Home.open(home)
    opened.unlock((walked[0] / "secrets" / "passphrase").read_bytes())
    with opened.reading() as session:
        gone, kept = session.query(Conversation).order_by(Conversation.reference).all()
        assert gone.recording is not None and kept.recording is not None
        assert gone.recording_key not in opened.vault.ids()
        assert not any(found.name == gone.recording.blob for found in opened.blobs.survey())
        # What survives opens: with the same means, so that the look above can see.
        seed = opened.vault.get(kept.recording_key, KeyClass.RECORDING)
        with opened.blobs.open(kept.recording.blob) as sealed:  # type: ignore[arg-type]
            assert age.Reader(sealed, [age.HybridIdentity(seed)]).read(12)[4:8] == b"ftyp"
        extract_key = opened.vault.get(gone.extract_key, KeyClass.EXTRACT)
        assert gone.document is not None
        kept_words = Document.from_json(open_value(extract_key, f"conversation.document:{gone.id}", gone.document))
        assert len(kept_words.passages) > 20


def test_the_review_cannot_be_destroyed_twice(walked: tuple[Path, str]) -> None:
    home = walked[0] / "home"
    before = candour("audit", "log", "--json", home=home).stdout
    assert json.loads(candour("retention", "run", "--yes", "--json", home=home).stdout)["destroyed"] == []
    assert candour("audit", "log", "--json", home=home).stdout == before


def test_the_demonstration_refuses_a_folder_that_is_not_empty(walked: tuple[Path, str]) -> None:
    done = candour("demo", "--to", str(walked[0]), check=False)
    assert done.returncode == 3
    assert REVIEW == "LT-DEMO" and SAMPLE.is_dir()
