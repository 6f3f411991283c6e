"""Transcription, beside the engine alone and beside the library on the whole file:

    python -m tools.bench_transcription [--minutes 6] [--times 1] [--model demo/model] [--as-heavy-as small] [--device cpu]

The recording is a sample conversation of the demo, again and again. It is heard by the demo model, which `heavier` makes as
heavy as a larger one if asked, or by a model of your own. Each line is measured in a process of its own, all in one run on one
machine, so read the ratios; processor seconds are those of all cores together, and hold also where other work slows the machine
down. With --times each is measured so often, in turns, and the fastest counts. Memory is the most a process had in use, less
what it had with the model loaded.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Final

import numpy as np

from access import directory
from access.roles import Role
from configs import read
from pipeline import reviews, stages
from pipeline.codes.codebook import parse
from pipeline.recording import audio, intake
from pipeline.recording.confined_sound import decode
from pipeline.recording.playback import Playback
from pipeline.recording.sound import RATE
from pipeline.transcription import library, speech, transcribing
from pipeline.transcription.cores import cores
from pipeline.transcription.transcribing import Progress
from storage.home import Home
from storage.keyring import Work
from tools.heavier import DEMO, SIZES, heavier

SAMPLE: Final = Path("demo/sample/conversation-1.m4a")
PASSPHRASE: Final = b"a passphrase for measuring"
MIB: Final = 1 << 20
CORES: Final = cores()
TOGETHER: Final = min(CORES, 4)
Part = Callable[[Path, Path, str], dict[str, float]]  # folder, model, device


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--model", type=Path, default=DEMO)
    parser.add_argument("--as-heavy-as", choices=SIZES)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        name, folder = given.part
        print(json.dumps(PARTS[name](Path(folder), given.model.absolute(), given.device)))
        return
    with tempfile.TemporaryDirectory() as folder:
        _record(Path(folder) / "talk.m4a", given.minutes * 60)
        model = heavier(given.as_heavy_as, Path(folder)) if given.as_heavy_as else given.model
        rounds = [{name: _measured(name, folder, model, given.device) for name in PARTS} for _ in range(given.times)]
        _print(
            given.minutes, {name: min((one[name] for one in rounds), key=lambda one: one["seconds"]) for name in PARTS}
        )


def _measured(name: str, folder: str, model: Path, device: str) -> dict[str, Any]:
    arguments = [sys.executable, "-m", "tools.bench_transcription", "--model", str(model), "--device", device]
    arguments += ["--part", name, folder]
    run = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def _print(minutes: float, found: dict[str, dict[str, Any]]) -> None:
    ours, bare = found["candour"], found["bare at once"]
    print(f"{minutes:g} minutes, {CORES} cores\n")
    print(f"{'':60}{'seconds':>9}{'x':>7}{'processor':>11}{'x':>7}{'MiB above the model':>21}")
    lines = {
        "Candour: decode, find speech, hear, tell voices, play back": ours,
        "the engine alone, on stretches of speech already found": found["bare"],
        f"the same, {TOGETHER} at once, each with {CORES // TOGETHER} of the {CORES} threads": bare,
        f"the same, {TOGETHER} processes with one thread each": found["processes"],
        "the engine alone, decoding and finding speech itself": found["windows"],
        "the same in each window, several at once": found["windows at once"],
        "faster-whisper's transcribe() on the whole file": found["whole"],
    }
    for name, one in lines.items():
        ratios = [ours[kind] / one[kind] for kind in ("seconds", "processor")]
        print(
            f"{name:60}{one['seconds']:9.1f}{ratios[0]:7.2f}{one['processor']:11.1f}{ratios[1]:7.2f}{one['memory'] / MIB:21.0f}"
        )
    engine, added = (one / minutes / 60 for one in (bare["processor"], ours["processor"] - bare["processor"]))
    print(
        f"\nOf a second of sound the engine took {engine:.4f} processor seconds and Candour {added:.4f} more, whatever the model."
        f"\nWith a model that takes half a processor second, or more, Candour takes {1 + added / 0.5:.2f} times as much."
    )
    print(f"Its decoder, a process of its own, had {ours['child'] / MIB:.0f} MiB in use, libraries and all.")
    print(
        f"Time left, told after the first tenth: wrong by {ours['wrong']:.0%} at most, {ours['off']:.0%} in the middle,"
        f" and by more than a fifth {ours['over']:.0%} of the times it was told."
    )
    best = min(found["windows"]["seconds"], found["windows at once"]["seconds"])
    print(f"Against the better of the two ways to decode, find speech and hear: {ours['seconds'] / best:.2f} x.")


def _record(path: Path, seconds: float) -> None:
    with SAMPLE.open("rb") as file:
        talk = np.concatenate([block.samples for block in decode(file)], axis=1)
    left = round(seconds * RATE)
    with path.open("wb") as file:
        playback = Playback(file, 1)
        while left > 0:
            playback.add(talk[:, :left])
            left -= talk.shape[1]
        playback.close()


def _candour(folder: Path, model: Path, device: str) -> dict[str, float]:
    home, work = _home(folder)
    engine = speech.Engine(model, 0, device=device)
    before, begun, used = _in_use(), time.perf_counter(), _processor()
    told: list[tuple[float, Progress]] = []
    transcribing.advance(home, engine, work, report=lambda heard: told.append((time.perf_counter() - begun, heard)))
    taken = time.perf_counter() - begun
    errors = [
        abs(heard.left - (taken - at)) / (taken - at)
        for at, heard in told
        # at the very end there is nothing left to be wrong about
        if heard.left is not None and 0.1 * heard.total <= heard.done <= 0.95 * heard.total
    ]
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    figures = {"seconds": taken, "processor": _processor() - used, "memory": _most() - before, "child": child}
    over = sum(error > 0.2 for error in errors) / len(errors)
    return figures | {"wrong": max(errors), "off": sorted(errors)[len(errors) // 2], "over": over}


def _home(folder: Path) -> tuple[Home, stages.Work]:
    home = Home.create(
        Path(tempfile.mkdtemp(dir=folder)),
        PASSPHRASE,
        origin="bench.example/log",
        work=Work(memory=64, iterations=1, lanes=1),
    )
    ana = directory.add_first(home, "ana", "a long password", [Role.REVIEWER, Role.OPERATOR])
    codebook = parse(read("codebooks/learning-together.toml"))
    reviews.create_review(home, ana, "LT-1", schedule=read("retention/learning-together.toml"), codebook=codebook)
    reviews.add_participant(home, ana, "LT-1", "Teacher 1", "School")
    reviews.plan_conversation(home, ana, "LT-1", "Teacher 1", interviewer="Lead", on=None)
    with (folder / "talk.m4a").open("rb") as file:
        intake.receive(home, ana, "C-001", file)
    with home.reading() as session:
        (work,) = stages.due(session, 3)
    return home, work


def _bare(at_once: int) -> "Part":
    return lambda folder, model, device: _heard(list(_stretches(folder)), model, device, at_once)


def _processes(folder: Path, model: Path, device: str) -> dict[str, float]:
    """As many processes as stretches are heard at once elsewhere, with a thread and a model each."""
    context = get_context("spawn")
    loaded = context.Barrier(TOGETHER + 1)
    with context.Pool(TOGETHER, _Process.begin, (model, device, loaded)) as pool:
        sounds = [sound for window in _stretches(folder) for sound in window]
        loaded.wait()
        begun = time.perf_counter()
        used = dict(pool.imap_unordered(_Process.hear, sounds))
        taken = time.perf_counter() - begun
        pool.close()
        pool.join()
    processor, most, before = (sum(figure) for figure in zip(*used.values(), strict=True))
    return {"seconds": taken, "processor": processor, "memory": most - before / len(used)}


class _Process:
    """One of several processes that hear."""

    model: Any
    before: int
    used: float

    @classmethod
    def begin(cls, model: Path, device: str, loaded: Barrier) -> None:
        cls.model, cls.before, cls.used = library.loaded(model, 1, device), _in_use(), _processor()
        loaded.wait()

    @classmethod
    def hear(cls, sound: speech.Sound) -> tuple[int, tuple[float, int, int]]:
        """The process, and its figures so far: processor seconds, the most it had in use, and what the model alone took."""
        for _ in cls.model.transcribe(sound, language="en", **speech.GUARDED)[0]:
            pass
        return os.getpid(), (_processor() - cls.used, _most(), cls.before)


def _windows(at_once: int) -> "Part":
    return lambda folder, model, device: _heard(_stretches(folder), model, device, at_once)


def _heard(windows: "Iterable[list[speech.Sound]]", model: Path, device: str, at_once: int) -> dict[str, float]:
    loaded = library.loaded(model, CORES, device, at_once)
    before, begun, used = _in_use(), time.perf_counter(), _processor()

    def hear(sound: speech.Sound) -> None:
        for _ in loaded.transcribe(sound, language="en", **speech.GUARDED)[0]:
            pass

    with ThreadPoolExecutor(at_once) as pool:
        for sounds in windows:
            list(pool.map(hear, sounds))
    return {"seconds": time.perf_counter() - begun, "processor": _processor() - used, "memory": _most() - before}


def _stretches(folder: Path) -> "Iterator[list[speech.Sound]]":
    """The stretches of speech in each window, as Candour cuts them."""
    with (folder / "talk.m4a").open("rb") as file:
        for window in audio.windows(decode(file)):
            sound = speech.floats(audio.raise_quiet(window.samples))
            found = speech.stretches(library.voices(sound))
            yield [sound[round(one.start * RATE) : round(one.end * RATE)] for one in found]


def _whole(folder: Path, model: Path, device: str) -> dict[str, float]:
    loaded = library.loaded(model, CORES, device)
    before, begun, used = _in_use(), time.perf_counter(), _processor()
    for _ in loaded.transcribe(str(folder / "talk.m4a"), language="en", **speech.GUARDED | {"vad_filter": True})[0]:
        pass
    return {"seconds": time.perf_counter() - begun, "processor": _processor() - used, "memory": _most() - before}


def _in_use() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _processor() -> float:
    """Seconds that this process and the children it has waited for have had of all cores together."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def _most() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


PARTS: Final[dict[str, Part]] = {
    "candour": _candour,
    "bare": _bare(1),
    "bare at once": _bare(TOGETHER),
    "processes": _processes,
    "windows": _windows(1),
    "windows at once": _windows(TOGETHER),
    "whole": _whole,
}


if __name__ == "__main__":
    main()
