"""Holds at the page: placed by one, lifted by two of whom one governs, and in the way of destruction while they stand."""

import pytest

from access import directory
from access.roles import Role
from configs import read
from pipeline import reviews
from pipeline.codes.codebook import parse
from retention import destroy, holds, plan
from tests import story
from tests.story import FIRST, LIGHT, OTHER, REVIEW, Stage
from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Answer, Client, Site
from tests.web.watching import Watch

PAGE = f"/reviews/{REVIEW}/holds"
WHY = {"reason": "a hearing", "reference": "letter 7"}


@pytest.fixture
def stage() -> Stage:
    return Stage.SIGNED


def place(client: Client, target: str = FIRST, **fields: str) -> Answer:
    return client.post(PAGE, {"target": target, "password": story.password("ben")} | WHY | fields)


def lift(client: Client, name: str, number: int = 1, **fields: str) -> Answer:
    return client.post(f"{PAGE}/{number}", {"password": story.password(name)} | WHY | fields)


def test_a_hold_stands_in_the_way_until_two_have_lifted_it(site: Site) -> None:
    ana, ben = site.client("ana"), site.client("ben")
    assert plan.due(site.home, site.home.now()) == [1], "without a hold it would go"
    assert place(ben).location == f"{PAGE}?placed=1"
    assert "Hold 1 stands." in ben.get(f"{PAGE}?placed=1").text
    assert plan.due(site.home, site.home.now()) == []
    with pytest.raises(destroy.Held):
        destroy.carry_out(site.home, 1)
    assert lift(ben, "ben").status == 303
    assert "Hold 1 still stands" in ben.get(f"{PAGE}?agreed=1").text
    assert plan.due(site.home, site.home.now()) == []
    assert lift(ana, "ana").status == 303
    page = ana.get(f"{PAGE}?agreed=1").text
    assert "Hold 1 is lifted." in page and "lifted by ben and ana" in page and "is on hold" in page
    assert plan.due(site.home, site.home.now()) == [1]


def test_the_same_person_never_lifts_twice(site: Site) -> None:
    ben = site.client("ben")
    place(ben)
    lift(ben, "ben")
    assert "Agree to lift hold 1" not in ben.get(PAGE).text
    assert "Agree to lift hold 1" in site.client("ana").get(PAGE).text
    again = lift(ben, "ben")
    assert again.status == 422 and "has already agreed" in again.text
    assert holds.views(site.home)[0].lifted_at is None


def test_one_of_the_two_must_govern(site: Site) -> None:
    place(site.client("ben"))
    lift(site.client("ana"), "ana")
    answer = lift(site.client("cara"), "cara")
    assert answer.status == 422 and "must have the governance role" in answer.text
    assert lift(site.client("ben"), "ben").status == 303
    assert holds.views(site.home)[0].lifted_at is not None


def test_a_hold_needs_its_reason_and_the_password_as_lifting_it_does(site: Site) -> None:
    ben = site.client("ben")
    answer = place(ben, reason=" ")
    assert answer.status == 422 and "Say why." in answer.text and 'value="letter 7"' in answer.text
    assert "Say what it rests on" in place(ben, reference="").text
    assert "Type your password" in place(ben, password="").text
    wrong = place(ben, password="wrong")
    assert wrong.status == 422 and "This is not your password" in wrong.text and 'value="letter 7"' in wrong.text
    assert holds.views(site.home) == []
    place(ben)
    assert "Say why." in lift(ben, "ben", reason="").text
    assert "Type your password" in lift(ben, "ben", password="").text
    assert "This is not your password" in lift(ben, "ben", password="wrong").text
    assert holds.views(site.home)[0].lifters == ()


def test_a_hold_of_all_of_a_review_is_seen_at_every_conversation(site: Site) -> None:
    ben = site.client("ben")
    place(ben, REVIEW)
    for reference in (FIRST, OTHER):
        assert "Hold 1" in ben.get(f"/conversations/{reference}").text
    assert "on all of LT-1" in " ".join(ben.get(PAGE).text.split())


def test_what_is_of_another_review_is_not_there(site: Site) -> None:
    codebook = parse(read("codebooks/learning-together.toml"))
    schedule = read("retention/learning-together.toml")
    reviews.create_review(site.home, site.story.ana, "LT-2", schedule=schedule, codebook=codebook)
    ben = site.client("ben")
    place(ben)
    assert ben.get(f"{PAGE}/1").status == 200
    assert ben.get("/reviews/LT-2/holds/1").status == 404
    assert lift(ben, "ben", 2).status == 404
    assert ben.post("/reviews/LT-2/holds", {"target": FIRST} | WHY).status == 404
    assert ben.get("/reviews/LT-9/holds").status == 404
    assert len(holds.views(site.home)) == 1


def test_who_may_not_hold_reads_no_reason(site: Site) -> None:
    place(site.client("ben"))
    directory.add(site.home, site.story.ben, "olaf", story.password("olaf"), [Role.OPERATOR], work=LIGHT)
    olaf = site.client("olaf")
    assert olaf.get(PAGE).status == 403
    page = olaf.get(f"/conversations/{FIRST}").text
    assert "Hold 1" in page and "a hearing" not in page
    assert "a hearing" in site.client("ben").get(f"/conversations/{FIRST}").text


def test_placing_and_lifting_by_keyboard_alone(visitor: Visitor, watch: Watch) -> None:
    page = visitor("ben", f"{PAGE}?conversation={OTHER}")
    assert page.get_by_label("What must not be destroyed").input_value() == OTHER
    page.get_by_label("Why").focus()
    page.keyboard.type("a hearing")
    watch.expected.add(422)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="There is a problem").wait_for()
    assert axe.violations(page) == []
    page.get_by_label("What that rests on").focus()
    page.keyboard.type("letter 7")
    page.keyboard.press("Tab")
    page.keyboard.type(story.password("ben"))
    page.keyboard.press("Enter")
    page.get_by_text("Hold 1 stands.").wait_for()
    assert axe.violations(page) == [] and axe.too_wide(page) == []
    page.get_by_role("link", name="Agree to lift hold 1").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Lift hold 1").wait_for()
    assert axe.violations(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    page.emulate_media(color_scheme="dark")
    assert axe.violations(page) == [] and axe.too_wide(page) == []
    page.get_by_label("Why it may be lifted").focus()
    for text in ("the hearing is over", "letter 9", story.password("ben")):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Hold 1 still stands").wait_for()
    assert axe.violations(page) == [] and axe.too_wide(page) == []
