"""How many terms of a glossary a speech model can be told before it hears."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

TERM_TOKENS: Final = 220  # half of what the model holds; the other half is its answer


def of_model(folder: Path, terms: Sequence[str]) -> tuple[str, ...]:
    """As many terms from the front as the model in a folder takes in, without loading it."""
    # Imported where it is used: most pages never need it.
    from tokenizers import Tokenizer

    return fitting(Tokenizer.from_file(str(folder / "tokenizer.json")), terms)


def fitting(tokenizer: Any, terms: Sequence[str]) -> tuple[str, ...]:
    """As many terms from the front as leave the model room to answer."""
    kept: list[str] = []
    for term in terms:
        if len(tokenizer.encode(f" {', '.join([*kept, term])}", add_special_tokens=False).ids) > TERM_TOKENS:
            break
        kept.append(term)
    return tuple(kept)
