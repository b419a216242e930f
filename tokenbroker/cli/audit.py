"""``tokenbroker audit``: the bundles of runs, and the audit log."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from tokenbroker.broker import Broker
from tokenbroker.cli.audit_acts import log
from tokenbroker.cli.home import open_broker, print_rows
from tokenbroker.errors import BrokerError, ExitCode, UsageError
from tokenbroker.evidence.bundle.age import Identity, read_identities
from tokenbroker.evidence.bundle.check import Verdict, check
from tokenbroker.evidence.bundle.failure import BundleError, printable
from tokenbroker.evidence.bundle.handing_over import copy_bundle, write_opened
from tokenbroker.evidence.bundle.home import HomeBundles
from tokenbroker.evidence.bundle.place import BUNDLE_ENDING, bundle_of, run_of
from tokenbroker.evidence.bundle.signers import allowed_signers_line, parse_allowed_signers
from tokenbroker.evidence.bundle.sshsig import PublicKey
from tokenbroker.evidence.bundle.start_here import START_HERE
from tokenbroker.store.audit_log import verify_chain

app = typer.Typer(
    help="What runs left for an auditor: list, seal, export, open and verify their bundles; the audit log.",
    no_args_is_help=True,
    add_completion=False,
)
_RUN = typer.Argument(metavar="RUN", help="A run's id, as 'audit list' shows it.")
_RUN_OR_FILE = typer.Argument(metavar="RUN|FILE", help="A run's id, or the file of a bundle.")
_IDENTITY = typer.Option(
    None, metavar="KEYFILE", help="The private key: a file of age-keygen, or an ssh-ed25519 key."
)


@app.command("list")
def list_(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """List the runs of this home, newest first, and whether each has its bundle."""
    with open_broker() as broker:
        rows = []
        for run in broker.bundles.runs():
            folder = broker.reports() / run.run_id
            bundle = bundle_of(folder)
            sealed = bundle.is_file()
            rows.append(
                {
                    "run": run.run_id,
                    "flow": run.flow_id,
                    "status": run.status,
                    "began": f"{run.at:%Y-%m-%d %H:%M:%S}Z",
                    "sealed": "yes" if sealed else "no" if folder.is_dir() else "gone",
                    "bundle": str(bundle) if sealed else None,
                }
            )
    columns = ("run", "flow", "status", "began", "sealed")
    print_rows(rows, columns=columns, as_json=as_json, empty="No flow has run in this home.")


app.command("log")(log)


@app.command("seal")
def seal(run: str = _RUN) -> None:
    """Seal a run again: one that could not be sealed at its end, or for recipients that were added since."""
    with open_broker() as broker:
        reason = ""
        compared = broker.bundles.has_recorded_files(run)
        try:
            sealed = broker.seal(run)
        except OSError as error:
            reason = error.strerror or type(error).__name__
        if reason:
            raise _not_writable(f"the bundle of {run} can't be written: {reason}")
        print(f"Sealed: {sealed.path}\n  SHA-256 {sealed.sha256}")
        if not compared:
            print(
                "What the run left was not recorded at its end, so nobody vouches that these are its files:\n"
                "look at them before you hand the bundle out."
            )


@app.command("export")
def export(
    run: str = _RUN,
    to: Path = typer.Option(
        ..., metavar="FILE|DIR", help="Where the bundle goes; its signature goes beside it."
    ),
) -> None:
    """Copy a run's bundle and its signature out, to be handed to an auditor."""
    with open_broker() as broker:
        bundles = broker.bundles
        bundle = bundles.bundle(run)
        verdict = _checked(bundle, [bundles.signer], [], recorded_sha256=bundles.recorded_sha256(run))
        _refuse(verdict, "it is not handed out", next_step=f"tokenbroker audit seal {run}")
        copied = copy_bundle(bundle, to)
        with _taking_back(*copied):
            broker.note_bundle("export_bundle", run)
    print("\n".join(["Exported:", *(f"  {path}" for path in copied)]))
    print("The line that it is checked with goes another way: tokenbroker audit signer")


