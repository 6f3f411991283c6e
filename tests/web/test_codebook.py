"""The codebook at the page: read with who it comes from, changed without script, brought in and taken away as a file."""

from pathlib import Path

from pipeline import reviews
from pipeline.codes import bookkeeping, extracting, finding
from pipeline.codes.codebook import Codebook, parse
from storage.log.log import Event
from tests.story import FIRST, REVIEW
from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Site
from tests.web.test_import_pages import hand_in
from tests.web.watching import Watch

PAGE = f"/reviews/{REVIEW}/codebook"


def book(site: Site) -> Codebook:
    return bookkeeping.read(site.home, site.story.ana, REVIEW)


def test_a_codebook_is_changed_without_script(visitor: Visitor, site: Site, watch: Watch) -> None:
    page = visitor("ana", PAGE, java_script_enabled=False)
    assert "SCIE Guide 24" in page.locator("main").inner_text()
    page.get_by_label("Name", exact=True).fill("C3.9 Travel")
    page.get_by_label("Below").select_option(label="\u2003C3 Conditions of work")
    page.get_by_label("Shortcut").fill("tr")
    page.get_by_label("Other names").fill("Journeys; Distance")
    page.get_by_role("button", name="Add it").click()
    made = book(site).find("tr")
    assert (made.name, made.aliases, book(site).lineage(made)[1].name) == (
        "C3.9 Travel",
        ("Journeys", "Distance"),
        "C3 Conditions of work",
    )
    # a name that is taken is said, and what was typed stays
    watch.expected.update({422, 409})
    page.get_by_label("Name", exact=True).fill("C3.9 travel")
    page.get_by_role("button", name="Add it").click()
    assert (
        "leads to both" in page.get_by_role("alert").inner_text()
        and page.get_by_label("Name", exact=True).input_value() == "C3.9 travel"
    )
    # renamed and retired; a code stays where it was among its neighbours
    page.get_by_role("link", name="C3.9 Travel").click()
    page.get_by_label("Name", exact=True).fill("C3.9 Journeys to families")
    page.get_by_label("Other names").fill("")
    page.get_by_label("Retired").check()
    page.get_by_role("button", name="Keep the changes").click()
    changed = book(site).find("tr")
    assert (changed.name, changed.aliases, changed.retired, changed.id) == (
        "C3.9 Journeys to families",
        (),
        True,
        made.id,
    )
    first, *_ = before = book(site).children(made.parent)
    fields = {"id": first.id, "name": "C3.1 Air", "below": made.parent or "", "colour": first.colour.lower()}
    assert site.client("ana").post(f"{PAGE}/change", fields).status == 303
    assert [code.id for code in book(site).children(made.parent)] == [code.id for code in before]
    # what is used cannot be removed, and is merged instead
    used = extracting.listed(site.home, site.story.ana, FIRST)[0][1].codes[0]
    page.goto(f"{PAGE}/code?id={used}")
    assert page.get_by_role("button", name="Remove this code").count() == 0
    assert site.client("ana").post(f"{PAGE}/remove", {"id": used}).status == 409
    page.get_by_label("Into", exact=True).select_option(label="C3.3 Workload")
    page.get_by_role("button", name="Merge").click()
    assert "The two are one code now" in page.get_by_role("alert").inner_text()
    assert all(
        one.codes == (book(site).find("c33").id,) for _, one, _ in extracting.listed(site.home, site.story.ana, FIRST)
    )
    page.get_by_role("link", name="2 extracts under C3.3 Workload").click()
    assert page.locator(".extract").count() == 2
    page.goto(PAGE)
    page.get_by_role("button", name="Undo").click()
    assert extracting.listed(site.home, site.story.ana, FIRST)[0][1].codes == (used,)
    for _ in range(2):
        page.get_by_role("button", name="Undo").click()
    assert not book(site).find("tr").retired
    page.get_by_role("button", name="Redo").click()
    assert book(site).find("tr").retired


def test_a_codebook_goes_out_and_comes_in_as_a_file(visitor: Visitor, site: Site, tmp_path: Path) -> None:
    before, page, files = book(site), visitor("ana", PAGE, java_script_enabled=False), {}
    for ending in ("toml", "qdc"):
        with page.expect_download() as got:
            page.get_by_role("button", name=f"Download .{ending}").click()
        assert got.value.suggested_filename == f"LT-1.{ending}"
        files[ending] = got.value.path().read_bytes()
        entry = site.story.log()[-1]
        assert (entry.event, entry.actor, entry.detail["format"]) == (Event.EXPORT_WRITTEN, "ana", ending)
    assert parse(files["toml"].decode()) == before
    file = tmp_path / "other.qdc"
    file.write_bytes(files["qdc"].replace(b"C3.3 Workload", b"C3.3 Load"))
    page.get_by_label("A .qdc or .toml file").set_input_files(file)
    page.get_by_role("button", name="See what would change").click()
    assert "C3.3 Workload becomes C3.3 Load" in page.locator("main").inner_text() and book(site) == before
    # the checker itself is a script
    assert axe.violations(visitor("ana", page.url.removeprefix(site.origin))) == []
    page.get_by_role("button", name="Give LT-1 this codebook").click()
    assert book(site).find("c33").name == "C3.3 Load", "shortcuts stay, which the format cannot carry"
    page.get_by_role("button", name="Undo").click()
    assert book(site) == before


