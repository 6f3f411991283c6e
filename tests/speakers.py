"""A speaker model without training: it knows a voice by its bands on the average and how they vary together, and by nothing else.

A real ONNX model in the form that WeSpeaker and 3D-Speaker export theirs: bands of shape (batch, frames, 80) in, one vector each
out. It turns the bands into cepstra and gives their covariance and mean; what it has learnt from a sample of the demo is how much
of that is due to what is said, and this is taken out.
"""

from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from pipeline.transcription import bands
from pipeline.transcription.mixtures import Array
from pipeline.transcription.model_store import Kind, add
from pipeline.transcription.speaker_model import SpeakerModel
from tools.bench_speakers import demo_sample, in_samples
from tools.learn_likeness import heard, inverse_root

CEPSTRA: Final = 14
SIZE: Final = CEPSTRA * (CEPSTRA + 1) // 2 + CEPSTRA


def learnt(folder: Path, sample: int = 2) -> Path:
    """A folder with a model that has heard a sample of the demo; returns the folder."""
    statistics(folder / "raw")
    add(folder / "raw", "raw", folder / "models", kind=Kind.SPEAKERS)
    raw = SpeakerModel.load(folder / "models" / "raw", 1)
    words, truth, sound = demo_sample(sample)
    heard_bands = bands.bands(in_samples(sound[None])[0])
    own = [[word for word, who in zip(words, truth, strict=True) if who == voice] for voice in (0, 1)]
    voices = []
    for longest in SpeakerModel.lengths:
        one, other = (heard(said, heard_bands, raw.rate, longest) for said in own)
        voices += np.split(raw.vectors([*one, *other]), [len(one)])
    middle = np.concatenate(voices).mean(axis=0)
    return statistics(folder / "learnt", evened=inverse_root(voices), middle=middle)


def statistics(
    folder: Path,
    *,
    size: int = bands.SIZE,
    inputs: int = 1,
    evened: Array | None = None,
    middle: Array | None = None,
) -> Path:
    """A folder with a model; returns the folder. `size` and `inputs` make one of another kind."""
    place = np.arange(size) + 0.5
    cosines = np.cos(np.pi / size * np.outer(place, np.arange(1, CEPSTRA + 1))) / np.sqrt(size)
    upper = np.flatnonzero(np.triu(np.ones((CEPSTRA, CEPSTRA)))).astype(np.int64)
    constants = {
        "cosines": cosines.astype(np.float32),
        "upper": upper,
        "flat": np.array([0, CEPSTRA * CEPSTRA], np.int64),
        "frames": np.array([1], np.int64),
        "down": np.array([2], np.int64),
        "across": np.array([3], np.int64),
        "evened": (np.eye(SIZE) if evened is None else evened).astype(np.float32),
        "middle": (np.zeros(SIZE) if middle is None else middle).astype(np.float32),
    }
    nodes = [
        helper.make_node("MatMul", ["feats", "cosines"], ["cepstra"]),
        helper.make_node("ReduceMean", ["cepstra", "frames"], ["level"], keepdims=1),
        helper.make_node("Squeeze", ["level", "frames"], ["mean"]),
        helper.make_node("Sub", ["cepstra", "level"], ["varying"]),
        helper.make_node("Unsqueeze", ["varying", "across"], ["columns"]),
        helper.make_node("Unsqueeze", ["varying", "down"], ["rows"]),
        helper.make_node("Mul", ["columns", "rows"], ["products"]),
        helper.make_node("ReduceMean", ["products", "frames"], ["covariance"], keepdims=0),
        helper.make_node("Reshape", ["covariance", "flat"], ["flattened"]),
        helper.make_node("Gather", ["flattened", "upper"], ["half"], axis=1),
        helper.make_node("Concat", ["half", "mean"], ["both"], axis=1),
        helper.make_node("ReduceL2", ["both", "frames"], ["length"]),
        helper.make_node("Div", ["both", "length"], ["unit"]),
        helper.make_node("Sub", ["unit", "middle"], ["moved"]),
        helper.make_node("MatMul", ["moved", "evened"], ["embs"]),
    ]
    names = ["feats", *(f"other{number}" for number in range(1, inputs))]
    graph = helper.make_graph(
        nodes,
        "statistics",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", "frames", size]) for name in names],
        [helper.make_tensor_value_info("embs", TensorProto.FLOAT, ["batch", SIZE])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    folder.mkdir(parents=True)
    (folder / "statistics.onnx").write_bytes(model.SerializeToString())
    return folder
