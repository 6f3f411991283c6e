"""The picture of the way of a conversation: `python -m tools.picture` writes docs/way.svg. Standard library only."""

from html import escape
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).parent.parent / "docs" / "way.svg"

WIDTH, HEIGHT = 1080, 618
LEFT, STEP = 40, 127  # where the first state begins, and from one state to the next
BOX, TALL = 111, 38  # width and height of a state
ROW = 136  # where the states begin

FONTS = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
INK, MUTED, LINE, PAPER = "#1f2933", "#52606d", "#cbd2d9", "#ffffff"
RECORDING, EXTRACT, NAMES = "#a3431f", "#12695f", "#57478a"

# state, who acts, what they do (two lines)
STATES: Final = (
    ("planned", "person", "a person makes", "the keys"),
    ("recorded", "recorder", "sealed as it", "comes in"),
    ("transcribed", "machine", "by the machine", "in the house"),
    ("reviewed", "person", "a person hears", "and corrects"),
    ("pseudonymised", "person", "a person decides", "every name"),
    ("coded", "person", "a person files", "the extracts"),
    ("signed off", "pair", "two people, each", "with their key"),
    ("destroyed", "machine", "by the job, on", "its day"),
)
NOTES: Final = (
    ("Withdrawal", "At any time. The conversation is closed", "at once; when two people have signed,",
     "recording key and extract key die."),
    ("Hold", "Placed by one person, in force at once.", "Nothing it covers is destroyed until",
     "two people have lifted it."),
    ("Log", "Each step is an entry, written together", "with it. The signed head lets anyone",
     "verify that no entry was changed."),
)  # fmt: skip

OPENS_RECORDING: Final = "opens audio, playback copy, waveform, draft and corrections: all that tells who spoke"
OPENS_EXTRACT: Final = "opens pseudonymised transcript, extracts and memos, until the review’s schedule ends it"
OPENS_NAMES: Final = "opens the review’s name key and the register of who its participants are"
ROOT: Final = (
    "A new root is made without the dying key; then the old root is erased, without which no older vault file opens."
)

TITLE: Final = "The way of a conversation"
SUBTITLE: Final = (
    "Every arrow has conditions, an actor and an entry in the log. A step that is not allowed is refused, and says why."
)
DESCRIPTION: Final = (
    "Eight states in a row: planned, recorded, transcribed, reviewed, pseudonymised, coded, signed off, destroyed, each with "
    "who acts. Below them the vault with three keys. The recording key is made when the conversation is planned and dies when "
    "it is destroyed. The extract key is made then too and lives on until the review's schedule ends it. The names key "
    "belongs to the review. Three notes explain withdrawal, holds and the log."
)


def text(
    x: float, y: float, words: str, *, size: float = 13, colour: str = INK, weight: int = 400, at: str = "start"
) -> str:
    style = f'font-size="{size:g}" fill="{colour}"'
    style += f' font-weight="{weight}"' if weight != 400 else ""
    style += f' text-anchor="{at}"' if at != "start" else ""
    return f'<text x="{x:g}" y="{y:g}" {style}>{escape(words)}</text>'


def term(x: float, y: float, name: str, words: str, *, colour: str, beside: str) -> str:
    """A name in bold, and what is to be said about it, however wide the font is."""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="13"><tspan font-weight="600" fill="{colour}">{escape(name)}</tspan>'
        f'<tspan dx="10" fill="{beside}">{escape(words)}</tspan></text>'
    )


def box(x: float, y: float, width: float, height: float, fill: str, *, edge: str = "none", round: float = 8) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{round:g}" fill="{fill}" stroke="{edge}"/>'


def path(d: str, *, colour: str = MUTED, width: float = 1.6, extra: str = "") -> str:
    return f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round"{extra}/>'


def figure(x: float, y: float) -> str:
    """A person, with the chest at x, y."""
    return f'<circle cx="{x:g}" cy="{y - 11:g}" r="5"/><path d="M{x - 9:g} {y + 7:g}a9 10 0 0 1 18 0z"/>'


def actor(kind: str, x: float, y: float) -> str:
    """A small sign for who acts, around x, y."""
    match kind:
        case "person":
            inside = figure(x, y)
        case "pair":
            inside = figure(x - 11, y) + figure(x + 11, y)
        case "recorder":
            inside = f'<rect x="{x - 5:g}" y="{y - 17:g}" width="10" height="16" rx="5"/>' + path(
                f"M{x - 9:g} {y - 6:g}a9 8 0 0 0 18 0M{x:g} {y + 2:g}v5M{x - 5:g} {y + 7:g}h10"
            )
        case _:
            inside = f'<rect x="{x - 12:g}" y="{y - 15:g}" width="24" height="16" rx="2.5"/>' + path(
                f"M{x - 7:g} {y + 6:g}h14M{x:g} {y + 2:g}v4"
            )
    return f'<g fill="{MUTED}">{inside}</g>'


