"""`candour model`: speech models of the home."""

from dataclasses import asdict
from pathlib import Path

import click

from access.roles import Act, require
from commands.desk import Desk, columns, with_desk
from pipeline.transcription import library, model_choice, model_store, speaker_model
from pipeline.transcription.model_store import Kind
from storage.log.log import Event


@click.group()
def model() -> None:
    """Speech models: folders with a manifest, used without a network."""


def _added(desk: Desk, added: model_store.Model) -> None:
    with desk.home.writing() as session:
        desk.home.log(session, Event.MODEL_INSTALLED, actor=desk.actor.name, obj=[added.digest])
    note = f"\n{added.note}" if " " in added.note else ""
    desk.result(
        {"model": added.name, "sha256": added.digest, "note": added.note},
        f"Added {added.name}; manifest {added.digest[:16]}…{note}",
    )


@model.command()
@click.argument("name")
@click.option("--language", default="en", show_default=True, help="Language it is used for.")
@with_desk
def install(desk: Desk, name: str, language: str) -> None:
    """Fetch a model such as small.en from its hub, once. Nothing else in Candour fetches a model.

    `candour model list --all` says which one suits this machine.
    """
    require(desk.actor.roles, Act.MANAGE_MODELS, desk.actor.name)
    with desk.progress("Fetching", 1.0) as update:

        def heard(done: int, total: int) -> None:
            update(done / (total or 1))

        added = model_store.install(name, desk.home.models, language=language, progress=heard)
    _added(desk, added)


@model.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Name in this home.")
@click.option("--language", help="Language it is used for; otherwise what its manifest says, or en.")
@click.option("--speakers", is_flag=True, help="It is a speaker model: one ONNX file that knows voices apart.")
@with_desk
def add(desk: Desk, folder: Path, name: str, language: str | None, speakers: bool) -> None:
    """Take in a converted model from a folder, such as one carried here on a stick.

    With --speakers it is no speech model but one that knows voices: it tells who speaks in recordings of one channel.

    A folder from another home is compared with its manifest first.
    """
    require(desk.actor.roles, Act.MANAGE_MODELS, desk.actor.name)
    kind = Kind.SPEAKERS if speakers else Kind.SPEECH
    _added(
        desk,
        model_store.add(folder, name, desk.home.models, language=language or "", kind=kind, check=speaker_model.check),
    )


@model.command("list")
@click.option(
    "--all", "every", is_flag=True, help="Also those that can be fetched, and which of them suits this machine."
)
@with_desk
def list_models(desk: Desk, every: bool) -> None:
    """Show the models of this home."""
    found = model_store.list_models(desk.home.models)
    rows = [
        {"model": m.name, "kind": m.kind.value, "language": m.language, "sha256": m.digest[:16], "note": m.note}
        for m in found
    ]
    if not every:
        bent = [
            f"The manifest of {name} cannot be read: candour model verify {name}"
            for name in model_store.unreadable(desk.home.models)
        ]
        desk.table(rows, "\n".join(bent) or "No model yet: candour model list --all says which one suits this machine.")
        return
    machine = model_choice.this_machine(library.cards())
    best = model_choice.suited(machine)
    here = {one.name for one in found}
    choices = [
        {
            "model": one.name,
            "fetch MB": one.size,
            "memory GB": one.memory,
            "": "here" if one.name in here else "suits this machine" if one.name == best else "",
            "about": one.about,
        }
        for one in model_choice.CHOICES
    ]
    card = "a graphics card" if machine.card else "no graphics card it could use"
    lines = [
        *([columns(rows), ""] if rows else []),
        columns(choices),
        "",
        f"This machine: {machine.cores} cores, {machine.memory:.0f} GB of memory, {card}. Begin with {best}.",
        "The demo model is none of these: it knows the words and voices of the demo and nothing else.",
    ]
    data = {"installed": rows, "choices": [asdict(one) for one in model_choice.CHOICES], "suited": best}
    desk.result(data | {"machine": asdict(machine)}, "\n".join(lines))


@model.command()
@click.argument("name")
@with_desk
def verify(desk: Desk, name: str) -> None:
    """Compare every file of a model with its manifest."""
    found = model_store.verify(desk.home.models / name)
    desk.result({"model": found.name, "verified": True}, f"{found.name} is as it was when it was added.")
