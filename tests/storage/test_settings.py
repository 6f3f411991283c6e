"""Settings come from the file, then the environment; a name nobody knows is refused in both."""

import tomllib
from pathlib import Path

import pytest
from msgspec import to_builtins
from msgspec.structs import fields

import configs
from storage.settings import BadSetting, Settings, each, load


def home(tmp_path: Path, text: str = "") -> Path:
    file = tmp_path / "candour.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_shipped_file_holds_every_setting_with_its_default_and_its_meaning() -> None:
    text = configs.read("candour.toml")
    shipped = tomllib.loads(text)
    assert shipped == to_builtins(Settings())
    lines = text.splitlines()
    for section in shipped.values():
        for name in section:
            place = next(n for n, line in enumerate(lines) if line.startswith(f"{name} ="))
            assert lines[place - 1].startswith("# "), f"{name} stands there without its meaning"


def test_every_setting_says_what_it_means() -> None:
    assert {section for section, _ in each()} == {field.name for field in fields(Settings)}
    assert all(getattr(Settings(), section).__doc__ for section, _ in each())
    assert all(each().values())


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    empty, shipped = load(home(tmp_path), {}), load(home(tmp_path, configs.read("candour.toml")), {})
    assert empty == shipped


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = home(tmp_path, '[speech]\nmodel = "small.en"\nthreads = 3\n')
    monkeypatch.setenv("CANDOUR_SPEECH__THREADS", "1")
    settings = load(file)
    assert (settings.speech.threads, settings.speech.model) == (1, "small.en")


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("[speech]\nmodell = 'small.en'\n", r"speech\.modell", "nobody knows this name"),
        ("[speach]\nmodel = 'small.en'\n", "speach", "nobody knows this name"),
        ("[speech]\nthreads = -1\n", r"speech\.threads", "it must be a whole number, at least 0"),
        ("[speech]\nthreads = 'many'\n", r"speech\.threads", "it must be a whole number, at least 0"),
        ("[speech]\nthreads = '2'\n", r"speech\.threads", "it must be a whole number, at least 0"),
        ("[speech]\nwindow_seconds = 5\n", r"speech\.window_seconds", "it must be a number, at least 20, at most 600"),
        ("[work]\nattempts = 0\n", r"work\.attempts", "it must be a whole number, at least 1"),
        ("[work]\npoll_seconds = 0\n", r"work\.poll_seconds", "it must be a number, more than 0"),
        ("[speech]\nthreads = 2.5\n", r"speech\.threads", "it must be a whole number, at least 0"),
        ("[speech]\nthreads = true\n", r"speech\.threads", "it must be a whole number, at least 0"),
        ("[speech]\nmodel = 3\n", r"speech\.model", "it must be text in quotes"),
        ("[speech]\ndevice = 'gpu'\n", r"speech\.device", "it must be one of auto, cpu, cuda"),
        ("speech = 3\n", "speech", "it must be a table"),
        ("[speech\n", r"candour\.toml", ".*"),
    ],
)
def test_a_file_that_is_not_understood_is_refused_with_the_place(
    tmp_path: Path, text: str, place: str, reason: str
) -> None:
    with pytest.raises(BadSetting, match=rf"settings: {place}: {reason}; `configs/candour\.toml` lists"):
        load(home(tmp_path, text), {})


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = home(tmp_path)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadSetting, match=r"candour\.toml"):
        load(file, {})


@pytest.mark.parametrize("name", ["CANDOUR_SPEECH__THREAD", "CANDOUR_SPEECH_THREADS", "CANDOUR_THREADS"])
def test_a_misspelt_name_in_the_environment_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadSetting, match=f"environment {name}: no such setting"):
        load(home(tmp_path), {name: "2"})


def test_names_that_say_where_things_are_may_stand_in_the_environment(tmp_path: Path) -> None:
    where = dict.fromkeys(("CANDOUR_HOME", "CANDOUR_PERSON", "CANDOUR_PASSPHRASE_FILE", "CANDOUR_PASSWORD_FILE"), "x")
    load(home(tmp_path), where | {"SPEECH__THREADS": "many", "CANDOURISH": "x"})


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("CANDOUR_SPEECH__THREADS", "correct horse", r"speech\.threads"),
        ("CANDOUR_SPEECH__DEVICE", "correct horse", r"speech\.device"),
        ("CANDOUR_SPEECH__DEVICE", "horse\udcff", "the environment"),
    ],
)
def test_a_bad_value_in_the_environment_is_refused_without_showing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, place: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=f"settings: {place}: ") as refused:
        load(home(tmp_path))
    assert "horse" not in str(refused.value)


def test_settings_do_not_change_while_at_work(tmp_path: Path) -> None:
    settings = load(home(tmp_path), {})
    with pytest.raises(AttributeError, match="immutable"):
        settings.speech.threads = 3  # type: ignore[misc]
