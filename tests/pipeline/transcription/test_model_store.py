"""Models are folders whose every byte is known."""

import json
import shutil
from pathlib import Path

import pytest

from pipeline.transcription import model_store
from pipeline.transcription.model_store import (
    ModelDamaged,
    ModelExists,
    ModelIncomplete,
    ModelMissing,
    ModelName,
    ModelUnreachable,
    add,
    install,
    list_models,
    verify,
)
from pipeline.transcription.speech import Engine
from tests import engines

FILES = ("model.bin", "config.json", "tokenizer.json", "preprocessor_config.json", "vocabulary.json")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return engines.scripted(tmp_path / "source", engines.script("yes"))


def test_an_added_model_is_whole_and_listed(model: Path, tmp_path: Path) -> None:
    home = tmp_path / "models"
    assert list_models(home) == []
    added = add(model, "small.en", home, note="converted here")
    assert verify(home / "small.en") == added
    assert list_models(home) == [added]
    assert (added.name, added.language, added.note) == ("small.en", "en", "converted here")
    assert [path.name for path in home.iterdir()] == ["small.en"], "nothing is left of the copying"
    with pytest.raises(ModelExists):
        add(model, "small.en", home)


@pytest.mark.parametrize("file", FILES)
def test_a_changed_a_shortened_and_a_missing_file_are_each_named(model: Path, file: str) -> None:
    verify(model)
    path = model / file
    good = path.read_bytes()
    for bad in (good[:-1], bytes([good[0] ^ 1]) + good[1:]):
        path.write_bytes(bad)
        with pytest.raises(ModelDamaged, match=file):
            verify(model)
        with pytest.raises(ModelDamaged):
            Engine.load(model, 1)
    path.unlink()
    with pytest.raises(ModelDamaged, match=f"{file} .* missing"):
        verify(model)


@pytest.mark.parametrize("file", ["tokenizer.json", "vocabulary.json"])
def test_a_manifest_without_a_file_the_library_would_fetch_is_refused(model: Path, file: str) -> None:
    path = model / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["files"][file]
    path.write_text(json.dumps(manifest))
    (model / file).unlink()
    with pytest.raises(ModelDamaged, match=file):
        verify(model)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"name": "a", "format": 2}', '{"name":"a","format":1,"language":"en","files":{"../x":{}}}'],
)
def test_a_broken_manifest_is_damage_and_not_a_crash(model: Path, text: str) -> None:
    (model / "manifest.json").write_text(text)
    with pytest.raises(ModelDamaged, match="manifest"):
        verify(model)
    assert list_models(model.parent) == []


def test_no_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="candour model list"):
        verify(tmp_path / "none")
    with pytest.raises(ModelMissing):
        add(tmp_path / "none", "some", tmp_path / "models")


@pytest.mark.parametrize("file", ["tokenizer.json", "config.json", "model.bin", "vocabulary.json"])
def test_an_incomplete_folder_is_not_added(model: Path, tmp_path: Path, file: str) -> None:
    (model / file).unlink()
    with pytest.raises(ModelIncomplete, match=file):
        add(model, "some", tmp_path / "models")
    assert list_models(tmp_path / "models") == []


def test_a_model_of_eighty_bands_needs_no_preprocessor_settings(model: Path, tmp_path: Path) -> None:
    (model / "preprocessor_config.json").unlink()
    add(model, "small.en", tmp_path / "models")
    assert verify(tmp_path / "models" / "small.en").name == "small.en"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", ".hidden", "a b", "é", "x" * 61])
def test_a_name_cannot_lead_elsewhere(model: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelName):
        add(model, name, tmp_path / "models")


def test_a_failure_while_copying_leaves_nothing(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OSError, match="space"):
        add(model, "some", tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_fetching_without_a_network_is_one_clear_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelUnreachable, match=r"tiny\.en"):
        install("tiny.en", tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_the_digest_names_the_files_and_not_the_folder(model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "copy")
    assert verify(tmp_path / "copy").digest == verify(model).digest
    (model / "config.json").write_bytes((model / "config.json").read_bytes() + b" ")
    model_store.write_manifest(model, "source", language="en", note="made for a test")
    assert verify(model).digest != verify(tmp_path / "copy").digest
