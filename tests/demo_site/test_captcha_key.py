"""Speech: a key for those who have solved a puzzle by hand."""

import json
import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from demo_site.puzzle import TILES, Puzzle

PUZZLE, ANSWER = "/speech/api/puzzle", "/speech/api/puzzle/answer"


def hint(visitor):
    found = re.search(
        r"data-captcha-answer>(\d)<", visitor.client.get(f"/phone/{visitor.account.device_id}").text
    )
    return int(found.group(1)) if found else None


def press(visitor, tile):
    return visitor.client.post(ANSWER, content=str(tile), headers={"X-CSRF-Token": csrf(visitor)})


def csrf(visitor):
    return str(visitor.hidden()["csrf"])


def send(visitor, solution, app="demo-only-speech"):
    fields = {"csrf": csrf(visitor), "app": app, "g-captcha-like-response": solution}
    return visitor.client.post("/speech/keys", data=fields)


def key_in(answer):
    found = re.search(r'class="sp-key">([^<]+)<', answer.text)
    return found.group(1) if found else ""


@pytest.fixture
def at_the_form(visitor):
    visitor.sign_in()
    visitor.open("/speech")
    return visitor


def test_the_one_who_presses_the_odd_tile_gets_a_key_once(at_the_form):
    solution = press(at_the_form, hint(at_the_form)).json()["solution"]
    answer = send(at_the_form, solution)
    assert at_the_form.whoami(key_in(answer)) == 200
    assert key_in(answer) not in at_the_form.client.get("/speech").text
    again = send(at_the_form, solution)
    assert (again.status_code, key_in(again)) == (403, "")


@pytest.mark.parametrize("solution", ["", "guessed", "ä"])
def test_without_the_solution_no_key_is_made(at_the_form, solution):
    answer = send(at_the_form, solution)
    assert (answer.status_code, key_in(answer)) == (403, "")


def test_a_wrong_tile_brings_another_puzzle_and_no_solution(at_the_form):
    odd = hint(at_the_form)
    drawn = at_the_form.client.post(PUZZLE, headers={"X-CSRF-Token": csrf(at_the_form)}).json()["tiles"]
    answer = press(at_the_form, odd % TILES + 1)
    assert answer.status_code == 409
    assert "solution" not in answer.json()
    assert answer.json()["tiles"] != drawn


def test_a_puzzle_is_worth_nothing_after_three_minutes(at_the_form):
    odd = hint(at_the_form)
    at_the_form.clock.advance(timedelta(minutes=3))
    assert press(at_the_form, odd).status_code == 409
    solution = press(at_the_form, hint(at_the_form)).json()["solution"]
    at_the_form.clock.advance(timedelta(minutes=3))
    assert send(at_the_form, solution).status_code == 403


def test_the_answer_is_on_the_phone_only_and_goes_when_it_is_given(at_the_form):
    odd = hint(at_the_form)
    told = at_the_form.client.post(PUZZLE, headers={"X-CSRF-Token": csrf(at_the_form)})
    assert set(told.json()) == {"tiles"}
    assert {frozenset(tile) for tile in told.json()["tiles"]} == {frozenset({"strokes", "noise"})}
    assert "captcha-answer" not in at_the_form.page.text
    press(at_the_form, odd)
    assert hint(at_the_form) is None


def test_a_request_from_elsewhere_is_refused(at_the_form):
    assert at_the_form.client.post(PUZZLE).status_code == 403
    assert at_the_form.client.post(ANSWER, content=str(hint(at_the_form))).status_code == 403
    assert at_the_form.client.post("/speech/keys", data={"app": "demo-only"}).status_code == 403


@pytest.mark.parametrize("answer", ["", "x", "1.5"])
def test_an_answer_that_is_no_tile_is_refused(at_the_form, answer):
    assert press(at_the_form, answer).status_code == 422


def test_every_arrow_differs_from_every_other_as_drawn(clock):
    puzzle = Puzzle.draw(clock())
    assert len({json.dumps(tile.strokes) for tile in puzzle.tiles}) == TILES


@pytest.mark.browser
def test_a_person_solves_it_in_the_page_and_a_script_does_not(person, running, account):
    person.goto("/speech")
    person.get_by_label("Name of your app").fill("demo-only-hand")
    widget, box = person.locator(".g-captcha-like"), person.locator("[data-captcha-checkbox]")
    box.dispatch_event("click")
    expect(widget).to_have_attribute("data-state", "waiting")
    box.click()
    expect(person.locator("[data-tile]")).to_have_count(TILES)
    expect(widget).to_have_attribute("data-state", "puzzle")
    phone = person.context.new_page()
    phone.goto(running.phones[account.email])
    tile = person.locator(f"[data-tile='{phone.locator('[data-captcha-answer]').inner_text()}']")
    tile.dispatch_event("click")
    expect(widget).to_have_attribute("data-state", "puzzle")
    expect(person.get_by_role("button", name="Get my key")).to_be_disabled()
    tile.click()
    expect(widget).to_have_attribute("data-state", "solved")
    person.get_by_role("button", name="Get my key").click()
    expect(person.locator(".sp-key")).to_have_text(re.compile(r"^exk_live_\w{32}$"))
    assert [key.name for key in running.live_keys()] == ["demo-only-hand"]
