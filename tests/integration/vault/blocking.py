"""Two transactions at once, one of them stopped at the worst moment."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol, TypeVar

from ledger.postgres.connection import Connection

T = TypeVar("T")
WAIT_S = 10.0
"""How long a test waits for another session to block; a lock is normally waited for within milliseconds."""


class RunBlocked(Protocol):
    """Starts something in a transaction of its own, and returns once it waits for another session's lock."""

    def __call__(self, act: Callable[[Connection], T]) -> "Future[T]": ...


@contextmanager
def blocked_runner(open_connection: Callable[[], Connection]) -> Iterator[RunBlocked]:
    """See RunBlocked; the test holds the lock."""
    observer = open_connection()

    def waits(pid: int) -> bool:
        row = observer.execute(
            "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", (pid,)
        ).fetchone()
        return bool(row and row[0])

    def run(act: Callable[[Connection], T]) -> "Future[T]":
        own = open_connection()

        def transaction() -> T:
            with own.transaction():
                return act(own)

        running = pool.submit(transaction)
        deadline = time.monotonic() + WAIT_S
        while not waits(own.info.backend_pid):
            assert not running.done(), "it did not wait for the other session"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return running

    with ThreadPoolExecutor(3) as pool:
        yield run
