"""Replay rebuilds the same state from the log alone, whatever the order, and finds what is not the same.

Invariant 3; FAULTS, rows 7 and 38.
"""

import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg import sql

from ledger.bootstrap import Runtime
from ledger.replay import SHADOW_PREFIX, Until, live_state, replay
from tests.integration.pipeline.looking import progress_lost
from tests.integration.replay.interleaved import Interleaved, record_interleaved, superuser
from tests.ledger_home import (
    COMMAND_TIMEOUT_S,
    MINUTE,
    NOON,
    LedgerHome,
    call,
    inbox_record,
    ledger_records,
    publish,
    record_all,
    seal_all,
    settle,
)

SEEDS = range(6)
ALICE, BORIS = "+3197010000001", "+3197010000002"
BACKUP = "kept_by_test"


def tell(parts: Runtime) -> None:
    """A log with everything in it that a fold may depend on.

    Two people of many calls (snapshots), governance in between (records held back), consents that arrive late
    (findings that open and are resolved), repeats, ids reused, rejected input and records sealed twice.
    """
    consent: dict[str, Any] = {"subject_phone": ALICE, "purpose": "news"}
    message: dict[str, Any] = {"recipient_number": ALICE, "purpose": "news", "lawful_basis": "consent"}
    publish(parts, *(call(f"call {n}", ALICE, BORIS) for n in range(60)))
    settle(parts)
    for n in range(3):
        publish(
            parts,
            inbox_record("notice.published", f"notice {n}", notice_id=f"n{n}"),
            inbox_record("message.sent", f"message {n}", occurred_at=NOON + n * MINUTE, **message),
        )
        seal_all(parts)
    with progress_lost(parts):
        publish(
            parts,
            inbox_record("consent.given", "late", occurred_at=NOON - MINUTE, **consent),
            *(call(f"stranger {n}", f"+3197020{n:06}", ALICE) for n in range(30)),
        )
        seal_all(parts)
    publish(
        parts,
        inbox_record("consent.withdrawn", "later", occurred_at=NOON + MINUTE, **consent),
        call("call 1", ALICE, BORIS),
        call("call 2", ALICE, BORIS, duration_s=7),
        call("garbage", ALICE, BORIS)._replace(value=b"garbage"),
        *(call(f"more {n}", BORIS, ALICE) for n in range(60)),
    )
    settle(parts)


@pytest.fixture(scope="module")
def told(home: LedgerHome) -> LedgerHome:
    """The module's ledger with that log, and proof that it holds what it should."""
    with home.parts() as parts:
        tell(parts)
        with parts.store_connection(parts.settings.store_schema) as connection:
            kinds = connection.execute("SELECT DISTINCT kind FROM ignored_records").fetchall()
            states = connection.execute("SELECT DISTINCT code, state FROM findings").fetchall()
            snapshots = connection.execute("SELECT count(*) FROM stored_snapshots").fetchone()
    assert {("resealed",), ("repeated",)} <= set(kinds)
    expected = {
        *(("processing_without_consent", state) for state in ("open", "resolved")),
        *((code, "open") for code in ("processing_after_withdrawal", "event_id_reused")),
    }
    assert expected <= set(states)
    assert snapshots is not None
    assert snapshots[0] >= 2
    return home


def shadows(parts: Runtime) -> list[str]:
    """Schemas that replays build in."""
    with superuser(parts) as connection:
        rows = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", (SHADOW_PREFIX,)
        ).fetchall()
    return [name for (name,) in rows]


def test_replay_gives_the_live_digests_and_leaves_nothing_behind(told: LedgerHome, parts: Runtime) -> None:
    """Equal, exit 0; live state is only read, and the schema it was built in is gone."""
    before = told.json("digest")
    result = told.json("replay", "--verify")
    assert (result["equal"], result["different"]) == (True, [])
    assert before["digest"] == result["live_digest"] == result["replay_digest"]
    assert before["positions"] == {number: end for number, end in result["positions"].items() if end}
    assert sum(before["positions"].values()) == result["entries"]
    assert before == told.json("digest")
    assert shadows(parts) == []


def test_replay_without_verify_compares_nothing(told: LedgerHome) -> None:
    """It just rebuilds and tells the digest."""
    result = told.json("replay")
    assert (result["equal"], result["live_digest"]) == (None, None)
    assert told.json("digest")["digest"] == result["replay_digest"]


