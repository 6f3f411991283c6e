"""The watch of the tests in the browser, and axe, see what they look for."""

from collections.abc import Callable

from playwright.sync_api import Browser, Page

from tests.web import axe
from tests.web.sites import Site
from tests.web.watching import Watch
from web.files import STATIC


def test_the_watch_sees_errors_requests_to_elsewhere_and_violations(browser: Browser, site: Site) -> None:
    watch = Watch(site.origin)
    context = browser.new_context()
    watch.follow(context)
    page = context.new_page()
    page.goto(f"{site.origin}/sign-in")
    assert watch.problems == []
    page.evaluate("setTimeout(() => { throw new Error('thrown') })")
    page.evaluate("document.body.appendChild(new Image()).src = 'https://elsewhere.example/i.png'")
    page.evaluate("fetch('https://elsewhere.example/').catch(() => {})")
    page.evaluate("try { document.body.innerHTML = 'x' } catch {}")
    page.goto(f"{site.origin}{STATIC}/nothing.js")
    context.close()
    seen = "\n".join(watch.problems)
    assert "error: thrown" in seen.lower() or "thrown" in seen
    assert "policy: img-src https://elsewhere.example" in seen
    assert "policy: connect-src https://elsewhere.example" in seen
    assert "policy: require-trusted-types-for" in seen
    assert "status of 404" in seen


def test_axe_sees_a_picture_without_words(visitor: Callable[..., Page]) -> None:
    page = visitor("", "/sign-in")
    assert axe.violations(page) == []
    page.evaluate("document.querySelector('main').appendChild(new Image())")
    assert any(one.startswith("image-alt") for one in axe.violations(page))
