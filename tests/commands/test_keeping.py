"""A dead disk, from the command line: recovery copy, backup, restore, attestation, a new passphrase."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from storage.age import HybridIdentity
from storage.home import Home
from storage.log.note import SigningKey
from tests import homes

CUSTODIAN = HybridIdentity(bytes(range(32)))


@pytest.fixture
def place(home: Home, tmp_path: Path) -> Path:
    """A folder beside the home, with the custodian's identity."""
    (tmp_path / "custodian.key").write_text(f"# a custodian\n{CUSTODIAN}\n")
    return tmp_path


def run(place: Path, *words: str, code: int = 0, home: str = "home") -> Result:
    environment: dict[str, str | None] = {**homes.environment(place / home, place / "secrets")}
    done = CliRunner().invoke(main, [*words], env=environment)
    assert done.exit_code == code, done.output
    return done


def make_copy(place: Path, name: str = "copy") -> Result:
    return run(place, "vault", "recovery-copy", str(place / name), "--recipient", str(CUSTODIAN.recipient()))


def restore(place: Path, *more: str, code: int = 0) -> Result:
    words = ["restore", str(place / "backup"), "--recovery-copy", str(place / "copy")]
    return run(place, *words, "--identity", str(place / "custodian.key"), *more, code=code, home="new")


def test_a_team_loses_its_disk_and_goes_on(place: Path) -> None:
    assert "No recovery copy was ever made" in run(place, "vault", "copies").output
    said = run(place, "transcript", "show", "C-001").stdout
    assert "Tilly" in said
    assert "Wrote recovery copy 1 of epoch 1" in make_copy(place).output
    assert "current" in run(place, "vault", "copies").output
    assert "Backed up 3 sealed files" in run(place, "backup", str(place / "backup")).output
    told = restore(place).output
    assert "Restored 4 conversations; all 10 keys that they have open" in told
    assert "Compare the key of the log" in told
    assert run(place, "transcript", "show", "C-001", home="new").stdout == said
    assert "verified" in run(place, "audit", "verify", home="new").output
    assert "C-003" in run(place, "hold", "list", home="new").output


def test_a_custodian_checks_what_was_handed_to_them(place: Path, home: Home) -> None:
    make_copy(place)
    key = home.signer.verifier_key
    words = ["vault", "check", str(place / "copy"), "--identity", str(place / "custodian.key"), "--key"]
    assert "signed by the log" in run(place, *words, key, home="nowhere").stdout
    told = json.loads(run(place, *words, key, "--json", home="nowhere").stdout)
    proven = json.loads(run(place, "audit", "prove", str(told["entry"]), "--json").stdout)
    assert json.loads(proven["entry"])["ref"] == told["digest"]
    stranger = str(SigningKey.generate("candour.test/log").verifier)
    assert "has not signed it" in run(place, *words, stranger, code=10, home="nowhere").stderr


def test_a_restore_holds_both_against_the_key_that_was_kept(place: Path, home: Home) -> None:
    run(place, "backup", str(place / "backup"))
    make_copy(place)
    key = home.signer.verifier_key
    assert "has not signed it" in restore(place, "--key", str(SigningKey.generate("x").verifier), code=10).stderr
    told = restore(place, "--key", key).stdout
    assert key not in told and "its signature shows who made it, and no entry does" in told


def test_programs_are_told_in_json(place: Path) -> None:
    make_copy(place)
    made = json.loads(run(place, "backup", str(place / "backup"), "--json").stdout)
    assert made["sealed files"] == 3
    restored = json.loads(restore(place, "--json").stdout)
    assert restored["conversations"] == 4 and restored["destroyed"] == [] and restored["lost"] == []
    (copy,) = json.loads(run(place, "vault", "copies", "--json", home="new").stdout)
    assert copy["copy"] == 1 and copy["state"].startswith("obsolete")


def test_a_holder_attests_and_it_stands_beside_the_certificate(place: Path, home: Home) -> None:
    make_copy(place)
    run(place, "retention", "approve", "1", "--yes", "--as", "ben")
    run(place, "retention", "run", "--yes")
    before = run(place, "audit", "certificate", "C-004")
    assert "pending: copies 1" in before.stdout and before.stderr == ""
    assert "obsolete: destroy it" in run(place, "vault", "copies").output
    assert "attested as destroyed" in run(place, "vault", "attest", "1", "--as", "ben").output
    after = run(place, "audit", "certificate", "C-004")
    assert after.stdout == before.stdout
    assert "Copy 1 is attested as destroyed since then, by ben" in after.stderr
    (place / "certificate").write_text(after.stdout)
    assert "verified" in run(place, "audit", "certificate", "--verify", str(place / "certificate")).output
    (shown,) = json.loads(run(place, "audit", "certificate", "C-004", "--json").stdout)
    assert [(one["copy"], one["by"]) for one in shown["attested since"]] == [(1, "ben")]


def test_a_new_passphrase_from_a_file(place: Path) -> None:
    (place / "new-passphrase").write_text("seven slow tortoises")
    run(place, "vault", "rotate", "--new-passphrase-file", str(place / "new-passphrase"))
    refused = run(place, "transcript", "show", "C-001", code=7)
    assert "the passphrase does not open it" in refused.output
    run(place, "transcript", "show", "C-001", "--passphrase-file", str(place / "new-passphrase"))


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("vault recovery-copy {new}", 2, "--recipient"),
        ("vault recovery-copy {new} --recipient age1x", 4, "copy it again, whole"),
        ("vault recovery-copy {key} --recipient {recipient}", 3, "name a new one, nothing was changed"),
        ("vault recovery-copy {new} --recipient {recipient} --as una", 3, "that needs the role operator"),
        ("vault attest 7", 5, "`candour vault copies` shows them"),
        ("vault rotate", 7, "--new-passphrase-file"),
        ("vault rotate --as ben --new-passphrase-file {key}", 3, "may not rotate the vault"),
        ("backup {home}", 3, "name a new folder, nothing was changed"),
        ("backup {new} --as ben", 3, "may not back up or restore"),
        ("backup {nowhere}/x", 9, "name one that exists"),
        ("restore {new} --recovery-copy {key} --identity {key}", 4, "`candour vault recovery-copy` wrote"),
        ("restore {new} --recovery-copy {key} --identity {new}", 4, "give the custodian's own"),
    ],
)
def test_what_is_refused_says_what_to_do(place: Path, words: str, code: int, says: str) -> None:
    names = {"new": place / "fresh", "key": place / "custodian.key", "home": place / "home", "nowhere": place / "no"}
    before = homes.snapshot(place / "home")
    done = run(place, *words.format(**names, recipient=CUSTODIAN.recipient()).split(), code=code)
    assert says in done.output
    assert not (place / "fresh").exists()
    assert homes.snapshot(place / "home") == before
