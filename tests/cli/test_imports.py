"""What commands bring into memory: most have nothing to do with a browser, and must not wait for one's library."""

import subprocess
import sys

import pytest

_RUNS = ("playwright", "jinja2", "allure_commons", "tokenbroker.broker")


@pytest.mark.parametrize("command", ["secrets", "due", "recover"])
def test_commands_of_the_store_load_nothing_that_only_runs_need(command: str) -> None:
    program = (
        f"import sys, tokenbroker.cli.{command}\nprint([name for name in {_RUNS!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
