"""Write a training checkpoint as a faster-whisper model folder (CTranslate2, int8)."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ctranslate2.specs.whisper_spec import WhisperSpec
from numpy.typing import NDArray
from torch import nn

from demo.features import BANDS, HOP, WORK
from demo.network import Attention, Block, Shape, Whisper
from demo.tokens import Tokens

NOTE = (
    "Trained from nothing on synthetic voices only. It is made for the demo's words in two voices, flite's rms and slt, "
    "and for nothing else. Use it for trials and tests, never for real recordings."
)


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(tensor.detach().float().numpy())


def _linear(spec: Any, *layers: nn.Linear) -> None:
    """One CTranslate2 linear from one or more stacked torch ones; a missing bias becomes zeros."""
    spec.weight = _array(torch.cat([layer.weight for layer in layers]))
    spec.bias = _array(
        torch.cat([layer.bias if layer.bias is not None else torch.zeros(layer.out_features) for layer in layers])
    )


def _norm(spec: Any, layer: nn.LayerNorm) -> None:
    spec.gamma, spec.beta = _array(layer.weight), _array(layer.bias)


def _attention(spec: Any, module: Attention, norm: nn.LayerNorm, own: bool) -> None:
    if own:
        _linear(spec.linear[0], module.query, module.key, module.value)
    else:
        _linear(spec.linear[0], module.query)
        _linear(spec.linear[1], module.key, module.value)
    _linear(spec.linear[-1], module.out)
    _norm(spec.layer_norm, norm)


def _block(spec: Any, block: Block) -> None:
    _attention(spec.self_attention, block.attention, block.attention_norm, True)
    if block.cross is not None and block.cross_norm is not None:
        _attention(spec.attention, block.cross, block.cross_norm, False)
    _linear(spec.ffn.linear_0, block.up)
    _linear(spec.ffn.linear_1, block.down)
    _norm(spec.ffn.layer_norm, block.norm)


def convert(model: Whisper, tokens: Tokens, target: Path, quantisation: str = "int8") -> None:
    """Write the model folder; the manifest is written last and lists every other file."""
    shape = model.shape
    spec = WhisperSpec(shape.encoder_layers, shape.encoder_heads, shape.decoder_layers, shape.decoder_heads)
    for conv, layer in ((spec.encoder.conv1, model.conv1), (spec.encoder.conv2, model.conv2)):
        conv.weight, conv.bias = _array(layer.weight), _array(layer.bias)
    spec.encoder.position_encodings.encodings = _array(model.get_buffer("steps"))
    _norm(spec.encoder.layer_norm, model.encoder_norm)
    _norm(spec.decoder.layer_norm, model.decoder_norm)
    for part, blocks in ((spec.encoder, model.encoder), (spec.decoder, model.decoder)):
        for layer_spec, block in zip(part.layer, blocks, strict=True):
            assert isinstance(block, Block)
            _block(layer_spec, block)
    table_in, table_out = model.embeddings()
    spec.decoder.embeddings.weight = _array(table_in)
    spec.decoder.projection.weight = _array(table_out)
    spec.decoder.position_encodings.encodings = _array(model.places)
    spec.register_vocabulary(tokens.all)
    spec.config.suppress_ids, spec.config.suppress_ids_begin, spec.config.lang_ids = [], [], []
    # Head 0 of the last two layers was shown during training where each word is.
    spec.config.alignment_heads = [(shape.decoder_layers - 2, 0), (shape.decoder_layers - 1, 0)]
    spec.validate()
    spec.optimize(quantization=quantisation)
    target.mkdir(parents=True, exist_ok=True)
    spec.save(str(target))
    tokens.tokenizer.save(str(target / "tokenizer.json"), pretty=False)
    settings = {"feature_size": BANDS, "sampling_rate": 16000, "hop_length": HOP, "chunk_length": 30, "n_fft": 400}
    (target / "preprocessor_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    write_manifest(target)


def write_manifest(folder: Path) -> None:
    """List size and SHA-256 of every model file in manifest.json."""
    files = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name != "manifest.json":
            data = path.read_bytes()
            files[path.name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    manifest = {"name": "demo", "format": 1, "files": files, "language": "en", "note": NOTE}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=WORK / "checkpoint.pt")
    parser.add_argument("--target", type=Path, default=Path(__file__).parent / "model")
    parser.add_argument("--which", choices=("mean", "raw"), default="mean")
    args = parser.parse_args()
    torch.set_num_threads(2)
    state = torch.load(args.checkpoint, weights_only=False)
    shape: Shape = state["shape"]
    tokens, model = Tokens(), Whisper(shape)
    model.load_state_dict(state[args.which])
    model.eval()
    licence = args.target / "LICENSE"
    keep = licence.read_text(encoding="utf-8") if licence.exists() else None
    if args.target.exists():
        shutil.rmtree(args.target)
    args.target.mkdir(parents=True)
    if keep is not None:
        licence.write_text(keep, encoding="utf-8")
    convert(model, tokens, args.target)
    size = sum(p.stat().st_size for p in args.target.iterdir())
    print(f"{args.target.name}: {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
