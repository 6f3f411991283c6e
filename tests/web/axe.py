"""Accessibility, looked at by axe-core in the page as it is. Its own policy stays in force: nothing is bypassed."""

from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

SOURCE: Final = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """What is wrong for somebody: rule, how bad, and where; empty when nothing is."""
    page.evaluate(SOURCE)
    found: Any = page.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}})", TAGS)
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {node['html'][:160]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways: the elements that stand out of it, outermost first; empty when it does not."""
    found: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
             [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1
               && !e.closest(".app-scroll")).map((e) => e.outerHTML.slice(0, 160))"""
    )
    return found
