"""``tokenbroker recover``."""

from collections.abc import Sequence

import typer

from tokenbroker.cli.home import open_home, print_rows
from tokenbroker.errors import ExitCode
from tokenbroker.lifecycle.replacement import stop_of
from tokenbroker.run.recover import Outcome, Recovered
from tokenbroker.store.rotations import rotations_under_way

_WORDS = {
    Outcome.STORED: "stored now",
    Outcome.ALREADY_STORED: "was stored already",
    Outcome.POSSIBLY_CREATED: "POSSIBLY CREATED, not captured",
    Outcome.NOT_CREATED: "nothing was created",
    Outcome.SINK_UNAVAILABLE: "safe in the spool; the sink can't be used now",
    Outcome.DAMAGED: "DAMAGED spool file",
}


def recover(
    dismiss: str = typer.Option(
        "", metavar="RUN", help="Forget RUN's possibly created key: you have checked the site."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Finish what interrupted runs left: bring each token to its sink, or name the key and its way to revoke it."""
    with open_home() as home:
        if dismiss:
            home.dismiss(dismiss)
            print(f"The possibly created key of {dismiss} is no longer listed.")
            return
        found = home.recover()
        left = [item for item in found if item.outcome is Outcome.POSSIBLY_CREATED]
        under_way = rotations_under_way(home.local.store, home.aliases) if left else []
    rows = [_row(item) for item in found]
    columns = ("run", "flow", "outcome", "key_name", "where", "revoke")
    if as_json or not rows:
        print_rows(rows, columns=columns, as_json=as_json, empty="Nothing was left behind.")
    for row in rows if not as_json else ():
        # One below the other: run ids and addresses are to be copied, and a table would break them.
        print("\n".join(f"{column.replace('_', ' '):<9} {row[column]}" for column in columns), end="\n\n")
    if not as_json:
        _say_what_to_do(left, [rotation.reference for rotation in under_way])
    if any(item.outcome is Outcome.SINK_UNAVAILABLE for item in found):
        raise typer.Exit(int(ExitCode.UNAVAILABLE))
    if any(item.outcome in (Outcome.POSSIBLY_CREATED, Outcome.DAMAGED) for item in found):
        raise typer.Exit(int(ExitCode.FAILED))


def _say_what_to_do(left: Sequence[Recovered], replaced: Sequence[str]) -> None:
    """For each key of `left`: the replacement that sees to it, where it is one of those under way; else the site."""
    seen_to = [name for name in replaced if any(stop_of(name) in item.targets for item in left)]
    stops = {*map(stop_of, seen_to)}
    if seen_to:
        print(
            "A replacement is under way that sees to the key that may have been made for it, and goes on, by:"
        )
        for reference in seen_to:
            print(f"  tokenbroker rotate {reference}")
    others = [item for item in left if not stops & {*item.targets}]
    if others:
        print("Look at each place under 'revoke'. If a key is there that no one holds, revoke it; then:")
        for item in others:
            print(f"  tokenbroker recover --dismiss {item.intent.run_id if item.intent else 'RUN'}")


def _row(item: Recovered) -> dict[str, str]:
    intent = item.intent
    return {
        "run": intent.run_id if intent else item.spool_file.name,
        "flow": intent.flow_id if intent else "unknown",
        "outcome": _WORDS[item.outcome] + (f" ({item.code})" if item.code else ""),
        "key_name": intent.key_name if intent else "unknown",
        "where": item.reference or ", ".join(item.targets) or "-",
        "revoke": intent.revoke if intent else "unknown",
    }
