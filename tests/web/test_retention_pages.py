"""Withdrawals, the plan and the orders at the page: two sign, a hold delays, and governance may refuse on a lawful ground."""

import re
from datetime import timedelta

import pytest

from retention import extending, holds, plan
from retention.calendar import to_icalendar
from retention.plan import Planned
from retention.policy import ObjectClass
from storage.models import State
from tests import story
from tests.story import FIRST, Stage
from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Answer, Client, Site
from tests.web.watching import Watch

PAGE = f"/conversations/{FIRST}/withdrawal"
REFUSAL = {
    "ground": "legal-claims",
    "reason": "a claim",
    "reference": "letter 8",
    "password": story.password("ben"),
}


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
        ("password", "Type your password"),
    ):
        answer = ben.post(f"{PAGE}/refuse", REFUSAL | {field: ""})
        assert answer.status == 422 and said in answer.text
    assert "This is not your password" in ben.post(f"{PAGE}/refuse", REFUSAL | {"password": "wrong"}).text
    assert site.story.conversation().state is State.WITHDRAWN
    assert ben.post(f"{PAGE}/refuse", REFUSAL).location == f"{PAGE}?done=refused"
    assert site.story.conversation().state is State.CODED


def test_the_plan_says_when_and_why_with_what_is_left(site: Site) -> None:
    page = site.client("ben").get("/retention").text
    for text in (
        "Week of",
        "backstop after recorded",
        "its date",
        "days",
        "Months in which something goes",
        'href="/conversations/C-001"',
    ):
        assert text in page
    assert "A B" not in page and "hold 1" not in page
    holds.place(site.home, site.story.ben, story.password("ben"), FIRST, reason="a hearing", reference="letter 7")
    held = site.client("ben").get("/retention").text
    marked = re.findall(r'<a [^>]*href="/conversations/(C-\d+)">C-\d+</a>: ([\w ]+?)\s*<strong[^>]*>\s*hold 1', held)
    assert sorted(marked) == [(FIRST, "extracts"), (FIRST, "recording"), (FIRST, "recording")], (
        "also before the day has come, by week and by month, and on nothing else"
    )
    assert site.client("dora").get("/retention").status == 403
    assert site.client("ben").get("/retention/orders/99").status == 404


def test_a_recording_is_kept_longer_with_a_reason(site: Site) -> None:
    ben, path = site.client("ben"), f"/conversations/{FIRST}/extend"
    fields = {"until": "2099-03-31", "reason": "an appeal", "reference": "letter 5", "password": story.password("ben")}
    for field, value, said in (
        ("until", "soon", "Type a day as year, month and day"),
        ("until", "2001-01-01", "can only be kept until a later day"),
        ("reason", "", "Say why."),
        ("reference", "", "Say what it rests on"),
        ("password", "", "Type your password"),
        ("password", "wrong", "This is not your password; nothing was signed."),
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


def cells(page: str) -> dict[int, str]:
    """What stands in the grid on each day of the month, without mark-up; days of the months beside it are left out."""
    grid = page[page.index("app-month") :]
    found = re.findall(r'<td class="([^"]*)"><span class="app-month__day">(\d+)(.*?)</td>', grid, re.DOTALL)
    shown = {int(day): re.sub(r"<[^>]+>|\s+", " ", rest) for kind, day, rest in found if "beside" not in kind}
    assert sorted(shown) == list(range(1, len(shown) + 1))
    return shown


def recording_of(site: Site) -> Planned:
    lines = plan.plan(site.home, site.home.now())
    return next(one for one in lines if one.conversation == FIRST and one.object_class is ObjectClass.RECORDING)


def test_the_plan_is_read_by_week_with_its_rule_and_who_may_put_it_off(site: Site) -> None:
    ben, ana, line = site.client("ben"), site.client("ana"), recording_of(site)
    assert line.at is not None
    page = ben.get("/retention").text
    assert line.reason in page and "never put off" in page
    assert f'href="/conversations/{FIRST}/extend"' in page and "extend" not in ana.get("/retention").text
    assert "governance may" in ana.get("/retention").text
    for days in (400, 500):
        until = (line.at + timedelta(days=days)).date()
        extending.extend(
            site.home, site.story.ben, story.password("ben"), FIRST, until, reason="an appeal", reference="letter 9"
        )
    page = ben.get("/retention").text
    assert "put off 2 times" in page and f"{line.reason}, extended" in page and "an appeal" not in page


def test_a_month_shows_the_same_as_the_list_on_its_days(site: Site) -> None:
    client, line = site.client("ben"), recording_of(site)
    assert line.at is not None
    day = line.at.astimezone().date()
    on = cells(client.get(f"/retention?month={day:%Y-%m}").text)
    assert {number for number, text in on.items() if f"{FIRST} : recording" in text} == {day.day}
    place = "/reviews/LT-1/holds"
    client.post(place, {"target": FIRST, "reason": "x", "reference": "y", "password": story.password("ben")})
    assert "hold 1" in cells(client.get(f"/retention?month={day:%Y-%m}").text)[day.day]
    empty = cells(client.get("/retention?month=2019-02").text)
    assert len(empty) == 28 and not any(text.strip() for text in empty.values())
    default = cells(client.get("/retention").text)
    for nonsense in ("2027-13", "x", "0001-01", "9999-12", "2027-1", "-1-01"):
        assert cells(client.get(f"/retention?month={nonsense}").text) == default


def test_the_plan_is_taken_along_as_a_calendar_without_people(site: Site) -> None:
    answer = site.client("ben").get("/retention/calendar")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert 'filename="candour-retention.ics"' in answer.headers["content-disposition"]
    lines = [one for one in plan.plan(site.home, site.home.now()) if one.at is not None]
    wanted = to_icalendar(lines, site.home.signer.origin, site.home.now())
    assert [one for one in answer.text.splitlines() if "DTSTAMP" not in one] == [
        one for one in wanted.splitlines() if "DTSTAMP" not in one
    ]
    assert FIRST in answer.text and not any(one in answer.text for one in (*story.POSITIONS, "Community health"))
    assert site.client("dora").get("/retention/calendar").status == 403


def test_a_hold_is_told_where_it_matters(site: Site) -> None:
    ben = site.client("ben")
    places = [
        f"/conversations/{FIRST}{rest}" for rest in ("", "/sign-off", "/sign-off/confirm", "/withdrawal", "/extend")
    ]
    places += ["/conversations", "/retention"]
    held = re.compile(r"[Hh]old 1\b|on hold")
    assert [place for place in places if held.search(ben.get(place).text)] == []
    holds.place(site.home, site.story.ben, story.password("ben"), FIRST, reason="a hearing", reference="letter 7")
    assert [place for place in places if not held.search(ben.get(place).text)] == []
