"""How long a read from the sink `infisical` takes that is answered from memory: the look-up, and the audited read.

The target of 50 µs is held against the look-up. The whole read writes its audit row, with a commit that survives a
loss of power, before the value is given: that is the promise of the audit, and is reported beside it.
"""

import secrets
import statistics
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Figure, alternate, spread
from tests.sinks.infisical_server import ENVIRONMENT, PROJECT, serve_infisical
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import SinkInputs
from tokenbroker.sinks.infisical import InfisicalSink, open_infisical
from tokenbroker.sinks.local import open_local

TARGET_US = 50.0
_READS = {"look-up in memory": 1000, "audited read from memory": 50, "audited read over loopback": 10}


def measure(rounds: int) -> list[Figure]:
    """Each in µs a read."""
    with ExitStack() as opened:
        home = Path(opened.enter_context(TemporaryDirectory())) / "home"
        local = opened.enter_context(open_local(home, default_home=False))
        server = opened.enter_context(serve_infisical())
        settings = {"type": "infisical", "auth": "token", "address": server.url}
        inputs = SinkInputs(
            store=local.store,
            custody=local.custody,
            variables={"TOKENBROKER_INFISICAL_TOKEN": Secret(server.new_token())},
        )

        def sink_that_keeps(cache_s: int) -> InfisicalSink:
            given = {**settings, "project_id": PROJECT, "environment": ENVIRONMENT, "cache_s": cache_s}
            return open_infisical("infisical", SinkSettings.model_validate(given), inputs)

        keeping, asking = sink_that_keeps(300), sink_that_keeps(0)
        asking.put("example/key", Secret(secrets.token_hex(16)), put_id="bench", actor="bench")

        def look_up() -> None:
            for _ in range(_READS["look-up in memory"]):
                assert keeping._found("example/key", None) is not None

        def read() -> None:
            for _ in range(_READS["audited read from memory"]):
                keeping.get("example/key", actor="bench")

        def ask() -> None:
            for _ in range(_READS["audited read over loopback"]):
                asking.get("example/key", actor="bench")

        seconds = alternate(dict(zip(_READS, (look_up, read, ask), strict=True)), rounds=rounds)
    took_us = {name: statistics.median(taken) / _READS[name] * 1e6 for name, taken in seconds.items()}
    for name, taken in seconds.items():
        print(f"{f'infisical: {_READS[name]} times {name}':<58} {spread(taken)}")
    return [
        Figure(
            name=f"infisical: {name}",
            value=round(value, 1),
            unit="µs, median",
            baseline="none",
            target=TARGET_US if name == "look-up in memory" else None,
            ok=value <= TARGET_US if name == "look-up in memory" else None,
        )
        for name, value in took_us.items()
    ]
