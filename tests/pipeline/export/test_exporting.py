"""Exports: nothing leaves before it is decided, and the rows say only what lies in a file."""

import csv
import io
from pathlib import Path

import pytest

from access.roles import NotAllowed
from pipeline.codes import extracting
from pipeline.export import exporting
from pipeline.export.exporting import NotForThem, OneParticipant, WrongRecipient
from pipeline.export.formats import FORMATS, UnknownFormat
from pipeline.export.model import Profile
from pipeline.export.place import CannotPlace, PlaceTaken
from pipeline.pseudonyms import disclosing, naming
from pipeline.pseudonyms.disclosing import NothingOpen, NothingToExport
from pipeline.pseudonyms.disclosure import NotFit, What
from pipeline.pseudonyms.names import Kind
from pipeline.pseudonyms.naming import NotAName
from pipeline.reviews import UnknownConversation, UnknownPosition, find_conversation
from pipeline.transcripts import reviewing
from retention import destroy
from storage.errors import CandourError
from storage.log.log import Event
from storage.models import Export, NameDecision
from tests import story
from tests.pipeline.export.samples import all_text
from tests.story import CORRECTED, FIRST, OTHER, REVIEW, Stage, Story


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story.at(Stage.CODED, tmp_path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.csv"


def rows(path: Path) -> list[dict[str, str]]:
    table = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    names, *found = [row for row in table if not row[0].startswith("#")]
    return [dict(zip(names, row, strict=True)) for row in found]


def refusals(told: Story) -> list[dict[str, object]]:
    """What the log says of refused exports."""
    return [dict(entry.detail) for entry in told.log() if entry.event == Event.EXPORT_REFUSED]


def nothing_left(told: Story, path: Path) -> bool:
    """Whether neither file nor row nor entry of an export is there."""
    left = [one for one in path.parent.iterdir() if one.name not in {"home", "taken.csv"}]
    return not left and story.rows(told.home, Export) == 0 and Event.EXPORT_WRITTEN not in told.events()


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_written_and_recorded(format: str, told: Story, tmp_path: Path) -> None:
    done = exporting.write(
        told.home, told.ana, FIRST, format=format, profile=Profile.INTERNAL, path=tmp_path / "out", overwrite=False
    )
    extracts = 2 if FORMATS[format].quotes else 0
    assert done.extracts == extracts
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600
    with told.home.reading() as session:
        row = session.query(Export).one()
    assert (row.format, row.audience, row.conversation_id) == (format, "internal", told.conversation().id)
    entry = told.log()[-1]
    assert (entry.event, entry.detail["extracts"]) == (Event.EXPORT_WRITTEN, extracts)
    assert bool(row.digest) is FORMATS[format].of_extracts, "only what holds the extracts counts at sign-off"


def test_an_export_holds_the_extracts_and_no_name(told: Story, path: Path) -> None:
    story.export(told, path)
    assert [row["quote"] for row in rows(path)] == ["told [Boy] about it", CORRECTED]
    assert "Marlowe" not in path.read_text(encoding="utf-8-sig")


def test_a_review_is_exported_whole(told: Story, path: Path) -> None:
    assert story.export(told, path, target=REVIEW).extracts == 2
    assert str(told.conversation().id) in told.log()[-1].obj


def open_name(told: Story) -> None:
    reviewing.correct(told.home, told.ana, FIRST, [3], text="Then we rang Hartigan.", speaker=None)


@pytest.mark.parametrize("profile", Profile)
def test_while_a_name_is_undecided_nothing_leaves(profile: Profile, told: Story, path: Path) -> None:
    open_name(told)
    with pytest.raises(NotFit, match="names decide") as refused:
        story.export(told, path, profile)
    assert "Hartigan" not in str(refused.value)
    assert nothing_left(told, path)
    count = refused.value.fields["count"]
    assert refusals(told) == [{"format": "csv", "profile": profile.value, "open": count}]
    opens = exporting.dry_run(told.home, told.ana, FIRST, profile)
    assert opens[0].what is What.NAME
    assert "Hartigan" not in repr(opens)


def test_one_conversation_that_is_not_ready_stops_its_review(told: Story, path: Path) -> None:
    open_name(told)
    with pytest.raises(NotFit):
        story.export(told, path, target=REVIEW)
    assert nothing_left(told, path)


def test_decided_it_leaves(told: Story, path: Path) -> None:
    open_name(told)
    story.decide(told, NotAName())
    story.export(told, path)
    assert len(rows(path)) == 2


def places(told: Story) -> list[str]:
    opens = exporting.dry_run(told.home, told.ana, FIRST, Profile.PUBLIC)
    return [one.reference.partition(":")[2] for one in opens]


def make_public(told: Story) -> None:
    """Words that may not go to the public as they are: a place decided to be no name, and the one who is a head teacher."""
    reviewing.correct(told.home, told.ana, FIRST, [3], text="On 3 March 2024 we met in Eastmere.", speaker=None)
    story.decide(told, NotAName())


def test_to_the_public_only_what_was_confirmed(told: Story, path: Path) -> None:
    make_public(told)
    open_places = places(told)
    assert open_places
    with pytest.raises(NotFit, match="disclosure generalise"):
        story.export(told, path, Profile.PUBLIC)
    assert nothing_left(told, path)
    left = disclosing.confirm(told.home, told.ben, FIRST, [*open_places, open_places[0]])
    assert (left, places(told)) == (0, [])
    assert (told.log()[-1].event, told.log()[-1].detail["count"]) == (Event.DISCLOSURE_CONFIRMED, len(open_places))
    story.export(told, path, Profile.PUBLIC)
    text = path.read_text(encoding="utf-8-sig")
    assert "3 March 2024" not in text
    assert {(row["memo"], row["coder"]) for row in rows(path)} == {("", "coder")}


def test_what_was_confirmed_can_still_be_seen(told: Story) -> None:
    make_public(told)
    confirmed = places(told)
    disclosing.confirm(told.home, told.ben, FIRST, confirmed)
    with told.home.reading() as session:
        conversation = find_conversation(session, FIRST)
        every = disclosing.still_open(told.home, session, conversation, Profile.PUBLIC, confirmed=False)
    assert [one.reference.partition(":")[2] for one in every] == confirmed


def test_a_confirmation_is_for_the_public_alone_and_decides_no_name(told: Story) -> None:
    open_name(told)
    handle = naming.open_candidates(told.home, told.ana, FIRST)[0].handle
    before = story.rows(told.home, NameDecision)
    with pytest.raises(NothingOpen):
        disclosing.confirm(told.home, told.ben, FIRST, [handle])
    assert story.rows(told.home, NameDecision) == before


@pytest.mark.parametrize("at", [["99.9"], [""], ["position", "99.9"]])
def test_where_nothing_is_open_nothing_is_confirmed(at: list[str], told: Story) -> None:
    make_public(told)
    before = story.rows(told.home, NameDecision), told.events()
    with pytest.raises(NothingOpen):
        disclosing.confirm(told.home, told.ben, FIRST, at)
    assert (story.rows(told.home, NameDecision), told.events()) == before


def test_a_participant_gets_their_own_conversation_and_no_memo(told: Story, path: Path) -> None:
    extracting.add(
        told.home, told.ana, FIRST, codes=(extracting_code(told),), quote="We told", turn=1, memo="An inner note."
    )
    with pytest.raises(OneParticipant):
        story.export(told, path, Profile.PARTICIPANT, REVIEW)
    assert nothing_left(told, path)
    assert story.export(told, path, Profile.PARTICIPANT).extracts == 3
    assert "An inner note." not in path.read_text(encoding="utf-8-sig")
    story.export(told, path)
    assert "An inner note." in path.read_text(encoding="utf-8-sig"), "the look must see a memo"


def test_a_participant_receives_the_conversation_marked_and_logged(told: Story, tmp_path: Path) -> None:
    mark = "Confidential: for Health visitor 1 only"
    for format in FORMATS:
        path = tmp_path / f"for-them.{format}"
        exporting.write(
            told.home, told.ana, FIRST, format=format, profile=Profile.PARTICIPANT, path=path, overwrite=False
        )
        text = all_text(path.read_bytes())
        assert mark in text, format
        if format in {"docx", "html", "txt"}:
            assert "Nobody came to the meeting." in text.replace(CORRECTED, "", 1), "the conversation itself is there"
    entry = told.log()[-1]
    with told.home.reading() as session:
        rows = session.query(Export).all()
    assert {row.recipient_id for row in rows} == {told.conversation().participant_id}
    assert str(told.conversation().participant_id) in entry.obj
    story.export(told, tmp_path / "inside.csv")
    assert mark not in (tmp_path / "inside.csv").read_text(encoding="utf-8-sig")
    assert str(told.conversation().participant_id) not in told.log()[-1].obj


def test_a_draft_of_a_review_names_its_recipient(told: Story, tmp_path: Path) -> None:
    def draft(path: Path, recipient: str, target: str = REVIEW, profile: Profile = Profile.PARTICIPANT) -> None:
        exporting.write(
            told.home, told.ana, target, format="txt", profile=profile, path=path, overwrite=False, recipient=recipient
        )

    for recipient, target, profile, error in (
        ("Nobody", REVIEW, Profile.PARTICIPANT, UnknownPosition),
        ("Head teacher 1", FIRST, Profile.PARTICIPANT, WrongRecipient),
        ("Head teacher 1", REVIEW, Profile.INTERNAL, NotForThem),
    ):
        with pytest.raises(error):
            draft(tmp_path / "no.txt", recipient, target, profile)
    assert nothing_left(told, tmp_path / "no.txt")
    draft(tmp_path / "draft.txt", "Head teacher 1")
    text = (tmp_path / "draft.txt").read_text()
    assert text.startswith("Confidential, draft: for Head teacher 1 only\n")
    assert "The conversation" not in text
    assert str(told.conversation(OTHER).participant_id) in told.log()[-1].obj


def extracting_code(told: Story) -> str:
    return extracting.listed(told.home, told.ana, FIRST)[0][1].codes[0]


def test_a_file_that_is_there_stays(told: Story, tmp_path: Path) -> None:
    taken = tmp_path / "taken.csv"
    taken.write_text("mine")
    with pytest.raises(PlaceTaken):
        exporting.write(told.home, told.ana, FIRST, format="csv", profile=Profile.INTERNAL, path=taken, overwrite=False)
    assert taken.read_text() == "mine"
    assert nothing_left(told, taken)
    story.export(told, taken)
    assert len(rows(taken)) == 2


def test_a_file_that_cannot_be_written_leaves_no_row(told: Story, tmp_path: Path) -> None:
    with pytest.raises(CannotPlace):
        story.export(told, tmp_path / "missing" / "out.csv")
    assert nothing_left(told, tmp_path / "out.csv")


def test_a_file_without_its_row_is_no_export(told: Story, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash between the file and the rows leaves a file that nobody counts, never the reverse."""

    class Crash(Exception):
        pass

    def crash(*_: object, **__: object) -> None:
        assert path.exists(), "the file is there before the rows are written"
        raise Crash

    monkeypatch.setattr(told.home, "log", crash)
    with pytest.raises(Crash):
        story.export(told, path)
    monkeypatch.undo()
    assert story.rows(told.home, Export) == 0


NOT_THERE: list[tuple[str, type[CandourError]]] = [
    (OTHER, NothingToExport),
    ("C-999", UnknownConversation),
]


@pytest.mark.parametrize(("target", "error"), NOT_THERE)
def test_what_has_nothing_to_export_is_said(target: str, error: type[CandourError], told: Story, path: Path) -> None:
    with pytest.raises(error):
        story.export(told, path, target=target)
    assert nothing_left(told, path)


def test_a_format_that_is_not_there_is_said(told: Story, path: Path) -> None:
    with pytest.raises(UnknownFormat):
        exporting.write(told.home, told.ana, FIRST, format="mp3", profile=Profile.INTERNAL, path=path, overwrite=False)
    assert nothing_left(told, path)


def test_after_the_recording_is_gone_extracts_are_exported_as_before(tmp_path: Path) -> None:
    told = story.at(Stage.SIGNED, tmp_path)
    before, after = tmp_path / "before.csv", tmp_path / "after.csv"
    story.export(told, before)
    destroy.carry_out(told.home, 1)
    naming.add(told.home, told.ana, REVIEW, "Somebody", replacement="x", kind=Kind.PERSON)
    story.export(told, after)
    assert after.read_bytes() == before.read_bytes()


def test_who_may_not_export_or_confirm(told: Story, path: Path) -> None:
    for name in ("ben", "dora"):
        person = getattr(told, name)
        with pytest.raises(NotAllowed):
            exporting.write(
                told.home, person, FIRST, format="csv", profile=Profile.INTERNAL, path=path, overwrite=False
            )
        with pytest.raises(NotAllowed):
            exporting.dry_run(told.home, person, FIRST, Profile.INTERNAL)
    with pytest.raises(NotAllowed):
        disclosing.confirm(told.home, told.ana, FIRST, ["position"])
    assert nothing_left(told, path)
