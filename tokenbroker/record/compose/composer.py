"""A sanitised recording becomes the draft of a flow."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from tokenbroker.record.compose.addresses import as_written, origin_in
from tokenbroker.record.compose.codes import with_people
from tokenbroker.record.compose.creating import creating
from tokenbroker.record.compose.noise import once_captured, without_noise
from tokenbroker.record.compose.places import names_of_windows, origins_of
from tokenbroker.record.compose.remarks import POLICY, described, note_on_left_out, note_on_words, notes_on
from tokenbroker.record.compose.steps import StepWriter
from tokenbroker.record.compose.values import Values
from tokenbroker.record.compose.ways import with_addresses
from tokenbroker.record.draft import Draft
from tokenbroker.record.recording import ElementSeen, Event, Recording, What


def compose(
    recording: Recording, *, site: str, flow: str, sink: str = "local", personal: Collection[str] = ()
) -> Draft:
    """The draft of the flow `flow` of `site` that does what the sanitised `recording` tells of.

    The token is to go to the sink that the settings call `sink`; `personal` names the parameters that tell of a person.
    What the draft holds is what `recording` holds: nothing is read, and nothing is made safe here.
    """
    seen = tuple(_written(each, recording.origins) for each in recording.events)
    done = without_noise(with_people(seen))
    used = once_captured(done)
    events = with_addresses(used)
    tokens = [number for number, each in enumerate(events) if each.what is What.TOKEN]
    makers = [maker for each in tokens if (maker := creating(events, each)) is not None]
    values = Values(site=site, personal=frozenset(personal))
    writer = StepWriter(
        site=site,
        reference=f"{sink}:{site}/{flow}",
        events=events,
        pages=[address for each in seen if each.window == 0 for address in (each.page_url, each.led_to)],
        windows=names_of_windows(events),
        makers=frozenset(makers),
        values=values,
    )
    steps = tuple(writer.write())
    origins = origins_of(events)
    said = {origin_in(str(each.options["url"])) for each in steps if each.verb == "navigate"}
    captures = any(each.verb == "capture_token" for each in steps)
    notes = [
        *notes_on(steps, origins),
        *note_on_left_out(done, used),
        *note_on_words(steps),
        *values.notes,
        *writer.notes,
    ]
    return Draft(
        site=site,
        flow=flow,
        description=described(events, makers[0] if makers else None, origins, captures=captures),
        steps=steps,
        params=tuple(values.params.values()),
        origins=origins if len(origins) > 1 or not said.issuperset(origins) else (),
        policy=POLICY,
        notes=tuple(dict.fromkeys(notes)),
    )


def _written(event: Event, origins: Mapping[str, str]) -> Event:
    """`event` with all addresses at the origins that the flow is to say."""
    return replace(
        event,
        page_url=as_written(event.page_url, origins),
        led_to=as_written(event.led_to, origins),
        value=as_written(event.value, origins) if event.what is What.NAVIGATE else event.value,
        frames=tuple(replace(each, url=as_written(each.url, origins)) for each in event.frames),
        element=_element(event.element, origins) if event.element is not None else None,
    )


def _element(element: ElementSeen, origins: Mapping[str, str]) -> ElementSeen:
    around = element.print
    form = as_written(around.form, origins) if around is not None else ""
    return replace(
        element,
        href=as_written(element.href, origins),
        print=replace(around, form=form) if around is not None else None,
    )
