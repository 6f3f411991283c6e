"""Models: local folders, each file known by its SHA-256, so that nothing is looked up on a network at run time.

A speech model is a folder with the files of a converted Whisper model, a speaker model one with a single ONNX file; both have a
manifest.json: {"name", "format": 1, "kind", "language", "note", "files": {name: {"sha256", "bytes"}}}; no kind means speech.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any, Final

from pipeline.transcription import model_choice
from storage.errors import BadInput, NotFound, NotVerified, Unavailable

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
LONGEST_NAME: Final = 60
# Without the last one the library goes to the network
WEIGHTS: Final = "model.bin"
REQUIRED: Final = (WEIGHTS, "config.json", "tokenizer.json")
# Says how many mel bands the model hears. Models of 80 bands do without it, which is what the library then takes for granted.
PREPROCESSOR: Final = "preprocessor_config.json"
VOCABULARIES: Final = ("vocabulary.json", "vocabulary.txt")


class Kind(StrEnum):
    """What a model knows: words, or voices."""

    SPEECH = "speech"
    SPEAKERS = "speakers"

    @property
    def adjective(self) -> str:
        """As it stands before "model"."""
        return "speaker" if self is Kind.SPEAKERS else self.value


# Voices are told apart in any language.
DEFAULT_LANGUAGE: Final = {Kind.SPEECH: "en", Kind.SPEAKERS: "any"}


class ModelMissing(NotFound):
    """speech: there is no model called "{model}" here; see what there is with `candour model list`, or fetch one with \
`candour model install` where there is a network"""


class ModelDamaged(NotVerified):
    """speech: {file} of the model "{model}" is {fault}; take it in again, with `candour model install` or `candour model \
add`, which then puts it in the place of the damaged one"""


class ModelIncomplete(BadInput):
    """model: {file} is missing from the folder, or is that of another model; copy the whole model, with its tokenizer and \
settings"""


class NoFolder(BadInput):
    """model: there is no folder of that name; check the path"""


class WrongKind(BadInput):
    """model: "{model}" is a {kind} model, and a {wanted} model is wanted here; speaker models are added with --speakers, speech \
models without"""


class SpeakersUnusable(BadInput):
    """model: {file} is no speaker model that Candour can use; it takes an ONNX file with one input of shape (1, frames, 80), \
such as the exports of WeSpeaker and 3D-Speaker"""


class ModelExists(BadInput):
    """model: there is already a model called "{model}"; choose another name"""


class ModelName(BadInput):
    """model: a name is made of letters, digits, dots, hyphens and underscores, at most 60 of them, and starts with a letter or \
digit"""


class ModelUnreachable(Unavailable):
    """model: "{model}" could not be fetched; check the name and the network, or copy the folder from another machine and use \
`candour model add`"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A model as its manifest describes it; `digest` is the SHA-256 of the manifest and so names the model exactly."""

    name: str
    language: str
    note: str
    folder: Path
    digest: str
    kind: Kind = Kind.SPEECH


def verify(folder: Path, kind: Kind | None = None) -> Model:
    """The model in a folder, after every one of its files was read and compared with the manifest.

    Raises ModelMissing when there is no manifest, WrongKind when it is that of another `kind`, ModelDamaged naming the first
    file that differs.
    """
    model, files = _described(folder)
    if kind is not None:
        _require(kind, model)
    for name in _needed(folder, model.kind):
        if name not in files:
            raise ModelDamaged(model=model.name, file=name, fault="not in the manifest")
    for name, facts in sorted(files.items()):
        path = folder / name
        if not path.is_file():
            raise ModelDamaged(model=model.name, file=name, fault="missing")
        if path.stat().st_size != facts["bytes"] or _digest(path) != facts["sha256"]:
            raise ModelDamaged(model=model.name, file=name, fault="not what it was when the model was added")
    return model


def list_models(home_models: Path) -> list[Model]:
    """The models below a folder by name, from their manifests alone; a folder without a readable manifest is passed over."""
    return [model for _, model in _below(home_models) if model is not None]


def unreadable(home_models: Path) -> list[str]:
    """The names of models below a folder whose manifest cannot be read."""
    return [folder.name for folder, model in _below(home_models) if model is None]


def _below(home_models: Path) -> Iterator[tuple[Path, Model | None]]:
    for manifest in sorted(home_models.glob(f"*/{MANIFEST}")):
        try:
            yield manifest.parent, _described(manifest.parent)[0]
        except ModelDamaged:
            yield manifest.parent, None


def add(
    source: Path,
    name: str,
    home_models: Path,
    *,
    language: str = "",
    note: str = "",
    kind: Kind = Kind.SPEECH,
    check: Callable[[Path], None] = lambda _: None,
) -> Model:
    """Copy a model below `home_models` and write its manifest; it appears whole or not at all.

    A folder with a manifest of its own, such as one from another home, is compared with that first, and its language and note
    are kept unless others are given.

    `check` is asked about the ONNX file of a speaker model before anything is copied, and raises what it finds wrong. A damaged
    model of that name gives way.

    Raises ModelName, ModelExists, NoFolder, ModelIncomplete or ModelDamaged.
    """
    _check_name(name, home_models)
    if not source.is_dir():
        raise NoFolder
    described = _described(source)[0] if (source / MANIFEST).is_file() else None
    if described is not None:
        _require(kind, described)
    for needed in _needed(source, kind):
        if not (source / needed).is_file():
            raise ModelIncomplete(file=needed)
    if described is not None:
        verify(source)
        language, note = language or described.language, note or described.note
    if kind is Kind.SPEAKERS:
        check(onnx_file(source))
    home_models.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".adding-", dir=home_models) as work:
        part = Path(work) / name
        part.mkdir()
        for path in sorted(source.iterdir()):
            if path.is_file() and path.name != MANIFEST and not path.name.startswith("."):
                shutil.copyfile(path, part / path.name)
        write_manifest(part, name, language=language or DEFAULT_LANGUAGE[kind], note=note, kind=kind)
        if (home_models / name).exists():
            (home_models / name).rename(Path(work) / ".damaged")
        part.rename(home_models / name)
    return verify(home_models / name)


