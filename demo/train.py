"""Train the demo speech model on two CPU cores within a given number of minutes.

Order: (1) the encoder alone learns phones and words frame by frame from flite's exact times; (2) short windows at
random places of the 30 s span teach the decoder to read; (3) full windows.  Losses: token cross-entropy, frame
cross-entropy, and guided attention, which shows one head of each of the last two layers where each word is.
"""

from __future__ import annotations

import argparse
import copy
import math
import os
import random
import tempfile
import time
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, distributed, multiprocessing

from demo.batches import IGNORE, Batch, Maker, Store
from demo.features import WORK
from demo.network import Shape, Whisper
from demo.tokens import Tokens


def token_loss(logits: Tensor, targets: Tensor, stamp: int) -> Tensor:
    """Cross-entropy; a timestamp shares its probability with its neighbours (20 ms apart)."""
    keep = targets != IGNORE
    logits, targets = logits[keep].float(), targets[keep]
    scores = logits.log_softmax(-1)
    exact = scores.gather(1, targets[:, None])[:, 0]
    is_stamp = targets >= stamp
    soft = torch.zeros_like(exact)
    for step, share in ((-2, 0.1), (-1, 0.2), (0, 0.4), (1, 0.2), (2, 0.1)):
        near = (targets + step).clamp(stamp, logits.shape[1] - 1)
        soft = soft + share * scores.gather(1, near[:, None])[:, 0]
    return -torch.where(is_stamp, soft, exact).mean()


def guide_loss(looks: list[Tensor], spans: Tensor) -> Tensor:
    """Cross-entropy between the guided heads and the frames of each target's word, with soft edges."""
    frames = torch.arange(looks[0].shape[-1])
    wanted = torch.minimum(frames - spans[..., :1] + 1.5, spans[..., 1:] - frames + 0.5).clamp(0, 1)
    wanted = wanted * (spans[..., :1] >= -8)
    known = (spans[..., 0] > -0.5) & (wanted.sum(-1) > 0)
    wanted = wanted[known] / wanted[known].sum(-1, keepdim=True)
    return torch.stack([-(wanted * look[known]).sum(-1).mean() for look in looks]).mean()


