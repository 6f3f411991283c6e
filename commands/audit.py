"""`candour audit`: the log, for people who do not have to trust us. Needs no passphrase and no secret."""

import json
from contextlib import ExitStack
from pathlib import Path
from zipfile import BadZipFile, ZipFile, is_zipfile
from zlib import error as ZlibError

import click

from commands.desk import Desk, with_desk
from commands.witness import witness
from pipeline.export.place import place
from retention import certificates
from retention.bundle import HEADS, LOG, Bundle, verify_bundle
from retention.bundling import stream
from retention.certificate_check import verify_certificate
from retention.certificate_page import page
from retention.report import Report
from retention.verify import verify_database
from storage.errors import BadInput, NotVerified
from storage.log.log import entries, latest_checkpoint, prove, stored_size


class CannotRead(BadInput):
    """audit: the file cannot be read as text; check its name"""


class Failed(NotVerified):
    """audit: {what} is not what it should be; {first}"""


@click.group()
def audit() -> None:
    """The log and the certificates, verified."""


def _told(desk: Desk, report: Report, what: str) -> None:
    findings = [{"problem": f.problem.value, "entry": f.seq, "text": f.text, "fatal": f.fatal} for f in report.findings]
    data = {"verified": report.ok, "entries": report.size, "first bad entry": report.first_bad, "findings": findings}
    desk.result(
        data,
        f"{report}\n  {report.size} entries, {report.signed} of them under the signed head"
        if report.size
        else str(report),
    )
    if not report.ok:
        raise Failed(what=what, first=next(str(finding) for finding in report.findings if finding.fatal))


audit.add_command(witness)


@audit.command()
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


@audit.command()
@click.option(
    "--earlier",
    type=click.Path(path_type=Path),
    help="File with a checkpoint you kept; nothing before it may have changed.",
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path),
    help="Verify this bundle, or the log.jsonl out of one, instead of the home's log.",
)
@click.option("--key", help="Public key of the log that you were given; otherwise the home's own.")
@click.option(
    "--closely",
    is_flag=True,
    help="In the home's log, hold every signed head against the entries before it, also where there are more than 50,000.",
)
@with_desk
def verify(desk: Desk, earlier: Path | None, bundle: Path | None, key: str | None, closely: bool) -> None:
    """Verify the whole log: no entry changed, taken out or put in; every destruction authorised by two and never under a hold."""
    kept = (_text(earlier),) if earlier else ()
    if bundle is not None:
        if key is None:
            raise click.UsageError("A bundle is verified with the --key you were given.")
        _told(desk, _verify_file(bundle, key, kept), "Bundle")
        return
    home = desk.home
    with home.reading() as session:
        report = verify_database(
            session, key or home.signer.verifier_key, (home.signer.state(), *kept), closely=closely
        )
    _told(desk, report, "Log")


def _verify_file(file: Path, key: str, kept: tuple[str, ...]) -> Report:
    """The log in a bundle as `candour audit bundle` makes it, or taken out of one."""
    try:
        with ExitStack() as opened:
            if is_zipfile(file):
                archive = opened.enter_context(ZipFile(file))
                log, others = archive.open(LOG), archive.open(HEADS) if HEADS in archive.namelist() else None
            else:
                beside = file.with_name(HEADS)
                log, others = file.open("rb"), beside.open("rb") if beside.exists() else None
            for one in filter(None, (log, others)):
                opened.enter_context(one)
            return verify_bundle(Bundle(log, others), key, kept)
    except (OSError, KeyError, BadZipFile, ZlibError):
        raise CannotRead from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise CannotRead from None


@audit.command("prove")
@click.argument("entry", type=int)
@with_desk
def prove_entry(desk: Desk, entry: int) -> None:
    """Print one entry and the proof that it is in the log (c2sp.org/tlog-proof)."""
    with desk.home.reading() as session:
        ((_, body),) = list(entries(session, entry, entry + 1)) or [(entry, b"")]
        if not body:
            raise click.UsageError(f"The log has no entry {entry}.")
        proof = str(prove(session, entry))
    desk.result({"entry": body.decode(), "proof": proof}, f"{body.decode()}\n\n{proof}")


@audit.command()
@with_desk
def checkpoint(desk: Desk) -> None:
    """Print the newest signed checkpoint. Keep it: the log can never again be shorter or different before it."""
    with desk.home.reading() as session:
        note = latest_checkpoint(session) or ""
    desk.result({"checkpoint": note, "key": desk.home.signer.verifier_key}, note.rstrip("\n"))


@audit.command()
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


@audit.command()
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
        _told(desk, verify_certificate(_text(file), key or desk.home.signer.verifier_key), "Certificate")
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
