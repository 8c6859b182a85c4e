"""Of which facts the vault keeps something for a hold: what was put aside before their day's key was destroyed.

By a look at the vault and not at the holds: a run that died between putting aside and destroying, or between telling
the services and releasing, finds here what it did. Owns: that look. Leaves to others: who is held (`retention_plan`),
who is told (`retention_notices`).
"""

from collections.abc import Collection, Iterator
from uuid import UUID

from ledger.entry import Entry
from ledger.store.forgetting import ForgettingQueries
from ledger.vault.recovery import in_batches
from ledger.vault.vault import Vault


def put_aside(
    vault: Vault,
    queries: ForgettingQueries,
    subject: UUID,
    retention_class: str,
    days: Collection[int] | None = None,
) -> Iterator[Entry]:
    """The facts of a person of which fields of a class are put aside, in order; take them all, as of `records_of`."""
    sealed = (
        stored.record
        for stored in queries.records_of(subject, days)
        if isinstance(stored.record, Entry)
        and any(each.retention_class == retention_class for each in stored.record.sealed)
    )
    for entries in in_batches(sealed):
        held = vault.held_fields([entry.salt for entry in entries]).keys()
        for entry in entries:
            if any(
                each.retention_class == retention_class and (entry.salt, each.field) in held
                for each in entry.sealed
            ):
                yield entry
