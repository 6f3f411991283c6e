"""The `candour` command: its groups, put together. The commands are in `commands/`, one file a noun."""

import resource
from importlib.metadata import version

import click

from commands import (
    audit,
    codes,
    demo,
    exports,
    home,
    models,
    names,
    people,
    recordings,
    retention,
    reviews,
    signing,
    transcripts,
)
from commands.desk import Commands
from storage import logs


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(version("candour"), message="candour %(version)s")
def main() -> None:
    """Candour looks after confidential one-to-one conversations, from the recording to its provable destruction.

    planned, recorded, transcribed, reviewed, pseudonymised, coded, signed off by two people, destroyed.

    Every command takes --home, --as, --passphrase-file, --password-file and --json.
    """
    # A crash must not write what is in memory to a disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logs.configure()


for command in (
    home.init,
    demo.demo,
    home.doctor,
    home.status,
    home.work,
    people.person,
    reviews.review,
    reviews.participant,
    reviews.conversation,
    recordings.upload,
    transcripts.transcript,
    transcripts.doubts,
    names.names,
    codes.code,
    codes.extract,
    exports.export,
    signing.signoff,
    signing.hold,
    retention.retention,
    audit.audit,
    models.model,
):
    main.add_command(command)

if __name__ == "__main__":
    main()
