"""A served story, and a browser that nothing escapes. Without Chromium the tests that need it are passed over."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from access import directory
from access.roles import Role
from tests import story
from tests.story import LIGHT, Stage
from tests.web import sites
from tests.web.accounts import second_account
from tests.web.sites import Client, Site
from tests.web.watching import Watch

Visitor: TypeAlias = Callable[..., Page]
# Long enough for a machine that does other things; what is there sooner is seen sooner.
expect.set_options(timeout=30_000)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture
def stage() -> Stage:
    """How far the story is; a module of tests that wants it elsewhere has a fixture of the same name."""
    return Stage.CODED


@pytest.fixture
def site(stage: Stage, tmp_path: Path) -> Iterator[Site]:
    """A story of one's own, served."""
    told = story.at(stage, tmp_path)
    with sites.serving(told.home) as origin:
        yield Site(told, origin)
    told.home.close()


@pytest.fixture
def fay(site: Site) -> Client:
    """A registrar, which nobody of the team is, signed in."""
    directory.add(site.home, site.story.ben, "fay", story.password("fay"), [Role.REGISTRAR], work=LIGHT)
    return site.client("fay")


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two accounts and two coders, served to all tests that only look."""
    told = story.at(Stage.CODED, tmp_path_factory.mktemp("compared"))
    second_account(told)
    with sites.serving(told.home) as origin:
        yield Site(told, origin)
    told.home.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium (on Debian and Ubuntu: apt install chromium)")
    with sync_playwright() as playwright:
        # autoplay: a test presses play with a script, which a person does with a hand
        arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield started
        started.close()


@pytest.fixture
def watch(site: Site) -> Iterator[Watch]:
    """Collects what went wrong in the browser, and fails the test that left anything."""
    watch = Watch(site.origin)
    yield watch
    assert watch.problems == []


@pytest.fixture
def visitor(browser: Browser, site: Site, watch: Watch) -> Iterator[Visitor]:
    """Opens the page as somebody: `visitor("ana", "/conversations")`. Options are those of a browser context."""
    contexts = []

    def open_page(name: str = "", path: str = "/", **options: object) -> Page:
        settings = {
            "locale": "en-GB",
            "viewport": {"width": 1280, "height": 900},
            "reduced_motion": "reduce",
            **options,
        }
        context = browser.new_context(base_url=site.origin, **settings)  # type: ignore[arg-type]
        contexts.append(context)
        watch.follow(context)
        page = context.new_page()
        if name:
            form: dict[str, str | float | bool] = {"name": name, "password": story.password(name)}
            same = {"Sec-Fetch-Site": "same-origin"}
            answer = context.request.post("/sign-in", form=form, headers=same, max_redirects=0)
            assert answer.status == 303, answer.text()
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
