"""Configurations that a person names: one that comes with Candour, or a file of their own."""

from pathlib import Path

import configs
from storage.errors import BadInput


class UnreadableFile(BadInput):
    """{what}: there is no shipped one of that name ({known}), and no file there that can be read"""


def shipped_or_file(what: str, folder: str, name: str) -> str:
    """The text of a shipped configuration by name, or of a file of the user's."""
    if name in configs.names(folder):
        return configs.read(f"{folder}/{name}.toml")
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise UnreadableFile(what=what, known=", ".join(configs.names(folder))) from None