@pytest.mark.parametrize("seed", SEEDS)
def test_state_does_not_depend_on_how_partitions_interleave(
    told: LedgerHome, parts: Runtime, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Any order of partitions and any cut into batches give the live digests, snapshots included."""
    monkeypatch.setattr("consumers.recorder.HELD_BACK_S", 0.0)
    reader = Interleaved(ledger_records(parts), range(parts.settings.ledger_partitions), random.Random(seed))
    _, live = live_state(parts)
    assert live == record_interleaved(parts, reader)


def test_replay_until_a_time_ends_before_what_was_sealed_later(told: LedgerHome) -> None:
    """Every moment of the log can be verified: late facts changed findings after it, and are left out."""
    sealed_at = sorted({entry["sealed_at"] for entry in told.json("trail", "--limit", "10000")["entries"]})
    assert len(sealed_at) > 4
    moments = (sealed_at[0], sealed_at[-2], sealed_at[-1])
    with ThreadPoolExecutor(len(moments)) as pool:
        results = list(pool.map(lambda moment: told.json("replay", "--verify", "--until", moment), moments))
    assert [(True, [])] * len(moments) == [(result["equal"], result["different"]) for result in results]
    entries = [result["entries"] for result in results]
    assert entries == sorted(set(entries)), "more was sealed by each later moment"
    assert sum(told.json("digest")["positions"].values()) == entries[-1]


def test_replay_until_offsets_ends_there(told: LedgerHome) -> None:
    """Positions are exclusive; a partition that is not named is left out."""
    positions = told.json("digest")["positions"]
    half = {number: end if number == "0" else end // 2 for number, end in positions.items()}
    until = ",".join(f"{number}:{end}" for number, end in half.items())
    result = told.json("replay", "--verify", "--until", until)
    assert (True, sum(half.values())) == (result["equal"], result["entries"])
    governance = told.json("replay", "--verify", "--until", f"0:{positions['0']}")
    assert (True, positions["0"]) == (governance["equal"], governance["entries"])


def test_replay_into_a_schema_keeps_it_and_never_overwrites_one(told: LedgerHome, parts: Runtime) -> None:
    """What was built can be queried like the live state; a second replay into it is refused."""
    result = told.json("replay", "--into", "rebuilt")
    assert result["schema"] == "rebuilt"
    in_rebuilt = {"LEDGER_STORE_SCHEMA": "rebuilt"}
    live, rebuilt = told.run("digest"), told.run("digest", environment=in_rebuilt)
    assert (0, live.stdout) == (rebuilt.returncode, rebuilt.stdout)
    again = told.run("replay", "--into", "rebuilt")
    assert (again.returncode, again.stdout) == (2, b"")
    assert "schema rebuilt exists" in again.stderr.decode()
    with superuser(parts) as connection:
        connection.execute("DROP SCHEMA rebuilt CASCADE")


def test_killed_replay_leaves_live_state_alone_and_its_remains_to_the_next(
    told: LedgerHome, parts: Runtime
) -> None:
    """SIGKILL in the middle of a rebuild: an orphan schema that nobody reads, dropped by the next replay."""
    before = told.json("digest")
    slow = told.environment | {"LEDGER_BATCH_SIZE_MAX": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", "replay", "--verify"],
        env=slow,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + COMMAND_TIMEOUT_S
        while not half_built(parts):
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    (orphan,) = shadows(parts)
    assert before == told.json("digest")
    assert told.json("replay", "--verify")["equal"] is True
    assert orphan not in shadows(parts)
    assert shadows(parts) == []


def half_built(parts: Runtime) -> bool:
    """Whether a replay has begun to record."""
    with superuser(parts) as connection:
        for name in shadows(parts):
            table = connection.execute("SELECT to_regclass(%s)", (f"{name}.stored_events",)).fetchone()
            if table is None or table[0] is None:
                continue
            rows = connection.execute(
                sql.SQL("SELECT count(*) FROM {}.stored_events").format(sql.Identifier(name))
            ).fetchone()
            if rows is not None and rows[0] > 0:
                return True
    return False


def test_replays_at_the_same_time_do_not_take_each_other_for_orphans(
    told: LedgerHome, parts: Runtime
) -> None:
    """A schema that somebody is building in is not dropped."""
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: told.run("replay", "--verify"), range(3)))
    assert [each.returncode for each in done] == [0, 0, 0], [each.stderr for each in done]
    assert shadows(parts) == []


@contextmanager
def tampered(parts: Runtime, table: str, statement: str) -> Iterator[None]:
    """A table after a superuser's statement; as it was again afterwards."""
    name, backup = sql.Identifier("ledger", table), sql.Identifier(BACKUP, table)
    with superuser(parts) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(BACKUP)))
        connection.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(backup, name))
        try:
            changed = connection.execute(statement.encode())
            assert changed.rowcount > 0, "nothing was tampered with"
            yield
        finally:
            connection.execute(sql.SQL("DELETE FROM {}").format(name))
            connection.execute(sql.SQL("INSERT INTO {} SELECT * FROM {}").format(name, backup))
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(BACKUP)))


