"""Which candidate is accepted, from evidence alone (FLOW-3, RESIL-2)."""

from dataclasses import replace

import pytest

from tokenbroker.flow.basis import bases_of
from tokenbroker.flow.selector import Fingerprint, SelectorSet, selector_of
from tokenbroker.run.targets.fingerprint import Fit, Surroundings
from tokenbroker.run.targets.verdict import Evidence, Purpose, judge

pytestmark = pytest.mark.req("FLOW-3", "RESIL-2")

CREATE = [{"role": "button", "name": "Create"}, {"css": "#create"}, {"xpath": "//form/button[2]"}]
WORDS_ONLY = [{"role": "button", "name": "Create"}, {"text": "Create"}]


def a_set(alternatives=CREATE) -> SelectorSet:
    return selector_of(alternatives)


def seen(*ways: int, alone: tuple[int, ...] | None = None, fit: Fit | None = None) -> Evidence:
    return Evidence(ways=frozenset(ways), alone=frozenset(ways if alone is None else alone), fit=fit)


NO_FIT = Fit(
    contradicts="",
    same_name=False,
    other_name=False,
    same_row=False,
    surroundings=Surroundings.SAME,
    same_around=False,
    other_form=False,
    same_kind=False,
    same_number=True,
    is_only=False,
    tells_much=False,
    same_role=False,
)


def fits(surroundings=Surroundings.SAME, **facts: bool) -> Fit:
    return replace(NO_FIT, surroundings=surroundings, **facts)


def accepted(*evidence: Evidence, alternatives=CREATE, purpose=Purpose.ACT) -> int | None:
    return judge(a_set(alternatives), evidence, purpose=purpose).accepted


def test_all_alternatives_that_lead_to_one_element_are_unanimous():
    verdict = judge(a_set(), [seen(0, 1, 2)], purpose=Purpose.ACT)
    assert (verdict.accepted, verdict.is_unanimous) == (0, True)


def test_two_independent_alternatives_are_enough():
    assert accepted(seen(0, 1)) == 0
    assert accepted(seen(1, 2)) == 0


def test_one_alternative_is_not_enough_where_a_press_follows():
    assert accepted(seen(0)) is None
    assert accepted(seen(1)) is None


def test_the_primary_is_enough_to_look():
    assert accepted(seen(0), purpose=Purpose.LOOK) == 0
    assert accepted(seen(1), purpose=Purpose.LOOK) is None


def test_a_role_and_a_text_are_the_same_words_and_count_once():
    assert accepted(seen(0, 1), alternatives=WORDS_ONLY) is None


def test_two_alternatives_that_name_the_same_id_count_once():
    same = [{"css": "#create"}, {"xpath": "//*[@id='create']"}, {"text": "Create"}]
    assert accepted(seen(0, 1), alternatives=same) is None
    assert accepted(seen(0, 1, 2), alternatives=same) == 0


def test_alternatives_that_lead_to_different_elements_stop():
    verdict = judge(a_set(), [seen(0), seen(1, 2)], purpose=Purpose.ACT)
    assert (verdict.accepted, verdict.code) == (None, "target.ambiguous")


def test_what_is_named_twice_is_not_doubted_for_what_stands_in_its_old_place():
    fit = fits()
    assert accepted(seen(0, 1, fit=fit), seen(2, fit=fit)) == 0
    assert accepted(seen(1, fit=fit), seen(2, 0, fit=fit)) is None


@pytest.mark.parametrize("purpose", [Purpose.ACT, Purpose.LOOK, Purpose.READ])
def test_without_a_fingerprint_any_doubt_stops(purpose):
    # A second field with the same id before the right one: the label leads there, and the place alone does not.
    assert accepted(seen(0, 1), seen(1, 2), purpose=purpose) is None
    assert accepted(seen(0, 1), seen(2), purpose=purpose) is None
    assert accepted(seen(0, 1), seen(1), purpose=purpose) == 0


def test_a_lookalike_with_less_of_the_same_evidence_does_not_matter():
    assert accepted(seen(0, alone=()), seen(0, 1, 2, alone=(1, 2))) == 1


def test_twins_are_not_told_apart_by_their_place_alone():
    twins = (seen(0, alone=()), seen(0, 2, alone=(2,)))
    assert accepted(*twins) is None
    mine, its = fits(Surroundings.SAME), fits(Surroundings.OTHER)
    assert accepted(seen(0, alone=(), fit=its), seen(0, 2, alone=(2,), fit=mine)) == 1


@pytest.mark.parametrize("same", [{"same_name": True}, {"same_kind": True}])
def test_the_fingerprint_is_evidence_beside_one_alternative(same):
    assert accepted(seen(1, fit=fits(**same))) == 0


def test_a_mark_at_the_recorded_place_is_not_pressed_where_neither_name_nor_kind_is_as_recorded():
    # The id is a section's now, and the button has gone.
    assert accepted(seen(1, fit=fits())) is None
    assert accepted(seen(1, fit=fits()), purpose=Purpose.READ) == 0


def test_the_place_counts_once_whether_an_xpath_or_the_surroundings_tell_it():
    assert accepted(seen(2, fit=fits())) is None


@pytest.mark.parametrize("telling", ["same_row", "same_around"])
def test_a_place_of_the_recorded_kind_takes_a_telling_place(telling):
    kind = {"same_kind": True, "is_only": True}
    assert accepted(seen(2, fit=fits(**kind))) is None
    assert accepted(seen(2, fit=fits(**kind, **{telling: True}))) == 0