def losses(model: Whisper, batch: Batch, decode: bool, stamp: int) -> tuple[Tensor, dict[str, float]]:
    """Total loss and its readable parts."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        heard = model.hear(batch.features, batch.offset)
        phone = model.phone_head(heard)
        # Every second frame is enough for the word classes, and half the price.
        every = slice(int(torch.randint(0, 2, ())), None, 2)
        said = batch.words[:, every]
        word = model.word_head(heard[:, every])
        logits, looks = model.read(batch.inputs, heard) if decode else (None, [])
    phone_loss = F.cross_entropy(phone.float().flatten(0, 1), batch.phones.flatten(), ignore_index=IGNORE)
    word_loss = F.cross_entropy(word.float().flatten(0, 1), said.flatten(), ignore_index=IGNORE)
    spoken = said > 0
    parts = {
        "phone": phone_loss.item(),
        "word": word_loss.item(),
        "word_right": (word.argmax(-1) == said)[spoken].float().mean().item(),
    }
    total = 0.3 * phone_loss + 0.7 * word_loss
    if logits is not None:
        text = token_loss(logits, batch.targets, stamp)
        guide = guide_loss(looks, batch.spans)
        total = 0.5 * total + text + 0.3 * guide
        asked = (batch.targets >= 0) & (batch.targets < stamp - 8)
        right = (logits.argmax(-1) == batch.targets)[asked].float().mean().item()
        parts |= {"text": text.item(), "guide": guide.item(), "right": right}
    return total, parts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=75)
    parser.add_argument("--start", type=str, default="", help="checkpoint in .work to go on from")
    parser.add_argument("--done", type=float, default=0.0, help="share of the schedule that lies behind")
    parser.add_argument("--listen", type=float, default=0.07, help="share of the time for the encoder alone")
    parser.add_argument("--short", type=float, default=0.3, help="share of the time after which full windows begin")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--voices", nargs="*", default=[], help="only these voices; otherwise all that were cached")
    parser.add_argument("--spliced", type=float, default=0.0, help="share of utterances spliced from pieces of several")
    parser.add_argument(
        "--mean", action="store_true", help="go on from the running mean, without the optimisers' memory"
    )
    parser.add_argument("--calm", type=float, default=1.0, help="how often sound is coloured, noisy or masked")
    parser.add_argument("--workers", type=int, default=2, help="processes of one thread each")
    args = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.spawn(_work, (args, f"file://{folder}/meet"), nprocs=args.workers)


def _together(values: list[Tensor], workers: int) -> None:
    """Average tensors over the workers, in place."""
    flat = torch.cat([v.flatten() for v in values])
    distributed.all_reduce(flat)
    flat /= workers
    at = 0
    for v in values:
        v.copy_(flat[at : at + v.numel()].view_as(v))
        at += v.numel()


def descend(moving: list[torch.nn.Parameter], optimisers: list[torch.optim.Optimizer], workers: int) -> None:
    """One step down the gradients, averaged over the workers and clipped; a step that is not finite is left out."""
    with torch.no_grad():
        _together([p.grad for p in moving if p.grad is not None], workers)
    norm = torch.nn.utils.clip_grad_norm_(moving, 1.0)
    if torch.isfinite(norm):
        for optimiser in optimisers:
            optimiser.step()


def follow(mean: Whisper, model: Whisper, step: int) -> None:
    """Let the running mean, which is what is exported, come after the model."""
    keep = min(0.998, (step + 1) / (step + 20))
    with torch.no_grad():
        for slow, fast in zip(mean.parameters(), model.parameters(), strict=True):
            slow.lerp_(fast, 1 - keep)


def _work(rank: int, args: argparse.Namespace, meeting: str) -> None:
    """One worker.  They meet once a step; threads would meet at every operation, which a busy machine punishes."""
    workers: int = args.workers
    os.setsid()  # schedulers that share out time by session count every worker as one job
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=workers)
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    tokens, store = Tokens(), Store(args.voices)
    store.refresh()
    shape = Shape(len(tokens), tokens.stamp, words=len(tokens.word_class) + 1)
    model = Whisper(shape)
    before: dict[str, Any] = {}
    if args.start:
        before = torch.load(WORK / args.start, weights_only=False)
        model.load_state_dict(before["mean" if args.mean else "raw"])
    mean = copy.deepcopy(model)
    if before:
        mean.load_state_dict(before["mean"])
    if rank == 0:
        size = sum(p.numel() for p in model.parameters())
        print(f"{size / 1e6:.2f} M parameters, {len(tokens)} tokens, {store.seconds / 3600:.1f} h", flush=True)
    inner = [p for part in (model.encoder, model.decoder) for p in part.parameters() if p.ndim == 2]
    known = {id(p) for p in inner}
    outer = [p for p in model.parameters() if id(p) not in known]
    # Orthogonalised momentum for the layers' matrices learns in markedly fewer steps than Adam does.
    optimisers: list[torch.optim.Optimizer] = [
        torch.optim.Muon(inner, lr=args.rate, weight_decay=0.02, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(outer, lr=args.rate, betas=(0.9, 0.98), weight_decay=0.005),
    ]
    for optimiser, state in zip(optimisers, () if args.mean else before.get("optimisers", []), strict=False):
        optimiser.load_state_dict(state)
    # What kind of batch comes next is drawn alike by all workers; what is in it differs.
    kinds, maker = random.Random(args.seed), Maker(store, tokens, args.seed + 17 + rank * 1000, args.calm, args.spliced)
    begun = saved = time.time()
    step, shown = 0, dict[str, list[float]]()
    while True:
        spent = torch.tensor((time.time() - begun) / 60)
        distributed.broadcast(spent, 0)
        share = args.done + (1 - args.done) * float(spent) / args.minutes
        if share >= 1:
            break
        rate = args.rate * min(1.0, (step + 1) / (40 if before else 150))
        rate *= 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share))
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
        model.train()
        short = 1.0 if share < args.short else 0.7 if share < 0.5 else 0.45 if share < 0.75 else 0.2
        decode, draw, frames = share >= args.listen, kinds.random(), kinds.choice((800, 1000, 1200))
        if not decode:
            batch = maker.batch(16 // workers, 800)
        elif draw < short:
            batch = maker.batch(16 // workers, frames, 0.05)
        else:
            batch = maker.batch(6 // workers, 3000, 0.12)
        loss, parts = losses(model, batch, decode, tokens.stamp)
        model.zero_grad(set_to_none=True)
        loss.backward()
        descend(list(model.parameters()), optimisers, workers)
        step += 1
        follow(mean, model, step)
        if rank:
            continue
        for name, value in parts.items():
            shown.setdefault(name + ("30" if batch.features.shape[-1] == 3000 else ""), []).append(value)
        if step % 25 == 0:
            line = " ".join(f"{k} {sum(v) / len(v):.3f}" for k, v in shown.items())
            print(f"{float(spent):.1f} min step {step} rate {rate:.5f} {line}", flush=True)
            shown = {}
        if time.time() - saved > 90:
            saved = time.time()
            save(model, mean, shape, optimisers)
    if rank == 0:
        save(model, mean, shape, optimisers)


def save(model: Whisper, mean: Whisper, shape: Shape, optimisers: list[torch.optim.Optimizer]) -> None:
    target = WORK / "checkpoint.pt"
    state = {
        "raw": model.state_dict(), "mean": mean.state_dict(), "shape": shape,
        "optimisers": [o.state_dict() for o in optimisers],
    }  # fmt: skip
    torch.save(state, target.with_suffix(".tmp"))
    target.with_suffix(".tmp").rename(target)


if __name__ == "__main__":
    main()
