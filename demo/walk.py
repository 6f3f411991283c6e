"""The whole way of a conversation, once, with the real commands on the sample conversations.

Every line that begins with `$` is a command that really runs, in this process, just as a person would type it. What a person
would do between the commands, listening and deciding, is played by the scripts that the sample was spoken from, and said so.
"""

import io
import json
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.transcripts.transcript import word_error_rate
from storage.errors import Refused

HERE: Final = Path(__file__).parent
SAMPLE: Final = HERE / "sample"
MODEL: Final = HERE / "model"

LEAD, SECOND, AUDITOR = "ruth", "sam", "alex"
REVIEW: Final = "LT-DEMO"
FIRST, OTHER = "C-001", "C-002"
SECRETS: Final = {
    "passphrase": "a passphrase for the demonstration only",
    LEAD: "ruth plays the lead reviewer",
    SECOND: "sam looks after information governance",
    AUDITOR: "alex trusts nobody",
}
# What a person decides about the candidates that the imported name key does not cover.
DATES: Final = {
    "the third of March": "the day of the birth",
    "Tuesday, the fourteenth of March": "weekday eleven days later",
}

Run = Callable[[Sequence[str]], None]
Say = Callable[[str], None]


class DemoExists(Refused):
    """demo: the folder is not empty; name a new one with --to, or remove it first"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """Where the demonstration takes place, and how it runs a command and talks."""

    folder: Path
    run: Run
    say: Say

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def secret(self, name: str) -> str:
        return str(self.folder / "secrets" / name)

    def command(self, *words: str, person: str = LEAD) -> None:
        """Show a command and run it; the options that a person keeps in the environment are left out of the line."""
        self.say(
            f"\n$ candour {' '.join(_quoted(word) for word in words)}{f' --as {person}' if person != LEAD else ''}"
        )
        self.run([*words, *self._who(person)])

    def ask(self, *words: str) -> Any:
        """The JSON answer of a command that is not shown."""
        heard = io.StringIO()
        with redirect_stdout(heard):
            self.run([*words, *self._who(LEAD), "--json"])
        return json.loads(heard.getvalue())

    def _who(self, person: str) -> list[str]:
        return [
            *("--home", str(self.home), "--as", person),
            *("--passphrase-file", self.secret("passphrase"), "--password-file", self.secret(person)),
        ]


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word


def walk(folder: Path, run: Run, say: Say) -> None:
    """Carry the sample conversation from upload to a verified certificate; leave a second one to explore.

    Raises:
        DemoExists: the folder holds something already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise DemoExists
    begun = time.monotonic()
    stage = Stage(folder=folder, run=run, say=say)
    _secrets(stage)
    for act in (_set_up, _record, _transcribe, _review, _name, _code, _export, _sign_off, _destroy, _audit):
        act(stage)
    _farewell(stage, time.monotonic() - begun)


def _title(stage: Stage, text: str, *lines: str) -> None:
    stage.say(f"\n\n━━ {text} {'━' * max(3, 76 - len(text))}")
    for line in lines:
        stage.say(line)


def _secrets(stage: Stage) -> None:
    # Only the invented secrets of a demonstration lie in files beside the home; a real team types theirs.
    (stage.folder / "secrets").mkdir(parents=True, mode=0o700)
    (stage.folder / "exports").mkdir(mode=0o700)
    for name, secret in SECRETS.items():
        file = Path(stage.secret(name))
        file.touch(mode=0o600)
        file.write_text(secret, encoding="utf-8")


def _set_up(stage: Stage) -> None:
    _title(
        stage,
        "1  A home, people, a speech model",
        "Everything lives in one folder, the home. Its vault opens with a passphrase. Ruth leads the review, Sam looks after",
        "information governance, Alex audits. Each has a signing key that only their own password opens.",
    )
    stage.command("init", "--person", LEAD)
    for name, role in ((SECOND, "governance"), (AUDITOR, "auditor")):
        stage.command("person", "add", name, "--role", role, "--new-password-file", stage.secret(name))
    stage.say(
        "\nThe demo's own speech model knows the words and voices of these invented conversations and nothing else."
        "\nFor real conversations: candour model install small.en"
    )
    stage.command("model", "add", str(MODEL), "--name", "demo")


