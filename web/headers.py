"""What every answer says to the browser, and which requests are not answered at all.

The browser is a place where a conversation could survive: nothing but the files of the program may be stored (`no-store`), no
script runs that is not one of our files, and nothing is fetched from elsewhere. Forms need no token: a browser says itself from
where a request comes (Sec-Fetch-Site and Origin), and what does not come from a page of ours changes nothing.
"""

from collections.abc import Collection, Mapping
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE: Final = frozenset({"GET", "HEAD"})


def content_policy(*, trusted_types: str = "'none'") -> str:
    """The Content-Security-Policy. A page whose script starts a worker names the one Trusted Types policy that it needs."""
    own = ("script-src", "style-src", "img-src", "media-src", "font-src", "connect-src", "form-action")
    parts = ["default-src 'none'", *(f"{what} 'self'" for what in own)]
    parts += ["frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"]
    return "; ".join([*parts, f"trusted-types {trusted_types}"])


FEATURES: Final = (
    "accelerometer", "autoplay", "camera", "clipboard-read", "display-capture", "fullscreen", "geolocation", "gyroscope", "hid",
    "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment", "publickey-credentials-get",
    "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip


def permissions(*granted: str) -> str:
    """The Permissions-Policy: nothing, but for what a page needs, such as "microphone"."""
    return ", ".join(f"{feature}=({'self' if feature in granted else ''})" for feature in FEATURES)


HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": content_policy(),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": permissions(),
    "X-Robots-Tag": "noindex",
}


def refusal(method: str, headers: Mapping[str, str], origins: Collection[str]) -> str:
    """Why a request is not answered; empty when it is. `origins` are ours, such as `http://127.0.0.1:8000`."""
    if headers.get("host", "") not in {origin.partition("://")[2] for origin in origins}:
        return "This address is not one of Candour's."
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if method in SAFE:
        # Links from elsewhere lead here; nothing is fetched into a page of somebody else.
        if site in {"cross-site", "same-site"} and headers.get("sec-fetch-mode") != "navigate":
            return "This was asked for by another site."
        return ""
    if site is None and origin is None:
        return "This changes something, and does not say where it comes from."
    # A form of a page without referrers has the origin "null"; then only what the browser says of the site counts.
    known = {None, "null", *origins} if site == "same-origin" else set(origins)
    return "" if site in {None, "same-origin"} and origin in known else "This was sent by another site."


class Guard:
    """Refuses what comes from elsewhere, and sets the headers above where an answer has none of its own."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        why = refusal(scope["method"], Headers(scope=scope), self._origins)
        app = PlainTextResponse(f"{why}\n", status_code=403) if why else self._app
        await app(scope, receive, send_with_headers)