def test_a_place_that_is_that_of_many_is_not_telling():
    # css: button
    every_button = seen(
        2, alone=(), fit=fits(same_kind=True, is_only=True, same_around=True, other_name=True)
    )
    assert accepted(every_button) is None


def test_style_alone_is_no_telling_place():
    # A step that was split in two pages has its "Next" among the same controls, in the same style.
    styled = [*CREATE[:1], {"css": "button.primary"}, *CREATE[2:]]
    next_page = seen(1, fit=fits(same_kind=True, is_only=True, same_around=True, other_name=True))
    assert accepted(next_page, alternatives=styled) is None


def test_what_bears_the_old_name_outside_of_the_form_is_not_meant_rather_than_its_renamed_button():
    styled = [*CREATE[:1], {"css": "button.primary"}, *CREATE[2:]]
    renamed = seen(1, 2, fit=fits(same_kind=True, is_only=True, other_name=True))
    elsewhere = fits(Surroundings.OTHER, same_name=True)
    assert accepted(renamed, seen(0, fit=elsewhere), alternatives=styled) is None
    assert accepted(renamed, seen(0, fit=replace(elsewhere, other_form=True)), alternatives=styled) == 0


def test_a_label_that_points_at_something_of_another_name_is_not_its_name():
    labelled = [{"label": "Name"}, {"xpath": "//form/input[2]"}]
    assert accepted(seen(0, 1, fit=fits(same_kind=True)), alternatives=labelled) == 0
    assert accepted(seen(0, 1, fit=fits(other_name=True)), alternatives=labelled) is None


def test_what_was_moved_away_from_all_is_known_by_its_name_along_two_ways():
    bare = {"same_name": True, "same_role": True}
    assert accepted(seen(0, 1, fit=fits(Surroundings.BARE, **bare)), alternatives=WORDS_ONLY) == 0
    assert accepted(seen(0, fit=fits(Surroundings.BARE, **bare)), alternatives=WORDS_ONLY) is None


def test_what_contradicts_the_fingerprint_is_never_accepted():
    assert accepted(seen(0, 1, 2, fit=fits(contradicts="role"))) is None


def test_what_was_around_it_standing_around_something_else_takes_a_mark_of_the_site():
    other = fits(Surroundings.OTHER)
    assert accepted(seen(0, 2, fit=other)) is None
    assert accepted(seen(0, 1, fit=other)) == 0


def test_between_two_the_one_whose_surroundings_fit_is_taken_if_more_speaks_for_it():
    mine, its = fits(Surroundings.SAME), fits(Surroundings.UNKNOWN)
    assert accepted(seen(0, 1, fit=mine), seen(2, fit=its)) == 0
    assert accepted(seen(0, fit=mine), seen(1, 2, fit=its)) is None


def test_nothing_there_is_told_as_not_there():
    assert judge(a_set(), [], purpose=Purpose.ACT).code == "target.not_found"
    assert judge(a_set(), [seen(2)], purpose=Purpose.ACT).code == "target.not_found"


def test_a_set_reads_as_it_was_written():
    said = {"any": CREATE, "fingerprint": {"role": "button", "near": ["0a1b"], "alike": 1}}
    found = selector_of(said)
    assert isinstance(found, SelectorSet)
    assert found.fingerprint == Fingerprint(role="button", near=("0a1b",), alike=1)
    assert found.fingerprint.as_options() == said["fingerprint"]
    assert str(found) == 'button "Create"'


@pytest.mark.parametrize(
    "inherited",
    [
        {"css": "#root form button"},
        {"xpath": "//*[@id='root']/main/form/button[1]"},
        {"css": "a:has(use[href='#plus'])"},
    ],
)
def test_the_mark_of_what_an_element_stands_in_or_holds_is_none_of_its_own(inherited):
    alternatives = [
        {"role": "button", "name": "Create"},
        {"css": "button.primary"} if "xpath" in inherited else {"placeholder": "x"},
        inherited,
    ]
    assert not any(isinstance(basis, tuple) for basis in bases_of(selector_of(alternatives)))


@pytest.mark.parametrize(
    "xpath", ["//button[.='Create']", "//button[contains(., 'Create')]", "//section[h2='Keys']//button"]
)
def test_an_xpath_that_compares_texts_rests_on_words(xpath):
    assert accepted(seen(0, 1), alternatives=[{"role": "button", "name": "Create"}, {"xpath": xpath}]) is None


def test_a_look_takes_the_words_that_are_asked_for():
    assert accepted(seen(1, 2), purpose=Purpose.SEE) is None
    assert accepted(seen(0, 2), purpose=Purpose.SEE) == 0
    assert accepted(seen(0, 1), alternatives=[{"css": "#status"}, {"xpath": "//p"}], purpose=Purpose.SEE) == 0


def test_what_was_just_pressed_has_to_bear_its_words_still():
    assert accepted(replace(seen(1, 2), was_pressed=True)) is None
    assert accepted(replace(seen(0, 1), was_pressed=True)) == 0


def test_another_forms_button_of_the_same_name_takes_a_mark():
    other = fits(Surroundings.UNKNOWN, same_name=True, other_form=True)
    styled = [*CREATE[:1], {"css": "button.primary"}]
    assert accepted(seen(0, 1, fit=other), alternatives=styled) is None
    assert accepted(seen(0, 1, fit=other)) == 0
