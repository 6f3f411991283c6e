"""The `candour` command: its groups, put together. The commands are in `commands/`, one file a noun."""

import resource
from importlib.metadata import version

import click

from commands.desk import Commands
from storage import logs

# In the order of a conversation's way; each command with the module of `commands` that it is in.
ROOMS = {
    "demo": "demo",
    "init": "home",
    "doctor": "home",
    "serve": "serve",
    "status": "home",
    "person": "people",
    "model": "models",
    "review": "reviews",
    "participant": "reviews",
    "conversation": "reviews",
    "record": "recording",
    "upload": "recordings",
    "work": "work",
    "glossary": "glossary",
    "transcript": "transcripts",
    "doubts": "doubts",
    "names": "names",
    "code": "codes",
    "extract": "extracts",
    "disclosure": "disclosure",
    "export": "exports",
    "import": "imports",
    "signoff": "signing",
    "hold": "signing",
    "retention": "retention",
    "audit": "audit",
    "vault": "vault",
    "backup": "backups",
    "restore": "backups",
}


@click.group(
    cls=Commands, rooms=ROOMS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120}
)
@click.version_option(version("candour"), message="candour %(version)s")
def main() -> None:
    """Candour looks after confidential one-to-one conversations, from the recording to its provable destruction.

    planned, recorded, transcribed, reviewed, pseudonymised, coded, signed off by two people, destroyed.

    Every command takes --home, --as, --passphrase-file, --password-file and --json.
    """
    # A crash must not write what is in memory to a disk. At 0 a handler would still be given it, at 1 byte it is not.
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    logs.configure()


if __name__ == "__main__":
    main()
