"""What stands above the steps of a run in its report: who ran what, and what came of it."""

import re

from tokenbroker.evidence.times import Times
from tokenbroker.run.result import RunResult

_BACKTICKS = re.compile(r"`+")


def describe(result: RunResult, times: Times) -> str:
    """`result` as Markdown: the run, the decision, what was stored, and what a person has to see to."""
    plan = result.plan
    lines = [
        f"- flow {_code(plan.flow.id)}, SHA-256 {_code(plan.flow_sha256)}",
        f"- run {_code(result.run_id)} by {_code(plan.actor)}, began {_code(times.text(result.started_at))}",
        f"- mode {_code(plan.mode.value)}: {_code(plan.mode_reason)}",
        f"- allowed as {_code(plan.reason_code)} at {_code(times.text(plan.decided_at))}",
        *(
            [f"- approved by {_code(plan.approval.who)} ({_code(plan.approval.channel)})"]
            if plan.approval
            else []
        ),
        *(
            f"- stored as {_code(str(reference))}, fingerprint {_code(reference.fingerprint)}"
            + (
                f", ends {_code(times.text_by_itself(result.ends[reference]))}"
                if reference in result.ends
                else ""
            )
            for reference in result.references
        ),
        *(
            f"- blocked: {blocked.count} x {_code(f'{blocked.method} {blocked.origin}')}"
            for blocked in result.blocked
        ),
        *(f"- **possibly created:** {_code(sentence)}" for sentence in result.possibly_created),
        *(f"- **note:** {_code(sentence)}" for sentence in result.notes),
    ]
    return "\n".join(lines)


def _code(text: str) -> str:
    """`text` as a Markdown code span, in which nothing is a link, a picture or markup (CommonMark, section 6.1)."""
    text = " ".join(text.split()) or " "
    longest = max((len(found) for found in _BACKTICKS.findall(text)), default=0)
    if not longest:
        return f"`{text}`"
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}"
