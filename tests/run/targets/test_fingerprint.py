"""What an element is, without a word of its page, and how another one fits that (RESIL-2, SECRET-7)."""

from dataclasses import replace

import pytest

from tokenbroker.flow.selector import Fingerprint
from tokenbroker.run.targets.engine import Print
from tokenbroker.run.targets.fingerprint import (
    Surroundings,
    fingerprint_of,
    fit,
    keyed_hash,
    without_numbers,
)

pytestmark = pytest.mark.req("RESIL-2")

PRINT = Print(
    role="button",
    tag="",
    type="submit",
    autocomplete="",
    form="",
    landmark="main",
    name="Create",
    caption="Keys",
    near=("Cancel", "Copy"),
    alike=1,
)
RECORDED = fingerprint_of(PRINT, site="s", form="https://c.example.com/keys")


def fitted(*, page=(), **changes):
    return fit(RECORDED, replace(RECORDED, **changes), page=page)


def test_the_same_element_fits():
    found = fit(RECORDED, RECORDED, page=RECORDED.near)
    assert (found.contradicts, found.same_name, found.same_kind) == (False, True, True)
    assert found.surroundings is Surroundings.SAME


@pytest.mark.req("SECRET-7")
def test_a_fingerprint_holds_no_word_of_the_page_and_no_number_of_an_address():
    owner = replace(
        PRINT, name="demo-only-anna@example.test", caption="Anna's keys", near=("Keys of demo-only-anna",)
    )
    told = fingerprint_of(owner, site="s", form="https://c.example.com/u/4711/keys?for=anna")
    assert "anna" not in str(told.as_options())
    assert told.form == "https://c.example.com/u/*/keys"


def test_a_hash_ignores_case_and_spacing_and_differs_between_sites():
    assert keyed_hash("Create  API\nKey", site="s") == keyed_hash("create api key", site="s")
    assert keyed_hash("Create", site="s") != keyed_hash("Create", site="t")
    assert len(keyed_hash("Create", site="s")) == 4


@pytest.mark.req("SECRET-7")
def test_a_hash_can_not_confirm_a_guess_for_thousands_of_words_share_it():
    shared = [
        n for n in range(200_000) if keyed_hash(f"guess-{n}", site="s") == keyed_hash("guess-0", site="s")
    ]
    assert len(shared) > 1


@pytest.mark.parametrize(
    "changes",
    [{"role": "textbox"}, {"role": "checkbox"}, {"form": "https://evil.example.net/keys"}],
)
def test_another_kind_of_control_or_a_form_of_another_site_contradicts(changes):
    assert fitted(**changes).contradicts


@pytest.mark.parametrize(
    "changes",
    [{"role": "link"}, {"role": ""}, {"type": ""}, {"form": ""}, {"form": "https://c.example.com/v2/keys"}],
)
def test_what_a_redesign_changes_does_not(changes):
    found = fitted(**changes)
    assert not found.contradicts
    assert not found.same_kind


def test_a_password_field_does_not_fit_a_text_field():
    field = Fingerprint(role="textbox", type="text", autocomplete="username")
    assert fit(field, replace(field, type="password"), page=()).contradicts
    assert fit(field, replace(field, autocomplete="new-password"), page=()).contradicts


def test_one_more_of_its_kind_is_not_the_same_kind_alone():
    found = fitted(alike=2)
    assert (found.same_kind, found.same_number) == (True, False)


def test_surroundings_that_stand_elsewhere_are_others_and_those_that_are_gone_unknown():
    archive, others = keyed_hash("Archive", site="s"), (keyed_hash("Restore", site="s"),)
    still_there = (RECORDED.caption, *RECORDED.near)
    assert fitted(caption=archive, page=still_there).surroundings is Surroundings.OTHER
    assert fitted(caption=archive, near=others, page=RECORDED.near).surroundings is Surroundings.OTHER
    assert fitted(caption=archive, near=others, page=(archive, *others)).surroundings is Surroundings.UNKNOWN
    assert fitted(caption=archive, page=RECORDED.near).surroundings is Surroundings.SAME
    assert fitted(near=RECORDED.near[:1], page=still_there).surroundings is Surroundings.SAME
    assert fitted(near=others, page=still_there).surroundings is Surroundings.UNKNOWN


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://c.example.com/keys", "https://c.example.com/keys"),
        ("https://c.example.com:8443/a1/b?x=1#y", "https://c.example.com:8443/*/b"),
        ("", ""),
        ("invalid:", ""),
    ],
)
def test_parts_of_an_address_that_hold_numbers_are_left_out(address, told):
    assert without_numbers(address) == told
