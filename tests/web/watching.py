"""What a test in the browser never accepts, whatever it is about: errors, requests to elsewhere, violations of the policy.

A page that is meant to answer with an error says so before: `watch.expected.add(404)`.
"""

import re
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

# Runs before every page. What it writes to the console is read below.
TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.effectiveDirective} ${event.blockedURI}`));
"""
_STATUS = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")


@dataclass
class Watch:
    """Everything that went wrong in a browser context."""

    origin: str
    problems: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def follow(self, context: BrowserContext) -> None:
        context.add_init_script(TELL_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"error: {error.error}"))
        context.on("request", self._request)
        context.on("page", lambda page: page.on("crash", self._crash))

    def _crash(self, page: Page) -> None:
        self.problems.append(f"crash: {page.url}")

    def _console(self, message: ConsoleMessage) -> None:
        status = _STATUS.match(message.text)
        if message.type in {"error", "warning"} and not (status and int(status[1]) in self.expected):
            self.problems.append(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.origin + "/", "blob:" + self.origin, "data:")):
            self.problems.append(f"elsewhere: {request.url}")
