"""Where an erasure stands: read from the store and from the vault, for `erasure_decision`.

Owns: this reading. Leaves to others: deciding, carrying out.
"""

import platform
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path
from uuid import UUID

from ledger.aggregates.erasure_details import ErasureIncomplete, InboxEnd, erasure_details
from ledger.bootstrap import Runtime
from ledger.config import INBOX_TOPICS
from ledger.entry import LedgerRecord
from ledger.forgetting.erasure_decision import Answer, InVault, Recorded
from ledger.forgetting.erasure_facts import About
from ledger.forgetting.erasure_plan import Holdings
from ledger.forgetting.places import EXPORT_PREFIX, LOG_PREFIX, ExportFile
from ledger.forgetting.topic_scan import inbox_partitions
from ledger.forgetting.verification import Suspect, class_of
from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql
from ledger.rules.keeping.proof import ConsentFact
from ledger.store.forgetting import ForgettingQueries
from ledger.store.forgetting_rows import ConfirmationRow, ErasureState
from ledger.vault.vault import Vault

SQL = load_sql(Path(__file__).parent / "sql" / "erasures.sql")
INTENT, CONFIRMED = "intent", "confirmed"
VERIFIED, INCOMPLETE = "verified", "incomplete"


def about(state: ErasureState) -> About:
    """Which erasure it is."""
    return About(
        erasure_id=state.erasure_id,
        stream=state.stream,
        controller=state.controller,
        trigger=state.trigger,
        request_id=state.request_id,
    )


def recorded(state: ErasureState) -> Recorded:
    """What the ledger has recorded of an erasure."""
    found = state.searched
    return Recorded(
        recipients=tuple(state.started.recipients),
        # By when it was given and not by when that was recorded: the message goes out first, and answers come fast.
        instructed={(each.recipient, each.recipient_kind): each.instructed_at for each in state.instructions},
        answers=tuple(map(answer, state.confirmations)),
        searched=found is not None,
        finds=tuple(
            place
            for place in (found.places if found else ())
            # Files can be removed, so whether they are still there is for the re-reading to tell.
            if place.found and not place.place.startswith((EXPORT_PREFIX, LOG_PREFIX))
        ),
        announced=destroyed_keys(state, INTENT),
        confirmed=destroyed_keys(state, CONFIRMED),
        verified=state.verified is not None,
        reported=frozenset(problem for each in reports(state) for problem in each.problems),
    )


def answer(row: ConfirmationRow) -> Answer:
    """A recorded answer, as it is judged."""
    return Answer(
        service=row.service,
        source=row.source,
        outcome=row.outcome,
        refusal_ground=row.refusal_ground,
        backups_expire_at=row.backups_expire_at,
        sealed_at=row.sealed_at,
    )


def reports(state: ErasureState) -> list[ErasureIncomplete]:
    """What stood in the way since the last `verified`: what was said before it is cleared up, and may come again."""
    since = takewhile(lambda step: step.phase != VERIFIED, reversed(state.steps))
    found = (erasure_details(step.document, ErasureIncomplete) for step in since if step.phase == INCOMPLETE)
    return [each for each in found if each is not None]


def times_verified(state: ErasureState) -> int:
    """How often it was verified: more than once only when a recipient took its word back in between."""
    return sum(step.phase == VERIFIED for step in state.steps)


def destroyed_keys(state: ErasureState, phase: str) -> frozenset[str]:
    """The classes of which this erasure announced, or confirmed, the destruction."""
    prefix = about(state).destruction_prefix
    return frozenset(
        each.retention_class
        for each in state.destructions
        if each.phase == phase and each.destruction_id.startswith(prefix)
    )


def in_vault(state: ErasureState, vault: Vault) -> InVault:
    """What the vault shows of the person."""
    positions = vault.sealer_positions()
    return InVault(
        live=live_classes(vault, state) & frozenset(state.started.destroyed_classes),
        closed=vault.is_closed(state.stream),
        past_inbox=all(
            positions.get((end.topic, end.partition), 0) >= end.next_offset
            for end in state.started.inbox_ends
        ),
        identifiers=vault.directory_count(state.stream),
    )


def live_classes(vault: Vault, person: "ErasureState | About") -> frozenset[str]:
    """The classes of which a key of the person lives."""
    keys = vault.subject_key_classes(person.stream)
    return frozenset(class_of(name) for name, lives in keys.items() if lives == "live")


def holdings(queries: ForgettingQueries, vault: Vault, person: About) -> Holdings:
    """What the ledger has of a person."""
    consents: dict[str, list[ConsentFact]] = {}
    for row in queries.consent_facts(stream=person.stream):
        consents.setdefault(row.purpose, []).append(row.change)
    return Holdings(
        classes=live_classes(vault, person),
        days=_days(stored.record for stored in queries.records_of(person.stream)),
        consents=list(consents.values()),
    )


def _days(records: Iterable[LedgerRecord]) -> dict[str, frozenset[int]]:
    days: dict[str, set[int]] = {}
    for record in records:
        for sealed in record.sealed:
            days.setdefault(sealed.retention_class, set()).add(record.occurred_day)
    return {name: frozenset(of_class) for name, of_class in days.items()}


def inbox_ends(parts: Runtime) -> list[InboxEnd]:
    """Where every inbox partition ends now."""
    with parts.reader({}) as reader:
        ends = reader.ends(inbox_partitions(reader, INBOX_TOPICS))
    return [
        InboxEnd(topic=partition.topic, partition=partition.number, next_offset=end)
        for partition, end in sorted(ends.items())
    ]


def suspect(state: ErasureState, vault: Vault) -> Suspect:
    """What is to be re-read of an erasure."""
    found = state.searched
    return Suspect(
        stream=state.stream,
        destroyed=frozenset(state.started.destroyed_classes),
        exports=exports(state, vault),
        found_before=frozenset(place.place for place in (found.places if found else ()) if place.found),
    )


def exports(state: ErasureState, vault: Vault) -> tuple[ExportFile, ...]:
    """The archives that may hold the person's data in readable form: those made before the keys went."""
    gone_at = min(
        (each.occurred_at for each in state.destructions if each.phase == CONFIRMED and each.fact is None),
        default=None,
    )
    here = platform.node()
    return tuple(
        ExportFile(str(each.export_id), Path(each.path) if each.host == here else None)
        for each in vault.issued_exports(state.controller, state.stream)
        if gone_at is None or each.made_at <= gone_at
    )


def held_people(store: Connection) -> list[UUID]:
    """Those of whom an erasure kept a class for a hold or a restriction, which may have ended since."""
    with translated_errors("look for erasures that a hold kept back"), store.transaction():
        return [row[0] for row in store.execute(SQL["held_erasures"])]
