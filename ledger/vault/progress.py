"""How far each sealer came in its inbox partitions, and what it was trying when it died.

Two kinds of writing, of different weight:

- `advance` moves the position and the chains by compare-and-swap, after the broker has acknowledged
  everything before it. A crash before it leaves records to be sealed again: duplicates, which the recorder
  drops.
- `mark_trying` and `clear_trying` count attempts *before* a record is decoded, so that a record whose
  decoding kills the process is known at the next start. They may commit with `synchronous_commit` off: they
  have to survive `kill -9` of the sealer, which they do once the server has answered; if the database server
  itself crashes, half a second of counting is lost and a poison record is tried once more.

Owns: sealer_progress and sealer_chain. Leaves to others: what is done about a record tried too often, and the column
sealing_until, which `advance` ends the meaning of by passing it (`in_flight`).
DESIGN section 4.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from ledger.entry import SourcePosition
from ledger.errors import CallerError, IntegrityError
from ledger.postgres.connection import Connection
from ledger.postgres.named_sql import load_sql

_SQL = load_sql(Path(__file__).parent / "sql" / "progress.sql")


class ProgressMoved(IntegrityError):
    """Another sealer works on this inbox partition: load the progress again, and count it.

    What this process sent is sent twice, under the same source positions: the recorder drops it.
    """

    retriable = True


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where the sealer of one inbox partition stands.

    Args:
        next_offset: the first offset not yet sealed and acknowledged.
        trying_offset: the first offset of what was being tried; None when nothing was.
        trying_until: the last offset of what was being tried, itself included.
        attempts: how often `trying_offset` was started and not finished; 0 when nothing was.
    """

    next_offset: int
    trying_offset: int | None = None
    trying_until: int | None = None
    attempts: int = 0


def initialise(conn: Connection, topic: str, partition: int, next_offset: int) -> Progress:
    """Makes the row of an inbox partition seen for the first time; what is there already stands.

    Returns:
        The progress that holds now.
    """
    name = _name(topic, partition)
    conn.execute(_SQL["initialise"], {**name, "next_offset": next_offset})
    progress = load(conn, topic, partition)
    if progress is None:
        raise _missing(topic, partition)
    return progress


def load(conn: Connection, topic: str, partition: int) -> Progress | None:
    """Progress of one inbox partition; None when it was never initialised."""
    row = conn.execute(_SQL["load"], _name(topic, partition)).fetchone()
    if row is None:
        return None
    return Progress(next_offset=row[0], trying_offset=row[1], trying_until=row[2], attempts=row[3])


def load_chain(conn: Connection, topic: str, partition: int) -> dict[int, SourcePosition]:
    """Ledger partition -> the last source position sent to it from this inbox partition."""
    rows = conn.execute(_SQL["load_chain"], _name(topic, partition))
    return {ledger_partition: SourcePosition(offset, part) for ledger_partition, offset, part in rows}


def advance(
    conn: Connection,
    topic: str,
    partition: int,
    expected_next: int,
    new_next: int,
    *,
    chain: Mapping[int, SourcePosition],
) -> None:
    """Moves the position and the chains, if nobody else moved them; what was being tried is then done.

    Args:
        conn: the caller commits.
        topic: the inbox topic.
        partition: its partition.
        expected_next: the next offset as this sealer knows it.
        new_next: the first offset not sealed; the log has acknowledged everything before it.
        chain: ledger partition -> last source position sent; partitions that got nothing may be left out.

    Raises:
        ProgressMoved: the row holds another offset than expected.
        IntegrityError: a chain would go back.
        CallerError: the positions contradict each other.
    """
    if new_next <= expected_next or any(position.offset >= new_next for position in chain.values()):
        raise CallerError(
            "cannot advance the sealer's progress",
            expected=f"a next offset above {expected_next} and above every offset of the chain",
            found=str(new_next),
        )
    name = _name(topic, partition)
    swapped = conn.execute(_SQL["advance"], {**name, "expected_next": expected_next, "new_next": new_next})
    if swapped.rowcount != 1:
        raise ProgressMoved(
            f"the progress of {topic}/{partition} moved",
            expected=f"next offset {expected_next}",
            found="another one: a second sealer on this partition, or a row never initialised",
            do="Load it again; if this repeats, run one sealer per inbox partition.",
        )
    columns = {
        "ledger_partitions": list(chain),
        "offsets": [position.offset for position in chain.values()],
        "parts": [position.part for position in chain.values()],
    }
    if chain and conn.execute(_SQL["advance_chain"], {**name, **columns}).rowcount != len(chain):
        raise IntegrityError(
            f"a chain of {topic}/{partition} would go back",
            expected="source positions that only grow",
            found="one below what was already sent",
            do="Stop the sealer, and compare its progress with the ledger's last records.",
        )


def mark_trying(conn: Connection, topic: str, partition: int, offset: int, until: int) -> int:
    """Counts an attempt at the records from `offset` to `until`, both included, before it is made.

    The count belongs to `offset`: trying another offset starts at one, so a sealer that narrows down a batch
    advances past each record that succeeds before it marks the next.

    Args:
        conn: the caller commits, before decoding.
        topic: the inbox topic.
        partition: its partition.
        offset: the first offset about to be decoded.
        until: the last offset about to be decoded; `offset` itself for one record alone.

    Returns:
        Attempts at this offset, this one included; 1 for the first.

    Raises:
        CallerError: the partition was never initialised, or `until` is before `offset`.
    """
    if until < offset:
        raise CallerError(
            "cannot mark an attempt", expected=f"a last offset of at least {offset}", found=str(until)
        )
    conn.execute(_SQL["answer_before_disk"])
    row = conn.execute(
        _SQL["mark_trying"], {**_name(topic, partition), "offset": offset, "until": until}
    ).fetchone()
    if row is None:
        raise _missing(topic, partition)
    return int(row[0])


def positions(conn: Connection) -> dict[tuple[str, int], int]:
    """(topic, partition) -> next offset, for every inbox partition there is."""
    rows = conn.execute(_SQL["positions"])
    return {(topic, partition): next_offset for topic, partition, next_offset in rows}


def clear_trying(conn: Connection, topic: str, partition: int) -> None:
    """Forgets what was being tried. `advance` does so too."""
    conn.execute(_SQL["answer_before_disk"])
    conn.execute(_SQL["clear_trying"], _name(topic, partition))


def _name(topic: str, partition: int) -> dict[str, str | int]:
    return {"topic": topic, "partition": partition}


def _missing(topic: str, partition: int) -> CallerError:
    return CallerError(
        f"no progress row for {topic}/{partition}",
        do="Initialise the partition's progress first.",
    )
