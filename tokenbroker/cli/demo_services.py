"""The demo's twelve services behind one sign-on, with a key at each that ends soon: for `tokenbroker rotate --due`."""

import secrets
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import demo_site
from demo_site.launch import SERVICES, SeedKey
from demo_site.sso.service_keys import new_service_key
from tokenbroker.broker import Broker
from tokenbroker.errors import UsageError
from tokenbroker.secret import Secret
from tokenbroker.store.lives import Life, remember

FOLDER = "flows"
_NAME = "Nightly build"
_AGE, _LEFT = timedelta(days=27), timedelta(days=3)


def service_flows() -> Path:
    """The folder with the flows of the services.

    Raises:
        UsageError: this installation has none.
    """
    folder = Path(demo_site.__file__).parents[1] / FOLDER
    if not all((folder / service.slug).is_dir() for service in SERVICES):
        raise UsageError(
            "the flows of the twelve services are not in this installation",
            next_step="start the demo from a checkout of tokenbroker",
        )
    return folder


def seeded() -> tuple[SeedKey, ...]:
    """A key for each service, which the site and the store are both to have.

    Raises:
        UsageError: this installation has no flows that could replace them.
    """
    service_flows()
    return tuple(
        SeedKey(name=_NAME, service=service.slug, key=new_service_key(service)) for service in SERVICES
    )


def prepare(folder: Path, keys: Sequence[SeedKey], broker: Broker) -> None:
    """Put the services' flows into `folder`, and `keys` into its store, each with a life that ends in three days."""
    for service in SERVICES:
        shutil.copytree(service_flows() / service.slug, folder / FOLDER / service.slug, dirs_exist_ok=True)
    now = broker.clock()
    for seed in keys:
        slug, put_id = seed.service, f"demo-{secrets.token_hex(8)}"
        reference = broker.local.put(f"{slug}/key", Secret(seed.key or ""), put_id=put_id, actor="demo")
        remember(
            broker.local.store,
            Life(
                sink=reference.sink,
                path=reference.path,
                version=reference.version,
                fingerprint=reference.fingerprint,
                flow_id=f"{slug}/create_key",
                run_id="",
                created_at=now - _AGE,
                ends_at=now + _LEFT,
                rotates=f"{slug}/create_key",
                revokes=f"{slug}/revoke_key",
                grace_s=60,
                owner="platform",
                key_name=_NAME,
                params={"key_name": _NAME},
            ),
        )