ONE = "(ledger_partition, ledger_offset) = (SELECT ledger_partition, ledger_offset FROM {} LIMIT 1)"
TAMPERING: Mapping[str, tuple[str, str, str]] = {
    "purpose changed": (
        "audit_trail",
        f"UPDATE audit_trail SET purpose = 'harmless' WHERE {ONE.format('audit_trail')}",
        "audit_trail",
    ),
    "entry hidden": (
        "audit_trail",
        f"DELETE FROM audit_trail WHERE {ONE.format('audit_trail')}",
        "audit_trail",
    ),
    "finding deleted": ("findings", f"DELETE FROM findings WHERE {ONE.format('findings')}", "findings"),
    "finding invented": (
        "findings",
        "INSERT INTO findings SELECT ledger_partition, ledger_offset, 'invented', rule, judged_by, judged_at, state,"
        " stream, controller, article, occurred_at, expected, found, about FROM findings LIMIT 1",
        "findings",
    ),
    "consent moved a day": (
        "consent_proof",
        "UPDATE consent_proof SET occurred_at = occurred_at + 86400000000",
        "consent_proof",
    ),
    "withdrawal hidden": (
        "consent_proof",
        "DELETE FROM consent_proof WHERE state = 'withdrawn'",
        "consent_proof",
    ),
    "rejection explained away": ("rejections", "UPDATE rejections SET reason = 'truncated'", "rejections"),
    "record's bytes changed": (
        "stored_events",
        "UPDATE stored_events SET state = set_byte(state, 40, get_byte(state, 40) # 1)"
        f" WHERE {ONE.format('stored_events')}",
        "entries",
    ),
    "repeat forgotten": (
        "ignored_records",
        f"DELETE FROM ignored_records WHERE {ONE.format('ignored_records')}",
        "ignored",
    ),
    "aggregate changed": (
        "stored_snapshots",
        "UPDATE stored_snapshots SET state = state || '\\x00' WHERE originator_version = 100",
        "aggregates",
    ),
}
"""What a superuser may do: the table, the statement, and the digest that gives it away."""


@pytest.fixture(scope="module")
def proven(told: LedgerHome) -> dict[str, str]:
    """The digests the log itself gives."""
    with told.parts() as parts:
        return replay(parts, until=Until(), into=None, on_progress=lambda _done, _all: None).digests


@pytest.mark.parametrize("deed", TAMPERING)
def test_tampering_with_live_rows_is_found_and_the_projection_named(
    parts: Runtime, proven: dict[str, str], deed: str
) -> None:
    """One digest differs from what the log gives, that of the projection; what was left alone is not accused."""
    table, statement, digest = TAMPERING[deed]
    with tampered(parts, table, statement):
        _, live = live_state(parts)
    assert [digest] == [name for name, value in live.items() if value != proven[name]]
    _, restored = live_state(parts)
    assert proven == restored


def test_replay_of_a_tampered_ledger_exits_1_and_names_the_projection(
    told: LedgerHome, parts: Runtime
) -> None:
    """As JSON and as text."""
    table, statement, digest = TAMPERING["finding deleted"]
    with tampered(parts, table, statement):
        result = told.json("replay", "--verify", expected_exit=1)
        text = told.run("replay", "--verify")
    assert (False, [digest]) == (result["equal"], result["different"])
    assert result["live_digest"] != result["replay_digest"]
    assert text.returncode == 1
    (line,) = [line for line in text.stdout.decode().splitlines() if "DIFFERENT" in line]
    assert line.startswith(digest)


def test_replay_goes_on_being_equal_while_recording_goes_on(told: LedgerHome, parts: Runtime) -> None:
    """Live digests are taken in one snapshot, and the replay ends where that snapshot ended."""
    with told.process("up"), ThreadPoolExecutor(1) as pool:
        verified = pool.submit(told.run, "replay", "--verify")
        number = 0
        while not verified.done():
            publish(parts, *(call(f"meanwhile {number} {n}", ALICE, BORIS) for n in range(20)))
            number += 1
            time.sleep(0.02)
    assert verified.result().returncode == 0, verified.result().stderr
    settle(parts)
    record_all(parts)
