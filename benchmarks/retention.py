"""The end of retention for one day of calls: destroying its keys, against DELETE and UPDATE of its rows.

    make bench-retention                a table
    make bench-retention JSON=1         one JSON document
    make bench-retention EVENTS=10000   a smaller day, to see that it runs

One PostgreSQL of its own, with its defaults, holds both ways. The plain way: a table of one day's calls as a telephony
system keeps them, once emptied by DELETE and once blanked by UPDATE, each committed; the VACUUM that either still
owes is left out. The ledger's way: a vault in which that many fields of that day were sealed under real keys, and
`Vault.destroy_epochs` for every retention class that such a day has keys of: one durable commit, and the confirmation
by another look. The ratio compares the faster of the plain ways with it. The same is measured for a day of few calls:
what destroying costs does not depend on their number.

Destroying takes about a millisecond, most of it waiting for the disk: run this on a machine that does nothing else.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_bytes, token_hex
from uuid import uuid4

from ledger.contract.catalogue import Catalogue
from ledger.dev import postgres
from ledger.dev.cluster import STORE_DATABASE, SUPERUSER, VAULT_DATABASE, VAULT_ROLE
from ledger.postgres.connection import Connection, connect
from ledger.sealing.fields import CONTENT_CLASS
from ledger.vault.field_cipher import SALT_BYTES, FieldContext, seal_field
from ledger.vault.kek import KEY_BYTES, Kek, KeyEncryption
from ledger.vault.keys import EpochKeyName
from ledger.vault.vault import VAULT_SCHEMA, Vault, migrate_vault

EVENTS = int(os.environ.get("EVENTS", "1000000"))
FEW_EVENTS = 1000
DAY, OTHER_DAY = 20_500, 20_501
CONTROLLER = "acme"
SEALED_CLASS = "call_history"
CALL_CLASSES = sorted(
    {field.retention_class for field in Catalogue.load().versions["call.completed"][-1].personal_fields}
    | {CONTENT_CLASS}
)
BATCH = 2000
"""Calls sealed under one set of keys, as the sealer does."""
CALLS_PER_PERSON = 10
REPEATS = 25
"""Milliseconds are noisy; the median of these counts. Between them the rows are put back as they were."""

TABLE = """
CREATE TABLE {name} (
    id bigint PRIMARY KEY, controller text NOT NULL, day date NOT NULL,
    accountcode text, src text, dst text, dcontext text, clid text, channel text, dstchannel text,
    lastapp text, lastdata text, start timestamptz NOT NULL, answer timestamptz, "end" timestamptz NOT NULL,
    duration integer NOT NULL, billsec integer NOT NULL, disposition text, amaflags text, uniqueid text, userfield text
) WITH (autovacuum_enabled = false)
"""
"""The columns of Asterisk's call detail record, as `ledger.connectors.asterisk` reads them, with whose and when."""
ROWS = """
INSERT INTO {name}
SELECT n, 'acme', date '2026-02-16', '1234', caller, '+3197010' || lpad((n % 5000 + 500000)::text, 6, '0'),
    'from-trunk', '"Caller ' || n % 200000 || '" <' || caller || '>', 'PJSIP/trunk-' || lpad(to_hex(n), 8, '0'),
    'PJSIP/' || 200 + n % 50 || '-' || lpad(to_hex(n), 8, '0'), 'Queue', 'support,t,,,30',
    start, start + interval '4 s', start + interval '4 s' + n % 600 * interval '1 s', n % 600 + 4, n % 600,
    'ANSWERED', 'DOCUMENTATION', '1771200000.' || n, ''
FROM generate_series(1, {events}) AS n,
    LATERAL (
        SELECT '+3197010' || lpad((n % 200000)::text, 6, '0') AS caller,
            timestamptz '2026-02-16' + n % 86400 * interval '1 s' AS start
    ) AS call
"""
INDEXES = ("(day)", "(src)", "(dst)")
DELETE = "DELETE FROM deleted_call WHERE controller = 'acme' AND day = '2026-02-16'"
UPDATE = """
UPDATE blanked_call SET src = NULL, dst = NULL, clid = NULL
WHERE controller = 'acme' AND day = '2026-02-16'
"""


def main() -> None:
    """Runs everything once and prints it."""
    with tempfile.TemporaryDirectory(prefix="ledger-bench-") as directory, server(Path(directory)) as running:
        result = measure(running)
    if os.environ.get("JSON"):
        sys.stdout.write(json.dumps(result) + "\n")
        return
    for name, value in result.items():
        sys.stdout.write(f"{name:<24} {value:>16,.6g}\n")


@contextmanager
def server(directory: Path) -> Iterator[postgres.RunningPostgres]:
    """A PostgreSQL of this run only."""
    directory.chmod(0o711)  # as root, PostgreSQL runs as another user and has to pass through
    data = directory / "postgres"
    try:
        yield postgres.start(
            data, log=directory / "postgres.log", remembered_port=None, password=token_hex(KEY_BYTES)
        )
    finally:
        postgres.stop(data)


