"""`candour demo`: the whole way of a conversation, once, on the sample that comes with Candour."""

from collections.abc import Sequence
from pathlib import Path

import click

from demo.walk import walk


@click.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    default="candour-demo",
    show_default=True,
    help="New folder for it.",
)
def demo(folder: Path) -> None:
    """Carry a sample conversation from upload to a verified certificate of destruction, and explain each step.

    It uses the demo speech model, which knows the demo's words and voices and nothing else.
    """
    root = click.get_current_context().find_root().command

    def run(words: Sequence[str]) -> None:
        root.main(list(words), prog_name="candour", standalone_mode=False)

    walk(folder, run, click.echo)
