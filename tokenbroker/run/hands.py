"""Whether a person can act in the page of a run: at the browser's window, or through a channel that can."""

from collections.abc import Iterable
from typing import Final

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from tokenbroker.errors import HumanUnreachable
from tokenbroker.human.checkpoint import has_hands
from tokenbroker.run.stage import Stage

_FROM_ELSEWHERE: Final = "--remote-debugging-port="
"""A person at the developer tools of another browser sees the page, and acts in it by mouse and keyboard."""


def require_hands(stage: Stage, sentence: str, *, code: str) -> None:
    """Stop at once where nobody could do by hand what `sentence` says is needed: it would only wait in vain.

    Raises:
        HumanUnreachable: with `code`.
    """
    if has_hands(stage.channel) or has_window(stage.page):
        return
    raise HumanUnreachable(
        f"{sentence}, and this browser has no window",
        next_step=f"run it headed: tokenbroker run {stage.plan.flow.path} --headed",
        code=code,
    )


def has_window(page: Page) -> bool:
    """Whether somebody can see the browser of `page` and act in it; False where it does not tell."""
    browser = page.context.browser
    if browser is None:
        return False
    try:
        session = browser.new_browser_cdp_session()
        arguments = [str(each) for each in session.send("Browser.getBrowserCommandLine")["arguments"]]
        session.detach()
    except PlaywrightError:
        return False
    return shows_itself(arguments, is_headless=any(each.startswith("--headless") for each in arguments))


def shows_itself(arguments: Iterable[str], *, is_headless: bool) -> bool:
    """Whether a browser with these arguments has a window, or lets somebody look in from elsewhere."""
    return not is_headless or any(each.startswith(_FROM_ELSEWHERE) for each in arguments)
