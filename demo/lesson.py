"""The last lesson: the encoder stands still, and the decoder learns to read what it hears.

By then the encoder knows its words, and most of a step's work would go into it. Each window is encoded once, put on a shelf and
read several times by the decoder, so that the decoder reads far more in the same time.
"""

from __future__ import annotations

import argparse
import copy
import math
import os
import random
import tempfile
import time
from collections import deque
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, distributed, multiprocessing

from demo.batches import IGNORE, Batch, Maker, Store
from demo.features import WORK
from demo.network import Whisper
from demo.tokens import Tokens
from demo.train import descend, follow, guide_loss, save, token_loss


@dataclass(frozen=True)
class Page:
    """One encoded window: (1500, width) as the decoder gets it, and what it has to say about it."""

    heard: Tensor
    inputs: Tensor
    targets: Tensor
    spans: Tensor


def encode(model: Whisper, batch: Batch) -> list[Page]:
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        heard = model.hear(batch.features, batch.offset)
    return [Page(heard[n], batch.inputs[n], batch.targets[n], batch.spans[n]) for n in range(len(heard))]


def together(pages: list[Page], eot: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pages as one batch, padded to the longest."""
    longest = max(len(page.inputs) for page in pages)
    inputs = torch.full((len(pages), longest), eot)
    targets = torch.full((len(pages), longest), IGNORE)
    spans = torch.full((len(pages), longest, 2), -1.0)
    for n, page in enumerate(pages):
        size = len(page.inputs)
        inputs[n, :size], targets[n, :size], spans[n, :size] = page.inputs, page.targets, page.spans
    return torch.stack([page.heard for page in pages]), inputs, targets, spans


def own_words(model: Whisper, heard: Tensor, inputs: Tensor, targets: Tensor, share: float, eot: int) -> Tensor:
    """The inputs with a share of their words replaced by what the decoder itself would have said: it must find its place in
    the sound again after a mistake of its own."""
    with torch.no_grad():
        said = model.read(inputs, heard)[0][..., :eot].argmax(-1)
    before = torch.cat([inputs[:, :1], said[:, :-1]], dim=1)
    asked = torch.cat([torch.full_like(targets[:, :1], IGNORE), targets[:, :-1]], dim=1)
    swap = (torch.rand(inputs.shape) < share) & (asked >= 0) & (asked < eot)
    return torch.where(swap, before, inputs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=28)
    parser.add_argument("--start", type=str, default="checkpoint.pt", help="checkpoint in .work to go on from")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--voices", nargs="*", default=[])
    parser.add_argument("--calm", type=float, default=0.35)
    parser.add_argument("--spliced", type=float, default=0.6, help="share of utterances spliced from pieces of several")
    parser.add_argument("--fresh", type=int, default=2, help="windows encoded at each step")
    parser.add_argument("--size", type=int, default=6, help="windows read at each step, by each worker")
    parser.add_argument("--shelf", type=int, default=500, help="windows kept, by each worker")
    parser.add_argument("--own", type=float, default=0.3, help="share of words taken from the decoder's own mouth")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.spawn(_work, (args, f"file://{folder}/meet"), nprocs=args.workers)


def _work(rank: int, args: argparse.Namespace, meeting: str) -> None:
    workers: int = args.workers
    os.setsid()
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=workers)
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    tokens, store = Tokens(), Store(args.voices)
    store.refresh()
    before = torch.load(WORK / args.start, weights_only=False)
    model = Whisper(before["shape"])
    model.load_state_dict(before["mean"])
    mean = copy.deepcopy(model)
    still = {id(p) for part in (model.conv1, model.conv2, model.encoder, model.encoder_norm) for p in part.parameters()}
    still |= {id(p) for part in (model.phone_head, model.word_head) for p in part.parameters()}
    moving = [p for p in model.parameters() if id(p) not in still]
    inner = [p for p in model.decoder.parameters() if p.ndim == 2]
    known = {id(p) for p in inner}
    optimisers: list[torch.optim.Optimizer] = [
        torch.optim.Muon(inner, lr=args.rate, weight_decay=0.02, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(
            [p for p in moving if id(p) not in known], lr=args.rate, betas=(0.9, 0.98), weight_decay=0.005
        ),
    ]
    maker = Maker(store, tokens, args.seed + 29 + rank * 1000, args.calm, args.spliced)
    chance = random.Random(args.seed + rank)
    shelf: deque[Page] = deque(maxlen=args.shelf)
    begun = saved = time.time()
    step, shown = 0, dict[str, list[float]]()
    while True:
        spent = torch.tensor((time.time() - begun) / 60)
        distributed.broadcast(spent, 0)
        share = float(spent) / args.minutes
        if share >= 1:
            break
        rate = args.rate * min(1.0, (step + 1) / 60) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
        model.train()
        shelf.extend(encode(model, maker.batch(args.fresh if len(shelf) > 24 else 12, 3000, 0.12)))
        heard, inputs, targets, spans = together(chance.sample(list(shelf), args.size), tokens.eot)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            if args.own:
                inputs = own_words(model, heard, inputs, targets, args.own, tokens.eot)
            logits, looks = model.read(inputs, heard)
        text, guide = token_loss(logits, targets, tokens.stamp), guide_loss(looks, spans)
        model.zero_grad(set_to_none=True)
        (text + 0.3 * guide).backward()
        descend(moving, optimisers, workers)
        step += 1
        follow(mean, model, step)
        if rank:
            continue
        asked = (targets >= 0) & (targets < tokens.stamp - 8)
        right = (logits.argmax(-1) == targets)[asked].float().mean().item()
        for name, value in (("text", text.item()), ("guide", guide.item()), ("right", right)):
            shown.setdefault(name, []).append(value)
        if step % 50 == 0:
            line = " ".join(f"{k} {float(np.mean(v)):.3f}" for k, v in shown.items())
            print(f"{float(spent):.1f} min step {step} rate {rate:.5f} shelf {len(shelf)} {line}", flush=True)
            shown = {}
        if time.time() - saved > 90:
            saved = time.time()
            save(model, mean, before["shape"], optimisers)
    if rank == 0:
        save(model, mean, before["shape"], optimisers)


if __name__ == "__main__":
    main()
