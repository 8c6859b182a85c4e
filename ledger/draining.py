"""Waiting until inbox records are in the store, sealing and recording them here when nobody else does."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from ledger.bootstrap import Runtime
from ledger.config import LEDGER_TOPIC
from ledger.errors import InfrastructureError
from ledger.log.records import Partition
from ledger.store.ledger_store import read_positions
from ledger.vault.progress import ProgressMoved

POLL_EVERY_S = 0.05
OTHERS_PATIENCE_S = 2.0
"""Without progress for this long, nobody else is at work and we do it ourselves."""
STUCK_AFTER_S = 60.0
"""Without progress for this long, something is wrong."""

OnProgress = Callable[[int, int], None]
"""Called with (records past, records in all)."""


class Loop(Protocol):
    """A sealer's or recorder's loop."""

    def step(self) -> int:
        """Handles the next batch."""


def drain(parts: Runtime, ends: Mapping[Partition, int], *, ourselves: bool, on_progress: OnProgress) -> None:
    """Returns once every inbox record below `ends` is recorded.

    Args:
        parts: where everything is.
        ends: inbox partition -> the offset to reach.
        ourselves: seal and record in this process when no other does.
        on_progress: told how far it is, twice: sealing, then recording.

    Raises:
        InfrastructureError: nothing moves.
    """
    patience_s = STUCK_AFTER_S if not ourselves else 0.0 if parts.alone() else OTHERS_PATIENCE_S
    with parts.vault() as vault:

        def sealed() -> dict[Partition, int]:
            progress = {p: vault.load_progress(p.topic, p.number) for p in ends}
            return {p: at.next_offset for p, at in progress.items() if at is not None}

        seal = (lambda: parts.sealer_loop((1, 1))) if ourselves else None
        _reach("sealing", sealed, ends, loop=seal, patience_s=patience_s, on_progress=on_progress)
    with parts.reader({}) as reader:
        log_ends = reader.ends(reader.partitions_of(LEDGER_TOPIC))
    with parts.store_connection(parts.settings.store_schema) as connection:
        connection.autocommit = True

        def recorded() -> dict[Partition, int]:
            return {Partition(LEDGER_TOPIC, number): at for number, at in read_positions(connection).items()}

        record = parts.recorder_loop if ourselves else None
        _reach("recording", recorded, log_ends, loop=record, patience_s=patience_s, on_progress=on_progress)


def _reach(
    what: str,
    positions: Callable[[], Mapping[Partition, int]],
    ends: Mapping[Partition, int],
    *,
    loop: Callable[[], AbstractContextManager[Loop]] | None,
    patience_s: float,
    on_progress: OnProgress,
) -> None:
    """Waits until the positions are at the ends; with a loop of our own when nobody moves them."""
    total = sum(ends.values())

    def past() -> int:
        at = positions()
        done = sum(min(at.get(partition, 0), end) for partition, end in ends.items())
        on_progress(done, total)
        return done

    while not _moves_to(total, past, patience_s):
        if loop is None:
            raise InfrastructureError(
                f"{what} does not get on",
                expected=f"progress within {patience_s:.0f} s",
                found="none",
                do="Check that `ledger seal` and `ledger record` run, or start `ledger up`",
            )
        try:
            with loop() as own:
                while past() < total:
                    own.step()
        except ProgressMoved:
            # Another process woke up and took over; wait for it instead.
            continue


def _moves_to(total: int, past: Callable[[], int], patience_s: float) -> bool:
    """Waits while the position moves; whether it arrived."""
    last, moved_at = past(), time.monotonic()
    while last < total:
        if time.monotonic() - moved_at > patience_s:
            return False
        time.sleep(POLL_EVERY_S)
        current = past()
        if current > last:
            last, moved_at = current, time.monotonic()
    return True
