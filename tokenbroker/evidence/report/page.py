"""One HTML page that asks nobody: what Allure's generator wrote, without its analytics and under a strict policy."""

import re
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

from tokenbroker.errors import BrokerError, ExitCode

POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline' data:; img-src data: blob:; "
    "media-src data: blob:; font-src data:; connect-src data: blob:; frame-src data: blob:; form-action 'none'"
)
"""Content Security Policy (level 3) of the page: it may load what it holds, and nothing else."""

_HEAD: Final = re.compile(r"<head[^>]*>", re.IGNORECASE)
_SCRIPT: Final = re.compile(r"<script\b([^>]*)>(.*?)</script\s*>", re.IGNORECASE | re.DOTALL)
_FOREIGN_SOURCE: Final = re.compile(r"""\bsrc\s*=\s*["']?\s*(?:https?:)?//""", re.IGNORECASE)
_ANALYTICS: Final = re.compile(r"\bgtag\s*\(|googletagmanager|google-analytics")
_ANALYTICS_CHARACTERS: Final = (
    5_000  # its script has a few hundred; the page's data, which follows, has millions
)
_LOADING: Final = frozenset(
    {"src", "srcset", "poster", "data", "background", "xlink:href", "action", "formaction", "manifest"}
)


class ReportUnavailable(BrokerError):
    """The HTML page can't be made; the results are where they were."""

    code = "report.not_made"
    exit_code = ExitCode.USAGE


def offline(html: str) -> str:
    """`html` so that it loads nothing from outside: analytics removed, and a policy that forbids the rest.

    Raises:
        ReportUnavailable: `report.not_offline`; the page still names something outside that it would load, or has
            no head for the policy.
    """
    html = _SCRIPT.sub(lambda found: "" if _is_analytics(found) else found[0], html)
    head = _HEAD.search(html)
    foreign = outside_loads(html) if head else ["a page without a head"]
    if head is None or foreign:
        raise ReportUnavailable(
            f"the generator's page would load from outside: {foreign[0]}",
            next_step="open the folders `allure-results` with a generator of your own",
            code="report.not_offline",
        )
    policy = f'\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    return html[: head.end()] + policy + html[head.end() :]


def outside_loads(html: str) -> list[str]:
    """Each element of `html` that loads something over the network, as ``tag host``."""
    finder = _Finder()
    finder.feed(html)
    finder.close()
    return finder.found


def _is_analytics(script: "re.Match[str]") -> bool:
    attributes, body = script[1], script[2]
    if _FOREIGN_SOURCE.search(attributes):
        return True
    return len(body) < _ANALYTICS_CHARACTERS and _ANALYTICS.search(body) is not None


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        refreshes = tag == "meta" and ("http-equiv", "refresh") in [(n, (v or "").lower()) for n, v in attrs]
        for name, value in attrs:
            # A link that a person may follow loads nothing by itself.
            loads = name in _LOADING or (name == "href" and tag not in ("a", "area"))
            if value and (loads or (refreshes and name == "content")) and _is_outside(name, value):
                self.found.append(f"<{tag}> {urlsplit(value.strip()).hostname or name}")


def _is_outside(name: str, value: str) -> bool:
    if name != "srcset" and value.lstrip()[:5].lower() == "data:":  # a srcset is a list of addresses
        return False
    return re.search(r"(?:^|[\s,=;])(?:[a-z][a-z0-9+.-]*:)?//", value.strip(), re.IGNORECASE) is not None
