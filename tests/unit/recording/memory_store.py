"""A store in memory: what a recorder loads from PostgreSQL and what it writes there, without PostgreSQL.

It keeps no objects between batches but what rows hold, as a recorder that restarts after each batch: marks,
facts seen and processing come from the effects written so far, aggregates from their state as JSON.
"""

import json
from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple, cast
from uuid import UUID

from consumers.recorder import take_effects
from ledger.aggregates.streams import LedgerAggregate, LedgerSnapshot
from ledger.entry import Entry, SourcePosition
from ledger.projections import audit_trail, erasures
from ledger.projections.projection import Row, Table
from ledger.recording.effects import ChainKey, IgnoredRecord, LogRecord, StoredEntry
from ledger.recording.governance_facts import FACT_TYPES, GovernanceFacts
from ledger.recording.judge import Judge
from ledger.recording.judgements import ErasureKey, IncompleteErasure
from ledger.recording.known import ConsentKey, TrailEnd
from ledger.rules.controller_state import GovernanceFact
from ledger.rules.erasure import judge_erasure
from ledger.rules.packs.policy_pack import PolicyPack
from ledger.rules.personal import Processed
from ledger.rules.processing.judgement import CONTROLLER_UNKNOWN
from ledger.rules.processing.processing_facts import is_processing
from ledger.store.ledger_store import Batch


class JudgementRow(NamedTuple):
    """A row of the table `findings`, its columns by name."""

    partition: int
    offset: int
    code: str
    rule: str
    judged_by: int
    judged_at: int
    state: str
    stream: UUID
    controller: str
    article: str
    occurred_at: int
    expected: str
    found: str
    about: str


SnapshotRow = tuple[UUID, int, str, str]
"""Stream, version, topic, state as canonical JSON."""


