"""Whether a person can act in the page of a run: at the browser's window, or through a channel that can."""

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from tokenbroker.errors import HumanUnreachable
from tokenbroker.human.checkpoint import PageChannel
from tokenbroker.run.stage import Stage


def require_hands(stage: Stage, sentence: str, *, code: str) -> None:
    """Stop at once where nobody could do by hand what `sentence` says is needed: it would only wait in vain.

    Raises:
        HumanUnreachable: with `code`.
    """
    if isinstance(stage.channel, PageChannel) or has_window(stage.page):
        return
    raise HumanUnreachable(
        f"{sentence}, and this browser has no window",
        next_step=f"run it headed: tokenbroker run {stage.plan.flow.path} --headed",
        code=code,
    )


def has_window(page: Page) -> bool:
    """Whether the browser of `page` shows a window; False where it does not tell."""
    browser = page.context.browser
    if browser is None:
        return False
    try:
        session = browser.new_browser_cdp_session()
        arguments = session.send("Browser.getBrowserCommandLine")["arguments"]
        session.detach()
    except PlaywrightError:
        return False
    return not any(str(argument).startswith("--headless") for argument in arguments)
