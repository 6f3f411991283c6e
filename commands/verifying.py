"""`candour audit verify`. A bundle is verified without a home, and so without the libraries that come with one."""

from contextlib import ExitStack
from pathlib import Path
from zipfile import BadZipFile, ZipFile, is_zipfile
from zlib import error as ZlibError

import click

from commands.desk import Desk, with_desk
from commands.keys import public_key
from retention.bundle import HEADS, LOG, Bundle, verify_bundle
from retention.report import Report
from storage.errors import BadInput, NotVerified


class CannotRead(BadInput):
    """audit: the file cannot be read as text; check its name"""


class Failed(NotVerified):
    """audit: {what} is not what it should be; {first}"""


def tell(desk: Desk, report: Report, what: str) -> None:
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


@click.command()
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
    kept = (text_of(earlier),) if earlier else ()
    known = public_key(key) if key else None
    if bundle is not None:
        if known is None:
            raise click.UsageError("A bundle is verified with the --key you were given.")
        tell(desk, _verify_file(bundle, str(known), kept), "Bundle")
        return
    from retention.verify import verify_database

    home = desk.home
    with home.reading() as session:
        report = verify_database(
            session, str(known or home.signer.verifier_key), (home.signer.state(), *kept), closely=closely
        )
    tell(desk, report, "Log")


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


def text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise CannotRead from None