def test_what_a_participant_says_in_it_is_decided_before_it_leaves(visitor: Visitor, site: Site, watch: Watch) -> None:
    home, ana = site.home, site.story.ana
    extracting.add(home, ana, FIRST, codes=(), quote="Nobody came to the meeting", in_vivo=True)
    (own,) = book(site).children("in-vivo")
    bookkeeping.change(home, ana, REVIEW, own.id, description="So Hartigan said.")
    page = visitor("ana", PAGE)
    watch.expected.add(409)
    page.get_by_role("button", name="Download .toml").click()
    assert "Nothing left: something must be decided first" in page.locator("main").inner_text()
    assert site.story.events()[-1] == Event.EXPORT_REFUSED and "Hartigan" not in page.content()
    assert axe.violations(page) == []
    page.get_by_role("link", name="decide in C-001").click()
    assert page.locator("#context").inner_text() == "in a code “Nobody came to the meeting” So Hartigan said."
    page.get_by_label("Or it is new").fill("Doctor")
    page.get_by_role("button", name="Add it").click()
    page.get_by_text("Every candidate is decided.").wait_for()
    taken = site.client("ana").post(f"/reviews/{REVIEW}/export", {"for": "public", "format": "toml"})
    assert parse(taken.text).find(own.id).description == "So [Doctor] said."
    assert (taken.status, site.story.events()[-1]) == (200, Event.EXPORT_WRITTEN)


def test_what_is_no_codebook_or_lacks_codes_in_use_is_refused(site: Site) -> None:
    ana, before = site.client("ana"), book(site)
    for source in (b"<nothing", b"not toml", b'name = ""', b"\xff\xfe", b""):
        answer = hand_in(ana, source, f"{PAGE}/import")
        assert (answer.status, 'id="file-error"' in answer.text) == (422, True), source
    shown = hand_in(ana, b'name = "Empty"', f"{PAGE}/import").location
    token = shown.partition("file=")[2]
    assert "Gone" in ana.get(shown).text
    assert ana.post(f"{PAGE}/import/bring-in", {"file": token}).status == 409
    for other in (ana.post(f"{PAGE}/import/bring-in", {"file": "x"}), site.client("cara").get(shown)):
        assert other.status == 404, "a file is kept for who handed it in, and under its own name"
    assert book(site) == before


def test_a_code_moves_among_those_beside_it_by_keyboard_and_without_script(visitor: Visitor, site: Site) -> None:
    page = visitor("ana", PAGE, java_script_enabled=False)
    names = [code.name for code in book(site).children(None)]
    for press, order in (("down", [1, 0, 2]), ("down", [1, 2, 0]), ("up", [1, 0, 2])):
        button = page.get_by_role("button", name=f"Move {names[0]} {press}")
        button.focus()
        page.keyboard.press("Enter")
        page.get_by_role("alert").get_by_text("Moved.").wait_for()
        assert [code.name for code in book(site).children(None)][:3] == [names[at] for at in order]
        assert page.evaluate("document.activeElement.value") == book(site).find(names[0]).id
    moved = book(site)
    assert [c.id for c in moved.children("contributory-factors")] == [
        c.id for c in moved.codes if c.parent == "contributory-factors"
    ], "what lies below it moves along"
    assert page.get_by_role("button", name=f"Move {moved.children(None)[0].name} up").count() == 0
    assert site.client("ana").post(f"{PAGE}/move", {"up": moved.children(None)[0].id}).status == 409
    for _ in range(3):
        page.get_by_role("button", name="Undo").click()
    assert [code.name for code in book(site).children(None)] == names
    page.get_by_role("button", name="Redo").click()
    assert [code.name for code in book(site).children(None)][:2] == [names[1], names[0]]


def test_a_code_of_another_review_is_not_there(site: Site) -> None:
    ana = site.client("ana")
    reviews.create_review(site.home, site.story.ana, "LT-2", schedule="", codebook=parse('name = "Other"\n'))
    for path in ("/reviews/LT-9/codebook", "/reviews/LT-2/codebook/code?id=structure", f"{PAGE}/code?id=nothing"):
        assert ana.get(path).status == 404, path
    for what in ("change", "merge", "remove"):
        fields = {"id": "structure", "name": "X", "into": "structure"}
        assert ana.post(f"/reviews/LT-2/codebook/{what}", fields).status == 404, what
    assert ana.post("/reviews/LT-9/codebook/add", {"name": "X"}).status == 404
    assert finding.of_review(site.home, site.story.ana, "LT-2", finding.Wanted()).book.codes == ()