def _check_name(name: str, home_models: Path) -> None:
    letters = name.replace("-", "").replace("_", "").replace(".", "")
    if not (name.isascii() and name[:1].isalnum() and letters.isalnum() and len(name) <= LONGEST_NAME):
        raise ModelName()
    if (home_models / name).exists() and not _is_damaged(home_models / name):
        raise ModelExists(model=name)


def _is_damaged(folder: Path) -> bool:
    try:
        verify(folder)
    except (ModelDamaged, ModelIncomplete):
        return True
    except ModelMissing:
        pass  # somebody else's folder
    return False


def install(
    name: str,
    home_models: Path,
    *,
    language: str = "en",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Model:
    """Fetch the converted model `name`, such as small.en, and add it. The only function here that uses a network.

    Files whose digest the hub publishes are compared with it. `progress` hears bytes fetched, and bytes in all.

    Raises ModelUnreachable, and what `add` raises.
    """
    # read when the client is imported: the hub is told the name of the model and nothing else
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    _check_name(name, home_models)
    home_models.mkdir(parents=True, exist_ok=True)
    repository = model_choice.source(name)
    with TemporaryDirectory(prefix=".fetching-", dir=home_models) as work:
        try:
            about = HfApi(token=False).model_info(repository, files_metadata=True)
            wanted = [one for one in about.siblings or () if _is_wanted(one.rfilename)]
            with _watched(Path(work), sum(one.size or 0 for one in wanted), progress):
                snapshot_download(
                    repository,
                    revision=about.sha,
                    local_dir=work,
                    token=False,
                    allow_patterns=[one.rfilename for one in wanted],
                )
        except Exception:  # the client raises errors of many libraries; to a person they are all the same
            raise ModelUnreachable(model=name) from None
        for one in wanted:
            if one.lfs is not None and _digest(Path(work) / one.rfilename) != one.lfs.sha256:
                raise ModelDamaged(model=name, file=one.rfilename, fault="not what the hub says it is")
        return add(Path(work), name, home_models, language=language, note=repository)


def _is_wanted(file: str) -> bool:
    return file in {*REQUIRED, PREPROCESSOR, *VOCABULARIES}


@contextmanager
def _watched(folder: Path, total: int, progress: Callable[[int, int], None]) -> Iterator[None]:
    """Tells how much of a folder is there, twice a second: the client's own bars write to the terminal."""
    over = Event()

    def watch() -> None:
        while not over.wait(0.5):
            progress(min(total, _weight(folder)), total)

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    progress(total, total)


def _weight(folder: Path) -> int:
    sizes = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # the client moves files when they are whole
            sizes += path.stat().st_size if path.is_file() else 0
    return sizes


def write_manifest(folder: Path, name: str, *, language: str, note: str, kind: Kind = Kind.SPEECH) -> None:
    """Describe the files of a folder as they are now."""
    paths = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name != MANIFEST]
    files = {path.name: {"sha256": _digest(path), "bytes": path.stat().st_size} for path in paths}
    manifest = {"name": name, "format": FORMAT, "language": language, "note": note, "files": files}
    if kind is not Kind.SPEECH:
        manifest["kind"] = kind.value
    part = folder / f".{MANIFEST}"
    part.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(folder / MANIFEST)


def _described(folder: Path) -> tuple[Model, dict[str, Any]]:
    path = folder / MANIFEST
    if not path.is_file():
        raise ModelMissing(model=folder.name)
    text = path.read_bytes()
    try:
        manifest = json.loads(text)
        assert manifest["format"] == FORMAT
        files = {str(name): dict(facts) for name, facts in manifest["files"].items()}
        assert all(Path(name).name == name and {"sha256", "bytes"} <= facts.keys() for name, facts in files.items())
        model = Model(
            name=str(manifest["name"]),
            language=str(manifest["language"]),
            note=str(manifest.get("note", "")),
            folder=folder,
            digest=hashlib.sha256(text).hexdigest(),
            kind=Kind(manifest.get("kind", Kind.SPEECH)),
        )
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError):
        raise ModelDamaged(model=folder.name, file=MANIFEST, fault="not readable") from None
    return model, files


def _require(kind: Kind, model: Model) -> None:
    if model.kind is not kind:
        raise WrongKind(model=model.name, kind=model.kind.adjective, wanted=kind.adjective)


def onnx_file(folder: Path) -> Path:
    """The model of a speaker model's folder. Raises ModelIncomplete where there is none, or more than one."""
    found = sorted(folder.glob("*.onnx"))
    if len(found) != 1:
        raise ModelIncomplete(file="one .onnx file")
    return found[0]


def _needed(folder: Path, kind: Kind) -> tuple[str, ...]:
    if kind is Kind.SPEAKERS:
        return (onnx_file(folder).name,)
    vocabularies = [name for name in VOCABULARIES if (folder / name).is_file()] or VOCABULARIES[:1]
    # the library reads these settings where they are, so they must be known, too
    settings = [PREPROCESSOR] if (folder / PREPROCESSOR).is_file() else []
    return (*REQUIRED, *vocabularies, *settings)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
