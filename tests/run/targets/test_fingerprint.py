"""What an element is, without a word of its page, and how another one fits that (RESIL-2, SECRET-7)."""

from dataclasses import replace

import pytest

from tokenbroker.flow.selector import Fingerprint
from tokenbroker.run.targets.engine import Print
from tokenbroker.run.targets.fingerprint import (
    PageTexts,
    Surroundings,
    differences,
    fingerprint_of,
    fit,
    keyed_hash,
    mere_words,
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
    row="",
    caption="Keys",
    near=("Cancel", "Copy"),
    alike=1,
)
RECORDED = fingerprint_of(PRINT, site="s", form="https://c.example.com/keys")


NOTHING = PageTexts(captions=frozenset(), names=frozenset())
AS_IT_WAS = PageTexts(
    captions=frozenset([RECORDED.caption]), names=frozenset([RECORDED.name, *RECORDED.near])
)


def fitted(*, page=AS_IT_WAS, in_other_frame=False, **changes):
    return fit(RECORDED, replace(RECORDED, **changes), page=page, in_other_frame=in_other_frame)


def test_the_same_element_fits():
    found = fitted()
    assert (found.contradicts, found.same_name, found.same_kind) == ("", True, True)
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
    [{"role": "link"}, {"role": ""}, {"type": ""}, {"form": "https://c.example.com/v2/keys"}],
)
def test_what_a_redesign_changes_does_not(changes):
    found = fitted(**changes)
    assert not found.contradicts
    assert not found.same_kind


def test_what_has_left_its_form_is_of_the_kind_only_in_a_frame_with_the_same_surroundings():
    assert fitted(form="", in_other_frame=True).same_kind
    assert fitted(form="", in_other_frame=True).other_form
    assert not fitted(form="", caption="", near=(), in_other_frame=True).same_kind
    assert not fitted(form="").same_kind


def test_what_is_no_longer_so_is_named():
    assert differences(RECORDED, replace(RECORDED, name="ffff", alike=7)) == ("name", "alike")
    assert differences(None, RECORDED) == ()


def test_a_password_field_does_not_fit_a_text_field():
    field = Fingerprint(role="textbox", type="text", autocomplete="username")
    assert fit(field, replace(field, type="password"), page=NOTHING).contradicts
    assert fit(field, replace(field, autocomplete="new-password"), page=NOTHING).contradicts


def test_one_more_of_its_kind_is_not_the_same_kind_alone():
    found = fitted(alike=2)
    assert (found.same_kind, found.same_number) == (True, False)


ARCHIVE, OTHERS = keyed_hash("Archive", site="s"), (keyed_hash("Restore", site="s"),)


@pytest.mark.parametrize(
    ("changes", "page", "told"),
    [
        # The recorded caption and neighbours are there, around something else.
        ({"caption": ARCHIVE, "near": RECORDED.near[:1]}, AS_IT_WAS, Surroundings.OTHER),
        ({"caption": ARCHIVE, "near": OTHERS}, AS_IT_WAS, Surroundings.OTHER),
        # Its section was renamed, or got other neighbours.
        ({"caption": ARCHIVE}, replace(AS_IT_WAS, captions=frozenset()), Surroundings.SAME),
        ({"near": RECORDED.near[:1]}, AS_IT_WAS, Surroundings.SAME),
        ({"near": OTHERS}, AS_IT_WAS, Surroundings.UNKNOWN),
        ({"near": OTHERS}, replace(AS_IT_WAS, names=frozenset()), Surroundings.SAME),
        # It was moved within its form, or stands in another one.
        ({"caption": ARCHIVE}, AS_IT_WAS, Surroundings.UNKNOWN),
        ({"caption": ARCHIVE, "form": ""}, AS_IT_WAS, Surroundings.OTHER),
        # It was moved away from all that; or the page has none of it any more.
        ({"caption": "", "near": ()}, AS_IT_WAS, Surroundings.BARE),
        ({"name": OTHERS[0], "caption": ARCHIVE, "near": OTHERS}, NOTHING, Surroundings.GONE),
        ({"caption": ARCHIVE, "near": OTHERS}, NOTHING, Surroundings.UNKNOWN),
    ],
)
def test_what_surrounds_it_is_told_by_captions_and_neighbours(changes, page, told):
    assert fitted(page=page, **changes).surroundings is told


IN_A_ROW = replace(RECORDED, row=keyed_hash("Nightly backup", site="s"))
ROWS = replace(AS_IT_WAS, captions=AS_IT_WAS.captions | {IN_A_ROW.row})


@pytest.mark.parametrize(
    ("changes", "page", "told"),
    [
        ({}, ROWS, Surroundings.SAME),
        ({"row": ARCHIVE}, ROWS, Surroundings.OTHER),
        ({"row": ""}, ROWS, Surroundings.OTHER),
        ({"row": ARCHIVE}, AS_IT_WAS, Surroundings.OTHER),
        ({"row": ARCHIVE, "caption": ARCHIVE}, replace(AS_IT_WAS, captions=frozenset()), Surroundings.SAME),
        ({"row": "", "caption": "", "near": ()}, ROWS, Surroundings.BARE),
        ({"row": ARCHIVE, "caption": "", "near": ()}, ROWS, Surroundings.OTHER),
    ],
)
def test_what_stands_in_another_row_of_the_table_is_another(changes, page, told):
    found = fit(IN_A_ROW, replace(IN_A_ROW, **changes), page=page)
    assert found.surroundings is told
    assert found.same_row == (not changes)


def test_a_name_is_another_only_among_what_has_names_of_the_same_sort():
    assert fitted(name=ARCHIVE).other_name
    assert not fitted(name="").other_name
    # A division is called by what stands before it.
    assert not fitted(name=ARCHIVE, role="", tag="div").other_name


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"near": RECORDED.near[::-1]}, False),
        ({"near": RECORDED.near[:1]}, False),
        ({"caption": ARCHIVE}, False),
    ],
)
def test_all_around_is_the_same_with_the_same_controls_in_the_same_order_under_the_same_caption(
    changes, same
):
    assert fitted(**changes).same_around is same


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
    assert mere_words(address) == told
