"""A mutant: the recorder with one thing wrong. It commits effects first and moves its position afterwards.

Between the two it dies now and then, as any process may; `tests/faults/test_sigkill.py` must notice.
"""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from consumers.lifecycle import StopRequest
from consumers.recorder import RecorderLoop, ledger_positions
from ledger.bootstrap import Runtime, runtime
from ledger.config import LEDGER_TOPIC, Settings
from ledger.log.records import Partition
from ledger.store.ledger_store import Batch, LedgerStore, Memory

DIES_ONCE_IN = 10


class NaiveBatch(Batch):
    """Remembers the moves instead of making them."""

    moves: list[tuple[int, int, int]]

    def advance(self, partition: int, expected: int, new: int) -> None:
        """Puts the move off."""
        self.moves.append((partition, expected, new))


class NaiveStore(LedgerStore):
    """Two transactions where there must be one."""

    @contextmanager
    def batch(self, memory: Memory) -> Iterator[Batch]:
        """Commits the effects, then the position."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            batch = NaiveBatch(cursor, self._repository, memory)
            batch.moves = []
            yield batch
        if random.randrange(DIES_ONCE_IN) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        with self._connection.transaction(), self._connection.cursor() as cursor:
            for move in batch.moves:
                Batch(cursor, self._repository, memory).advance(*move)


def record(parts: Runtime, stop: StopRequest) -> None:
    """Records as `ledger record` does, but for the store."""
    store = NaiveStore(parts.store_dsn, parts.settings.store_schema)
    with parts.reader({}) as reader:
        positions = ledger_positions(reader, store, (1, 1))
        reader.assign({Partition(LEDGER_TOPIC, number): at for number, at in positions.items()})
        RecorderLoop(reader=reader, store=store, positions=positions).run(stop)


if __name__ == "__main__":
    with runtime(Settings()) as connected:
        record(connected, StopRequest())
