"""The hook: looked for before anything begins, called with what it is to know, quoted when it fails, ended with us."""

import json
import os
import select
import sys
from pathlib import Path
from secrets import token_hex

import pytest

from tokenbroker.errors import RunError, SettingsError
from tokenbroker.lifecycle.hook import Hook, hook_of, require_hook
from tokenbroker.redact import Redactor
from tokenbroker.secret import Secret

pytestmark = pytest.mark.req("FLOW-8")

CANARY = "demo-only-canary-77d0"
TOLD = {"reference": "local:a/key@2", "replaced": "local:a/key@1"}


def script(folder: Path, text: str) -> tuple[str]:
    (folder / "hook").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "hook").chmod(0o755)
    return ("./hook",)


def hook(folder: Path, text: str, *, timeout_s: float = 30) -> Hook:
    return hook_of(
        script(folder, text),
        folder=folder,
        timeout_s=timeout_s,
        redact=lambda said, _: said.replace(CANARY, "<key>"),
    )


def failure(call: Hook) -> str:
    with pytest.raises(RunError) as caught:
        call(TOLD)
    assert caught.value.code == "rotate.hook_failed"
    return caught.value.sentence


def test_it_is_told_as_json_in_its_folder_and_knows_none_of_our_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKENBROKER_SECRET_A", CANARY)
    hook(tmp_path, "cat > told; env > known; echo whatever; echo whatever >&2")(TOLD)
    assert json.loads((tmp_path / "told").read_text()) == TOLD
    known = {line.partition("=")[0] for line in (tmp_path / "known").read_text().splitlines()}
    assert known <= {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "PWD", "SHLVL", "_", "OLDPWD"}
    hook(tmp_path, "exec 0<&-")(TOLD)  # one that does not care


@pytest.mark.req("SECRET-7")
def test_one_that_fails_is_quoted_by_the_end_of_its_standard_error_redacted(tmp_path: Path) -> None:
    said = failure(
        hook(
            tmp_path,
            f"seq 9000 >&2; echo out; printf '\\033[31mold %s\\n' {CANARY} >&2; "
            "head -c 999 /dev/zero | tr '\\0' x >&2; exit 3",
        )
    )
    lines = [line.removeprefix("    | ") for line in said.splitlines()[1:]]
    assert lines == ["8998", "8999", "9000", "[31mold <key>", "x" * 200]
    assert "ended with 3" in said
    assert "it said last" not in failure(hook(tmp_path, "echo out; exit 1"))


@pytest.mark.req("SECRET-7")
@pytest.mark.parametrize(
    "program",
    [
        "write('\\ue000'.join(key))",
        "write('\\x1b'.join(key))",
        "write(''.join('\\x1b[1m' + letter + '\\x1b[0m' for letter in key))",
        # 64 KiB are kept: the cut goes through the key.
        "write(key + 'y' * (65536 - 15) + '\\nend')",
        "write(key + 'y' * (65536 - 15))",
    ],
)
def test_no_piece_of_a_key_is_quoted_however_it_was_written(tmp_path: Path, program: str) -> None:
    key = f"demo-only-{token_hex(20)}"
    (tmp_path / "said.py").write_text(f"import sys\nkey = {key!r}\nsys.stderr.{program}\nsys.exit(1)\n")
    redactor = Redactor()
    redactor.add(Secret(key), label="key")
    call = hook_of(
        [sys.executable, "said.py"],
        folder=tmp_path,
        timeout_s=30,
        redact=lambda said, _: redactor.text(said),
    )
    said = failure(call)
    assert not [key[i : i + 6] for i in range(len(key) - 5) if key[i : i + 6] in said]


def test_what_it_leaves_in_the_background_is_not_waited_for(tmp_path: Path) -> None:
    left = tmp_path / "left"
    hook(tmp_path, f'sleep 60 2>/dev/null & echo $! > "{left}"')(TOLD)
    descriptor = os.pidfd_open(int(left.read_text()))
    os.kill(int(left.read_text()), 0)  # it is alive
    os.kill(int(left.read_text()), 9)
    assert select.select([descriptor], [], [], 20)[0]
    os.close(descriptor)


def test_one_that_takes_too_long_is_ended_with_what_it_has_started(tmp_path: Path) -> None:
    started = tmp_path / "started"
    text = f'sleep 60 & echo $! > "{started}.new"; mv "{started}.new" "{started}"; echo waiting >&2; wait'
    said = failure(hook(tmp_path, text, timeout_s=0.5))
    assert "took more than 0.5 s" in said
    assert "waiting" in said
    assert (
        not Path(f"/proc/{started.read_text().strip()}/stat").exists()
        or " Z " in Path(f"/proc/{started.read_text().strip()}/stat").read_text()
    )


@pytest.mark.parametrize("program", ["./gone", "gone-nowhere", "./plain", "./", ""])
def test_one_that_could_not_be_started_is_refused_before_anything_begins(
    tmp_path: Path, program: str
) -> None:
    (tmp_path / "plain").write_text("no program")
    with pytest.raises(SettingsError) as caught:
        require_hook((program,), folder=tmp_path)
    assert caught.value.code == "rotate.no_hook"


def test_one_beside_the_settings_or_in_the_path_will_do(tmp_path: Path) -> None:
    require_hook((), folder=tmp_path)
    require_hook(script(tmp_path, ""), folder=tmp_path)
    require_hook((str(tmp_path / "hook"), "--all"), folder=Path("/"))
    require_hook(("sh", "-c", "true"), folder=tmp_path)
