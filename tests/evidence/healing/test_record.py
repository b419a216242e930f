"""Which run `tokenbroker heal` is about, and what it takes for a record of one (RESIL-3)."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.healing.records import RUN, TEXT, flow_in, leave, record
from tokenbroker.errors import UsageError
from tokenbroker.evidence.healing.record import newest_run

pytestmark = pytest.mark.req("RESIL-3")
LATER = "20261121T120000-keys-0123abcd"


def refused(reports: Path) -> str:
    with pytest.raises(UsageError) as error:
        newest_run(reports, flow_in())
    assert error.value.next_step
    return error.value.code


def test_the_newest_run_that_passed_with_this_text_is_taken(tmp_path: Path) -> None:
    leave(tmp_path, record())
    leave(tmp_path, record(run=LATER))
    leave(tmp_path, record(run="20261122T120000-keys-0123abcd") | {"status": "failed"})
    leave(tmp_path, record(TEXT + "\n", run="20261123T120000-keys-0123abcd"))
    leave(tmp_path, record(run="20261124T120000-keys-0123abcd") | {"flow": "other/keys"})
    leave(tmp_path, "no record", folder="20261125T120000-other-0123abcd")
    (tmp_path / "20261126T120000-keys-0123abcd").mkdir()  # under way
    assert newest_run(tmp_path, flow_in()).run == LATER


def test_of_runs_of_one_coarse_moment_the_one_written_last_is_taken(tmp_path: Path) -> None:
    for name, when in (("0000000a", 1000), ("0000000b", 3000), ("0000000c", 2000)):
        folder = leave(tmp_path, record(run=f"20261120T000000-keys-{name}"))
        os.utime(folder / "run.json", (when, when))
    assert newest_run(tmp_path, flow_in()).run.endswith("b")


def test_a_run_of_a_case_of_its_matrix_is_one_of_the_flow(tmp_path: Path) -> None:
    leave(tmp_path, record() | {"flow": "example/keys[acme]"})
    assert newest_run(tmp_path, flow_in()).flow == "example/keys[acme]"


def test_without_a_run_with_a_failed_one_and_after_a_change_it_says_which(tmp_path: Path) -> None:
    assert refused(tmp_path / "none") == "heal.no_run"
    leave(tmp_path, record() | {"status": "failed"})
    assert refused(tmp_path) == "heal.no_run"
    leave(tmp_path, record(TEXT + "\n", run=LATER))
    assert refused(tmp_path) == "heal.flow_changed"


def without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda said: said.pop(name)


def in_target(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda said: said["steps"][1]["target"].update(changes)


def in_proposal(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda said: said["steps"][1]["target"]["mend"]["proposals"][0].update(changes)


@pytest.mark.parametrize(
    "change",
    [
        without("steps"),
        without("flow_sha256"),
        lambda said: said.update(run=LATER),
        lambda said: said.update(started_at="yesterday"),
        lambda said: said.update(started_at=1),
        lambda said: said.update(flow_sha256="x"),
        lambda said: said.update(status="good"),
        lambda said: said.update(steps={"1": {}}),
        lambda said: said["steps"][1].update(number="2"),
        lambda said: said["steps"][1].update(number=0),
        in_target(failed=["words"]),
        in_target(healed="yes"),
        in_target(differs=["__class__"]),
        in_target(fingerprint={"name": "419d", "more": 1}),
        in_target(fingerprint={"name": "419d\n"}),
        in_target(fingerprint={"alike": "1"}),
        in_target(mend=[]),
        in_target(mend={"by_hand": "because", "proposals": []}),
        in_target(mend={"by_hand": "", "proposals": [], "more": 1}),
        in_proposal(act="run"),
        in_proposal(number=9),
        in_proposal(number=True),
        in_proposal(**{"with": {"xpath": "//button"}}),
        in_proposal(**{"with": {"css": ["#a"]}}),
        in_proposal(path="/etc/passwd"),
    ],
)
def test_a_record_of_another_shape_is_refused_with_one_error(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    said = record()
    change(said)
    leave(tmp_path, said, folder=RUN)
    assert refused(tmp_path) == "heal.bad_record"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "null",
        "[" * 100_000,
        '{"run": NaN}',
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_what_is_no_json_of_a_record_is_refused_with_one_error(tmp_path: Path, text: str) -> None:
    leave(tmp_path, text, folder=RUN)
    assert refused(tmp_path) == "heal.bad_record"


def test_a_link_a_pipe_and_a_linked_folder_are_not_followed(tmp_path: Path) -> None:
    elsewhere = leave(tmp_path / "elsewhere", record())
    reports = tmp_path / "reports"
    (reports / RUN).mkdir(parents=True)
    (reports / RUN / "run.json").symlink_to(elsewhere / "run.json")
    assert refused(reports) == "heal.bad_record"
    (reports / RUN / "run.json").unlink()
    os.mkfifo(reports / RUN / "run.json")
    assert refused(reports) == "heal.bad_record"
    (reports / RUN / "run.json").unlink()
    (reports / RUN).rmdir()
    (reports / RUN).symlink_to(elsewhere)
    assert refused(reports) == "heal.no_run"