def _record(stage: Stage) -> None:
    _title(
        stage,
        "2  A review, two participants, two recordings",
        "Participants are known by position. The keys of a conversation are made before it takes place, so that a recorder can",
        "seal to it and open nothing. A recording is sealed as it is read: no plaintext of it is ever written to a disk.",
    )
    stage.command("review", "create", REVIEW)
    for position, agency in (("Health visitor 1", "Community health"), ("Head teacher 1", "A primary school")):
        stage.command("participant", "add", position, "--review", REVIEW, "--agency", agency)
        stage.command("conversation", "add", "--review", REVIEW, "--participant", position)
    stage.command("upload", str(SAMPLE / "conversation-1-two-channels.opus"), "--conversation", FIRST)
    stage.command("upload", str(SAMPLE / "conversation-2.m4a"), "--conversation", OTHER)


def _transcribe(stage: Stage) -> None:
    _title(
        stage,
        "3  The machine transcribes",
        "faster-whisper runs here, on this machine, window by window; each window is sealed before the next begins.",
    )
    stage.command("work", "--once")
    stage.say(
        "\nTwo microphones tell who speaks; with one, Candour does not guess and writes ?. What the machine heard:"
    )
    stage.command("transcript", "show", FIRST, "--machine")
    for reference, script, sound in (
        (FIRST, "conversation-1", "two channels"),
        (OTHER, "conversation-2", "one channel"),
    ):
        heard = " ".join(turn["text"] for turn in stage.ask("transcript", "show", reference, "--machine"))
        rate = word_error_rate(" ".join(text for _, text in _script(script)), heard)
        stage.say(f"\nWord error rate of {reference} ({sound}) against the script it was spoken from: {rate:.1%}")


def _review(stage: Stage) -> None:
    _title(
        stage,
        "4  A person reviews",
        "Some stretches must be heard by a person: where the model was unsure, and words that decide a case whatever it",
        "thought of them: negations, numbers, dates. Here the script plays the person who listens and corrects.",
    )
    stage.command("doubts", "list", FIRST)
    for number, speaker, text in _corrections(stage):
        stage.run(
            [
                "transcript",
                "correct",
                FIRST,
                "--turns",
                str(number),
                "--text",
                text,
                "--speaker",
                speaker,
                *stage._who(LEAD),
            ]
        )
    stage.command("transcript", "check", FIRST, "--all")
    stage.command("doubts", "resolve", FIRST, "--all")


def _corrections(stage: Stage) -> list[tuple[int, str, str]]:
    """Turn, speaker and text for every turn that differs from what was really said; the draft itself never changes."""
    heard = stage.ask("transcript", "show", FIRST)
    said = json.loads((SAMPLE / "conversation-1.json").read_text(encoding="utf-8"))["turns"]
    truth: dict[int, list[str]] = {turn["turn"]: [] for turn in heard}
    for one in said:
        best = max(heard, key=lambda turn: (_overlap(turn, one), turn["speaker"] == one["speaker"]))
        truth[best["turn"]].append(one["text"])
    texts = {turn["turn"]: (turn["speaker"], turn["text"]) for turn in heard}
    return [
        (number, texts[number][0], " ".join(lines))
        for number, lines in truth.items()
        if " ".join(lines) != texts[number][1]
    ]


def _overlap(turn: dict[str, Any], one: dict[str, Any]) -> float:
    return float(min(turn["end"], one["end"]) - max(turn["start"], one["start"]))


