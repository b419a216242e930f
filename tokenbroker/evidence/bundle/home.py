"""The bundles of one home: sealed with its keys, for the recipients of its settings, remembered in its audit log."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

from jinja2 import TemplateRuntimeError

from tokenbroker.errors import SettingsError, UsageError
from tokenbroker.evidence.bundle.age import Identity, Recipient, parse_recipient
from tokenbroker.evidence.bundle.contents import describe, read_record
from tokenbroker.evidence.bundle.failure import BundleError
from tokenbroker.evidence.bundle.keys import BundleKeys, bundle_keys
from tokenbroker.evidence.bundle.place import bundle_of
from tokenbroker.evidence.bundle.seal import Sealed, changed, evidence_sha256, seal
from tokenbroker.evidence.bundle.sshsig import PublicKey
from tokenbroker.settings import FILE_NAME, AuditSettings, is_loopback
from tokenbroker.sinks.master_key import MasterKey
from tokenbroker.store.engine import Store
from tokenbroker.store.jobs import RUNNING
from tokenbroker.store.sealed_runs import KnownRun, known_runs, recorded_bundle, recorded_end

_LAST_SECOND = 8**11 - 1  # that the header of a file in an archive has room for


class HomeBundles:
    """Seals and finds bundles for one home.

    Attributes:
        reports: the folder in which runs and their bundles lie.
    """

    def __init__(
        self, *, store: Store, master_key: MasterKey, settings: AuditSettings, reports: Path
    ) -> None:
        self.reports = reports
        self._store = store
        self._master_key = master_key
        self._settings = settings

    @cached_property
    def _keys(self) -> BundleKeys:
        return bundle_keys(self._store, self._master_key)

    @property
    def signer(self) -> PublicKey:
        """The key that this home's bundles are checked with; made where there is none yet."""
        return self._keys.signer

    @property
    def identities(self) -> list[Identity]:
        """What opens the bundles that this home sealed for itself."""
        return [self._keys.identity]

    def recipients(self, reached: Iterable[str]) -> Sequence[Recipient]:
        """For whom a run is sealed that reached the origins `reached`: those of the settings.

        Where the settings name none, a run that stayed on this machine is sealed for its own home.

        Raises:
            SettingsError: `audit.no_recipient`, or `audit.bad_recipient`.
        """
        return self._readers(", ".join(origin for origin in reached if not is_loopback(origin)))

    def _readers(self, beyond: str) -> Sequence[Recipient]:
        """For whom a run is sealed that reached `beyond` this machine ("": it stayed)."""
        named = [parse_recipient(text) for text in self._settings.recipients]
        if named:
            return named
        if beyond:
            raise SettingsError(
                f"the run reaches {beyond}, and nobody is named who may read its audit bundle",
                next_step=f"make a key pair with: age-keygen -o auditor.key\n"
                f"         and add what it prints to {FILE_NAME}:\n"
                '    [audit]\n    recipients = ["age1…"]',
                code="audit.no_recipient",
            )
        return [self._keys.identity.to_public()]

    def require(self, reached: Iterable[str]) -> None:
        """Prove, before a run begins, that it could be sealed; raises as :meth:`recipients` does."""
        self.recipients(reached)
        _ = self.signer

    def seal(
        self, folder: Path, *, reached: Iterable[str] | None = None, versions: Mapping[str, str] | None = None
    ) -> Sealed:
        """Describe the run that just ended in `folder` and seal it; see `contents.describe` and `seal.seal`.

        `reached` are the origins that the run could reach; None: those that its record names.

        Raises:
            BundleError, OSError, SettingsError, SecretUnavailable: it can't be sealed; the folder stays as it is.
        """
        if reached is None:
            reached = read_record(folder)["origins"].values()
        return self._seal(folder, self.recipients(reached), versions=versions)

    def seal_again(self, run_id: str) -> Sealed:
        """Seal a run of this home after its end.

        Whoever can write to the reports can change its folder, so what the folder says of itself counts for
        nothing: the store knows the run and whether it reached beyond this machine, and the audit log holds the
        digest of the files that the run left (of an older run it does not: see :meth:`has_recorded_files`).

        Raises:
            UsageError: `audit.no_run`.
            BundleError: `audit.changed`, `audit.no_record`, or what else is wrong with the folder.
            OSError, SettingsError, SecretUnavailable: it can't be sealed.
        """
        end = recorded_end(self._store, run_id)
        if end is None:
            raise self._no_run(run_id)
        folder = self.folder(run_id)
        if end.status == RUNNING:
            raise _no_record(f"the end of {run_id} is not recorded: it was cut off, or is still under way")
        recorded = end.evidence_sha256
        # Also where nothing was recorded: what is no plain file must not be opened to be described.
        found = evidence_sha256(folder) if folder.is_dir() else None
        if recorded is not None and found is not None and found != recorded:
            raise changed(folder)
        beyond = ""
        if end.reaches_beyond is not False:
            beyond = "a real site" if end.reaches_beyond else "perhaps a real site (that was not recorded)"
        return self._seal(folder, self._readers(beyond), recorded_sha256=recorded)

    def has_recorded_files(self, run_id: str) -> bool:
        """Whether the audit log holds the digest of the files that `run_id` left."""
        end = recorded_end(self._store, run_id)
        return end is not None and end.evidence_sha256 is not None

    def _seal(
        self,
        folder: Path,
        recipients: Sequence[Recipient],
        *,
        versions: Mapping[str, str] | None = None,
        recorded_sha256: str | None = None,
    ) -> Sealed:
        began_at = None
        try:
            record = read_record(folder)
            began_at = datetime.fromisoformat(record["started_at"])
            describe(folder, signer=self.signer, versions=versions)
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError, TemplateRuntimeError):
            began_at = None  # a record of another shape, which no run of ours wrote
        if began_at is None or began_at.tzinfo is None or not 0 <= began_at.timestamp() <= _LAST_SECOND:
            raise _no_record(f"what {folder} holds as its record was not written by a run")
        return seal(
            folder,
            recipients=recipients,
            signing=self._keys.signing,
            at=began_at,
            recorded_sha256=recorded_sha256,
        )

    def runs(self) -> list[KnownRun]:
        """The runs of this home, newest first."""
        return known_runs(self._store)

    def folder(self, run_id: str) -> Path:
        """Where the evidence of `run_id` lies.

        Raises:
            UsageError: `audit.no_run`; it has neither a folder nor a bundle.
        """
        if not self.has(run_id):
            raise self._no_run(run_id)
        return self.reports / run_id

    def has(self, run_id: str) -> bool:
        """Whether there is a folder or a bundle of `run_id`."""
        folder = self.reports / run_id
        # A name, not a way out of the reports.
        if run_id in ("", ".", "..") or folder.parent != self.reports:
            return False
        return folder.is_dir() or bundle_of(folder).is_file()

    def _no_run(self, run_id: str) -> UsageError:
        return UsageError(
            f"there is no run '{run_id}' in {self.reports}",
            next_step="tokenbroker audit list",
            code="audit.no_run",
        )

    def bundle(self, run_id: str) -> Path:
        """The bundle of `run_id`.

        Raises:
            UsageError: `audit.no_run`, or `audit.no_bundle` where the run was not sealed.
        """
        bundle = bundle_of(self.folder(run_id))
        if not bundle.is_file():
            raise UsageError(
                f"the run {run_id} has no bundle",
                next_step=f"tokenbroker audit seal {run_id}",
                code="audit.no_bundle",
            )
        return bundle

    def recorded_sha256(self, run_id: str) -> str | None:
        """The digest that the audit log holds of the run's bundle, if it holds one."""
        return recorded_bundle(self._store, run_id)


def _no_record(sentence: str) -> BundleError:
    return BundleError(
        sentence,
        next_step="'tokenbroker recover' tells what a run that was cut off has left",
        code="audit.no_record",
    )