class MemoryStore:
    """Everything written so far, as rows."""

    def __init__(self, override: Mapping[str, PolicyPack] | None = None) -> None:
        self.override = override
        self._governance: list[GovernanceFact] = []
        self.entries: list[StoredEntry] = []
        self.ignored: list[IgnoredRecord] = []
        self.rows: dict[str, list[Row]] = {}
        self.snapshots: list[SnapshotRow] = []
        self.counters: dict[int, dict[str, int]] = {}
        self.chain_marks: dict[ChainKey, SourcePosition] = {}
        self._macs: dict[UUID, bytes | None] = {}
        self._states: dict[UUID, SnapshotRow] = {}

    def marks(self) -> MutableMapping[ChainKey, SourcePosition]:
        """Every chain's mark, as read from rows: changes to it are not written by themselves."""
        return dict(self.chain_marks)

    def facts_seen(self, keys: Sequence[UUID]) -> dict[UUID, bytes | None]:
        """Fact key -> content MAC, of those stored."""
        return {key: self._macs[key] for key in keys if key in self._macs}

    def aggregates(self, streams: Collection[UUID]) -> MutableMapping[UUID, LedgerAggregate]:
        """Aggregates made anew from stored state."""
        found: dict[UUID, LedgerAggregate] = {}
        for stream in streams & self._states.keys():
            stream_id, version, topic, state = self._states[stream]
            found[stream] = LedgerSnapshot(stream_id, version, topic, json.loads(state)).mutate(None)
        return found

    def processing_under_consent(self, since: Mapping[ConsentKey, int]) -> dict[ConsentKey, list[Processed]]:
        """What the query `consent_based` of recorder.sql says."""
        found: dict[ConsentKey, list[Processed]] = {key: [] for key in since}
        for stream, it in self._trail():
            key = ConsentKey(stream, it.purpose)
            rests = it.lawful_basis == "consent" and not it.event_type.startswith("consent.")
            if rests and key in since and it.occurred_at >= since[key]:
                found[key].append(it)
        return found

    def processing_since(self, since: Mapping[UUID, int]) -> dict[UUID, list[Processed]]:
        """What the query `processed_since` of recorder.sql says."""
        found: dict[UUID, list[Processed]] = {stream: [] for stream in since}
        for stream, it in self._trail():
            if stream in since and it.occurred_at >= since[stream] and is_processing(it.event_type):
                found[stream].append(it)
        return found

    def _trail(self) -> list[tuple[UUID, Processed]]:
        """The audit trail in the order of offsets, each row as far as judging looks at it."""
        names = audit_trail.TABLE.column_names
        trail = []
        for values in sorted(self.rows.get("audit_trail", []), key=lambda row: cast(int, row[1])):
            row: dict[str, Any] = dict(zip(names, values, strict=True))
            it = Processed(
                row["occurred_at"],
                row["ledger_offset"],
                row["event_type"],
                row["purpose"],
                row["lawful_basis"],
                row["sealed_at"],
            )
            trail.append((row["stream"], it))
        return trail

    def judge(self, needed: int) -> Judge:
        """What the query `governance_facts` of recorder.sql says, read anew for every batch."""
        governance = GovernanceFacts(self.override)
        for fact in self._governance:
            if fact.offset < needed:
                governance.add(fact.offset, fact.entry)
        governance.reach(needed)
        return Judge(governance)

    def trail_ends(self) -> list[TrailEnd]:
        """What the query `trail_ends` of recorder.sql says."""
        return [
            TrailEnd(cast(int, row[1]), cast(int, row[2]))
            for row in sorted(self.rows.get("trail_ends", []), key=lambda row: cast(int, row[1]))
        ]

    def incomplete_erasures(self, keys: Collection[ErasureKey]) -> dict[ErasureKey, IncompleteErasure]:
        """What the query `incomplete_erasures` of recorder.sql says."""
        found: dict[ErasureKey, IncompleteErasure] = {}
        names = erasures.ERASURES.column_names
        for values in sorted(self.rows.get("erasures", []), key=lambda row: cast(int, row[1])):
            row: dict[str, Any] = dict(zip(names, values, strict=True))
            key = ErasureKey(row["stream"], row["erasure_id"])
            if key not in keys or row["phase"] not in {"verified", "incomplete"}:
                continue
            found.pop(key, None)
            finding = judge_erasure(f"erasure.{row['phase']}", row["document"])
            if finding is not None:
                found[key] = IncompleteErasure(row["ledger_offset"], row["occurred_at"], finding)
        return found

    def record(self, records: Sequence[LogRecord]) -> None:
        """One batch through the recorder's own `take_effects`, then written."""
        loaded = _Loaded(self)
        effects = take_effects(cast(Batch, loaded), records)
        by_place = {(record.partition, record.offset): record.record for record in records}
        for entry in effects.entries:
            record = by_place[entry.partition, entry.offset]
            if entry.fact_key is not None and isinstance(record, Entry):
                self._macs[entry.fact_key] = record.content_mac
            if entry.partition == 0 and entry.topic in FACT_TYPES and isinstance(record, Entry):
                self._governance.append(GovernanceFact(entry.offset, record))
        for aggregate in loaded.touched.values():
            self._states[aggregate.id] = snapshot_row(LedgerSnapshot.take(aggregate))
        self.entries += effects.entries
        self.ignored += effects.ignored
        self.snapshots += map(snapshot_row, effects.snapshots)
        self.chain_marks |= effects.marks
        for table, rows in effects.rows.items():
            self.rows.setdefault(table.name, []).extend(self._kept(table, rows))
        for partition, counters in effects.counters.items():
            sums = self.counters.setdefault(partition, dict.fromkeys(asdict(counters), 0))
            for name, count in asdict(counters).items():
                sums[name] += count

    def _kept(self, table: Table, rows: Sequence[Row]) -> list[Row]:
        """What the store's unique index lets in: of some tables only the first row of each key."""
        if not table.first_of:
            return list(rows)
        known = {table.first_key(row) for row in self.rows.get(table.name, [])}
        return [row for row in rows if table.first_key(row) not in known]

    def judgements(self, *, unknown_controllers: bool = False) -> list[JudgementRow]:
        """Every judgement in the order it was made.

        Args:
            unknown_controllers: also those that only say that nothing is known of a controller, which most made-up
                logs say nothing of.
        """
        rows = [JudgementRow(*cast(tuple[Any, ...], row)) for row in self.rows.get("findings", [])]
        return [row for row in rows if unknown_controllers or row.code != CONTROLLER_UNKNOWN]

    def everything(self) -> dict[str, object]:
        """All of it in the order it was written."""
        return {
            "entries": self.entries,
            "ignored": self.ignored,
            "rows": self.rows,
            "snapshots": self.snapshots,
            "counters": self.counters,
            "marks": self.chain_marks,
        }

    def by_partition(self) -> dict[str, object]:
        """All of it, each ledger partition's in the order it was written."""
        return {
            "entries": sorted(self.entries, key=lambda entry: entry.partition),
            "ignored": sorted(self.ignored, key=lambda record: record.partition),
            "rows": {
                name: sorted(rows, key=lambda row: cast(int, row[0]))
                for name, rows in sorted(self.rows.items())
            },
            "snapshots": sorted(self.snapshots),
            "counters": self.counters,
            "marks": self.chain_marks,
        }


class _Loaded:
    """What `take_effects` asks of a batch; remembers the aggregates it gave out and those made in it."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.touched: MutableMapping[UUID, LedgerAggregate] = {}
        self.marks = store.marks
        self.facts_seen = store.facts_seen
        self.processing_under_consent = store.processing_under_consent
        self.incomplete_erasures = store.incomplete_erasures
        self.trail_ends = store.trail_ends
        self.processing_since = store.processing_since
        self.judge = store.judge

    def firsts(self) -> dict[str, set[tuple[object, ...]]]:
        """Nothing is remembered between batches."""
        return {}

    def aggregates(self, streams: Collection[UUID]) -> MutableMapping[UUID, LedgerAggregate]:
        self.touched = self._store.aggregates(streams)
        return self.touched


def snapshot_row(snapshot: LedgerSnapshot) -> SnapshotRow:
    """A snapshot as a row."""
    state = json.dumps(snapshot.state, separators=(",", ":"))
    return snapshot.originator_id, snapshot.originator_version, snapshot.topic, state


def recorded(batches: Iterable[Sequence[LogRecord]]) -> MemoryStore:
    """A store after these batches."""
    store = MemoryStore()
    for batch in batches:
        store.record(batch)
    return store
