"""The demo's own tokens: byte-level, one token for nearly every word it knows, Whisper's specials after them.

Layout (English-only Whisper): text ids, then `<|endoftext|>` ... `<|notimestamps|>`, then 1,501 timestamps of 20 ms.
Whole words are listed in the vocabulary and `ignore_merges` lets them be taken as they are, so no chain of
half-word merges is needed; anything else falls back to single bytes.
"""

from __future__ import annotations

from functools import lru_cache

from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE

from demo.corpus import Corpus, words_of

SPECIALS = [
    "<|endoftext|>", "<|startoftranscript|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>",
    "<|nospeech|>", "<|notimestamps|>",
]  # fmt: skip
STAMPS = [f"<|{i * 0.02:.2f}|>" for i in range(1501)]


def text_pieces() -> list[str]:
    """All text tokens in id order, in the byte-level alphabet."""
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces = sorted(pre_tokenizers.ByteLevel.alphabet())
    known = set(pieces)
    for form in Corpus().vocabulary():
        for piece, _ in split.pre_tokenize_str(f" {form}"):
            if piece not in known:
                known.add(piece)
                pieces.append(piece)
    return pieces


class Tokens:
    """Ids of the demo's vocabulary and its `tokenizers.Tokenizer`."""

    def __init__(self) -> None:
        self.text = text_pieces()
        self.all = self.text + SPECIALS + STAMPS
        ids = {token: i for i, token in enumerate(self.all)}
        self.eot = ids["<|endoftext|>"]
        self.sot = ids["<|startoftranscript|>"]
        self.nospeech = ids["<|nospeech|>"]
        self.notimestamps = ids["<|notimestamps|>"]
        self.stamp = self.notimestamps + 1  # id of <|0.00|>
        model = BPE(vocab={t: i for i, t in enumerate(self.text)}, merges=[], ignore_merges=True)
        self.tokenizer = Tokenizer(model)
        self.tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        self.tokenizer.decoder = decoders.ByteLevel()
        self.tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIALS + STAMPS])
        # Classes of the throwaway frame head; 0 is silence.
        names = sorted({normal for form in Corpus().vocabulary() for normal in words_of(form)})
        self.word_class = {name: i + 1 for i, name in enumerate(names)}

    def __len__(self) -> int:
        return len(self.all)

    @lru_cache(maxsize=8192)  # noqa: B019 - one instance lives as long as the program
    def encode_word(self, word: str) -> tuple[int, ...]:
        """Ids of one whitespace-delimited word, with its leading space and punctuation."""
        return tuple(self.tokenizer.encode(f" {word}", add_special_tokens=False).ids)

    @lru_cache(maxsize=8192)  # noqa: B019
    def class_of(self, word: str) -> int:
        """Frame class of one whitespace-delimited word."""
        names = words_of(word)
        return self.word_class.get(names[0], 0) if names else 0
