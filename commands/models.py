"""`candour model`: speech models of the home."""

from pathlib import Path

import click

from access.roles import Act, require
from commands.desk import Desk, with_desk
from pipeline.transcription import model_store
from storage.log.log import Event


@click.group()
def model() -> None:
    """Speech models: folders with a manifest, used without a network."""


def _added(desk: Desk, added: model_store.Model) -> None:
    with desk.home.writing() as session:
        desk.home.log(session, Event.MODEL_INSTALLED, actor=desk.actor.name, obj=[added.digest])
    desk.result({"model": added.name, "sha256": added.digest}, f"Added {added.name}; manifest {added.digest[:16]}…")


@model.command()
@click.argument("name")
@click.option("--language", default="en", show_default=True, help="Language it is used for.")
@with_desk
def install(desk: Desk, name: str, language: str) -> None:
    """Fetch a model such as small.en from its hub, once. This is the only command that uses the network."""
    require(desk.actor.roles, Act.MANAGE_MODELS, desk.actor.name)
    _added(desk, model_store.install(name, desk.home.models, language=language))


@model.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Name in this home.")
@click.option("--language", default="en", show_default=True, help="Language it is used for.")
@with_desk
def add(desk: Desk, folder: Path, name: str, language: str) -> None:
    """Take in a converted model from a folder, such as one carried here on a stick."""
    require(desk.actor.roles, Act.MANAGE_MODELS, desk.actor.name)
    _added(desk, model_store.add(folder, name, desk.home.models, language=language))


@model.command("list")
@with_desk
def list_models(desk: Desk) -> None:
    """Show the models of this home."""
    rows = [
        {"model": m.name, "language": m.language, "sha256": m.digest[:16], "note": m.note}
        for m in model_store.list_models(desk.home.models)
    ]
    desk.table(rows, "No model yet: candour model install small.en, or candour model add FOLDER --name NAME.")


@model.command()
@click.argument("name")
@with_desk
def verify(desk: Desk, name: str) -> None:
    """Compare every file of a model with its manifest."""
    found = model_store.verify(desk.home.models / name)
    desk.result({"model": found.name, "verified": True}, f"{found.name} is as it was when it was added.")
