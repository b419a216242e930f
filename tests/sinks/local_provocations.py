"""Brings the faults of the sinks `local` and `env` about; tests/sinks/test_faults.py says what has to come of each."""

import base64
import os
from contextlib import suppress

from tests.sinks.provocations import PATH, Opened, corrupted, locked, path_of, provokes
from tokenbroker.errors import BrokerError
from tokenbroker.secret import Secret
from tokenbroker.sinks import Sink
from tokenbroker.sinks.local import LocalSink, open_local
from tokenbroker.sinks.testing import ACTOR


def another_key() -> Secret:
    return Secret(base64.b64encode(os.urandom(32)).decode())


@provokes("local", "down")
def a_folder_is_in_its_place(local: LocalSink) -> Opened:
    file = path_of(local)
    local.store.close()
    kept = file.rename(file.with_suffix(".kept"))
    file.mkdir()
    yield lambda: local
    file.rmdir()
    kept.rename(file)


@provokes("local", "slow")
def another_process_holds_it(local: LocalSink) -> Opened:
    with locked(local):
        yield lambda: local


@provokes("local", "403")
def this_user_may_not_write_it(local: LocalSink) -> Opened:
    file = path_of(local)
    local.store.close()
    file.parent.chmod(0o777)
    file.chmod(0o444)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # root writes everywhere
    try:
        yield lambda: local
        local.store.close()
    finally:
        os.seteuid(user)
        for each in file.parent.iterdir():
            each.chmod(0o600)


@provokes("local", "wrong key")
def the_home_is_opened_with_another_key(local: LocalSink) -> Opened:
    yield lambda: open_local(path_of(local).parent, default_home=False, key=another_key())


@provokes("local", "disk full", of="get put")
def the_file_has_no_page_left(local: LocalSink) -> Opened:
    local.store.read(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 1"))
    with suppress(BrokerError):
        for _ in range(500):  # there is room in the last ones
            local.get(PATH, actor=ACTOR)
    yield lambda: local
    local.store.close()


@provokes("local", "corrupt row", of="get")
def its_ciphertext_was_changed(local: LocalSink) -> Opened:
    with corrupted(local.store):
        yield lambda: local


@provokes("env", "403", of="put probe")
def somebody_writes_to_it(env_sink: Sink) -> Opened:
    yield lambda: env_sink
