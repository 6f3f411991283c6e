"""Exports at the page: the same bytes as the command writes, the same log, and nothing that must be decided slips out."""

from pathlib import Path

import pytest

from configs import read
from pipeline import reviews
from pipeline.codes import extracting
from pipeline.codes.codebook import parse
from pipeline.export import exporting
from pipeline.export.formats import FORMATS
from pipeline.export.model import Profile
from pipeline.pseudonyms import disclosing
from pipeline.transcripts import reviewing
from retention.readiness import readiness
from storage.log.log import Event
from storage.models import Export
from tests import story
from tests.pipeline.export.samples import all_text
from tests.pipeline.export.test_exporting import make_public, open_name, places
from tests.pipeline.transcription.test_speech import Writes
from tests.story import CORRECTED, FIRST, PLANNED, REVIEW
from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Answer, Client, Site
from tests.web.watching import Watch

PAGE, WHOLE = f"/conversations/{FIRST}/export", f"/reviews/{REVIEW}/export"


def take(client: Client, path: str = PAGE, **fields: str) -> Answer:
    return client.post(path, {"for": "internal", "format": "csv", "recipient": "", "ends": "lf"} | fields)


def recorded(site: Site) -> list[Export]:
    with site.home.reading() as session:
        return session.query(Export).all()


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_taken_away_is_what_the_command_writes(format: str, site: Site, tmp_path: Path) -> None:
    answer = take(site.client("ana"), format=format)
    file = tmp_path / "out"
    exporting.write(
        site.home, site.story.ana, FIRST, format=format, profile=Profile.INTERNAL, path=file, overwrite=False
    )
    assert answer.status == 200 and answer.body == file.read_bytes()
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="C-001{FORMATS[format].suffix}"'
    mine, commands = recorded(site)
    same = ("format", "audience", "digest", "person_id", "conversation_id")
    assert [getattr(mine, name) for name in same] == [getattr(commands, name) for name in same]
    first, second = site.story.log()[-2:]
    assert (first.event, first.obj, first.detail) == (Event.EXPORT_WRITTEN, second.obj, second.detail)


def exported(site: Site) -> bool:
    return next(one.met for one in readiness(site.home, FIRST) if one.name == "export")


def test_it_is_the_export_that_sign_off_needs(site: Site) -> None:
    ana = site.client("ana")
    assert f'href="{PAGE}"' in ana.get(f"/conversations/{FIRST}").text
    take(ana, format="qdc")
    assert not exported(site), "a codebook holds no extracts"
    take(ana)
    assert exported(site)


def test_what_must_be_decided_first_is_said_with_its_place(site: Site) -> None:
    ana = site.client("ana")
    open_name(site.story)
    page = ana.get(PAGE).text
    assert "Decide this first" in page and f'href="/conversations/{FIRST}/names"' in page and "Download" not in page
    refused = take(ana)
    assert refused.status == 409 and "Nothing left" in refused.text and "Decide this first" in refused.text
    for text in (page, refused.text):
        assert "Hartigan" not in text and CORRECTED not in text
    assert recorded(site) == [] and site.story.events()[-1] == Event.EXPORT_REFUSED
    assert take(ana, WHOLE).status == 409, "one conversation stops its review"


def test_for_the_public_each_thing_is_listed_until_it_is_decided(site: Site) -> None:
    ana, told = site.client("ana"), site.story
    make_public(told)
    page = ana.get(f"{PAGE}?for=public").text
    assert "An exact date" not in page, "dates go by themselves"
    assert "A place" in page and "at 3." in page and "Eastmere" not in page
    assert take(ana, **{"for": "public"}).status == 409
    disclosing.confirm(told.home, told.ben, FIRST, places(told))
    assert "This can leave" in ana.get(f"{PAGE}?for=public").text
    answer = take(ana, **{"for": "public"})
    assert answer.status == 200 and "3 March 2024" not in answer.body.decode("utf-8-sig")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="C-001-public.csv"'


def test_what_governance_answers_for_may_leave(site: Site) -> None:
    told = site.story
    open_name(told)
    disclosing.override(told.home, told.ben, FIRST, Profile.INTERNAL, "Agreed with the family.")
    page = site.client("ana").get(PAGE).text
    assert "Governance answers for what is open in C-001." in page
    assert "override: Agreed with the family." in page, "and what has left says why"
    assert take(site.client("ana")).status == 200


def test_a_participant_gets_their_own_marked_and_logged(site: Site) -> None:
    ana = site.client("ana")
    assert "Confidential: for Health visitor 1 only" in ana.get(f"{PAGE}?for=participant").text
    answer = take(ana, **{"for": "participant", "format": "docx"})
    assert "Confidential: for Health visitor 1 only" in all_text(answer.body)
    assert [row.recipient_id for row in recorded(site)] == [site.story.conversation().participant_id]
    assert str(site.story.conversation().participant_id) in site.story.log()[-1].obj
    assert "Health visitor 1" in ana.get(PAGE).text.partition("What has left")[2]


