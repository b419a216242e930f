"""Where a run's bundle lies: beside its folder."""

from pathlib import Path

BUNDLE_ENDING = ".bundle.age"
SIGNATURE_ENDING = ".sig"


def bundle_of(folder: Path) -> Path:
    """The bundle of the run whose evidence is `folder`."""
    return folder.with_name(folder.name + BUNDLE_ENDING)


def signature_of(bundle: Path) -> Path:
    """The detached signature of `bundle`."""
    return bundle.with_name(bundle.name + SIGNATURE_ENDING)


def run_of(bundle: Path) -> str:
    """The run that `bundle` says by its name that it is of; "" where it was renamed to something else."""
    return bundle.name.removesuffix(BUNDLE_ENDING) if bundle.name.endswith(BUNDLE_ENDING) else ""
