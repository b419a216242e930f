"""The mutation kit: its cases are fixed, each kind leaves one right element or none, and decoys are noticed."""

from pathlib import Path
from random import Random

import pytest
import yaml

from benchmarks.ui_mutations.alternatives import alternatives_of, codegen_selector
from benchmarks.ui_mutations.catalogue import CONSOLES, console_named
from benchmarks.ui_mutations.draw import FIRST, QUICK, SECOND, STRATA, Case, Mutation, cases, digest, suiting
from benchmarks.ui_mutations.judge import Judge, Outcome, Result, change, verdict
from benchmarks.ui_mutations.kinds import KINDS, PAIRS
from benchmarks.ui_mutations.kinds.german import PHRASES
from benchmarks.ui_mutations.kinds.synonyms import SYNONYMS
from benchmarks.ui_mutations.publish import kinds_table, plot, totals_table
from benchmarks.ui_mutations.publish import main as publish
from benchmarks.ui_mutations.report import figures
from benchmarks.ui_mutations.visit import visiting
from benchmarks.ui_mutations.ways import Claim, Ending, way_named
from benchmarks.ui_mutations.witness import Seen
from demo_site.presses import Source
from tokenbroker.run.targets.engine import install

FLOWS = Path(__file__).parents[2] / "flows" / "examplecloud"
FROZEN = {
    "first": "3244137b351c89a11977cddfe8c444ea6301744d0bf500c5bd41439cd09239cb",  # pragma: allowlist secret
    "second": "42f06a58055db454c4d3f58902dcb426201ff9dfc603b433b4c7c9dd74839846",  # pragma: allowlist secret
}
ACTING = ("click", "type", "select", "check", "press", "capture_token")
SIGN_IN = console_named("sign_in").points[2]
POINTS = [point for console in CONSOLES for point in console.points]


class TestDraws:
    @pytest.mark.parametrize(("name", "seeds"), [("first", FIRST), ("second", SECOND)])
    def test_the_cases_of_both_ranges_are_the_frozen_ones(self, name, seeds):
        assert digest(seeds) == FROZEN[name]

    @pytest.mark.parametrize("seeds", [FIRST, SECOND])
    def test_each_range_has_every_kind_on_every_console_that_it_suits_and_pairs_on_all(self, seeds):
        drawn = cases(seeds)
        assert len(drawn) == len(STRATA)
        single = {(case.console, case.kind) for case in drawn if len(case.mutations) == 1}
        assert single == {(c.name, kind) for c in CONSOLES for kind in KINDS if suiting(c, [kind])}
        pairs = {(case.console, case.kind) for case in drawn if len(case.mutations) == 2}
        assert {console for console, _ in pairs} == {console.name for console in CONSOLES}
        assert {kind for _, kind in pairs} == {"+".join(pair) for pair in PAIRS}

    def test_the_quick_cases_are_of_the_first_range_and_leave_no_kind_and_no_console_out(self):
        assert set(QUICK) < set(FIRST)
        assert not set(FIRST) & set(SECOND)
        quick = cases(QUICK)
        assert {mutation.kind for case in quick for mutation in case.mutations} == set(KINDS)
        assert {case.console for case in quick} == {console.name for console in CONSOLES}

    def test_every_word_of_a_target_has_others_for_it(self):
        worded = {point.words for point in POINTS if point.words}
        assert worded == set(SYNONYMS)
        assert [words for words, others in SYNONYMS.items() if words in others] == []
        assert worded - set(PHRASES) == {"Revoke Retired integration"}

    @pytest.mark.parametrize("console", CONSOLES[1:], ids=lambda console: console.name)
    def test_every_acting_step_of_a_consoles_flow_is_a_point(self, console):
        sign_in = {point.selector for point in console_named("sign_in").points} | {"button[type=submit]"}
        known = sign_in | {point.selector for point in console.points}
        flow = yaml.safe_load((FLOWS / f"{console.name}.yaml").read_text(encoding="utf-8"))
        told = [step[verb] for step in flow["steps"] for verb in ACTING if verb in step]
        # A selector set has a text of its own; which element it means is still the point's to say.
        assert {one["selector"] for one in told if isinstance(one.get("selector"), str)} <= known


