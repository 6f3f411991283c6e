"""A witness and a log, each at their own command line, with files between them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from storage.home import Home
from storage.log.log import Event
from tests import homes


def run(place: Path, *words: str, code: int = 0, person: str = "una") -> Result:
    environment: dict[str, str | None] = {**homes.environment(place / "home", place / "secrets", person)}
    done = CliRunner().invoke(main, [*words], env=environment)
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def place(home: Home, tmp_path: Path) -> Path:
    """A folder with a home, a witness beside it, and the home's settings that name this witness."""
    key = run(
        tmp_path, "audit", "witness", "create", str(tmp_path / "w1"), "--name", "witness.example/w1"
    ).stdout.strip()
    policy = f"witness office {key}\nquorum office"
    (home.folder / "candour.toml").write_text(f'[log]\nwitnesses = """\n{policy}\n"""\n')
    return tmp_path


def carry(place: Path, *more: str, code: int = 0) -> Result:
    """The request to the witness, and what they cosigned back."""
    for name in ("request", "cosigned"):
        (place / name).unlink(missing_ok=True)
    run(place, "audit", "witness", "request", "office", "--to", str(place / "request"))
    words = ["cosign", str(place / "request"), "--witness", str(place / "w1"), "--to", str(place / "cosigned")]
    return run(place, "audit", "witness", *words, *more, code=code)


def test_a_checkpoint_goes_to_the_witness_and_comes_back(place: Path, home: Home) -> None:
    assert "Not enough of them have cosigned yet" in run(place, "audit", "witness", "list").output
    carry(place, code=5)
    carry(place, "--log", home.signer.verifier_key)
    told = run(place, "audit", "witness", "take", str(place / "cosigned")).output
    assert "office: has cosigned" in told
    listed = json.loads(run(place, "audit", "witness", "list", "--json").stdout)
    (one,) = listed["witnesses"]
    assert one["name"] == "office" and one["since then"] == 1
    assert listed["enough have cosigned"] == one["entries"]
    with home.writing() as session:
        home.log(session, Event.WORK_STARTED, actor="worker")
    carry(place)
    run(place, "audit", "witness", "take", str(place / "cosigned"))
    assert "verified" in run(place, "audit", "verify").output


def test_the_witness_answers_on_standard_output_too(place: Path, home: Home) -> None:
    request = run(place, "audit", "witness", "request", "office").stdout
    (place / "request").write_text(request)
    words = ["cosign", str(place / "request"), "--witness", str(place / "w1"), "--log", home.signer.verifier_key]
    done = run(place, "audit", "witness", *words)
    assert done.stdout.count("— ") == 2
    assert done.stdout.startswith(f"{home.signer.origin}\n")


def test_who_verifies_nothing_takes_nothing_in(place: Path, home: Home) -> None:
    carry(place, "--log", home.signer.verifier_key)
    assert (
        "may not verify" in run(place, "audit", "witness", "take", str(place / "cosigned"), code=3, person="ray").output
    )


def test_a_witness_without_an_address_is_not_asked_over_the_web(place: Path) -> None:
    assert "No witness with an address" in run(place, "audit", "witness", "ask").output
    assert "has no address" in run(place, "audit", "witness", "ask", "office", code=3).output
    assert "none of that name" in run(place, "audit", "witness", "ask", "nobody", code=5).output


def test_a_witness_that_does_not_answer_is_named(place: Path) -> None:
    settings = place / "home" / "candour.toml"
    settings.write_text(settings.read_text().replace("\nquorum", " http://127.0.0.1:9\nquorum"))
    said = run(place, "audit", "witness", "ask", code=9).output
    assert "office did not answer" in said and "office did not cosign" in said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("take", "nothing"), 4, "cannot be read"),
        (("take", "home/candour.toml"), 10, "not a signed note"),
        (("cosign", "home/candour.toml", "--witness", "w1"), 10, "a request says"),
        (("cosign", "home/candour.toml", "--witness", "nowhere"), 5, "no witness in this folder"),
        (("cosign", "home/candour.toml", "--witness", "w1", "--log", "x"), 4, "name+hash+key"),
        (("create", "w1", "--name", "again"), 3, "there is one in this folder"),
        (("create", "w2", "--name", "two words"), 4, "without spaces"),
    ],
)
def test_mistakes_are_told(place: Path, words: tuple[str, ...], code: int, said: str) -> None:
    found = [str(place / word) if (place / word).exists() or "/" in word else word for word in words]
    found = [str(place / word) if word in {"nothing", "nowhere", "w2"} else word for word in found]
    assert said in run(place, "audit", "witness", *found, code=code).output


def test_a_witness_may_sign_so_that_a_quantum_computer_cannot(place: Path, home: Home) -> None:
    words = ["create", str(place / "w2"), "--name", "witness.example/pq", "--post-quantum"]
    key = run(place, "audit", "witness", *words).stdout.strip()
    assert len(key) > 1700
    (home.folder / "candour.toml").write_text(f'[log]\nwitnesses = """\nwitness office {key}\nquorum office\n"""\n')
    (place / "w1").rename(place / "old")
    (place / "w2").rename(place / "w1")
    carry(place, "--log", home.signer.verifier_key)
    assert "has cosigned" in run(place, "audit", "witness", "take", str(place / "cosigned")).output