@app.command("open")
def open_(
    target: str = _RUN_OR_FILE,
    identity: Path | None = _IDENTITY,
    into: Path | None = typer.Option(None, metavar="DIR", help="A new folder; default: RUN.opened, here."),
) -> None:
    """Decrypt a bundle into a new private folder, and say where to start."""
    with open_broker() as broker:
        found = _find(target, broker)
        keys = read_identities(identity) if identity else found.identities
        if found.own_run:  # as verify checks it: whoever can write to the reports can put another one there
            verdict = _checked(
                found.bundle, _trusted(None, found), keys, recorded_sha256=found.recorded_sha256
            )
            next_step = f"tokenbroker audit seal {found.own_run}"
        else:
            verdict = _checked(found.bundle, None, keys)
            next_step = "ask for it again, with its signature"
        _refuse(verdict, "nothing was written", next_step=next_step)
        if verdict.files is None or verdict.signer is None:
            raise BundleError(
                verdict.closed,
                next_step="give the private key of one of its recipients: --identity KEYFILE",
                code="audit.no_identity",
            )
        folder = into or Path(f"{run_of(found.bundle) or found.bundle.stem}.opened")
        write_opened(verdict.files, folder)
        if found.home is not None:
            with _taking_back(folder):
                broker.note_bundle("open_bundle", run_of(found.bundle) or found.bundle.name)
        print(printable(f"Opened: {folder}"), printable(f"  start with {folder / START_HERE}"), sep="\n")
        if found.home is not None and verdict.signer == found.home.signer:
            print("It was sealed by this home.")
        else:
            print(
                f"It was signed by {verdict.signer.fingerprint}. Whether that is the key you trust:\n"
                f"  tokenbroker audit verify {printable(str(found.bundle))} --signer allowed_signers"
            )


@app.command("verify")
def verify(
    target: str = typer.Argument("", metavar="[RUN|FILE]", help="A run's id, or the file of a bundle."),
    identity: Path | None = _IDENTITY,
    signer: Path | None = typer.Option(
        None,
        metavar="FILE",
        help="The allowed_signers file of the home that sealed; default: this home's key.",
    ),
    log: bool = typer.Option(
        False, "--log", help="Verify the audit logs of this home and of its sinks' databases instead."
    ),
) -> None:
    """Check that a bundle is whole, unchanged and signed by the key you trust; or that the audit log is unbroken."""
    if log == bool(target):
        raise UsageError("name a run or the file of a bundle, or give --log")
    with open_broker() as broker:
        if log:
            _verify_log(broker)
            return
        found = _find(target, broker)
        keys = read_identities(identity) if identity else found.identities
        recorded = found.recorded_sha256
        verdict = _checked(found.bundle, _trusted(signer, found), keys, recorded_sha256=recorded)
    for finding in verdict.findings:
        print(finding)
    if verdict.findings:
        print(printable(f"Don't trust {found.bundle}."))
        if signer is None and not found.own_run:
            print(
                "It was compared with this home's own key. For one of another home: --signer ITS-ALLOWED_SIGNERS"
            )
        raise typer.Exit(int(ExitCode.FAILED))
    if verdict.files is None and identity is not None:
        raise BundleError(verdict.closed, code="audit.no_identity")
    assert verdict.signer is not None  # a bundle without one has findings
    print(printable(f"{found.bundle.name} is as it was sealed, and signed by {verdict.signer.fingerprint}."))
    if found.own_run and recorded is None:
        print("It was not compared with the audit log, which holds no digest of this run's bundle.")
    if verdict.files is None:
        print("Its files were not looked at: no key that is here opens it. Give one with --identity.")
    else:
        print(f"Its {len(verdict.files)} files are those of its manifest.")


