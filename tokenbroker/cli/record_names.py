"""What a recorded flow is called, and where it goes."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tokenbroker.errors import UsageError
from tokenbroker.record.save import require_free, require_writable
from tokenbroker.settings import Configuration, is_loopback, origin_of
from tokenbroker.settings.origins import site_of

SUPPORT: Final = "tokenbroker.ts"
"""What all the Playwright Test files share."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def require_address(address: str) -> str:
    """The origin of `address`, which a recording is to begin at.

    Raises:
        UsageError: `record.bad_address`, `record.plain_http`. It does not repeat the address, which may hold a secret.
    """
    try:
        origin = origin_of(address)
    except ValueError:
        origin = ""
    if not origin:
        raise UsageError(
            "that is not the address of a web page",
            next_step="begin with https://, such as https://console.example.com/login",
            code="record.bad_address",
        )
    if "@" in urlsplit(address).netloc:
        raise UsageError(
            "there is a user in front of the address's host",
            next_step=f"leave that away: {origin}/…; sign in by hand, in the browser",
            code="record.bad_address",
        )
    if origin.startswith("http://") and not is_loopback(origin):
        raise UsageError(
            f"{origin} would be reached in the clear, and no flow may go there (lint rule TB201)",
            next_step=f"record it at https://{origin.removeprefix('http://')}",
            code="record.plain_http",
        )
    return origin


@dataclass(frozen=True, kw_only=True)
class Names:
    """The names of one flow, all of them proven usable: see `of`."""

    configuration: Configuration
    site: str
    flow: str
    sink: str
    may_replace: bool = False

    @classmethod
    def of(
        cls, configuration: Configuration, *, address: str, site: str, flow: str, sink: str, may_replace: bool
    ) -> "Names":
        """The names as the person gave them, "" for what is to be told from the address and the settings.

        Raises:
            UsageError: `record.bad_address`, `record.plain_http`, or as `checked` does.
            SettingsError: `settings.unknown_sink`.
        """
        origin = require_address(address)
        return cls(
            configuration=configuration,
            site=site or site_of(origin),
            flow=flow,
            sink=sink or configuration.settings.inputs.sink,
            may_replace=may_replace,
        ).checked()

    def renamed(self, name: str) -> "Names":
        """The same for a flow called `name`: FLOW, or SITE/FLOW; raises as `checked` does."""
        site, slash, flow = name.rpartition("/")
        return replace(self, site=site if slash else self.site, flow=flow, may_replace=False).checked()

    def checked(self) -> "Names":
        """These names, if a flow can be saved under them.

        Raises:
            UsageError: `record.bad_name`, `record.read_only_sink`, `record.file_exists`, `record.not_written`.
            SettingsError: `settings.unknown_sink`.
        """
        for name in (self.site, self.flow):
            if not _NAME.fullmatch(name):
                raise UsageError(
                    f"'{name}' is no name for a {'flow' if name == self.flow else 'site'}",
                    next_step="use letters, digits, '-' and '_', such as create_token",
                    code="record.bad_name",
                )
        if self.configuration.settings.sink(self.sink).type == "env":
            raise UsageError(
                f"the sink '{self.sink}' is read only: no token can be stored there",
                next_step="name another one, such as --sink local",
                code="record.read_only_sink",
            )
        require_free([*self.files], may_replace=self.may_replace)
        require_writable([*self.files, self.support])
        return self

    @property
    def id(self) -> str:
        return f"{self.site}/{self.flow}"

    @property
    def yaml(self) -> Path:
        return self.configuration.root / "flows" / self.site / f"{self.flow}.yaml"

    @property
    def spec(self) -> Path:
        return self.configuration.root / "specs" / self.site / f"{self.flow}.spec.ts"

    @property
    def support(self) -> Path:
        return self.configuration.root / "specs" / SUPPORT

    @property
    def files(self) -> tuple[Path, Path]:
        """Those of this flow alone."""
        return self.yaml, self.spec


def shown(path: Path) -> Path:
    """`path` as a person who stands in the current folder would type it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else Path(os.path.relpath(path, here))
