"""While a recording is in memory: whatever goes wrong, or is cut off, says nothing of what was typed (REC-3)."""

import logging
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NoReturn

import typer

from tokenbroker.errors import BrokerError

_PACKAGE: Final = Path(__file__).parents[1]
_ENDS: Final = (signal.SIGTERM, signal.SIGHUP)


class RecorderFailed(BrokerError):
    """Something unforeseen went wrong in the recorder."""

    code = "record.failed"


def guarded(act: Callable[[], None]) -> None:
    """Let a closed terminal and a polite kill end `act` as Ctrl-C does, and nothing unforeseen quote what it held.

    The rest of the process says nothing of what was left half done, either.

    Raises:
        RecorderFailed: in the place of an error that nobody foresaw; it says which kind, and where.
    """
    _leave_unsaid()
    before = {number: signal.signal(number, _interrupt) for number in _ENDS}
    failed = ""
    try:
        act()
    except (BrokerError, typer.Exit, typer.Abort):
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is: its message may hold anything
        failed = f"{type(error).__name__} in {_place_of(error)}"
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if failed:  # out here, so that the other one is no part of it
        raise RecorderFailed(
            f"the recorder has failed: {failed}",
            next_step="what was recorded and not saved is gone; please report the words above",
        )


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C ends what is inside, and so does whatever fails in the course of that: a call was left half done."""
    try:
        yield
    except KeyboardInterrupt:
        return
    except Exception as error:
        if not _is_of_an_interrupt(error):
            raise


def _is_of_an_interrupt(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _interrupt(number: int, _: object) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # once is enough
    raise KeyboardInterrupt


def _leave_unsaid() -> None:
    """A call that was cut off is collected later, and what Python and asyncio say of that may quote it."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore", RuntimeWarning)
    sys.unraisablehook = lambda _: None


def _place_of(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if Path(each.filename).is_relative_to(_PACKAGE)]
    last = ours[-1] if ours else frames[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
