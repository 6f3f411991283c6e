"""How long 2,000 codings take to leave and to come back: `python -m tools.bench_export [CODINGS]`.

An invented conversation of 90 minutes and 15,000 words. An export is written and read back; an import is read and laid on the
conversation. All in seconds of the processor. The last lines go through a home, with every extract sealed and the log signed.
pyrefiqda, which reads the same exchange file into objects and checks no quote, stands beside the import.
"""

import io
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pyrefiqda.refiproject import RefiProject

import configs
from access import directory
from access.roles import Role
from pipeline import contents, reviews
from pipeline.codes.codebook import Codebook, parse
from pipeline.codes.coding import Extract, extract
from pipeline.codes.quotes import Anchor
from pipeline.export import exporting
from pipeline.export.formats import FORMATS
from pipeline.export.model import Profile, Project, build
from pipeline.export.writers import export
from pipeline.imports import importing
from pipeline.imports.planning import plan
from pipeline.transcripts.document import Document, Passage
from pipeline.transcripts.transcript import Speaker
from storage.home import Home
from storage.keyring import Work
from storage.models import State

_ROUNDS = 3
_TURNS, _WORDS = 500, 30  # turns, and words of each
_AT = datetime(2026, 1, 1, tzinfo=UTC)
_SAID = "we thought that they were coping because nobody had said otherwise and the forms looked fine"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    book = parse(configs.read("codebooks/learning-together.toml"))
    document = _document()
    whole = build(
        review="LT-1",
        profile=Profile.INTERNAL,
        codebook=book,
        documents=[document],
        extracts=_extracts(document, book, count),
        created=_AT,
    )
    print(
        f"{_TURNS * _WORDS} words, {count} codings, best of {_ROUNDS}, processor seconds\n\n{'':36}{'export':>8}{'import':>8}"
    )
    for name in FORMATS:
        line = f"{name:36}{_best(lambda name=name: export(name, whole)):8.2f}"  # type: ignore[misc]
        if name in ("qdpx", "taguette"):
            data = export(name, whole)
            line += f"{_best(lambda data=data: _import(whole, data)):8.2f}"  # type: ignore[misc]
        print(line)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "whole.qdpx"
        file.write_bytes(export("qdpx", whole))
        print(f"{'pyrefiqda, the same qdpx':36}{'':8}{_best(lambda: RefiProject.load(file, f'{folder}/out')):8.2f}")
        rounds = [_through_a_home(Path(folder) / str(n), whole, book) for n in range(_ROUNDS)]
        exported, imported = (min(figures) for figures in zip(*rounds, strict=True))
        print(f"{'qdpx, through a home':36}{exported:8.2f}{imported:8.2f}")


def _document() -> Document:
    chance = random.Random(1)  # noqa: S311
    return Document(
        conversation="C-001",
        position="Teacher 1",
        passages=tuple(
            Passage(
                turn=n,
                speaker=(Speaker.INTERVIEWER, Speaker.PARTICIPANT)[n % 2],
                start=10.8 * n,
                end=10.8 * n + 10,
                text=" ".join(chance.choices(_SAID.split(), k=_WORDS)) + ".",
            )
            for n in range(1, _TURNS + 1)
        ),
    )


def _extracts(document: Document, book: Codebook, count: int) -> list[Extract]:
    chance = random.Random(2)  # noqa: S311
    codable = [code.id for code in book.codes if code.codable]
    made = []
    for _ in range(count):
        turn = chance.randint(1, _TURNS)
        start = chance.randrange(0, 100)
        anchor = Anchor(first_turn=turn, first_char=start, last_turn=turn, last_char=start + chance.randint(5, 40))
        codes = chance.sample(codable, chance.randint(1, 3))
        made.append(extract(document, anchor, codes, codebook=book, coder="ruth", at=_AT, memo="A thought."))
    return made


def _import(whole: Project, data: bytes) -> None:
    found = plan(
        importing.read(io.BytesIO(data)),
        whole.documents,
        (),
        book=whole.codebook,
        review=whole.review,
        add_codes=False,
        coder="ruth",
        now=_AT,
    )
    if len(found.extracts) != len(whole.extracts):
        raise SystemExit("not every coding came back")


def _through_a_home(folder: Path, whole: Project, book: Codebook) -> tuple[float, float]:
    """Processor seconds to export from a home and to import into it; in a new one, since a second import would find all there."""
    folder.mkdir()
    home = Home.create(
        folder / "home", b"a passphrase", origin="bench.example/log", work=Work(memory=64, iterations=1, lanes=1)
    )
    home.unlock(b"a passphrase")
    ruth = directory.add_first(
        home, "ruth", "a password of hers", (Role.REVIEWER,), work=Work(memory=64, iterations=1, lanes=1)
    )
    reviews.create_review(home, ruth, "LT-1", schedule=configs.read("retention/learning-together.toml"), codebook=book)
    reviews.add_participant(home, ruth, "LT-1", "Teacher 1", "School")
    reviews.plan_conversation(home, ruth, "LT-1", "Teacher 1", interviewer="Lead", on=None)
    with home.writing() as session:
        conversation = reviews.find_conversation(session, "C-001")
        contents.set_document(home, conversation, whole.documents[0])
        # as after the destruction, when no transcript is left to look for names in
        conversation.state = State.DESTROYED
    data = export("qdpx", whole)
    imported = _once(lambda: importing.bring_in(home, ruth, "C-001", io.BytesIO(data)))
    exported = _once(
        lambda: exporting.write(
            home, ruth, "C-001", format="qdpx", profile=Profile.INTERNAL, path=folder / "out.qdpx", overwrite=True
        )
    )
    home.close()
    return exported, imported


def _best(work: Callable[[], object]) -> float:
    return min(_once(work) for _ in range(_ROUNDS))


def _once(work: Callable[[], object]) -> float:
    # of the processor, so that what else the machine does is not counted; an idle one takes little longer
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
