"""The demo model made as heavy as a larger one: it hears the same words, and takes about as long as that one would.

A larger model is more than a bench can ask for, and one of random weights says nonsense without end, which takes longer than
speech does. So layers are added whose results are multiplied by zero: they take their time and change nothing. The file is laid
out as CTranslate2 writes it (`python/ctranslate2/specs/model_spec.py`, binary version 6).
"""

import json
import math
import re
import shutil
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pipeline.transcription import model_store

DEMO: Final = Path("demo/model")
# Layers, and weights that are multiplied by: those of the encoder, and of the decoder with its vocabulary, which each token goes
# through (from the widths in Radford and others, 2022, table 1: 512 and 768).
SIZES: Final = {"base": (6, 18_900_000, 51_700_000), "small": (12, 85_000_000, 153_000_000)}
FLOAT, INT8 = 0, 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """One array of a model; its `kind` is FLOAT or INT8, or another type of number, as CTranslate2 numbers them."""

    shape: tuple[int, ...]
    kind: int
    data: bytes


def heavier(size: str, models: Path) -> Path:
    """The demo model with as many weights as a larger one, as a folder below `models`."""
    source = models / f"{size}.source"
    shutil.copytree(DEMO, source, ignore=shutil.ignore_patterns(model_store.MANIFEST))
    with (DEMO / model_store.WEIGHTS).open("rb") as file:
        head, variables, aliases = _read(file)
    layers, *weights = SIZES[size]
    for part, most in zip(("encoder", "decoder"), weights, strict=True):
        variables |= _added(part, variables, layers, most)
    with (source / model_store.WEIGHTS).open("wb") as file:
        _write(file, head, variables, aliases)
    language = json.loads((DEMO / model_store.MANIFEST).read_text())["language"]
    folder = model_store.add(source, size, models, language=language).folder
    shutil.rmtree(source)
    return folder


def _added(part: str, variables: dict[str, Variable], layers: int, most: int) -> dict[str, Variable]:
    """Layers that change nothing, until there are so many, with so many weights altogether."""
    own = {name: one for name, one in variables.items() if re.match(rf"{part}/layer_\d+/", name)}
    before = len({name.split("/")[1] for name in own})
    first = {name: one for name, one in own.items() if name.startswith(f"{part}/layer_0/")}
    width = first[f"{part}/layer_0/ffn/layer_norm/gamma"].shape[0]
    has = sum(len(one.data) for one in own.values() if one.kind == INT8)
    attends = sum(len(one.data) for name, one in first.items() if one.kind == INT8 and "/ffn/" not in name)
    more = max(1, layers - before)
    inner = (most - has - more * attends) // more // (2 * width) // 64 * 64
    found = {}
    for number in range(before, before + more):
        for name, one in first.items():
            found[name.replace("/layer_0/", f"/layer_{number}/")] = _silent(name, one, width, inner)
    return found


def _silent(name: str, one: Variable, width: int, inner: int) -> Variable:
    shape = one.shape
    if "/ffn/linear_0/" in name:
        shape = (inner, *shape[1:])
    elif name.endswith("/ffn/linear_1/weight"):
        shape = (width, inner)
    count = math.prod(shape)
    if one.kind == INT8:
        return Variable(shape=shape, kind=INT8, data=bytes(count))
    if name.endswith(("/weight_scale", "/gamma")):
        return Variable(shape=shape, kind=FLOAT, data=struct.pack("<f", 1.0) * count)
    return Variable(shape=shape, kind=one.kind, data=bytes(4 * count) if one.kind == FLOAT else one.data)


def _read(file: BinaryIO) -> tuple[bytes, dict[str, Variable], bytes]:
    """What comes before the number of variables, the variables by name, and what comes after them."""
    version = file.read(4)
    length = file.read(2)
    head = version + length + file.read(struct.unpack("<H", length)[0]) + file.read(4)
    (count,) = struct.unpack("<I", file.read(4))
    return head, dict(_variables(file, count)), file.read()


def _variables(file: BinaryIO, count: int) -> Iterator[tuple[str, Variable]]:
    for _ in range(count):
        (length,) = struct.unpack("<H", file.read(2))
        name = file.read(length)[:-1].decode()
        (rank,) = struct.unpack("<B", file.read(1))
        shape = struct.unpack(f"<{rank}I", file.read(4 * rank))
        kind, size = struct.unpack("<BI", file.read(5))
        yield name, Variable(shape=shape, kind=kind, data=file.read(size))


def _write(file: BinaryIO, head: bytes, variables: dict[str, Variable], aliases: bytes) -> None:
    file.write(head + struct.pack("<I", len(variables)))
    for name, one in sorted(variables.items()):
        text = name.encode() + b"\0"
        file.write(struct.pack("<H", len(text)) + text + struct.pack("<B", len(one.shape)))
        file.write(struct.pack(f"<{len(one.shape)}I", *one.shape) + struct.pack("<BI", one.kind, len(one.data)))
        file.write(one.data)
    file.write(aliases)
