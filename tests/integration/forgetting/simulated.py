"""A ledger whose clock the test sets: facts sealed at simulated times, and retention runs at others."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.bootstrap import Runtime
from ledger.config import INBOX_TOPICS, LEDGER_TOPIC
from ledger.entry import Entry
from ledger.forgetting.guard import SILENCE_MAX, Approval, ReferenceClock
from ledger.forgetting.retention_run import Outcome, RetentionRun
from ledger.log.publisher import InboxRecord
from ledger.policies import load_pack
from ledger.postgres.connection import Connection
from ledger.sealing.opening import open_record, read_keys
from ledger.store.queries import Queries
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.vault import Vault
from tests.ledger_home import inbox_record, publish, settle

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CALLER, CALLED = "+31970105551201", "+31970105551202"


def micros(text: str) -> int:
    """A local time, `2026-03-27` or `2026-03-27T12:00`, as microseconds since the epoch, UTC."""
    local = datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM)
    return (local.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def noon(day: str) -> int:
    """Noon of a local day."""
    return micros(f"{day}T12:00")


def after(day: str) -> int:
    """The first moment after a local day, found by the calendar and not by our own periods."""
    following = date.fromisoformat(day) + timedelta(days=1)
    midnight = datetime.combine(following, time(), AMSTERDAM)
    return (midnight.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def day_number(day: str) -> int:
    """Days since 1970-01-01."""
    return (date.fromisoformat(day) - date(1970, 1, 1)).days


class Loops:
    """A sealer and a recorder that stay connected: a simulation settles hundreds of times."""

    def __init__(self, parts: Runtime, open_contexts: ExitStack) -> None:
        settle(parts)
        self._reader = open_contexts.enter_context(parts.reader({}))
        self._sealer = open_contexts.enter_context(parts.sealer_loop((1, 1)))
        self._recorder = open_contexts.enter_context(parts.recorder_loop())
        self._sealed = self._end(INBOX_TOPICS)

    def settle(self, _parts: Runtime) -> None:
        """Seals and records everything."""
        inbox_end = self._end(INBOX_TOPICS)
        while self._sealed < inbox_end:
            self._sealed += self._sealer.step()
        log_end = self._end([LEDGER_TOPIC])
        while sum(self._recorder.positions.values()) < log_end:
            self._recorder.step()

    def _end(self, topics: Iterable[str]) -> int:
        partitions = [each for topic in topics for each in self._reader.partitions_of(topic)]
        return sum(self._reader.ends(partitions).values())


class Simulation:
    """A runtime with a clock of its own; `now` only goes forward. Nobody else may seal or record meanwhile."""

    def __init__(self, parts: Runtime, now: int, open_contexts: ExitStack) -> None:
        self.now = now
        self.parts = replace(parts, clock=lambda: self.now)
        self.settle = Loops(self.parts, open_contexts).settle
        self._facts = 0
        self._heard = now

    @classmethod
    @contextmanager
    def begin(cls, parts: Runtime, now: int) -> Iterator["Simulation"]:
        """A simulation from a moment on, for as long as the block."""
        with ExitStack() as open_contexts:
            yield cls(parts, now, open_contexts)

    def fact(
        self, event_type: str, controller: str, *, event_id: str | None = None, **fields: Any
    ) -> InboxRecord:
        """A fact that happens now."""
        self._facts += 1
        return inbox_record(
            event_type,
            event_id or f"fact-{self._facts}",
            occurred_at=fields.pop("occurred_at", self.now),
            controller=controller,
            **fields,
        )

    def call(self, controller: str, event_id: str, **fields: Any) -> InboxRecord:
        """A call of the two usual people."""
        return self.fact(
            "call.completed",
            controller,
            event_id=event_id,
            **{"call_id": event_id, "caller_number": CALLER, "called_number": CALLED, **fields},
        )

    def adopts(self, controller: str, pack: str, region: str | None = None) -> InboxRecord:
        """A controller adopts a pack."""
        loaded = load_pack(pack)
        return self.fact(
            "policy.adopted",
            controller,
            pack=loaded.pack.id,
            pack_version=loaded.pack.version,
            content=loaded.content,
            content_sha256=loaded.sha256,
            region=region,
        )

    def sets(self, controller: str, retention_class: str, days: int) -> InboxRecord:
        """A customer sets its days."""
        return self.fact("retention.set", controller, retention_class=retention_class, days=days)

    def holds(self, controller: str, hold_id: str, **fields: Any) -> InboxRecord:
        """A legal hold is placed."""
        return self.fact(
            "hold.placed", controller, hold_id=hold_id, kind="legal", article="BW 6:162", **fields
        )

    def record(self, *facts: InboxRecord) -> None:
        """Publishes facts and records them."""
        publish(self.parts, *facts)
        self.settle(self.parts)
        self._heard = self.now

    def _hear(self) -> None:
        """Something is recorded now, and two days ago if nothing was since, so that the clock did not just jump."""
        now = self.now
        if now - self._heard > SILENCE_MAX:
            self.now = now - SILENCE_MAX
            self.record(self.fact("signalling.logged", "heartbeat-example"))
            self.now = now
        self.record(self.fact("signalling.logged", "heartbeat-example"))

    @contextmanager
    def run(self, vault: Vault | None = None, *, settled: bool = True) -> Iterator[RetentionRun]:
        """A run at this moment, whose other clocks agree; something was recorded just before."""
        if settled:
            self._hear()
        with (
            self.parts.vault() as own,
            self.parts.store_connection(self.parts.settings.store_schema) as store,
        ):
            store.autocommit = True
            yield RetentionRun(self.parts, vault or own, store, settle=self.settle, clocks=self.clocks)

    def retain(self, approval: Approval | None = None) -> Outcome:
        """Carries out a run."""
        with self.run() as run:
            return run.carry_out(approval)

    def clocks(self, _store: Connection, _vault: Vault) -> Sequence[ReferenceClock]:
        """The databases' clocks, if they were where we are."""
        return [ReferenceClock("the store", self.now)]

    def entries(self, controller: str) -> list[Entry]:
        """Everything recorded of a controller."""
        with self.parts.store_connection(self.parts.settings.store_schema) as store:
            found = Queries(store).trail(
                streams=None, controller=controller, since=None, until=None, as_of=None, limit=100_000
            )
        return [line.entry for line in found]

    def opened(self, controller: str) -> dict[str, set[str]]:
        """Event id -> the personal fields that open, of all of its parts."""
        entries = self.entries(controller)
        with self.parts.vault() as vault:
            keys = read_keys(vault, entries)
        found: dict[str, set[str]] = {entry.event_id: set() for entry in entries}
        for entry in entries:
            found[entry.event_id] |= open_record(keys, entry).keys()
        return found

    def facts(self, controller: str, event_type: str) -> list[Entry]:
        """The recorded facts of one type."""
        return [entry for entry in self.entries(controller) if entry.event_type == event_type]

    def subject(self, controller: str, number: str = CALLER) -> UUID:
        """The pseudonym of a number."""
        with self.parts.vault() as vault:
            found = vault.find_subject(controller, Identifier(IdentifierKind.PHONE, number))
        assert found is not None
        return found