def test_a_draft_of_a_review_says_who_receives_it(site: Site) -> None:
    ana = site.client("ana")
    assert "Say who receives it" in ana.get(f"{WHOLE}?for=participant").text
    for recipient in ("", "Nobody 1"):
        refused = take(ana, WHOLE, **{"for": "participant", "recipient": recipient})
        assert refused.status == 422 and 'href="#recipient"' in refused.text
    assert recorded(site) == []
    answer = take(ana, WHOLE, **{"for": "participant", "recipient": "Head teacher 1", "format": "txt"})
    assert answer.text.startswith("Confidential, draft: for Head teacher 1 only")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="LT-1-participant.txt"'


def test_what_a_format_cannot_carry_is_said_before(site: Site) -> None:
    ana = site.client("ana")
    for format in FORMATS:
        outlook = exporting.look(site.home, site.story.ana, FIRST, format=format, profile=Profile.INTERNAL)
        page = ana.get(f"{PAGE}?format={format}").text
        assert outlook.written.lost and all(line in page for line in outlook.written.lost)
    assert recorded(site) == [], "looking writes nothing"


def test_an_extract_whose_words_are_gone_is_to_be_mended_first(site: Site) -> None:
    told = site.story
    story.extract(told, "twice", 1)
    reviewing.correct(told.home, told.ana, FIRST, [1], text="We told Marlowe about it.", speaker=None)
    assert extracting.listed(told.home, told.ana, FIRST)[-1][2], "the extract is to mend"
    page = site.client("ana").get(PAGE).text
    assert "Nothing can leave yet" in page and f"/reviews/{REVIEW}/extracts?mend=yes" in page
    assert take(site.client("ana")).status == 409 and recorded(site) == []


def test_before_there_is_anything_it_says_so(site: Site) -> None:
    page = site.client("ana").get(f"/conversations/{PLANNED}/export")
    assert page.status == 200 and "has no pseudonymised transcript yet" in page.text
    assert take(site.client("ana"), f"/conversations/{PLANNED}/export").status == 409


def test_what_is_not_there_is_not_exported(site: Site) -> None:
    ana = site.client("ana")
    reviews.create_review(
        site.home,
        site.story.ana,
        "LT-2",
        schedule=read("retention/learning-together.toml"),
        codebook=parse(read("codebooks/learning-together.toml")),
    )
    for path in (f"/conversations/{REVIEW}/export", f"/reviews/{FIRST}/export", "/reviews/LT-9/export"):
        assert (ana.get(path).status, take(ana, path).status) == (404, 404), path
    assert "has no pseudonymised transcript" in ana.get("/reviews/LT-2/export").text
    assert site.client("ben").get(PAGE).status == 403 == take(site.client("ben")).status
    assert recorded(site) == []


@pytest.mark.parametrize("format", ["docx", "xlsx", "taguette", "qdpx"])
def test_the_server_writes_no_file_with_it(format: str, site: Site, tmp_path: Path) -> None:
    ana, home = site.client("ana"), str(site.home.folder)
    with Writes() as opened:
        body = take(ana, format=format).body
    assert [path for path in opened.paths if not path.startswith(home)] == []
    assert [
        one for one in site.home.folder.rglob("*") if one.is_file() and CORRECTED.encode() in one.read_bytes()
    ] == []
    assert CORRECTED in all_text(body)
    with Writes() as opened:
        story.export(site.story, tmp_path / "out.csv")
    assert [path for path in opened.paths if not path.startswith(home)] != [], "the look must see a file"


def test_choosing_looking_and_downloading_by_keyboard_alone(visitor: Visitor) -> None:
    page = visitor("ana", PAGE)
    page.get_by_label("The review team").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_label("Format").focus()
    page.keyboard.type("CSV")
    page.get_by_role("button", name="Look what would leave").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**for=participant**")
    assert axe.violations(page) == []
    for _ in range(2):
        page.get_by_role("button", name="Download .csv").focus()
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        assert download.value.suggested_filename == "C-001-participant.csv"
        assert Path(download.value.path()).read_bytes().startswith("\ufeff".encode())
    page.reload()
    assert page.get_by_role("region", name="What has left").locator("tbody tr").count() == 2


@pytest.mark.parametrize("query", ["for=public", "for=participant", "format=qdpx&ends=crlf2"])
def test_it_is_for_everyone(query: str, visitor: Visitor, site: Site, watch: Watch) -> None:
    make_public(site.story)
    page = visitor("ana", f"{WHOLE}?{query}")
    assert axe.violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 320, "height": 640})
    assert (axe.violations(page), axe.too_wide(page)) == ([], [])
    if query == "for=participant":
        assert page.get_by_role("button", name="Download").count() == 0
