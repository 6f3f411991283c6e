"""Models are folders whose every byte is known."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.transcription import model_store
from pipeline.transcription.model_choice import CHOICES, Machine, suited, this_machine
from pipeline.transcription.model_store import (
    ModelDamaged,
    ModelExists,
    ModelIncomplete,
    ModelMissing,
    ModelName,
    NoFolder,
    add,
    list_models,
    verify,
)
from pipeline.transcription.speech import Engine
from tests import engines
from tests.pipeline.transcription import hub

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
    assert model_store.unreadable(model.parent) == [model.name]


def test_no_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="candour model list"):
        verify(tmp_path / "none")
    with pytest.raises(NoFolder):
        add(tmp_path / "none", "some", tmp_path / "models")


def test_a_damaged_model_gives_way_to_a_good_one_and_nothing_else_does(model: Path, tmp_path: Path) -> None:
    home = tmp_path / "models"
    added = add(model, "small.en", home)
    (home / "small.en" / "model.bin").write_bytes(b"bent")
    with pytest.raises(ModelDamaged):
        add(home / "small.en", "small.en", home)
    assert add(model, "small.en", home) == added
    assert [path.name for path in home.iterdir()] == ["small.en"]
    (home / "notes").mkdir()
    with pytest.raises(ModelExists):
        add(model, "notes", home)


def test_settings_that_nobody_vouched_for_are_damage(model: Path) -> None:
    """The library reads the file wherever it lies, and hears with what it says."""
    settings = model / "preprocessor_config.json"
    text = settings.read_bytes()
    settings.unlink()
    model_store.write_manifest(model, "eighty", language="en", note="")
    verify(model)
    settings.write_bytes(text)
    with pytest.raises(ModelDamaged, match=r"preprocessor_config\.json .* not in the manifest"):
        verify(model)


@pytest.mark.parametrize("file", ["tokenizer.json", "config.json", "model.bin", "vocabulary.json"])
def test_an_incomplete_folder_is_not_added(model: Path, tmp_path: Path, file: str) -> None:
    (model / file).unlink()
    with pytest.raises(ModelIncomplete, match=file):
        add(model, "some", tmp_path / "models")
    assert list_models(tmp_path / "models") == []


def test_a_model_of_eighty_bands_needs_no_preprocessor_settings(model: Path, tmp_path: Path) -> None:
    (model / "preprocessor_config.json").unlink()
    (model / "manifest.json").unlink()
    add(model, "small.en", tmp_path / "models")
    assert verify(tmp_path / "models" / "small.en").name == "small.en"
    Engine.load(tmp_path / "models" / "small.en", 1)


def test_a_model_whose_bands_are_not_those_of_its_settings_is_refused(model: Path, tmp_path: Path) -> None:
    """The library would hear with the wrong filters, or end in an error that says nothing."""
    (model / "preprocessor_config.json").write_text('{"feature_size": 128}')
    (model / "manifest.json").unlink()
    add(model, "large", tmp_path / "models")
    with pytest.raises(ModelIncomplete, match=r"preprocessor_config\.json"):
        Engine.load(tmp_path / "models" / "large", 1)


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


FETCH = """
import json, sys
from pathlib import Path
from pipeline.transcription import model_store
from storage.errors import CandourError
heard = []
try:
    found = model_store.install(sys.argv[1], Path(sys.argv[2]), progress=lambda done, total: heard.append((done, total)))
    print(json.dumps({"name": found.name, "note": found.note, "heard": heard}))
except CandourError as error:
    print(json.dumps({"error": type(error).__name__, "message": str(error)}))
"""


def fetched(name: str, models: Path, address: str) -> dict[str, Any]:
    """What fetching gives in a process of its own: the client reads its address when it is imported."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HTTP", "http"))}
    environment = kept | {"HF_ENDPOINT": address, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(models.parent / "hub")}
    done = subprocess.run(
        [sys.executable, "-c", FETCH, name, str(models)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_fetched_model_is_whole_and_says_how_far_it_is(model: Path, tmp_path: Path) -> None:
    files = {path.name: path.read_bytes() for path in model.iterdir() if path.name != "manifest.json"}
    with hub.serving(files | {"README.md": b"about", "model.onnx": bytes(1000)}) as (address, asked):
        found = fetched("tiny.en", tmp_path / "models", address)
    assert (found["name"], found["note"]) == ("tiny.en", "Systran/faster-whisper-tiny.en")
    total = sum(map(len, files.values()))
    assert found["heard"][-1] == [total, total]
    assert verify(tmp_path / "models" / "tiny.en").name == "tiny.en"
    assert {path.name for path in (tmp_path / "models" / "tiny.en").iterdir()} == {*files, "manifest.json"}
    assert not [path for path in asked if "README" in path or "onnx" in path], "nothing is fetched that is not needed"
    assert [path for path in asked if "Systran/faster-whisper-tiny.en" not in path] == []


def test_a_model_that_is_not_what_the_hub_says_is_refused(model: Path, tmp_path: Path) -> None:
    files = {path.name: path.read_bytes() for path in model.iterdir() if path.name != "manifest.json"}
    lies = {"model.bin": files["model.bin"][:-1] + b"!"}
    with hub.serving(files, lies) as (address, _):
        found = fetched("tiny.en", tmp_path / "models", address)
    assert found["error"] in {"ModelDamaged", "ModelUnreachable"}
    assert list((tmp_path / "models").iterdir()) == []


def test_fetching_without_a_network_is_one_clear_sentence(tmp_path: Path) -> None:
    found = fetched("tiny.en", tmp_path / "models", "http://127.0.0.1:9")
    assert found["error"] == "ModelUnreachable"
    assert '"tiny.en"' in found["message"]
    assert list((tmp_path / "models").iterdir()) == []


def test_a_copy_from_another_home_is_compared_with_its_manifest_and_keeps_its_note(model: Path, tmp_path: Path) -> None:
    (model / "model.bin").write_bytes((model / "model.bin").read_bytes() + b"!")
    with pytest.raises(ModelDamaged, match=r"model\.bin"):
        add(model, "carried", tmp_path / "models")
    model_store.write_manifest(model, "source", language="cy", note="only for trials")
    added = add(model, "carried", tmp_path / "models")
    assert (added.language, added.note) == ("cy", "only for trials")


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        (Machine(cores=1, memory=2, card=False), "base.en"),
        (Machine(cores=2, memory=8, card=False), "small.en"),
        (Machine(cores=16, memory=32, card=False), "large-v3-turbo"),
        (Machine(cores=4, memory=16, card=True), "large-v3"),
    ],
)
def test_which_model_suits_which_machine(machine: Machine, name: str) -> None:
    assert suited(machine) == name
    assert name in {one.name for one in CHOICES}
    here = this_machine(cards=0)
    assert here.cores >= 1 and here.memory > 0.1


def test_the_digest_names_the_files_and_not_the_folder(model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "copy")
    assert verify(tmp_path / "copy").digest == verify(model).digest
    (model / "config.json").write_bytes((model / "config.json").read_bytes() + b" ")
    model_store.write_manifest(model, "source", language="en", note="made for a test")
    assert verify(model).digest != verify(tmp_path / "copy").digest
