"""A process that answers questions of a store as fast as it can: ``python -m tests.store.claiming WHO``.

It reads, each on a line, where the store is (a path, or a PostgreSQL URL: it holds a password, so no argument) and the ids; says
that it is ready; begins with the next line; and tells the ids that it has won.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

from tests.postgres_server import place_of
from tests.store.test_checkpoints import GIVEN, QUESTION
from tokenbroker.store.checkpoints import claim
from tokenbroker.store.engine import Store
from tokenbroker.store.postgres import open_postgres_store
from tokenbroker.store.sqlite import open_store


def _opened(where: str) -> Store:
    return (
        open_postgres_store(place_of(where)) if where.startswith("postgresql:") else open_store(Path(where))
    )


def _main(who: str) -> None:
    where, ids = sys.stdin.readline().strip(), json.loads(sys.stdin.readline())
    with _opened(where) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        given = replace(GIVEN, who=who)
        print(json.dumps([each for each in ids if claim(store, replace(QUESTION, id=each), given)]))


if __name__ == "__main__":
    _main(sys.argv[1])
