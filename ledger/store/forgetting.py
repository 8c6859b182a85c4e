"""What forgetting asks of the store: which rules hold, what ended, what is held, who was told, what was erased.

Owns the questions; the statements are in `sql/forgetting.sql`. Whoever needs several answers of one moment asks within
`ledger.store.ledger_store.repeatable_read`. Leaves to others: deciding (`ledger.rules`), keys (`ledger.vault`),
carrying out (`ledger.forgetting`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry
from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql
from ledger.projections.recipients import recipients_of
from ledger.rules.calendar.periods import first_moment_after, first_moment_of
from ledger.rules.keeping.retention import ConsentFact, ControllerRules
from ledger.store.controller_rules import Lines, join_holds, join_restrictions, make_rules
from ledger.store.forgetting_rows import (
    ConfirmationRow,
    ConsentRow,
    DestructionRow,
    Ended,
    EndedDay,
    EndedProof,
    ErasureState,
    ErasureStep,
    ExportRow,
    HoldRow,
    InstructionRow,
    Reference,
    RestrictionRow,
    RetentionRow,
    StoredRecord,
    SubjectRecipient,
    TimeShown,
)
from ledger.store.ledger_store import read_positions

SQL = load_sql(Path(__file__).parent / "sql" / "forgetting.sql")

OWN_EVENT_TYPES = (
    "deadline.near",
    "deadline.passed",
    "erasure.incomplete",
    "erasure.searched",
    "erasure.started",
    "erasure.verified",
    "export.made",
    "instruction.given",
    "key.destroyed",
    "request.deadline_near",
    "request.deadline_passed",
    "retention.ended",
    "trail.ended",
)
"""Facts only the ledger itself publishes: they show that the ledger runs, and not that anything happened."""
PHASE = 7
"""Place of the phase in a row of `erasure_steps`."""
RECENT_FACTS = 10_000
"""Of each ledger partition, what shows the time: more than an hour of a busy one, months of a quiet one."""
BATCH_RECORDS = 500
"""Records held in memory at once: a megabyte or two."""
ROWS_MAX = 1 << 62
"""No limit, as PostgreSQL takes one."""

Row = tuple[Any, ...]


class ForgettingQueries:
    """Questions to one schema of the store, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def controller_rules(self, *, as_of: int | None = None) -> dict[str, ControllerRules]:
        """What each controller's facts say about how long its data is kept, in the order of the log.

        Everything that is recorded is in it, the future as well: see `ControllerRules.known_at`. A policy that cannot
        be read is left out; it is a finding.

        Args:
            as_of: only what had been sealed by then; holds are those of now.
        """
        known = {"as_of": as_of}
        return make_rules(
            Lines(
                adoptions=self._rows("adoptions", known),
                settings=self._rows("settings", known),
                terminations=self._rows("terminations", known),
                returned=self._rows("returned", known),
                holds=[*self._holds(controller=None), *self._restrictions(stream=None)],
            )
        )

    def time_shown(self, now: int, *, silence_max: int) -> TimeShown | None:
        """What publishers' last facts show of the time; None when there is none.

        Args:
            now: the time to be shown, microseconds UTC. What was sealed after it shows nothing of it, unless there is
                nothing else.
            silence_max: a silence up to this is ordinary, microseconds; so is one less than twice as long as another
                before it.
        """
        parameters = {
            "partitions": list(read_positions(self._connection)),
            "own": list(OWN_EVENT_TYPES),
            "recent": RECENT_FACTS,
            "now": now,
            "silence_max": silence_max,
        }
        shown = TimeShown(*self._rows("time_shown", parameters)[0])
        return None if shown.newest is None else shown

    def ended_facts(self, controllers: Collection[str] | None = None) -> Ended:
        """The ends that are recorded, of days and proofs whose destruction is not confirmed.

        Args:
            controllers: only these; None for all.
        """
        parameters = {"controllers": None if controllers is None else list(controllers)}
        return Ended(
            days=frozenset(EndedDay(*row) for row in self._rows("ended_days", parameters)),
            proofs=frozenset(EndedProof(*row) for row in self._rows("ended_proofs", parameters)),
        )

    def open_destructions(self) -> list[DestructionRow]:
        """Destructions that were announced and are not confirmed, oldest first."""
        return [DestructionRow(*row) for row in self._rows("open_destructions", {})]

    def consent_facts(
        self, *, stream: UUID | None = None, controller: str | None = None, before: int | None = None
    ) -> list[ConsentRow]:
        """The changes of consent of every person and purpose of which any proof still stands, in log order.

        Of such a consent all changes are in it, also those whose own proof is gone: the end of one follows from
        the next.

        Args:
            stream: only this person's.
            controller: only this one's.
            before: only consents of which a proof that stands may have begun to end before this: consents that are
                relied on, nearly all of them, stay in the store.
        """
        return [
            ConsentRow(controller, subject, purpose, ConsentFact(*change), destroyed, erased_at)
            for controller, subject, purpose, *change, destroyed, erased_at in self._rows(
                "consent_facts", {"stream": stream, "controller": controller, "before": before}
            )
        ]

    def retention_rows(
        self,
        *,
        controller: str | None = None,
        states: Collection[str] | None = None,
        as_of: int | None = None,
        limit: int = ROWS_MAX,
    ) -> list[RetentionRow]:
        """What retention periods came to, the last ended first.

        Args:
            controller: only this one's.
            states: only these of due, held, destroying, destroyed.
            as_of: only what had been sealed by then.
            limit: at most this many.
        """
        parameters = {
            "controller": controller,
            "states": None if states is None else list(states),
            "as_of": as_of,
            "limit": limit,
        }
        return [RetentionRow(*row) for row in self._rows("retention_rows", parameters)]

    def instruction_rows(
        self,
        *,
        controller: str | None = None,
        erasure_id: str | None = None,
        run_id: str | None = None,
        as_of: int | None = None,
    ) -> list[InstructionRow]:
        """Instructions with their recipients' last answers, oldest first.

        Args:
            controller, erasure_id, run_id: only these.
            as_of: only what had been sealed by then.
        """
        parameters = {"controller": controller, "erasure_id": erasure_id, "run_id": run_id, "as_of": as_of}
        return [InstructionRow(*row) for row in self._rows("instruction_rows", parameters)]

    def recipients_for(
        self, controller: str, event_types: Collection[str] | None = None
    ) -> list[tuple[str, str]]:
        """Who handles a controller's data: name and kind (service or processor), by name.

        Args:
            controller: whose data.
            event_types: only those whose facts are of these types; None for all.
        """
        types = None if event_types is None else list(event_types)
        return [
            (name, kind)
            for name, kind in self._rows("recipients", {"controller": controller, "event_types": types})
        ]

    def recipients_of_subject(self, stream: UUID) -> list[SubjectRecipient]:
        """Everyone who ever handled one person's data, by name.

        From the records themselves, because the audit trail ends.
        """
        found: set[tuple[str, str]] = set()
        for stored in self.records_of(stream):
            if isinstance(stored.record, Entry):
                found.update(recipients_of(stored.record))
        return [SubjectRecipient(*recipient) for recipient in sorted(found)]

    def references_of(self, stream: UUID, recipient: SubjectRecipient) -> Iterator[Reference]:
        """The events that show that a recipient handled one person's data, in order, as `records_of` reads them."""
        for stored in self.records_of(stream):
            entry = stored.record
            if isinstance(entry, Entry) and recipient in recipients_of(entry):
                yield Reference(entry.event_source, entry.event_id)

    def erasures_of(self, stream: UUID) -> list[ErasureState]:
        """A person's erasures, oldest first."""
        return self._erasures(stream=stream, erasure_id=None)

    def erasure_of(self, stream: UUID) -> ErasureState | None:
        """A person's last erasure; None when there is none."""
        return next(iter(self.erasures_of(stream)[::-1]), None)

    def erasure(self, erasure_id: str) -> ErasureState | None:
        """An erasure by its id; None when there is none."""
        return next(iter(self._erasures(stream=None, erasure_id=erasure_id)), None)

    def open_erasures(self) -> list[str]:
        """The ids of erasures that are not verified, oldest first; those found incomplete are among them."""
        return [erasure_id for (erasure_id,) in self._rows("open_erasures", {})]

    def holds_on(self, stream: UUID, controller: str) -> list[HoldRow]:
        """The holds on one person or on all of the controller, in force or not."""
        return [row for row in self._holds(controller=controller) if row.subject in {None, stream}]

    def restrictions_on(self, stream: UUID) -> list[RestrictionRow]:
        """The restrictions of one person's data, in force or not."""
        return self._restrictions(stream=stream)

    def exports_with(self, stream: UUID, controller: str) -> list[ExportRow]:
        """The exports that hold a person's entries, oldest first."""
        parameters = {"stream": stream, "controller": controller}
        return [ExportRow(*row) for row in self._rows("exports", parameters)]

    def records_of(self, stream: UUID, days: Collection[int] | None = None) -> Iterator[StoredRecord]:
        """The records of a stream that took effect, in order, a batch in memory at a time: there may be millions.

        In a transaction until the last one is taken: read all of them, and nothing else over this connection meanwhile.

        Args:
            stream: whose.
            days: only those sealed under these local days' keys; None for all.
        """
        if days is not None and not days:
            return
        parameters = {
            "stream": stream,
            "since": None if days is None else first_moment_of(min(days)),
            "until": None if days is None else first_moment_after(max(days)),
        }
        with (
            translated_errors("reading records"),
            self._connection.transaction(),
            self._connection.cursor("records_of") as cursor,
        ):
            cursor.execute(SQL["records_of"], parameters)
            while rows := cursor.fetchmany(BATCH_RECORDS):
                for partition, offset, state in rows:
                    record = decode_record(bytes(state))
                    if days is None or record.occurred_day in days:
                        yield StoredRecord(partition, offset, record)

    def _holds(self, *, controller: str | None) -> list[HoldRow]:
        return join_holds(self._rows("holds", {"controller": controller}))

    def _restrictions(self, *, stream: UUID | None) -> list[RestrictionRow]:
        return join_restrictions(self._rows("restrictions", {"stream": stream}))

    def _erasures(self, *, stream: UUID | None, erasure_id: str | None) -> list[ErasureState]:
        grouped: dict[tuple[str, UUID], list[Row]] = {}
        for row in self._rows("erasure_steps", {"stream": stream, "erasure_id": erasure_id}):
            grouped.setdefault((row[0], row[1]), []).append(row)
        # The stream is in order, and nothing of an erasure comes before its start.
        return [self._erasure_state(rows) for rows in grouped.values() if rows[0][PHASE] == "started"]

    def _erasure_state(self, rows: Sequence[Row]) -> ErasureState:
        erasure_id, stream, controller, trigger, request_id = rows[0][:5]
        parameters = {"erasure_id": erasure_id, "controller": controller}
        return ErasureState(
            erasure_id=erasure_id,
            stream=stream,
            controller=controller,
            trigger=trigger,
            request_id=request_id,
            steps=[ErasureStep(*row[5:]) for row in rows],
            instructions=self.instruction_rows(controller=controller, erasure_id=erasure_id),
            confirmations=[ConfirmationRow(*row) for row in self._rows("confirmations", parameters)],
            destructions=[
                DestructionRow(*row) for row in self._rows("subject_destructions", {"stream": stream})
            ],
        )

    def _rows(self, name: str, parameters: Mapping[str, object]) -> list[Row]:
        with translated_errors(f"reading {name.replace('_', ' ')}"), self._connection.transaction():
            return self._connection.execute(SQL[name], parameters).fetchall()
