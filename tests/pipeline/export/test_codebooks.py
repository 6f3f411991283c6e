"""A codebook that leaves: what participants say in it is judged as their conversation is, and it is logged."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from pipeline.codes import bookkeeping, extracting
from pipeline.codes.codebook import Code, Codebook, parse
from pipeline.export import exporting
from pipeline.export.formats import FORMATS
from pipeline.export.model import Profile, digest
from pipeline.export.writers import WRITERS
from pipeline.pseudonyms import disclosing, naming
from pipeline.pseudonyms.disclosure import NotFit, Open, What
from pipeline.pseudonyms.names import Kind
from pipeline.pseudonyms.naming import New, NotAName
from pipeline.reviews import find_review
from pipeline.transcripts import reviewing
from retention import approvals, destroy
from storage.log.log import Event
from storage.models import Export
from storage.sealed import keyed_digest
from storage.vault import KeyClass
from tests import story
from tests.story import FIRST, OTHER, POSITIONS, REVIEW, Stage, Story
from tests.web import accounts

BOOKS = [name for name, format in FORMATS.items() if format.codebook]
OWN = "told [Boy] about it twice"


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.CODED, tmp_path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.toml"


def write(told: Story, path: Path, profile: Profile = Profile.INTERNAL, format: str = "toml") -> exporting.Written:
    recipient = POSITIONS[1] if profile is Profile.PARTICIPANT else None
    return exporting.write(
        told.home, told.ana, REVIEW, format=format, profile=profile, path=path, overwrite=True, recipient=recipient
    )


def in_vivo(told: Story, quote: str = OWN, **more: Any) -> Code:
    """A code named by these words of the first conversation."""
    turn = 1 if quote == OWN else None
    extracting.add(told.home, told.ana, FIRST, codes=(), quote=quote, turn=turn, in_vivo=True)
    *_, made = bookkeeping.read(told.home, told.ana, REVIEW).children("in-vivo")
    return bookkeeping.change(told.home, told.ana, REVIEW, made.id, **more) if more else made


def book(path: Path) -> Codebook:
    return parse(path.read_text())


def waiting(told: Story, profile: Profile) -> tuple[Open, ...]:
    outlook = exporting.look(
        told.home, told.ana, REVIEW, format="toml", profile=profile,
        recipient=POSITIONS[1] if profile is Profile.PARTICIPANT else None,
    )  # fmt: skip
    return outlook.open


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("format", BOOKS)
def test_a_codebook_of_the_teams_own_needs_no_decision_and_is_logged(
    format: str, profile: Profile, tmp_path: Path
) -> None:
    told, path = story.at(Stage.PLANNED, tmp_path), tmp_path / "book"
    reader = POSITIONS[1] if profile is Profile.PARTICIPANT else None
    assert exporting.dry_run(told.home, told.ana, REVIEW, profile, reader, format) == ()
    done = write(told, path, profile, format)
    assert path.stat().st_mode & 0o777 == 0o600
    assert done.digest == digest(WRITERS[format].read_back(path.read_bytes()))
    entry = told.log()[-1]
    with told.home.reading() as session:
        review = find_review(session, REVIEW)
        row = session.query(Export).one()
        key = told.home.vault.get(review.review_key, KeyClass.REVIEW)
    assert (row.format, row.audience, row.conversation_id, row.digest) == (format, profile.value, None, "")
    recipient = [str(row.recipient_id)] if profile is Profile.PARTICIPANT else []
    assert (entry.event, list(entry.obj)) == (Event.EXPORT_WRITTEN, [str(review.id), *recipient])
    keyed = keyed_digest(key, hashlib.sha256(path.read_bytes()).digest()).hex()
    assert entry.detail == {"format": format, "profile": profile.value, "extracts": 0, "digest": keyed}
    assert done.codes == len(bookkeeping.read(told.home, told.ana, REVIEW).codes)
    assert not any("audio" in line or "conversation" in line for line in done.lost)
    (left,) = disclosing.left(told.home, told.ana, REVIEW)
    assert (left.what, left.conversation, left.profile) == (f"export, {format}", "", profile.value)


def test_it_comes_back_as_it_left(told: Story, path: Path) -> None:
    in_vivo(told)
    assert write(told, path).lost == ()
    before = bookkeeping.read(told.home, told.ana, REVIEW)
    assert [(c.id, c.name) for c in book(path).codes] == [(c.id, c.name) for c in before.codes]
    bookkeeping.replace_codebook(told.home, told.ana, REVIEW, book(path))
    assert bookkeeping.read(told.home, told.ana, REVIEW) == before


@pytest.mark.parametrize(("where", "profile"), [*zip(["description", "aliases", "shortcut"], Profile, strict=True)])
def test_while_a_name_in_the_words_about_a_code_is_undecided_nothing_leaves(
    where: str, profile: Profile, told: Story, path: Path
) -> None:
    said: dict[str, Any] = {where: ("So Hartigan said",) if where == "aliases" else "So Hartigan said"}
    in_vivo(told, **said)
    with pytest.raises(NotFit, match=r"candour names decide C-001 0\.\d+") as refused:
        write(told, path, profile)
    assert "Hartigan" not in str(refused.value) and not path.exists()
    assert (told.events()[-1], told.log()[-1].detail["format"]) == (Event.EXPORT_REFUSED, "toml")
    assert story.rows(told.home, Export) == 0
    assert waiting(told, profile)[0].what is What.NAME
    with pytest.raises(NotFit):
        story.export(told, path)
    naming.decide(told.home, told.ana, FIRST, waiting(told, profile)[0].at, New(replacement="Doctor", kind=Kind.PERSON))
    done = write(told, path, profile)
    assert "[Doctor]" in path.read_text() and "Hartigan" not in path.read_text()
    assert "words of 1 code, where others stand in their place for the reader" in done.lost
    assert told.events()[-1] == Event.EXPORT_WRITTEN


def test_a_name_that_is_asked_about_again_stops_the_code_that_says_it(told: Story, path: Path) -> None:
    reviewing.correct(told.home, told.ana, FIRST, [3], text="Then we rang Hartigan.", speaker=None)
    story.decide(told, NotAName())
    assert in_vivo(told, "rang Hartigan").name == "“rang Hartigan”"
    write(told, path)
    assert "Hartigan" in path.read_text(), "the look must see a name"
    (candidate,) = [one for one in naming.settled_candidates(told.home, told.ana, FIRST) if "Hartigan" in one.shown]
    naming.reopen(told.home, told.ana, FIRST, candidate.handle)
    with pytest.raises(NotFit, match=f"candour names decide C-001 {candidate.handle}"):
        write(told, path)
    naming.decide(told.home, told.ana, FIRST, candidate.handle, New(replacement="Doctor", kind=Kind.PERSON))
    write(told, path)
    assert book(path).children("in-vivo")[0].name == "“rang [Doctor]”"
    assert "Hartigan" not in path.read_text()


def test_what_is_open_elsewhere_in_the_conversation_does_not_stop_the_codebook(told: Story, path: Path) -> None:
    in_vivo(told)
    reviewing.correct(told.home, told.ana, FIRST, [3], text="Then we rang Hartigan in Eastmere.", speaker=None)
    assert len(exporting.dry_run(told.home, told.ana, FIRST, Profile.INTERNAL)) == 2
    assert len(exporting.dry_run(told.home, told.ana, REVIEW, Profile.INTERNAL, format="csv")) == 2
    assert exporting.dry_run(told.home, told.ana, REVIEW, Profile.INTERNAL, format="toml") == ()
    assert waiting(told, Profile.INTERNAL) == ()
    write(told, path)
    story.decide(told, NotAName())
    assert exporting.dry_run(told.home, told.ana, FIRST, Profile.PUBLIC)
    write(told, path, Profile.PUBLIC)


def public(told: Story) -> None:
    """A code with a place in it, a date, and one who is the only one of their kind."""
    words = "On 3 March 2024 the head teacher met us in Eastmere"
    reviewing.correct(told.home, told.ana, FIRST, [3], text=f"{words}.", speaker=None)
    story.decide(told, NotAName())
    in_vivo(told, words)


def test_to_the_public_only_what_was_said_in_general_or_confirmed(told: Story, path: Path) -> None:
    public(told)
    write(told, path)
    opens = {one.what: one for one in waiting(told, Profile.PUBLIC)}
    assert set(opens) == {What.PLACE, What.ROLE}
    with pytest.raises(NotFit, match="candour disclosure generalise"):
        write(told, path.with_name("public.toml"), Profile.PUBLIC)
    disclosing.generalise(told.home, told.ana, FIRST, opens[What.PLACE].at, "a town")
    disclosing.confirm(told.home, told.ben, FIRST, [waiting(told, Profile.PUBLIC)[0].at])
    write(told, path, Profile.PUBLIC)
    (own,) = book(path).children("in-vivo")
    assert own.name.startswith("“On [date] the head teacher") and "[a town]" in own.name
    assert "Eastmere" not in path.read_text() and "2024" not in path.read_text()


def test_governance_answers_for_a_codebook_as_for_its_conversation(told: Story, path: Path) -> None:
    public(told)
    disclosing.override(told.home, told.ben, FIRST, Profile.PUBLIC, "Agreed with the family.")
    write(told, path, Profile.PUBLIC)
    assert "Eastmere" in path.read_text()
    in_vivo(told, "Nobody came")
    with pytest.raises(NotFit):
        write(told, path, Profile.PUBLIC)


def test_names_of_the_key_leave_in_no_code_and_codes_stay_apart(told: Story, path: Path) -> None:
    bookkeeping.add(told.home, told.ana, REVIEW, Code(id="", name="Marlowe at home", colour=""))
    bookkeeping.add(told.home, told.ana, REVIEW, Code(id="", name="[Boy] at home", colour="", aliases=("Marlowe's",)))
    done = write(told, path)
    assert "Marlowe" not in path.read_text()
    *_, first, second = book(path).codes
    assert (first.name, second.name, second.aliases) == (
        "[Boy] at home",
        "[Boy] at home (boy-at-home)",
        ("[Boy]'s",),
    )
    assert "words of 2 codes, where others stand in their place for the reader" in done.lost


def test_a_conversation_leaves_without_the_words_of_another(told: Story, path: Path) -> None:
    accounts.second_account(told)
    extracting.add(told.home, told.ana, OTHER, codes=(), quote="Our workload was", in_vivo=True)

    def leaves(target: str) -> tuple[str, tuple[str, ...]]:
        done = exporting.write(
            told.home, told.ana, target, format="json", profile=Profile.INTERNAL, path=path, overwrite=True
        )
        return path.read_text(), done.lost

    text, lost = leaves(FIRST)
    assert "Our workload was" not in text and any("1 code in the words of participants of other" in one for one in lost)
    for target in (OTHER, REVIEW):
        text, lost = leaves(target)
        assert "“Our workload was”" in text and not any("of other conversations" in one for one in lost)
    extracting.change(told.home, told.ana, FIRST, 1, more=("“our workload was”",))
    assert "“Our workload was”" in leaves(FIRST)[0], "whoever uses a code reads its name"


def test_after_the_recording_is_gone_the_words_leave_as_before(tmp_path: Path) -> None:
    told, path = story.at(Stage.CODED, tmp_path), tmp_path / "book.toml"
    in_vivo(told)
    story.export(told, tmp_path / "export.csv")
    for name in ("ana", "ben"):
        approvals.sign_off(told.home, getattr(told, name), story.password(name), FIRST)
    destroy.carry_out(told.home, 1)
    write(told, path)
    assert book(path).children("in-vivo")[0].name == f"“{OWN}”"
