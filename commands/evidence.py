"""`candour audit log`, `prove`, `checkpoint`, `bundle` and `certificate`: what there is to show, and to take elsewhere."""

import json
from pathlib import Path

import click

from commands.desk import Desk, with_desk
from commands.keys import public_key
from commands.verifying import tell, text_of
from pipeline.export.place import place
from retention import certificates
from retention.bundling import stream
from retention.certificate_check import verify_certificate
from retention.certificate_page import page
from storage.log.log import entries, latest_checkpoint, stored_size
from storage.log.log import prove as proof_of


@click.command()
@click.option("--last", type=click.IntRange(1), help="Only the newest so many.")
@with_desk
def log(desk: Desk, last: int | None) -> None:
    """Show the log: number, time, who, what, which ids."""
    with desk.home.reading() as session:
        first = max(0, stored_size(session) - last) if last else 0
        found = [json.loads(body) | {"entry": seq} for seq, body in entries(session, first)]
    rows = [
        {
            "entry": one["entry"],
            "time": one["t"],
            "who": one["actor"],
            "what": one["event"],
            "on": " ".join(o[:8] for o in one["obj"]) if not desk.as_json else one["obj"],
        }
        for one in found
    ]
    desk.table(rows, "The log is empty.")


@click.command("prove")
@click.argument("entry", type=int)
@with_desk
def prove(desk: Desk, entry: int) -> None:
    """Print one entry and the proof that it is in the log (c2sp.org/tlog-proof)."""
    with desk.home.reading() as session:
        ((_, body),) = list(entries(session, entry, entry + 1)) or [(entry, b"")]
        if not body:
            raise click.UsageError(f"The log has no entry {entry}.")
        proof = str(proof_of(session, entry))
    desk.result({"entry": body.decode(), "proof": proof}, f"{body.decode()}\n\n{proof}")


@click.command()
@with_desk
def checkpoint(desk: Desk) -> None:
    """Print the newest signed checkpoint. Keep it: the log can never again be shorter or different before it."""
    with desk.home.reading() as session:
        note = latest_checkpoint(session) or ""
    desk.result({"checkpoint": note, "key": desk.home.signer.verifier_key}, note.rstrip("\n"))


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@with_desk
def bundle(desk: Desk, file: Path, overwrite: bool) -> None:
    """Write everything an outsider needs to verify the log elsewhere: log, certificates and two scripts, in one zip file.

    It holds ids, digests and sign-in names, no participant and no word.
    """
    home = desk.home
    with home.reading() as session:
        data = b"".join(stream(session, home.signer.verifier_key))
    place(data, file, overwrite)
    desk.result(
        {"bytes": len(data), "key": home.signer.verifier_key},
        f"Wrote {len(data)} bytes. Public key: {home.signer.verifier_key}",
    )


@click.command()
@click.argument("reference", required=False)
@click.option(
    "--to",
    "place_to",
    type=click.Path(path_type=Path),
    help="Write the newest one to this file: .html a page to print, .json the data, or else a text.",
)
@click.option("--verify", "file", type=click.Path(path_type=Path), help="Verify a certificate file instead.")
@click.option("--key", help="With --verify: public key of the log that you were given; otherwise the home's own.")
@with_desk
def certificate(desk: Desk, reference: str | None, place_to: Path | None, file: Path | None, key: str | None) -> None:
    """Show the certificates of destruction of a conversation, or verify one from a file.

    A certificate stays as it was issued. Which recovery copies that it calls pending are attested since stands beside it, on
    standard error, so that what is printed verifies.
    """
    if file is not None:
        known = str(public_key(key)) if key else desk.home.signer.verifier_key
        tell(desk, verify_certificate(text_of(file), known), "Certificate")
        return
    if reference is None:
        raise click.UsageError("Say which conversation, or --verify FILE.")
    found = certificates.shown(desk.home, reference)
    if place_to is not None:
        place(_in_form(place_to, *found[-1][1:]).encode(), place_to)
        _beside(desk, found[-1][1])
        desk.result({"order": found[-1][0]}, f"Wrote the certificate of order {found[-1][0]}.")
        return
    beside = [_beside(desk, one) for _, one, _ in found]
    data = [json.loads(one) | {"attested since": since} for (_, one, _), since in zip(found, beside, strict=True)]
    desk.result(data, "\n".join(text for _, _, text in found).rstrip("\n"))


def _in_form(file: Path, document: str, readable: str) -> str:
    """A certificate as the end of the file's name asks for it."""
    return {".json": document, ".html": page(document)}.get(file.suffix.lower(), readable)


def _beside(desk: Desk, certificate: str) -> list[dict[str, object]]:
    since = certificates.attested_since(desk.home, certificate)
    if not desk.as_json:
        for one in since:
            line = f"Copy {one.number} is attested as destroyed since then, by {one.by} on {one.at:%Y-%m-%d}"
            click.echo(f"{line} (log entry {one.entry}).", err=True)
    return [{"copy": one.number, "by": one.by, "at": one.at, "entry": one.entry} for one in since]
