"""Withdrawals, the plan and the orders at the page: two sign, a hold delays, and governance may refuse on a lawful ground."""

import pytest

from retention import holds, plan
from storage.models import State
from tests import story
from tests.story import FIRST, Stage
from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Answer, Client, Site
from tests.web.watching import Watch

PAGE = f"/conversations/{FIRST}/withdrawal"
REFUSAL = {"ground": "legal-claims", "reason": "a claim", "reference": "letter 8"}


@pytest.fixture
def stage() -> Stage:
    return Stage.EXPORTED


def withdraw(client: Client, name: str, **fields: str) -> Answer:
    return client.post(PAGE, {"typed": FIRST, "password": story.password(name)} | fields)


def approve(client: Client, name: str, **fields: str) -> Answer:
    return client.post("/retention/orders/1", {"typed": FIRST, "password": story.password(name)} | fields)


def test_a_withdrawal_closes_at_once_and_goes_when_a_second_has_signed(site: Site) -> None:
    ana, ben = site.client("ana"), site.client("ben")
    assert "Type C-001" in withdraw(ana, "ana", typed="").text
    assert "This is not your password" in withdraw(ana, "ana", password="wrong").text
    assert site.story.conversation().state is State.CODED
    assert withdraw(ana, "ana").location == f"{PAGE}?done=withdrawn"
    assert site.story.conversation().state is State.WITHDRAWN
    assert 'href="/retention/orders/1"' in ben.get("/retention").text
    again = approve(ana, "ana")
    assert again.status == 422 and "has already signed order 1" in again.text
    assert plan.due(site.home, site.home.now()) == []
    assert "Type C-001" in approve(ben, "ben", typed="C-002").text
    assert approve(ben, "ben").location == "/retention?done=both"
    assert plan.due(site.home, site.home.now()) == [1]
    assert "It takes no more signatures" in ben.get("/retention/orders/1").text


def test_a_hold_delays_what_two_have_signed(site: Site) -> None:
    holds.place(site.home, site.story.ben, story.password("ben"), FIRST, reason="a hearing", reference="letter 7")
    ana, ben = site.client("ana"), site.client("ben")
    withdraw(ana, "ana")
    assert "Hold 1 stands." in ben.get("/retention/orders/1").text
    approve(ben, "ben")
    assert plan.due(site.home, site.home.now()) == []
    assert "hold 1" in ben.get("/retention").text
    for name in ("ana", "ben"):
        person = getattr(site.story, name)
        holds.lift(site.home, person, story.password(name), 1, reason="over", reference="letter 9")
    assert plan.due(site.home, site.home.now()) == [1]


def test_governance_refuses_a_withdrawal_on_a_ground(site: Site) -> None:
    ana, ben = site.client("ana"), site.client("ben")
    assert "none of C-001 that could still be refused" in ben.post(f"{PAGE}/refuse", REFUSAL).text
    withdraw(ana, "ana")
    assert ana.post(f"{PAGE}/refuse", REFUSAL).status == 403
    for field, said in (
        ("ground", "Choose the ground."),
        ("reason", "Say why."),
        ("reference", "Say what it rests on"),
    ):
        answer = ben.post(f"{PAGE}/refuse", REFUSAL | {field: ""})
        assert answer.status == 422 and said in answer.text
    assert site.story.conversation().state is State.WITHDRAWN
    assert ben.post(f"{PAGE}/refuse", REFUSAL).location == f"{PAGE}?done=refused"
    assert site.story.conversation().state is State.CODED


def test_the_plan_says_when_and_why_with_what_is_left(site: Site) -> None:
    page = site.client("ben").get("/retention").text
    for text in ("Week of", "backstop after recorded", "its date", "days", "By month", 'href="/conversations/C-001"'):
        assert text in page
    assert "A B" not in page and "hold 1" not in page
    holds.place(site.home, site.story.ben, story.password("ben"), FIRST, reason="a hearing", reference="letter 7")
    held = site.client("ben").get("/retention").text
    assert held.count("hold 1") == 1, "also before the day has come, and on nothing else"
    assert site.client("dora").get("/retention").status == 403
    assert site.client("ben").get("/retention/orders/99").status == 404


def test_a_recording_is_kept_longer_with_a_reason(site: Site) -> None:
    ben, path = site.client("ben"), f"/conversations/{FIRST}/extend"
    fields = {"until": "2099-03-31", "reason": "an appeal", "reference": "letter 5"}
    for field, value, said in (
        ("until", "soon", "Type a day as year, month and day"),
        ("until", "2001-01-01", "can only be kept until a later day"),
        ("reason", "", "Say why."),
        ("reference", "", "Say what it rests on"),
    ):
        answer = ben.post(path, fields | {field: value})
        assert answer.status == 422 and said in answer.text
    assert site.client("ana").post(path, fields).status == 403
    assert "Its day was never put off" in ben.get(path).text
    assert ben.post(path, fields).status == 303
    page = ben.get(path).text
    assert "31 March 2099" in page and "1 time" in page
    assert "31 March 2099" in ben.get("/retention").text and "extended" in ben.get("/retention").text


def test_a_second_signature_by_keyboard_alone(visitor: Visitor, site: Site, watch: Watch) -> None:
    withdraw(site.client("ana"), "ana")
    page = visitor("ben", "/retention")
    assert axe.violations(page) == []
    page.get_by_role("link", name="Look at order 1").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What will be destroyed").wait_for()
    assert axe.violations(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    page.emulate_media(color_scheme="dark")
    assert axe.violations(page) == [] and axe.too_wide(page) == []
    page.get_by_label("Type C-001").focus()
    for text in (FIRST, story.password("ben")):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Signed by two.").wait_for()
    assert axe.violations(page) == [] and axe.too_wide(page) == []
    page.goto(PAGE)
    assert axe.violations(page) == [] and axe.too_wide(page) == []
