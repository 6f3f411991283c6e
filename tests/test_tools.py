"""What the figures in the documentation rest on."""

from pathlib import Path

from pipeline.transcription import model_store
from pipeline.transcription.speech import Engine, floats
from tests.pipeline.media import person
from tools.heavier import DEMO, heavier


def test_a_model_made_heavier_hears_the_same(tmp_path: Path) -> None:
    heavy = heavier("base", tmp_path)
    weights = [folder.joinpath(model_store.WEIGHTS).stat().st_size for folder in (DEMO, heavy)]
    assert weights[1] > 10 * weights[0]
    sound = floats(person("man"))
    light, same = (Engine.load(folder, threads=1).hear(sound, seed=0, offset=0.0) for folder in (DEMO, heavy))
    assert light.words
    assert same == light
