"""START-HERE.html: one page about a run, for someone who has ten minutes."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

from tokenbroker.evidence.bundle.place import BUNDLE_ENDING, SIGNATURE_ENDING
from tokenbroker.evidence.bundle.signers import NAMESPACE, PRINCIPAL
from tokenbroker.evidence.bundle.sshsig import PublicKey

if TYPE_CHECKING:
    from jinja2 import Template

START_HERE = "START-HERE.html"
FlowText = Literal["exact", "redacted", "missing"]

_WORDS = {
    "passed": "passed",
    "failed": "failed",
    "skipped": "was skipped",
    "interrupted": "was interrupted",
}
_OUTCOMES = {"done": "answered", "denied": "refused", "timed_out": "did not answer in time"}


def start_here(
    record: Mapping[str, Any], *, versions: Mapping[str, str], signer: PublicKey, flow_text: FlowText
) -> bytes:
    """The page about the run of `record` (what ``run.json`` holds).

    It has no script, and its policy forbids any request but for the pictures that lie beside it.
    `flow_text` says what lies beside it of the flow's text.
    """
    css, page = _sources()
    text = page.render(
        record=record,
        versions=versions,
        signer=signer,
        flow_text=flow_text,
        style=css,
        # The style by its digest: no other one is taken, wherever the page is shown.
        style_digest=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
        status=_WORDS.get(record["status"], record["status"]),
        outcomes=_OUTCOMES,
        healed=sum(bool((step.get("target") or {}).get("healed")) for step in record["steps"]),
        bundle=f"{record['run']}{BUNDLE_ENDING}",
        signature=f"{record['run']}{BUNDLE_ENDING}{SIGNATURE_ENDING}",
        namespace=NAMESPACE,
        principal=PRINCIPAL,
    )
    return text.encode()


@cache
def _sources() -> "tuple[str, Template]":
    from jinja2 import Environment, StrictUndefined  # late: it takes longer to load than a page to make

    class KeysFirst(Environment):
        """`x.y` asks a mapping for its key at once: an attribute that is not there costs a hundred times as much."""

        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, dict) and attribute in obj:
                return obj[attribute]
            return super().getattr(obj, attribute)

    environment = KeysFirst(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["moment"] = _moment
    css, page = (
        resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
        for name in ("start_here.css.tmpl", "start_here.html.tmpl")
    )
    return css, environment.from_string(page)


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S} UTC"
