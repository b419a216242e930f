"""Redaction of a long log with many live secrets, beside an alternation of `re` over the same forms."""

import re
import secrets
import time
from collections.abc import Callable

from benchmarks.measure import Figure
from tokenbroker.redact.forms import forms_of
from tokenbroker.redact.needles import Needles
from tokenbroker.redact.redactor import Redactor, _squeezed
from tokenbroker.redact.squeeze import squeeze
from tokenbroker.secret import Secret

SECRETS = 1_000
LOG_MB = 100
TARGET_MB_S = 100.0
_EVERY_BYTES = 1_000_000  # one secret stands in so much of the log
_PART_BYTES = 100_000


def measure(rounds: int) -> list[Figure]:  # noqa: ARG001  one pass over 100 MB is long enough
    """The figure of the issue: ≥ 100 MB/s a core for the search; the second pass and the whole beside it."""
    values = [f"demo-only-{secrets.token_hex(16)}" for _ in range(SECRETS)]
    log = _log(values)
    forms = [(owner, form) for owner, value in enumerate(values) for form in forms_of(value)]
    needles = Needles(forms)
    squeezed_forms = Needles(_squeezed(forms))
    redactor = Redactor()
    for number, value in enumerate(values):
        redactor.add(Secret(value), label=f"secret-{number}")
    redactor.data(b"")  # the automata are built once
    alternation = re.compile(b"|".join(re.escape(form.body) for _, form in forms))
    clean = [block.partition(b"\n")[2] for block in log]
    part = [log[0][:_PART_BYTES]]  # that one would take an hour
    speeds = {
        "redaction, the search": _speed(log, lambda block: [*needles.spans(block)]),
        "redaction, the normalised second pass": _speed(
            log, lambda block: squeezed_forms.match(squeeze(block))
        ),
        "redaction, all of it, where no secret is": _speed(clean, redactor.data),
        "redaction, all of it, with a secret in each MB": _speed(log[:20], redactor.data),
        "alternation of re": _speed(part, lambda block: alternation.sub(b"***", block)),
    }
    redacted = b"".join(map(redactor.data, log[:5]))
    assert not any(value.encode() in redacted for value in values)
    return [
        Figure(
            name=name,
            value=round(speed, 2),
            unit=f"MB/s, {SECRETS:,} secrets in {len(forms):,} forms",
            baseline="alternation of re",
            target=TARGET_MB_S if name == "redaction, the search" else None,
            ok=speed >= TARGET_MB_S if name == "redaction, the search" else None,
        )
        for name, speed in speeds.items()
    ]


def _log(values: list[str]) -> list[bytes]:
    """A log in blocks of 1 MB, each with one of `values` in a line of it."""
    line = b'2026-11-27T12:00:00Z INFO request path=/v1/keys status=200 took=12ms agent="demo/1.0" id=%s\n'
    lines = [line % secrets.token_hex(8).encode() for _ in range(2_000)]
    block = b"".join(lines * (_EVERY_BYTES // sum(map(len, lines)) + 1))[:_EVERY_BYTES]
    return [b"token=" + values[number % SECRETS].encode() + b"\n" + block for number in range(LOG_MB)]


def _speed(blocks: list[bytes], act: Callable[[bytes], object]) -> float:
    began = time.perf_counter()
    for block in blocks:
        act(block)
    return sum(map(len, blocks)) / 1e6 / (time.perf_counter() - began)