class TestVerdicts:
    RIGHT, OTHER = Seen(type="click", right=True), Seen(type="click", right=False)

    @pytest.mark.parametrize(
        ("claim", "seen", "decoys", "outcome"),
        [
            (Claim.ACTED, [RIGHT], 0, Outcome.SURVIVED),
            (Claim.ACTED, [RIGHT, OTHER], 0, Outcome.WRONG),
            (Claim.ACTED, [RIGHT], 1, Outcome.WRONG),
            (Claim.ACTED, [], 0, Outcome.WRONG),
            (Claim.NOT_THERE, [], 0, Outcome.ABSENT_REPORTED),
            (Claim.NOT_THERE, [OTHER], 0, Outcome.WRONG),
            (Claim.STOPPED, [], 0, Outcome.STOPPED),
            (Claim.STOPPED, [RIGHT], 0, Outcome.STOPPED),
        ],
    )
    def test_what_was_seen_counts_before_what_is_claimed(self, claim, seen, decoys, outcome):
        assert verdict(Ending(claim=claim), seen, decoys_pressed=decoys)[0] is outcome


@pytest.fixture(scope="module")
def visitor(playwright):
    install(playwright.selectors)
    with visiting(playwright) as visitor:
        yield visitor


@pytest.fixture(scope="module")
def judge(visitor):
    return Judge(visitor)


def case_of(console, number, *kinds, **options):
    """A case of our own; `options` go to the last kind."""
    point, chance = console_named(console).points[number - 1], Random(0)
    drawn = [(kind, dict(KINDS[kind].draw(chance, point))) for kind in kinds]
    drawn[-1][1].update(options)
    mutations = tuple(Mutation(kind=kind, options=drawn_options) for kind, drawn_options in drawn)
    return Case(seed=0, console=console, point=point, mutations=mutations)


def results(*outcomes: tuple[str, bool, Outcome]) -> list[Result]:
    """A result of each way, of a target that is there or gone, with what came of it."""
    return [
        Result(
            way=way, seed=7, console="c", step=1, verb="click", kind="moved", target_stays=stays,
            outcome=outcome, reason="", took_ms=1,
        )
        for way, stays, outcome in outcomes
    ]  # fmt: skip


class TestPublished:
    MEASURED = {
        "first": results(
            ("codegen", True, Outcome.STOPPED),
            ("first_actionable", True, Outcome.WRONG),
            ("ours", True, Outcome.SURVIVED),
            ("ours", False, Outcome.ABSENT_REPORTED),
        )
    }

    def test_the_tables_hold_what_was_counted(self):
        rows = totals_table(self.MEASURED).splitlines()
        assert (
            rows[2] == "| 7 to 7 | the locator of codegen | 0 of 1 (0.0 %) | 1 (0) | 0 | 0 of 0 | 0 | 0 | 0 |"
        )
        assert rows[4] == "| 7 to 7 | tokenbroker | 1 of 1 (100.0 %) | 0 (0) | 0 | 1 of 1 | 0 | 0 | 0 |"
        assert "| moved | 1 | 0 / 1 / 0 | 0 / 0 / 1 | 2 / 0 / 0 |" in kinds_table(self.MEASURED)

    def test_the_plot_tells_each_share_and_what_was_wrong(self):
        drawn = plot(self.MEASURED)
        assert "100.0 %, none wrong" in drawn
        assert "0.0 %, 1 wrong" in drawn

    def test_a_range_that_was_not_measured_along_every_way_is_named_and_nothing_is_written(
        self, tmp_path, monkeypatch, capsys
    ):
        monkeypatch.chdir(tmp_path)
        assert publish(["first"]) == 1
        assert "to do: python -m benchmarks.ui_mutations --range first" in capsys.readouterr().out
        assert list(tmp_path.iterdir()) == []


class Blunderer:
    """Uses whatever matches a selector of the test's."""

    name = "blunderer"

    def __init__(self, selector):
        self.selector = selector

    def learn(self, page, frame, target, task):
        return None

    def act(self, page, frame, task):
        with page.expect_response("**/usage"):
            task.perform(frame.locator(self.selector), 2000)
        return Ending(claim=Claim.ACTED)