def states() -> list[str]:
    parts = []
    for number, (name, who, *deeds) in enumerate(STATES):
        x = LEFT + number * STEP
        middle = x + BOX / 2
        last = name == "destroyed"
        parts.append(actor(who, middle, ROW - 24))
        parts.append(box(x, ROW, BOX, TALL, INK if last else PAPER, edge=INK))
        parts.append(text(middle, ROW + 24, name, colour=PAPER if last else INK, at="middle"))
        parts += [
            text(middle, ROW + TALL + 20 + 16 * n, deed, size=12, colour=MUTED, at="middle")
            for n, deed in enumerate(deeds)
        ]
        if not last:
            start, end, y = x + BOX + 2, x + STEP - 3, ROW + TALL / 2
            parts.append(path(f"M{start:g} {y:g}H{end:g}M{end - 5:g} {y - 4:g}l5 4l-5 4", colour=INK))
    return parts


def key(y: float, begin: float, end: float, colour: str, name: str, opens: str, *, ends: bool) -> list[str]:
    """The life of a key: a bar that is cut off where the key dies, and an arrow where it lives on."""
    tip = 0 if ends else 12
    bar = f"M{begin + 6:g} {y:g}H{end - tip:g}l{tip} 17-{tip} 17H{begin + 6:g}a6 6 0 0 1-6-6V{y + 6:g}a6 6 0 0 1 6-6z"
    return [f'<path d="{bar}" fill="{colour}"/>', term(begin + 14, y + 22, name, opens, colour=PAPER, beside=PAPER)]


def vault() -> list[str]:
    top, made, gone, right = 224, LEFT + BOX / 2, LEFT + 7 * STEP + BOX / 2, WIDTH - 40
    died = f"M{gone - 6:g} {top + 63:g}l12 12m0 -12l-12 12"
    return [
        box(24, top, WIDTH - 48, 234, "#f5f7fa", edge=LINE, round=10),
        term(
            LEFT, top + 28, "The vault", "holds every living key in one file, under one root.", colour=INK, beside=MUTED
        ),
        path(f"M{gone:g} {ROW + TALL + 46:g}V{top + 192:g}", colour=INK, extra=' stroke-dasharray="2 5"'),
        *key(top + 52, made, gone - 20, RECORDING, "recording key", OPENS_RECORDING, ends=True),
        f'<circle cx="{gone:g}" cy="{top + 69:g}" r="13" fill="{PAPER}" stroke="{RECORDING}" stroke-width="1.6"/>',
        path(died, colour=RECORDING, width=2.6),
        *key(top + 98, made, right, EXTRACT, "extract key", OPENS_EXTRACT, ends=False),
        *key(top + 144, LEFT, right, NAMES, "names key", OPENS_NAMES, ends=False),
        text(right, top + 212, ROOT, colour=MUTED, at="end"),
    ]


def notes() -> list[str]:
    parts, width = [], (WIDTH - 48 - 32) / 3
    for number, (name, *lines) in enumerate(NOTES):
        x, y = 24 + number * (width + 16), 474
        parts.append(box(x, y, width, 120, PAPER, edge=LINE, round=10))
        parts.append(box(x, y + 18, 4, 20, MUTED, round=2))
        parts.append(text(x + 18, y + 33, name, weight=600, size=14))
        parts += [text(x + 18, y + 58 + 19 * n, line, colour=MUTED) for n, line in enumerate(lines)]
    return parts


def picture() -> str:
    """The whole SVG file."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-labelledby="way-title way-description" font-family="{FONTS}">'
    )
    parts = [
        f'<title id="way-title">{escape(TITLE)}</title>',
        f'<desc id="way-description">{escape(DESCRIPTION)}</desc>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fcfcfb"/>',
        text(LEFT, 44, TITLE, size=20, weight=600),
        text(LEFT, 68, SUBTITLE, colour=MUTED),
        *states(),
        *vault(),
        *notes(),
    ]
    return "\n".join([head, *parts, "</svg>", ""])


if __name__ == "__main__":
    FILE.write_text(picture(), encoding="utf-8")
