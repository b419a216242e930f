"""Which variables of the environment a child process gets, and which travel to it some other way."""

from collections.abc import Iterable, Mapping

from tokenbroker.settings import (
    ALIASES,
    PREFIX,
    SECRET_PREFIX,
    SINK_CREDENTIALS,
    WITHHELD_VARIABLES,
    Settings,
)

_INHERITED = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV",
    "DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS",
    "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "VAULT_ADDR", *ALIASES,
    # Named one by one: others of Playwright's hold credentials, of its service or a browser's endpoint.
    "PLAYWRIGHT_BROWSERS_PATH", "PLAYWRIGHT_NODEJS_PATH", "PLAYWRIGHT_HOST_PLATFORM_OVERRIDE",
    "PLAYWRIGHT_SKIP_VALIDATE_HOST_REQUIREMENTS",
})  # fmt: skip
_INHERITED_PREFIXES = ("LC_", "XDG_", PREFIX)


class Withheld(dict[str, str]):
    """Variables that hold secrets. Shows its names only: a traceback with locals may print it."""

    def __repr__(self) -> str:
        return f"<withheld: {', '.join(sorted(self))}>"


def secret_names(
    environ: Iterable[str], settings: Settings | None, names: Iterable[str] = ()
) -> tuple[str, ...]:
    """Those of the variables in `environ` that hold secrets.

    They are the master key, other stores' credentials, those of sinks, what the `settings` say that sinks read, and
    `names`, which flows read by ``env:``.
    """
    prefixes = {SECRET_PREFIX, *SINK_CREDENTIALS}
    if settings:
        prefixes |= {sink.prefix for sink in settings.sinks.values()}
    wanted = {*WITHHELD_VARIABLES, *names}
    return tuple(name for name in environ if name in wanted or name.startswith(tuple(prefixes)))


def inherited(environ: Mapping[str, str], *, without: Iterable[str] = ()) -> dict[str, str]:
    """The short list that a run's process gets of `environ`: where things are and our own settings, no secret."""
    left_out = {*secret_names(environ, None), *without}
    return {
        name: value
        for name, value in environ.items()
        if (name in _INHERITED or name.startswith(_INHERITED_PREFIXES)) and name not in left_out
    }
