"""Nothing of anybody survives the sanitiser, wherever it stood; ordinary words do (REC-2)."""

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.record.sanitise.people import AS_IT_IS, ENCODED, Person, Writing, found_in, people
from tests.record.sanitise.recordings import (
    SITE,
    clicked,
    element,
    gone_to,
    heading,
    own,
    print_,
    recording,
    selected,
    shown,
    typed,
)
from tokenbroker.flow.selector import Alternative, Family
from tokenbroker.record.recording import Appeared, Event, FrameSeen, Recording, What
from tokenbroker.record.sanitise import Sanitised, sanitise
from tokenbroker.record.sanitise.vocabulary import ORDINARY

pytestmark = pytest.mark.req("REC-2")

AT = "https://console.example.com"
quick = settings(max_examples=80, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
long = settings(max_examples=3000, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


def way(family: Family, value: str, name: str = "") -> tuple[Alternative, ...]:
    return (Alternative(family=family, value=value, name=name),)


def click(**said: Any) -> Event:
    return Event(what=What.CLICK, **said)


PLACES: tuple[Callable[[str], Event], ...] = (
    clicked,
    lambda text: selected(text),
    lambda text: typed(text, "Note"),
    lambda text: click(element=element(alternatives=way(Family.ROLE, "button", text))),
    lambda text: click(element=element(alternatives=way(Family.TEST_ID, text))),
    lambda text: click(element=element(alternatives=way(Family.CSS, f'[title="{text}"]'))),
    lambda text: click(element=element(alternatives=way(Family.XPATH, f"//a[.='{text}']"))),
    lambda text: click(element=element(print=print_(name=text, row=text, caption=text, near=("Save", text)))),
    lambda text: click(
        element=element(print=print_(role=text, landmark=text, autocomplete=text, form=f"{AT}/{text}"))
    ),
    lambda text: click(element=element(text, placeholder=text, name=text, autocomplete=text, type=text)),
    lambda text: click(
        appeared=(heading(text), Appeared(role="dialog", name="", alternatives=way(Family.TEXT, text)))
    ),
    lambda text: click(
        frames=(FrameSeen(name=text, url=f"{AT}/{text}", selector=f"iframe[title='{text}']"),)
    ),
    lambda text: Event(what=What.PRESS, value=text),
    lambda text: shown(
        f"{text}: demo_only_z_Q7ZxP0aLm3Rt9VbKw2Ye8Ugh", inner=(text,), source=f"attribute:{text}"
    ),
)
ADDRESSES: tuple[Callable[[str], str], ...] = (
    lambda part: f"{AT}/keys/{part}/edit",
    lambda part: f"{AT}/users/{part}",
    lambda part: f"{AT}/keys?owner={part}",
    lambda part: f"{AT}/keys?{part}=owner",
    lambda part: f"{AT}/keys#{part}",
    lambda part: f"{AT}/keys#/users/{part}",
    lambda part: f"https://{part.replace('/', '')}:demo@console.example.com/",
    lambda part: f"mailto:{part}",
)
USES: tuple[Callable[[str], Event], ...] = (
    gone_to,
    lambda address: click(led_to=address),
    lambda address: click(page_url=address),
    lambda address: click(element=element(href=address)),
    lambda address: click(frames=(FrameSeen(name="", url=address),)),
)


def sitting(person: Person) -> tuple[Event, ...]:
    """What a person does on the way to a token."""
    return (
        gone_to(f"{AT}/login"),
        typed(person.email, "E-mail", type="email"),
        typed(person.password, "Password", is_secret=True),
        typed(person.otp, "Security code"),
        typed(person.phone, "Phone", type="tel"),
        shown(person.token),
    )


Planted = tuple[Person, Recording, tuple[tuple[Event, str], ...]]
"""A person, a recording of theirs, and the events that hold one of their values besides what they typed."""


@st.composite
def recordings(draw: st.DrawFn) -> Planted:
    person = draw(people())
    events, planted = [*sitting(person)], []
    for _ in range(draw(st.integers(1, 6))):
        value = draw(st.sampled_from(person.values))
        if value == person.thing or draw(st.booleans()):
            # What is in no field and on no list is known in an address only, and by its form.
            part = draw(st.sampled_from((ENCODED[0], *ENCODED[4:])))(value)
            event = draw(st.sampled_from(USES))(draw(st.sampled_from(ADDRESSES))(part))
        else:
            event = draw(st.sampled_from(PLACES))(draw(st.sampled_from(AS_IT_IS + ENCODED))(value))
        planted.append((event, value))
        events.insert(draw(st.integers(1, len(events))), event)
    owns = (own("name", person.name), own("account", person.account))
    return person, recording(*events, owns=owns), tuple(planted)


def as_data(value: object) -> Any:
    """`value` with all that it holds, for JSON."""
    if is_dataclass(value):
        return {each.name: as_data(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple | list):
        return [as_data(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def all_of(value: Recording) -> str:
    return json.dumps(as_data(value), ensure_ascii=False) + repr(value)


def told(done: Sanitised) -> str:
    return repr(done) + json.dumps(
        [as_data(done.params), [as_data(each) for each in done.replacements]], ensure_ascii=False
    )


def check_that_nothing_survives(sitting: Planted) -> None:
    person, raw, planted = sitting
    done = sanitise(raw, site=SITE)

    assert found_in(all_of(done.recording) + told(done), person.values) == set()
    # The control: the same search finds all of it in what was recorded.
    for event, value in planted:
        assert found_in(json.dumps(as_data(event), ensure_ascii=False), (value,)) == {value}
    assert sanitise(done.recording, site=SITE).recording == done.recording


@quick
@given(recordings())
def test_nothing_of_a_person_survives_wherever_it_stood(sitting: Planted) -> None:
    check_that_nothing_survives(sitting)


@pytest.mark.soak
@long
@given(recordings())
def test_nothing_of_a_person_survives_in_many_more_recordings(
    sitting: Planted,
) -> None:
    check_that_nothing_survives(sitting)


def phrases() -> st.SearchStrategy[str]:
    """What a page may call a control."""
    small = st.sampled_from(["2", "2.0", "11", "(beta)", "S3", "API"])
    words = st.lists(
        st.sampled_from(sorted(word for word in ORDINARY if len(word) > 2)), min_size=1, max_size=4
    )
    return st.builds(
        lambda said, more, write: write(" ".join([*said, *more])),
        words,
        st.lists(small, max_size=1),
        st.sampled_from([str.capitalize, str.title, str.lower]),
    )


@quick
@given(people(), st.lists(phrases(), min_size=1, max_size=4))
def test_ordinary_words_of_controls_survive(person: Person, said: list[str]) -> None:
    controls = [clicked(words) for words in said]
    options = [selected(words) for words in said]
    headings = [click(appeared=(heading(words),)) for words in said]
    added = (*controls, *options, *headings)
    owns = (own("name", person.name), own("account", person.account))
    done = sanitise(recording(*sitting(person), *added, owns=owns), site=SITE)

    assert done.recording.events[-len(added) :] == added


@quick
@given(people(), st.sampled_from(AS_IT_IS + ENCODED), st.data())
def test_a_text_that_is_to_be_written_is_not_clean_with_any_value_in_it(
    person: Person, write: Writing, data: st.DataObject
) -> None:
    done = sanitise(recording(*sitting(person), owns=(own("name", person.name),)), site=SITE)
    value = data.draw(
        st.sampled_from([person.email, person.password, person.otp, person.given, person.phone, person.token])
    )

    assert done.why_not(f"site: {SITE}\nsteps:\n  - click: {write(value)}\n") is not None
    assert done.why_not(f"site: {SITE}\nsteps:\n  - click: Create API key\n") is None
