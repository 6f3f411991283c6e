"""Whisper models without training: random weights, and weights that say a given script.

Both are real CTranslate2 models which the real library loads and decodes. In a scripted model the embeddings, attention
outputs and convolutions are zero, so that the decoder sees only its position. The projection then says the script, token by
token, with the probability asked for; cross-attention points each token at its time, so that word times come out too.
It says the same script in each 30 s that it is given.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from ctranslate2.specs import common_spec, whisper_spec
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from pipeline.transcription import model_store

FRAMES: Final = 1500  # encoder positions in 30 s
BLOCK: Final = 10  # encoder positions to 0.2 s
WIDTH: Final = 192  # one dimension a block of time, and one a position of the script
MELS: Final = 80
UNUSED: Final = WIDTH - 1  # the position that no script reaches
SPECIALS: Final = (
    "<|endoftext|>", "<|startoftranscript|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>",
    "<|nospeech|>", "<|notimestamps|>",
)  # fmt: skip
TIMES: Final = tuple(f"<|{step * 0.02:.2f}|>" for step in range(1501))

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Said:
    """One scripted word, from `start` seconds of each stretch the model is given; "flat|house" leaves the choice open.

    `probability` is what the library reports for the word, which it works out among words alone.
    """

    text: str
    start: float
    probability: float = 0.999


def script(text: str, start: float = 0.2, step: float = 0.4, probability: float = 0.999) -> list[Said]:
    """The words of a text at an even pace."""
    return [Said(word, start + number * step, probability) for number, word in enumerate(text.split())]


def scripted(folder: Path, words: Sequence[Said], *, end: float | None = None, no_speech: float = 1e-4) -> Path:
    """A model that hears the given words, with the probability of no speech given; returns its folder."""
    last = end if end is not None else words[-1].start + 0.4
    vocabulary = _vocabulary([choice for word in words for choice in word.text.split("|")])
    spec = _spec(len(vocabulary), _zeros)
    spec.decoder.position_encodings.encodings = _one_hot(np.arange(448))
    spec.encoder.position_encodings.encodings = _one_hot(np.arange(FRAMES) // BLOCK)
    spread = math.sqrt(WIDTH)  # what the layer norm makes of the one in a one-hot vector
    projection = np.zeros((len(vocabulary), WIDTH), np.float32)
    sure = math.log(999 * len(vocabulary)) / spread
    projection[vocabulary.index(_start_time(0.0)), 0] = sure
    projection[vocabulary.index(_start_time(last)), len(words) + 1] = sure
    projection[vocabulary.index("<|endoftext|>"), len(words) + 2] = sure
    text = vocabulary.index("<|endoftext|>")
    for position, word in enumerate(words, start=1):
        choices = [vocabulary.index(f"Ġ{choice}") for choice in word.text.split("|")]
        rest = 1 - word.probability * len(choices)
        projection[choices, position] = math.log(word.probability / rest * (text - len(choices))) / spread
        projection[text:, position] = -20 / spread
    projection[vocabulary.index("<|nospeech|>"), 0] = _silence_logit(no_speech, len(vocabulary)) / spread
    spec.decoder.projection.weight = _roomy(projection)
    query = np.zeros((WIDTH, WIDTH), np.float32)
    for position, word in enumerate(words, start=1):
        query[round(word.start / 0.2), position] = 2.0
    query[round(last / 0.2), len(words) + 1 : UNUSED] = 2.0
    attention = spec.decoder.layer[0].attention
    attention.linear[0].weight = _roomy(query)
    attention.linear[1].weight = np.concatenate([np.eye(WIDTH, dtype=np.float32), np.zeros((WIDTH, WIDTH), np.float32)])
    return _saved(folder, spec, vocabulary)


def random(folder: Path, seed: int = 0, languages: Sequence[str] = ()) -> Path:
    """A model with random weights: it says anything at all, and needs its fallback temperatures to say it.

    With `languages` it is one of many languages, and takes what it hears for any of them.
    """
    source = np.random.default_rng(seed)
    vocabulary = _vocabulary(["the", "house", "was", "quiet", "and", "nobody", "came", "back"], languages)
    spec = _spec(len(vocabulary), lambda *shape: np.asarray(source.normal(0, 0.4, shape), np.float32))
    spec.decoder.projection.weight = source.normal(0, 1.0, (len(vocabulary), WIDTH)).astype(np.float32)
    return _saved(folder, spec, vocabulary)


def _roomy(weights: Array) -> Array:
    """The same weights, but where two beside each other are not 0, the unused one is twice the largest.

    In eight bits they then come to half of what these hold. Processors without VNNI add two products in sixteen bits, and cut
    off what does not fit.
    """
    beside = ((weights[:, :-1] != 0) & (weights[:, 1:] != 0)).any(axis=1)
    weights[beside, UNUSED] = 2 * np.abs(weights[beside]).max(axis=1)
    return weights


def _start_time(seconds: float) -> str:
    return TIMES[round(seconds / 0.02)]


def _silence_logit(chance: float, size: int) -> float:
    # against the first timestamp, which has nearly all of the rest
    return math.log(chance / (1 - chance)) + math.log(0.999 / 0.001 * (size - 1))


def _vocabulary(words: Sequence[str], languages: Sequence[str] = ()) -> list[str]:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    # the empty word is what tells the library that a model is one of many languages
    empty = [""] if languages else []
    spoken = [f"<|{language}|>" for language in languages]
    return [
        *alphabet,
        *dict.fromkeys(f"Ġ{word}" for word in words),
        *empty,
        *SPECIALS[:2],
        *spoken,
        *SPECIALS[2:],
        *TIMES,
    ]


def _zeros(*shape: int) -> Array:
    return np.zeros(shape, np.float32)


def _one_hot(columns: NDArray[np.int64]) -> Array:
    return np.eye(WIDTH, dtype=np.float32)[np.minimum(columns, WIDTH - 1)]


def _spec(size: int, fill: Any) -> Any:
    spec = whisper_spec.WhisperSpec(1, 1, 1, 1)
    for convolution, width in ((spec.encoder.conv1, MELS), (spec.encoder.conv2, WIDTH)):
        convolution.weight, convolution.bias = fill(WIDTH, width, 3), _zeros(WIDTH)
    spec.encoder.position_encodings.encodings = fill(FRAMES, WIDTH)
    spec.decoder.position_encodings.encodings = fill(448, WIDTH)
    spec.decoder.embeddings.weight = fill(size, WIDTH)
    spec.decoder.scale_embeddings = False
    spec.decoder.projection.weight = fill(size, WIDTH)
    encoder, decoder = spec.encoder.layer[0], spec.decoder.layer[0]
    for attention in (encoder.self_attention, decoder.self_attention):
        _linear(attention.linear[0], fill(3 * WIDTH, WIDTH))
        _linear(attention.linear[1], fill(WIDTH, WIDTH))
    for linear, height in zip(decoder.attention.linear, (WIDTH, 2 * WIDTH, WIDTH), strict=True):
        _linear(linear, fill(height, WIDTH))
    for layer in (encoder, decoder):
        _linear(layer.ffn.linear_0, fill(4 * WIDTH, WIDTH))
        _linear(layer.ffn.linear_1, fill(WIDTH, 4 * WIDTH))
    for norm in (
        spec.encoder.layer_norm, spec.decoder.layer_norm, encoder.self_attention.layer_norm, encoder.ffn.layer_norm,
        decoder.self_attention.layer_norm, decoder.attention.layer_norm, decoder.ffn.layer_norm,
    ):  # fmt: skip
        norm.gamma, norm.beta = np.ones(WIDTH, np.float32), _zeros(WIDTH)
    return spec


def _linear(linear: common_spec.LinearSpec, weight: Array) -> None:
    linear.weight, linear.bias = weight, _zeros(weight.shape[0])


def _saved(folder: Path, spec: Any, vocabulary: list[str]) -> Path:
    folder.mkdir(parents=True)
    spec.register_vocabulary(vocabulary)
    spec.config.suppress_ids = spec.config.suppress_ids_begin = []
    first = vocabulary.index(SPECIALS[1]) + 1
    spec.config.lang_ids = list(range(first, vocabulary.index(SPECIALS[2])))
    spec.config.alignment_heads = [(0, 0)]
    spec.validate()
    spec.optimize()
    spec.save(str(folder))
    vocab = {token or "<pad>": number for number, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in vocabulary[first - 2 :]])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": MELS}))
    model_store.write_manifest(folder, folder.name, language="en", note="made for a test")
    return folder