def _script(name: str) -> list[tuple[str, str]]:
    lines = (SAMPLE / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [(speaker, text.strip()) for speaker, _, text in (line.partition(":") for line in lines if line.strip())]


def _name(stage: Stage) -> None:
    _title(
        stage,
        "5  Names",
        "The review has one name key, sealed apart from everything else. What the key does not cover and might name somebody",
        "is a candidate, and nothing goes on before a person has decided each one.",
    )
    stage.command("names", "import", REVIEW, str(SAMPLE / "names.csv"))
    stage.command("names", "candidates", FIRST)
    for candidate in stage.ask("names", "candidates", FIRST):
        replacement = DATES.get(candidate["word"])
        decision = ["--new", replacement, "--kind", "date"] if replacement else ["--not-a-name"]
        stage.command("names", "decide", FIRST, candidate["candidate"], *decision)
    stage.say("\nThe pseudonymised transcript, which is all that coding and exports ever see:")
    stage.command("transcript", "show", FIRST, "--pseudonyms", "--turns", "1-8")


def _code(stage: Stage) -> None:
    _title(
        stage,
        "6  Coding",
        "Extracts are quotes of the pseudonymised transcript under codes of the review's codebook, here the one for systems",
        "reviews that comes with Candour.",
    )
    stage.command("extract", "import", FIRST, str(SAMPLE / "extracts.csv"))
    stage.command("extract", "list", FIRST)
    stage.command("extract", "matrix", REVIEW)


def _export(stage: Stage) -> None:
    _title(
        stage,
        "7  Exports",
        "Each is read back and compared before it counts. The .qdpx opens in other programs for qualitative analysis.",
    )
    for name in ("extracts.csv", "extracts.docx", "extracts.json", "project.qdpx"):
        stage.command("export", FIRST, "--to", str(stage.folder / "exports" / name))


def _sign_off(stage: Stage) -> None:
    _title(
        stage,
        "8  Two people sign off",
        "Every condition is met, so Ruth can sign; the second signature must be somebody else's. Each also signs the order to",
        "destroy the recording when the review's schedule says so.",
    )
    stage.command("conversation", "show", FIRST)
    stage.command("signoff", FIRST, "--yes")
    stage.command("signoff", FIRST, "--yes", person=SECOND)


def _destroy(stage: Stage) -> None:
    _title(
        stage,
        "9  Destruction",
        "This review keeps a recording no longer than its sign-off. Destroying is not deleting a file: the vault gets a new",
        "root without the recording's key, every other key is checked under it, and only then the old root is erased in place.",
    )
    stage.command("retention", "plan")
    stage.command("retention", "run", "--yes")
    stage.command("conversation", "list")
    stage.say(
        "\nThe extracts live on; the recording, its draft and its corrections cannot be opened by anybody any more."
    )


def _audit(stage: Stage) -> None:
    _title(
        stage,
        "10  Anybody can check",
        "The log holds ids and digests, no name and no word. Alex needs no passphrase to verify it, or the certificate.",
    )
    stage.command("audit", "verify", person=AUDITOR)
    stage.command(
        "audit", "certificate", FIRST, "--to", str(stage.folder / "exports" / "certificate.txt"), person=AUDITOR
    )
    stage.command("audit", "certificate", "--verify", str(stage.folder / "exports" / "certificate.txt"), person=AUDITOR)
    text = (stage.folder / "exports" / "certificate.txt").read_text(encoding="utf-8")
    stage.say("\n" + text.partition("-----BEGIN")[0].rstrip())


def _farewell(stage: Stage, seconds: float) -> None:
    _title(
        stage,
        f"Done, in {seconds:.0f} seconds",
        f"The second conversation, {OTHER}, waits for a person in {stage.home}. To go on with it:",
        "",
        f"  export CANDOUR_HOME={stage.home} CANDOUR_PERSON={LEAD}",
        f"  export CANDOUR_PASSPHRASE_FILE={stage.secret('passphrase')}",
        f"  export CANDOUR_PASSWORD_FILE={stage.secret(LEAD)}",
        f"  candour transcript show {OTHER}",
        f"  candour doubts list {OTHER}",
        f"  candour conversation show {OTHER}",
        "",
        f"The exports and the certificate are in {stage.folder / 'exports'}.",
    )