@pytest.mark.browser
class TestPages:
    @pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.target_stays])
    def test_after_each_kind_the_right_element_is_there_and_can_be_used(self, judge, kind):
        console, number = ("sign_in", 3) if KINDS[kind].suits(SIGN_IN) else ("create_api_key", 1)
        if kind == "duplicate_ids":
            console, number = "sign_in", 1
        assert judge.run(case_of(console, number, kind), way_named("oracle")).outcome is Outcome.SURVIVED

    @pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if not kind.target_stays])
    def test_after_each_kind_that_takes_the_target_away_there_is_none(self, visitor, kind):
        case = case_of("sign_in", 3, kind)
        with visitor.at(case.point) as (place, _):
            change(place, case)
            assert not place.target.evaluate("target => target.isConnected")
            assert place.frame.locator("#password").is_visible()

    @pytest.mark.parametrize(
        ("console", "number", "kind", "selector", "control"),
        [
            ("strict_key", 1, "look_alike_before", "main section:first-of-type button", "decoy-look-alike"),
            ("embedded_key", 4, "look_alike_after", "form ~ * button", "decoy-look-alike"),
            ("create_api_key", 3, "step_split", "text=Step 1 of 2 >> xpath=.. >> button", "decoy-next-step"),
            ("sign_in", 1, "duplicate_ids", "section #email", "decoy-same-id"),
            ("sign_in", 3, "cookie_banner", "[aria-label=Cookies] button >> nth=0", "decoy-cookie-banner"),
        ],
    )
    def test_a_decoy_that_is_used_is_wrong_and_the_site_has_logged_it(
        self, judge, visitor, console, number, kind, selector, control
    ):
        last = max((press.number for press in visitor.site.presses()), default=0)
        case = case_of(console, number, kind, **({"as": "control"} if kind == "duplicate_ids" else {}))
        assert judge.run(case, Blunderer(selector)).outcome is Outcome.WRONG
        told = [press for press in visitor.site.presses(after=last) if press.source is Source.REPORT]
        assert {(press.console, press.control) for press in told} == {(console.replace("_", "-"), control)}

    def test_reading_another_text_than_the_right_one_is_wrong(self, judge):
        case = case_of("create_api_key", 4, "look_alike_before")
        way = way_named("first_actionable")
        assert judge.run(case, way).outcome is Outcome.WRONG
        assert judge.run(case_of("create_api_key", 4, "wrapped"), way).outcome is Outcome.SURVIVED

    def test_the_two_baselines_are_what_they_say(self, judge):
        look_alike = case_of("sign_in", 3, "look_alike_before")
        assert judge.run(look_alike, way_named("first_actionable")).outcome is Outcome.WRONG
        codegen = judge.run(look_alike, way_named("codegen"))
        assert (codegen.outcome, codegen.reason) == (Outcome.STOPPED, "ambiguous")
        counted = figures([codegen])
        assert (counted.there, counted.stopped, counted.wrong) == (1, 1, 0)

    def test_what_a_recorder_writes_of_a_shown_key_holds_nothing_of_it(self, visitor):
        for console, number in (("create_api_key", 4), ("wrapped_key", 4)):
            point = console_named(console).points[number - 1]
            with visitor.at(point) as (place, _):
                noted = [*alternatives_of(place.frame, place.target, reads=True)]
                codegen = codegen_selector(place.page, place.frame, place.target, reads=True)
                assert noted
                assert "exk_" not in str([noted, codegen])
                assert place.target.is_visible()

    @pytest.mark.req("RESIL-1", "RESIL-2")
    @pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.soak) for part in (1, 2, 3))])
    def test_a_set_finds_its_element_after_changes_or_uses_nothing_and_reports_what_is_gone(
        self, judge, part
    ):
        found = figures(judge.run(case, way_named("ours")) for case in cases(QUICK[part::4]))
        assert found.wrong == 0
        assert found.reported == found.gone
        # The whole ranges are for the benchmark: a part of them may hold two of the cases that stop.
        assert found.survived >= found.there - 2
        assert found.there > 10
