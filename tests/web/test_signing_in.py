"""Signing in and out at the page, and the sessions that are listed there."""

import re
from datetime import timedelta

from sqlalchemy import update

from access import signing_in
from storage.models import PersonSession
from tests import story
from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Site
from tests.web.watching import Watch


def test_a_stranger_is_led_to_the_form_and_then_where_they_wanted(site: Site) -> None:
    client = site.client()
    answer = client.get("/conversations/C-001?x=1")
    assert (answer.status, answer.location) == (303, "/sign-in?next=%2Fconversations%2FC-001%3Fx%3D1")
    fields = {"name": "ana", "password": story.password("ana"), "next": "/conversations/C-001?x=1"}
    assert client.post("/sign-in", fields).location == "/conversations/C-001?x=1"
    assert "Health visitor 1" in client.get("/conversations/C-001").text


def test_nobody_is_led_to_another_site(site: Site) -> None:
    for evil in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = site.client().post("/sign-in", {"name": "ana", "password": story.password("ana"), "next": evil})
        assert (answer.status, answer.location) == (303, "/")


def test_a_wrong_password_says_so_and_gives_no_cookie(site: Site) -> None:
    answer = site.client().post("/sign-in", {"name": "ana", "password": "wrong"})
    assert answer.status == 403
    assert "This name and this password do not belong together" in answer.text
    assert answer.headers.get("set-cookie") is None


def test_guessing_is_slowed_down(site: Site) -> None:
    client = site.client()
    statuses = [client.post("/sign-in", {"name": "ana", "password": "wrong"}).status for _ in range(6)]
    assert statuses == [403] * 5 + [429]
    assert client.post("/sign-in", {"name": "ana", "password": story.password("ana")}).status == 429
    assert client.post("/sign-in", {"name": "cara", "password": story.password("cara")}).status == 303


def test_the_cookie_is_for_this_host_alone_and_for_no_script(site: Site) -> None:
    answer = site.client().post("/sign-in", {"name": "ana", "password": story.password("ana")})
    cookie = answer.headers.get("set-cookie", "")
    assert cookie.startswith("__Host-candour=")
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly",
        "path=/",
        "samesite=strict",
        "secure",
    }


def test_a_link_signs_in_once_and_looking_at_it_uses_nothing_up(site: Site) -> None:
    token = signing_in.make_link(site.home, site.story.ben, "ana")
    client = site.client()
    for _ in range(2):
        assert token in client.get(f"/sign-in/link?token={token}").text
    assert client.post("/sign-in/link", {"token": token}).location == "/"
    assert client.get("/account").status == 200
    again = site.client().post("/sign-in/link", {"token": token})
    assert again.status == 403
    assert "This link was used already" in again.text


def test_signing_out_ends_the_session_and_clears_the_browser(site: Site) -> None:
    client = site.client("ana")
    kept = dict(client.headers)
    answer = client.post("/sign-out")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    client.headers = kept
    assert client.get("/conversations").location.startswith("/sign-in")


def test_sessions_are_listed_and_can_be_ended(site: Site) -> None:
    first, second, ben = site.client("ana"), site.client("ana"), site.client("ben")
    page = first.get("/account").text
    assert page.count('/end"') == 1
    assert "Sessions of others" not in page
    (address,) = re.findall(r'action="(/account/sessions/[^"]+)"', page)
    assert first.post(address).location == "/account?done=ended"
    assert second.get("/account").location.startswith("/sign-in")
    others = ben.get("/account").text
    assert "Sessions of others" in others
    (theirs,) = re.findall(r'action="(/account/sessions/[^"]+)"', others)
    assert ben.post(theirs).status == 303
    assert first.get("/account").location.startswith("/sign-in")


def test_nobody_ends_the_session_of_another_without_the_right(site: Site) -> None:
    ben = site.client("ben")
    cara = site.client("cara")
    site.client("ana")
    theirs = re.findall(r'action="(/account/sessions/[^"]+)"', ben.get("/account").text)
    assert sorted(cara.post(one).status for one in theirs) == [303, 403]
    assert ben.post("/account/sessions/nonsense/end").status == 404


def test_asking_how_long_a_session_lasts_prolongs_nothing(site: Site) -> None:
    client = site.client("ana")
    assert client.get("/session", Accept="application/json").text.startswith('{"seconds":8')
    assert site.client().get("/session", Accept="application/json").status == 401


def test_somebody_signs_in_with_the_keyboard(visitor: Visitor, watch: Watch) -> None:
    page = visitor("", "/conversations")
    assert page.url.endswith("/sign-in?next=%2Fconversations")
    page.keyboard.press("Tab")
    page.get_by_label("Name").focus()
    page.keyboard.type("ana")
    page.keyboard.press("Tab")
    watch.expected.add(403)
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector(".govuk-error-summary:focus")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "name"
    page.keyboard.press("Tab")
    page.keyboard.type(story.password("ana"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/conversations")


def test_somebody_is_warned_before_the_end_stays_and_is_sent_away_after_it(
    visitor: Visitor, site: Site, watch: Watch
) -> None:
    watch.expected.add(401)
    page = visitor("ana", "/conversations")
    warning = page.get_by_role("dialog", name="You are about to be signed out")

    def idle_for(minutes: float) -> None:
        seen = site.home.now() - timedelta(minutes=minutes)
        story.change(site.home, update(PersonSession).values(seen_at=seen))
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    idle_for(12)
    assert not warning.is_visible()
    idle_for(13.5)
    warning.wait_for()
    assert axe.violations(page) == []
    assert "2 minutes left" in warning.inner_text()
    page.keyboard.press("Enter")
    warning.wait_for(state="hidden")
    idle_for(16)
    page.wait_for_url("**/sign-in?next=%2Fconversations")


def test_a_password_is_changed_with_the_old_one_and_signs_everybody_else_out(site: Site) -> None:
    here, elsewhere = site.client("ana"), site.client("ana")
    wanted = {"old": story.password("ana"), "new": "seven quiet rivers", "again": "seven quiet rivers"}
    for wrong, field in (
        ({"old": "wrong"}, "old"),
        ({"new": "short", "again": "short"}, "new"),
        ({"again": "x"}, "again"),
    ):
        answer = here.post("/account/password", wanted | wrong)
        assert answer.status == 422 and f'href="#{field}"' in answer.text
    assert here.post("/account/password", wanted).location == "/account?done=password"
    assert "You have a new password." in here.get("/account?done=password").text
    assert elsewhere.get("/account").location.startswith("/sign-in")
    site.client().signed_in("ana", "seven quiet rivers")
    assert site.client().post("/sign-in", {"name": "ana", "password": story.password("ana")}).status == 403


def test_only_who_came_with_a_link_gets_a_password_without_the_old_one(site: Site) -> None:
    new = {"forgotten": "yes", "new": "seven quiet rivers", "again": "seven quiet rivers"}
    assert site.client("ana").post("/account/password", new).status == 422
    client = site.client()
    client.post("/sign-in/link", {"token": signing_in.make_link(site.home, site.story.ben, "ana")})
    assert client.post("/account/password", new).location == "/account?done=password"
    site.client().signed_in("ana", "seven quiet rivers")
    assert "person.key_replaced" in site.story.events()
