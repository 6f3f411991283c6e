"""The settings, retention schedules, codebooks and word lists that come with Candour."""

from importlib.resources import files


def read(name: str) -> str:
    """The text of a shipped file, by its path below `configs/`, such as `retention/review.toml`."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def names(folder: str, suffix: str = ".toml") -> list[str]:
    """Names (without suffix) of the shipped files in a folder below `configs/`."""
    return sorted(
        p.name.removesuffix(suffix) for p in files(__name__).joinpath(folder).iterdir() if p.name.endswith(suffix)
    )