def measure(running: postgres.RunningPostgres) -> dict[str, float]:
    """Seconds of each way, and the ratio between them; the server has written everything out before each."""
    vault_dsn = running.dsn(database=VAULT_DATABASE, role=VAULT_ROLE)
    migrate_vault(vault_dsn)
    key_encryption = KeyEncryption(Kek(token_bytes(KEY_BYTES)))
    few, many = epochs(OTHER_DAY), epochs(DAY)
    with (
        connection(running, STORE_DATABASE, SUPERUSER) as plain,
        connection(running, VAULT_DATABASE, VAULT_ROLE, schema=VAULT_SCHEMA) as beside,
        Vault(vault_dsn, key_encryption) as vault,
    ):
        make_tables(plain)
        seal_day(vault, OTHER_DAY, FEW_EVENTS)
        seal_day(vault, DAY, EVENTS)
        plain.execute("CHECKPOINT")
        destroy_few_s, destroy_s = destroying(vault, beside, few, many)
        delete_s = emptying(plain, DELETE)
        update_s = emptying(plain, UPDATE)
    return {
        "ratio": min(delete_s, update_s) / destroy_s,
        "events": EVENTS,
        "key_rows": len(many),
        "destroy_s": destroy_s,
        "delete_s": delete_s,
        "update_s": update_s,
        "few_events": FEW_EVENTS,
        "destroy_few_s": destroy_few_s,
        "many_to_few": destroy_s / destroy_few_s,
    }


@contextmanager
def connection(
    running: postgres.RunningPostgres, database: str, role: str, schema: str | None = None
) -> Iterator[Connection]:
    """A connection to one of the databases."""
    dsn = running.dsn(database=database, role=role)
    with connect(dsn, schema=schema, application_name="bench", autocommit=True) as conn:
        yield conn


def make_tables(plain: Connection) -> None:
    """The day's calls, as a plain system keeps them; once for each way."""
    plain.execute("CREATE SCHEMA bench; SET search_path = bench")
    for name in ("deleted_call", "blanked_call"):
        plain.execute(TABLE.format(name=name).encode())
        plain.execute(ROWS.format(name=name, events=EVENTS).encode())
        for columns in INDEXES:
            plain.execute(f"CREATE INDEX ON {name} {columns}".encode())
        plain.execute(f"VACUUM ANALYZE {name}".encode())


def emptying(plain: Connection, statement: str) -> float:
    """Seconds one statement took with its commit."""
    plain.execute("CHECKPOINT")
    with timed() as taken_s:
        rows = plain.execute(statement.encode()).rowcount
    if rows != EVENTS:
        raise RuntimeError(f"{rows} rows were changed of {EVENTS}")
    return taken_s()


def epochs(day: int) -> list[EpochKeyName]:
    """All of one controller's epochs of a day of calls: those of the classes that a call's record seals."""
    return [(CONTROLLER, name, day) for name in CALL_CLASSES]


def seal_day(vault: Vault, day: int, events: int) -> None:
    """Seals a field of every call of a day, in batches, under the keys of as many people as would have made them."""
    people = [uuid4() for _ in range(max(1, events // CALLS_PER_PERSON))]
    for start in range(0, events, BATCH):
        batch = [people[number % len(people)] for number in range(start, min(start + BATCH, events))]
        ring = vault.keys_for({(person, SEALED_CLASS) for person in batch}, epochs(day))
        epoch_key = ring.epoch(CONTROLLER, SEALED_CLASS, day)
        for person in batch:
            subject_key = ring.subject(person, SEALED_CLASS)
            if subject_key is None or epoch_key is None:
                raise RuntimeError("a key that was just made is missing")
            context = FieldContext(
                controller=CONTROLLER,
                subject=person,
                retention_class=SEALED_CLASS,
                day=day,
                event_type="call.completed",
                field="caller_number",
            )
            seal_field(subject_key, epoch_key, token_bytes(SALT_BYTES), context, b"+3197010200001")


def destroying(vault: Vault, beside: Connection, *days: Sequence[EpochKeyName]) -> list[float]:
    """Median seconds of destroying and confirming each day, over repeats on the same rows, the days taking turns."""
    beside.execute("CREATE TEMP TABLE saved AS SELECT * FROM epoch_key")
    seconds: list[list[float]] = [[] for _ in days]
    for _ in range(REPEATS):
        for names, taken in zip(days, seconds, strict=True):
            with timed() as taken_s:
                destroyed = vault.destroy_epochs(names, "retention_ended")
            if destroyed != frozenset(names) or destroyed & set(vault.live_epochs()):
                raise RuntimeError("not all keys were there, or some still are")
            taken.append(taken_s())
        put_back(beside)
    return [statistics.median(taken) for taken in seconds]


def put_back(beside: Connection) -> None:
    """The rows as they were before; nothing but a benchmark may do this."""
    beside.execute(
        "UPDATE epoch_key AS key SET kek_id = saved.kek_id, wrapped = saved.wrapped, destroyed_at = NULL, why = NULL"
        " FROM saved WHERE"
        " (key.controller, key.retention_class, key.day) = (saved.controller, saved.retention_class, saved.day)"
    )


@contextmanager
def timed() -> Iterator[Callable[[], float]]:
    """Seconds the block took."""
    started, ended = time.perf_counter(), 0.0
    yield lambda: ended - started
    ended = time.perf_counter()


if __name__ == "__main__":
    main()
