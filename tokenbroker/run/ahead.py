"""What the person of a guided run may have made, who may be ahead of the flow (RUN-10).

Nobody keeps a person from pressing what a later step is about. So a key that they can make from where they are is noted
durably before they can; and the note is taken back only where it is certain that they did nothing at all meanwhile.
"""

from contextlib import suppress

from playwright.sync_api import Page

from tokenbroker.errors import BrokerError
from tokenbroker.flow.model import Flow
from tokenbroker.human.overlay import Act, Panel, panel_of
from tokenbroker.run.failure import shown_address
from tokenbroker.run.stage import Stage

# What comes after these is out of a person's reach before them.
_NEW_PAGE = ("navigate", "wait_human", "capture_token", "verify_token")


class Ahead:
    """Keeps the record of creations in step with a person; hears all that they do in any window of `page`'s context.

    Attributes:
        may_have_pressed: whether they have pressed something, in the page or by their word, since the last note.
    """

    def __init__(self, flow: Flow, page: Page) -> None:
        self._flow = flow
        self._panels: list[Panel] = []
        self._is_untouched = True
        self.may_have_pressed = False
        self.watch(page)
        page.context.on("page", self._see_window)

    def watch(self, page: Page) -> Panel:
        """The panel of `page`, heard from now on."""
        panel = panel_of(page)
        if panel not in self._panels:
            self._panels.append(panel)
        return panel

    def expect(self, number: int, stage: Stage) -> None:
        """The step with `number` is what the person sees next: note the keys that can be made from there."""
        for step in self._flow.steps[number - 1 :]:
            if step.verb in _NEW_PAGE:
                return
            if step.when is None and stage.keeper.foresee(step, shown_address(stage.page.url)):
                self._is_untouched, self.may_have_pressed = True, False

    def hear(self, page: Page) -> tuple[Act, ...]:
        """All that the person has done since the last time; answers what of it was in `page`."""
        heard: tuple[Act, ...] = ()
        for panel in self._panels:
            acts = tuple(panel.acts)
            panel.acts.clear()
            self._is_untouched = self._is_untouched and not acts
            if panel is panel_of(page):
                heard = acts
            else:
                self.may_have_pressed = self.may_have_pressed or bool(acts)
        return heard

    def touch(self, *, pressed: bool) -> None:
        """The person has done something that no panel tells, such as a step; `pressed`: which may have made a key."""
        self._is_untouched = False
        self.may_have_pressed = self.may_have_pressed or pressed

    def may_go_back(self, stage: Stage) -> bool:
        """Whether doing earlier steps again can't make a second key."""
        return not stage.keeper.in_doubt or (stage.keeper.may_retract and not self.may_have_pressed)

    def take_back(self, stage: Stage) -> None:
        """Where the person has done nothing at all since the note, there is no key: take it back."""
        self.hear(stage.page)
        if self._is_untouched:
            with suppress(BrokerError):  # else it stays noted: one question too many
                stage.keeper.retract()

    def _see_window(self, page: Page) -> None:
        self.touch(pressed=True)  # something has opened it
        self.watch(page)