@app.command("signer")
def signer() -> None:
    """Print the line for ssh-keygen's allowed_signers file, with which bundles of this home are checked."""
    with open_broker() as broker:
        print(allowed_signers_line(broker.bundles.signer))


@contextmanager
def _taking_back(*written: Path) -> Iterator[None]:
    """What was handed out must stand in the audit: where that fails, it is taken back."""
    try:
        yield
    except BaseException:
        for path in written:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        raise


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """A bundle that was named, and the home that may know it (None where this user has none).

    `own_run` is the id of the run of that home whose bundle it is, in its place; "" for a file from elsewhere.
    """

    bundle: Path
    home: HomeBundles | None
    own_run: str
    recorded_sha256: str | None = None

    @property
    def identities(self) -> list[Identity]:
        return self.home.identities if self.home else []


def _find(target: str, broker: Broker) -> _Found:
    # An auditor has no home, and looking at a bundle must not make one.
    home = broker.bundles if broker.has_home() else None
    file = Path(target)
    # Runs first: a file that lies in the current folder under a run's id must not pass for that run's bundle.
    if home is not None and home.has(target):
        return _own(home, target, home.bundle(target))
    if file.name.endswith(BUNDLE_ENDING) or file.is_file():
        if not file.is_file():
            raise UsageError(f"there is no bundle {file}", code="audit.no_bundle")
        if home is not None and file.parent.resolve() == home.reports.resolve() and run_of(file):
            return _own(home, run_of(file), file)
        return _Found(bundle=file, home=home, own_run="")
    return _own(broker.bundles, target, broker.bundles.bundle(target))


def _own(home: HomeBundles, run: str, bundle: Path) -> _Found:
    return _Found(bundle=bundle, home=home, own_run=run, recorded_sha256=home.recorded_sha256(run))


def _trusted(signer: Path | None, found: _Found) -> tuple[PublicKey, ...]:
    if signer is None:
        if found.home is None:
            raise UsageError(
                "whose signature do you trust? This user has no home whose key could be meant",
                next_step="give the allowed_signers file that you got from whoever sealed it: --signer FILE",
                code="audit.no_signer",
            )
        return (found.home.signer,)
    reason = ""
    try:
        return parse_allowed_signers(signer.read_text(encoding="utf-8", errors="replace"), origin=str(signer))
    except OSError as error:
        reason = error.strerror or type(error).__name__
    raise UsageError(f"{signer} can't be read: {reason}", code="audit.bad_signer")


def _checked(
    bundle: Path,
    trusted: "tuple[PublicKey, ...] | list[PublicKey] | None",
    identities: list[Identity],
    recorded_sha256: str | None = None,
) -> Verdict:
    reason = ""
    try:
        return check(bundle, trusted=trusted, identities=identities, recorded_sha256=recorded_sha256)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    raise UsageError(f"{bundle} can't be read: {reason}", code="audit.no_bundle")


def _refuse(verdict: Verdict, consequence: str, *, next_step: str) -> None:
    """Raise the first of what is wrong; the rest, where there is more, stands in the sentence."""
    if verdict.findings:
        first, *rest = verdict.findings
        also = "".join(f"\n  {finding}" for finding in rest)
        raise BundleError(
            f"{first.sentence}; {consequence}{also}", next_step=next_step, code=first.code.value
        )


def _verify_log(broker: Broker) -> None:
    databases, refusals = broker.sinks.databases()
    for store in (database.store for database in databases):
        found = verify_chain(store)
        if found.broken is not None:
            raise BrokerError(
                f"the audit log of {store.described} does not hold at row {found.broken.row_id}; "
                f"{found.rows} rows before it do",
                next_step="compare with a backup of it; 'audit export' of the runs is not touched by this",
                code=found.broken.code,
            )
        print(f"The audit log of {store.described} holds: {found.rows} rows, each linked to the one before.")
    if refusals:
        raise refusals[0]


def _not_writable(sentence: str) -> UsageError:
    return UsageError(sentence, next_step="free some space or name another place", code="audit.not_writable")
