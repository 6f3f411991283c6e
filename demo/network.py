"""Whisper's network, small, with the throwaway heads that make it learn quickly.

Shapes: features (batch, 80, frames at 100 Hz) -> encoder (batch, frames / 2, d) -> logits (batch, tokens, vocabulary).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BANDS, SPAN, CONTEXT = 80, 1500, 448


@dataclass(frozen=True)
class Shape:
    """Sizes of one network."""

    vocabulary: int
    text: int  # ids below the first timestamp
    width: int = 192
    encoder_layers: int = 4
    encoder_heads: int = 3
    decoder_layers: int = 4
    decoder_heads: int = 6
    phones: int = 64
    words: int = 1024


def sinusoids(length: int, channels: int) -> Tensor:
    """Whisper's sinusoidal positions (length, channels)."""
    scale = math.log(10000) / (channels // 2 - 1)
    rates = torch.exp(-scale * torch.arange(channels // 2))
    angle = torch.arange(length)[:, None] * rates[None, :]
    return torch.cat([angle.sin(), angle.cos()], dim=1)


PAIRS = 32  # sine and cosine pairs of the encoder's positions


def turns() -> Tensor:
    """Radians a 20 ms step turns each pair: periods from 0.12 s to 80 s."""
    return 2 * math.pi / (6.0 * (4000.0 / 6.0) ** (torch.arange(PAIRS) / (PAIRS - 1)))


def places_of_encoder(length: int, channels: int) -> Tensor:
    """The encoder's positions (length, channels): sines and cosines in the first 64 channels, zero in the rest.

    The convolutions start silent in those 64, so positions and sound do not drown each other.
    """
    angle = torch.arange(length)[:, None] * turns()[None, :]
    table = torch.zeros(length, channels)
    table[:, : 2 * PAIRS] = torch.cat([angle.sin(), angle.cos()], dim=1)
    return table


class Attention(nn.Module):  # type: ignore[misc, unused-ignore]
    """Multi-head attention as Whisper has it: no bias on the keys."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.value, self.out = (nn.Linear(width, width) for _ in range(3))
        self.key = nn.Linear(width, width, bias=False)

    @torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]
    def look_near(self, offsets: list[int], gain: float = 0.85) -> None:
        """Start head i looking `offsets[i]` steps away: a word is known by its neighbourhood.

        A shift in time is a rotation of each sine and cosine pair, so it can be written into the query's weights.
        """
        size = self.query.out_features // self.heads
        self.query.weight *= 0.3
        self.key.weight *= 0.3
        sine, cosine = torch.arange(PAIRS), torch.arange(PAIRS) + PAIRS
        for head, offset in enumerate(offsets):
            rows, angle = head * size, turns() * offset
            for part in (self.query.weight, self.key.weight):
                part[rows : rows + 2 * PAIRS] *= 0.1
            self.key.weight[rows + sine, sine] += gain
            self.key.weight[rows + cosine, cosine] += gain
            self.query.weight[rows + sine, sine] += gain * angle.cos()
            self.query.weight[rows + sine, cosine] += gain * angle.sin()
            self.query.weight[rows + cosine, cosine] += gain * angle.cos()
            self.query.weight[rows + cosine, sine] -= gain * angle.sin()

    def _split(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x: Tensor, source: Tensor | None = None, causal: bool = False) -> tuple[Tensor, Tensor, Tensor]:
        """Returns the output (batch, n, width) and the split queries and keys."""
        source = x if source is None else source
        q, k, v = self._split(self.query(x)), self._split(self.key(source)), self._split(self.value(source))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return self.out(mixed.transpose(1, 2).flatten(2)), q, k


def light(x: Tensor) -> Tensor:
    """Under autocast cast once here instead of once for every layer that reads it."""
    return x.to(torch.bfloat16) if torch.is_autocast_enabled("cpu") else x


class Block(nn.Module):  # type: ignore[misc, unused-ignore]
    """Pre-norm transformer layer, with cross-attention in the decoder."""

    def __init__(self, width: int, heads: int, cross: bool) -> None:
        super().__init__()
        self.attention, self.attention_norm = Attention(width, heads), nn.LayerNorm(width)
        self.cross = Attention(width, heads) if cross else None
        self.cross_norm = nn.LayerNorm(width) if cross else None
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, heard: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Returns the states and, in the decoder, head 0's log cross-attention (batch, tokens, frames)."""
        x = x + self.attention(light(self.attention_norm(x)), causal=self.cross is not None)[0]
        looking: Tensor | None = None
        if self.cross is not None and self.cross_norm is not None and heard is not None:
            y, q, k = self.cross(light(self.cross_norm(x)), heard)
            x = x + y
            if self.training:
                scores = (q[:, 0] @ k[:, 0].transpose(1, 2)).float() / math.sqrt(q.shape[-1])
                looking = scores.log_softmax(-1)
        return x + self.down(F.gelu(self.up(light(self.norm(x))))), looking


class Whisper(nn.Module):  # type: ignore[misc, unused-ignore]
    """The whole network."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        d = shape.width
        self.conv1, self.conv2 = nn.Conv1d(BANDS, d, 3, padding=1), nn.Conv1d(d, d, 3, stride=2, padding=1)
        # With the usual small initialisation the sound is inaudible beside the positions.
        nn.init.kaiming_normal_(self.conv1.weight)
        nn.init.kaiming_normal_(self.conv2.weight)
        self.register_buffer("where", sinusoids(SPAN + 1, d))
        self.register_buffer("steps", places_of_encoder(SPAN, d))
        self.encoder = nn.ModuleList(Block(d, shape.encoder_heads, False) for _ in range(shape.encoder_layers))
        with torch.no_grad():
            self.conv2.weight[: 2 * PAIRS] = 0
            self.conv2.bias[: 2 * PAIRS] = 0  # type: ignore[index, unused-ignore]
        for block, offsets in zip(self.encoder, ([-5, 0, 5], [-12, 0, 12], [-5, 0, 5], [-20, 20]), strict=False):
            assert isinstance(block, Block)
            block.attention.look_near(offsets)
        self.encoder_norm = nn.LayerNorm(d)
        self.decoder = nn.ModuleList(Block(d, shape.decoder_heads, True) for _ in range(shape.decoder_layers))
        self.decoder_norm = nn.LayerNorm(d)
        self.places = nn.Parameter(torch.randn(CONTEXT, d) * 0.02)
        self.text_in = nn.Parameter(torch.randn(shape.text, d) * 0.05)
        self.text_out = nn.Parameter(torch.randn(shape.text, d) * 0.05)
        # Timestamps are a linear map of the encoder's own positions: 1,501 classes learnt as one smooth thing.
        self.stamp_in = nn.Parameter(torch.randn(d, d) * 0.005)
        self.stamp_out = nn.Parameter(torch.eye(d) * 0.03 + torch.randn(d, d) * 0.002)
        self.phone_head, self.word_head = nn.Linear(d, shape.phones), nn.Linear(d, shape.words)

    def embeddings(self) -> tuple[Tensor, Tensor]:
        """Input and output embeddings, each (vocabulary, width)."""
        where = self.get_buffer("where")
        return (
            torch.cat([self.text_in, where @ self.stamp_in]),
            torch.cat([self.text_out, where @ self.stamp_out]),
        )

    def hear(self, features: Tensor, offset: int = 0) -> Tensor:
        """Encode features (batch, 80, 2 n) that start `offset` 20 ms steps into the window."""
        x = F.gelu(self.conv2(F.gelu(self.conv1(features)))).transpose(1, 2)
        x = x + self.get_buffer("steps")[offset : offset + x.shape[1]]
        for layer in self.encoder:
            x, _ = layer(x)
        return light(self.encoder_norm(x))

    def read(self, tokens: Tensor, heard: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Decode tokens (batch, n): logits and the guided attention of the last two layers."""
        table_in, table_out = self.embeddings()
        x = F.embedding(tokens, table_in) + self.places[: tokens.shape[1]]
        looks: list[Tensor] = []
        for layer in self.decoder:
            x, look = layer(x, heard)
            if look is not None:
                looks.append(look)
        return light(self.decoder_norm(x)) @ light(table_out).T, looks[-2:]
