"""Signing off at the page: by keyboard, by two people, without script, and refused where it must be."""

import pytest

from retention import holds, plan
from storage.models import State
from tests import story
from tests.story import FIRST, Stage
from tests.web import axe
from tests.web.conftest import Visitor
from tests.web.sites import Answer, Client, Site
from tests.web.watching import Watch

PAGE = f"/conversations/{FIRST}/sign-off"


@pytest.fixture
def stage() -> Stage:
    return Stage.EXPORTED


def send(client: Client, name: str, **fields: str) -> Answer:
    return client.post(PAGE, {"typed": FIRST, "password": story.password(name)} | fields)


def test_two_people_sign_a_conversation_off(site: Site) -> None:
    ana, ben = site.client("ana"), site.client("ben")
    assert send(ana, "ana").location == f"{PAGE}?done=signed"
    assert "A second, different person must sign too" in ana.get(f"{PAGE}?done=signed").text
    assert site.story.conversation().state is State.CODED
    assert "Yours is the second signature" in ben.get(f"{PAGE}/confirm").text
    assert send(ben, "ben").status == 303
    assert site.story.conversation().state is State.SIGNED_OFF
    page = ben.get(PAGE).text
    assert "ana," in page and "ben," in page and "Continue to sign" not in page
    assert plan.due(site.home, site.home.now()) == [1]
    assert site.story.events().count("signoff.given") == 2


def test_the_same_person_never_signs_twice(site: Site) -> None:
    ana = site.client("ana")
    send(ana, "ana")
    page = ana.get(PAGE).text
    assert "has already signed" in page and "Continue to sign" not in page
    assert ana.get(f"{PAGE}/confirm").status == 409
    again = send(ana, "ana")
    assert again.status == 422 and "has already signed" in again.text
    assert site.story.conversation().state is State.CODED


def test_who_reviewed_it_is_not_the_second(site: Site) -> None:
    send(site.client("ben"), "ben")
    answer = send(site.client("ana"), "ana")
    assert answer.status == 422 and "the second signature must be somebody else" in answer.text
    assert site.story.conversation().state is State.CODED
    assert send(site.client("cara"), "cara").status == 303
    assert site.story.conversation().state is State.SIGNED_OFF


def test_nothing_is_signed_without_the_reference_and_the_password(site: Site) -> None:
    ana = site.client("ana")
    for fields, said in (
        ({"typed": ""}, "Type C-001 to go ahead."),
        ({"typed": "C-002"}, "Type C-001 to go ahead."),
        ({"password": ""}, "Type your password"),
        ({"password": "wrong"}, "This is not your password; nothing was signed."),
        ({"password": story.password("ben")}, "This is not your password; nothing was signed."),
    ):
        answer = send(ana, "ana", **fields)
        assert answer.status == 422 and said in answer.text
    assert "signoff.given" not in site.story.events()
    assert send(ana, "ana", typed="c-001").status == 303


def test_guessing_the_password_is_slowed_down(site: Site) -> None:
    ana = site.client("ana")
    answers = [send(ana, "ana", password="wrong").text for _ in range(6)]
    assert "too many wrong passwords" in answers[-1].lower() and "too many" not in answers[0].lower()


def test_signatures_are_taken_back_while_the_recording_exists(site: Site) -> None:
    ana = site.client("ana")
    send(ana, "ana")
    send(site.client("ben"), "ben")
    for typed, said in (("", "Type your password"), ("wrong", "This is not your password; nothing was signed.")):
        answer = ana.post(f"{PAGE}/take-back", {"password": typed})
        assert answer.status == 422 and said in answer.text
    assert site.story.conversation().state is State.SIGNED_OFF
    assert ana.post(f"{PAGE}/take-back", {"password": story.password("ana")}).location == f"{PAGE}?done=back"
    assert "Nobody has signed yet" in ana.get(PAGE).text
    assert site.story.conversation().state is State.CODED
    assert plan.due(site.home, site.home.now()) == []
    assert [finding for finding in site.story.findings() if finding.fatal] == []


def test_a_hold_is_told_before_signing(site: Site) -> None:
    ana = site.client("ana")
    assert "Hold 1" not in ana.get(f"{PAGE}/confirm").text
    holds.place(site.home, site.story.ben, story.password("ben"), FIRST, reason="a hearing", reference="letter 7")
    page = ana.get(f"{PAGE}/confirm").text
    assert "Hold 1 stands" in page and "a hearing" not in page
    assert "must sign too. Signed by both today" in " ".join(page.split())


def test_signing_off_by_keyboard_alone(visitor: Visitor, site: Site, watch: Watch) -> None:
    page = visitor("ana", PAGE)
    assert axe.violations(page) == []
    page.get_by_role("button", name="Continue to sign").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="You are about to sign").wait_for()
    assert axe.violations(page) == [] and axe.too_wide(page) == []
    page.get_by_label("Type C-001").focus()
    page.keyboard.type("C-002")
    watch.expected.add(422)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="There is a problem").wait_for()
    assert axe.violations(page) == []
    page.get_by_label("Type C-001").focus()
    page.keyboard.type(FIRST)
    page.keyboard.press("Tab")
    page.keyboard.type(story.password("ana"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Signed. A second, different person must sign too.").wait_for()
    assert axe.violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 320, "height": 640})
    assert axe.violations(page) == [] and axe.too_wide(page) == []


def test_signing_off_without_script(visitor: Visitor, site: Site) -> None:
    page = visitor("ana", f"/conversations/{FIRST}", java_script_enabled=False)
    page.get_by_role("link", name="Sign off", exact=True).click()
    page.get_by_role("button", name="Continue to sign").click()
    page.get_by_label("Type C-001").fill(FIRST)
    page.get_by_label("Your password again").fill(story.password("ana"))
    page.get_by_role("button", name="Sign off").click()
    page.get_by_text("Signed. A second, different person must sign too.").wait_for()


class TestWithSomethingOpen:
    """No export has been read back yet."""

    @pytest.fixture
    def stage(self) -> Stage:
        return Stage.CODED

    def test_an_open_condition_is_in_the_way(self, site: Site) -> None:
        ana = site.client("ana")
        page = ana.get(PAGE).text
        assert "An export of the extracts as they are." in page and "Continue to sign" not in page
        assert ana.get(f"{PAGE}/confirm").status == 409
        answer = send(ana, "ana")
        assert answer.status == 422 and "is not ready" in answer.text
        assert "signoff.given" not in site.story.events()
        story.export(site.story, site.home.folder.parent / "export.csv")
        assert "Continue to sign" in ana.get(PAGE).text
        assert send(ana, "ana").status == 303

    def test_what_was_never_recorded_has_nothing_to_sign(self, site: Site) -> None:
        page = site.client("ana").get("/conversations/C-003/sign-off")
        assert page.status == 200 and "There is nothing to sign" in page.text
