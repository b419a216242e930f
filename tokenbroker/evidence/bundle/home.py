"""The bundles of one home: sealed with its keys, for the recipients of its settings, remembered in its audit log."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

from tokenbroker.errors import SettingsError, UsageError
from tokenbroker.evidence.bundle.age import Identity, Recipient, parse_recipient
from tokenbroker.evidence.bundle.contents import describe, read_record
from tokenbroker.evidence.bundle.keys import BundleKeys, bundle_keys
from tokenbroker.evidence.bundle.place import bundle_of
from tokenbroker.evidence.bundle.seal import Sealed, seal
from tokenbroker.evidence.bundle.sshsig import PublicKey
from tokenbroker.settings import FILE_NAME, AuditSettings, is_loopback
from tokenbroker.sinks.master_key import MasterKey
from tokenbroker.store.engine import Store
from tokenbroker.store.sealed_runs import KnownRun, known_runs, recorded_bundle


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
        named = [parse_recipient(text) for text in self._settings.recipients]
        if named:
            return named
        beyond = [origin for origin in reached if not is_loopback(origin)]
        if beyond:
            raise SettingsError(
                f"the run reaches {', '.join(beyond)}, and nobody is named who may read its audit bundle",
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

    def seal(self, folder: Path, *, versions: Mapping[str, str] | None = None) -> Sealed:
        """Describe the run in `folder` and seal it; see `contents.describe` and `seal.seal`.

        Raises:
            BundleError, OSError, SettingsError, SecretUnavailable: it can't be sealed; the folder stays as it is.
        """
        record = read_record(folder)
        recipients = self.recipients(record["origins"].values())
        describe(folder, signer=self.signer, versions=versions)
        began_at = datetime.fromisoformat(record["started_at"])
        return seal(folder, recipients=recipients, signing=self._keys.signing, at=began_at)

    def runs(self) -> list[KnownRun]:
        """The runs of this home, newest first."""
        return known_runs(self._store)

    def folder(self, run_id: str) -> Path:
        """Where the evidence of `run_id` lies.

        Raises:
            UsageError: `audit.no_run`; it has neither a folder nor a bundle.
        """
        folder = self.reports / run_id
        # A name, not a way out of the reports.
        known = folder.parent == self.reports and (folder.is_dir() or bundle_of(folder).is_file())
        if run_id in ("", ".", "..") or not known:
            raise UsageError(
                f"there is no run '{run_id}' in {self.reports}",
                next_step="tokenbroker audit list",
                code="audit.no_run",
            )
        return folder

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
