"""A made-up recording on the desk, and a person at the terminal whose answers are a list."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.record.sanitise.recordings import clicked, gone_to, own, print_, shown, typed
from tokenbroker.cli.asking import NoAnswer
from tokenbroker.cli.record_names import Names
from tokenbroker.cli.record_review import Desk
from tokenbroker.flow.selector import Alternative, Family
from tokenbroker.jobs.variables import Withheld
from tokenbroker.record.recording import Event, Recording
from tokenbroker.settings import load_configuration

ADDRESS = "http://127.0.0.1:9/login"
EMAIL, PASSWORD, KEY_NAME = "ada.byron@example.org", "correct-horse-7-battery", "Nightly build"
TOKEN = "exk_live_9fK2mQ7xT4vB8nR3sW6yZ1cD5gH0jL2p"  # pragma: allowlist secret
SECRETS = (EMAIL, PASSWORD, TOKEN)
GONE = "^D"


def way(family: Family, value: str, name: str = "") -> Alternative:
    return Alternative(family=family, value=value, name=name)


def field_of(content: str, label: str, **said: object) -> Event:
    ways = (way(Family.LABEL, label), way(Family.CSS, f"#{label.lower().replace(' ', '-')}"))
    seen = print_(role="textbox", name=label)
    return typed(content, label, **{"alternatives": ways, "print": seen, "type": "text", **said})


def token_of(text: str = TOKEN, **said: object) -> Event:
    event = shown(text, **said)
    assert event.element is not None
    ways = (way(Family.CSS, "code.token"), way(Family.XPATH, "//main//code"))
    return replace(event, element=replace(event.element, alternatives=ways, print=print_(tag="code")))


def sitting(*last: Event, ended: str = "finished", key_name: str = KEY_NAME) -> Recording:
    """Signed in and made a key by that name; then `last`, which is the token by default."""
    return Recording(
        events=(
            gone_to(ADDRESS),
            field_of(EMAIL, "E-mail", type="email"),
            field_of(PASSWORD, "Password", type="password", is_secret=True),
            clicked("Sign in"),
            field_of(key_name, "Name"),
            clicked("Create"),
            *(last or (token_of(),)),
        ),
        own=(own("email", EMAIL),),
        ended=ended,
    )


@dataclass
class Scripted:
    """Answers from a list, `GONE` for Ctrl-D; at its end the person has gone. An answer that is a function is called
    first, at the moment of the question: what happens meanwhile."""

    answers: list[object]
    asked: list[str] = field(default_factory=list)

    def __call__(self, prompt: str) -> str:
        self.asked.append(prompt)
        while self.answers and callable(self.answers[0]):
            self.answers.pop(0)()  # type: ignore[operator]  # it was just seen to be callable
        answer = self.answers.pop(0) if self.answers else GONE
        if answer == GONE:
            raise NoAnswer
        return str(answer)


def desk_in(
    folder: Path, home: Path, recording: Recording, *answers: object, may_replace: bool = False
) -> tuple[Desk, Scripted]:
    """The recording on the desk of a project in `folder`, the current one."""
    environ = {**os.environ, "TOKENBROKER_HOME": str(home)}
    before = Withheld(environ)
    names = Names.of(
        load_configuration(folder, environ),
        address=ADDRESS, site="example", flow="made", sink="bitwarden", may_replace=may_replace,
    )  # fmt: skip
    person = Scripted([*answers])
    return Desk(recording, names, before, headed=False, ask=person), person
