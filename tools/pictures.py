"""Pictures of the page, wide, narrow and in the dark: `python -m tools.pictures candour-demo docs/pictures`.

It serves a home that `candour demo` made, and signs in with the invented passwords that lie beside it. Needs Chromium.
"""

import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from storage.home import Home
from tests.web.sites import serving

# Who looks at what, and what the picture is called.
PAGES: Final = (
    ("ruth", "/conversations", "conversations"),
    ("ruth", "/conversations/C-002", "conversation"),
    ("ruth", "/conversations/C-002/transcript", "transcript"),
    ("alex", "/audit", "audit"),
    ("alex", "/audit/verify", "verify"),
    ("alex", "/audit/certificates/C-001/1", "certificate"),
)
LOOKS: Final = (("", 1280, "light"), ("-narrow", 390, "light"), ("-dark", 1280, "dark"))


def take(browser: Browser, origin: str, demo: Path, folder: Path) -> None:
    for suffix, width, scheme in LOOKS:
        for person in sorted({person for person, _, _ in PAGES}):
            context = browser.new_context(
                base_url=origin,
                viewport={"width": width, "height": 860},
                color_scheme="dark" if scheme == "dark" else "light",
                locale="en-GB",
                reduced_motion="reduce",
            )
            page = context.new_page()
            page.goto("/sign-in")
            page.get_by_label("Name").fill(person)
            page.get_by_label("Password").fill((demo / "secrets" / person).read_text(encoding="utf-8"))
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(lambda url: "/sign-in" not in url)
            for who, path, name in PAGES:
                if who == person:
                    page.goto(path, wait_until="networkidle")
                    page.screenshot(path=folder / f"{name}{suffix}.png")
            context.close()


def main() -> None:
    demo, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    home = Home.open(demo / "home")
    home.unlock((demo / "secrets" / "passphrase").read_bytes())
    with serving(home) as origin, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        take(browser, origin, demo, folder)
        browser.close()


if __name__ == "__main__":
    main()
