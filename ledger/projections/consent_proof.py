"""Proof of consent: per subject and purpose, each change of state with what proves it.

Source: GDPR Art. 7(1): the controller shall be able to demonstrate consent; MB-34: kept five years; CB-41:
the notice version in force at each consent is pinned.
"""

from collections.abc import Iterator

from ledger.aggregates.consent_details import consent_details
from ledger.entry import Entry
from ledger.projections.projection import BY_COORDINATES, COORDINATES, Projection, Recorded, Row, Table

STATE_OF_EVENT = {
    "consent.given": "given",
    "consent.refused": "refused",
    "consent.withdrawn": "withdrawn",
}
EVIDENCE_FIELD = "evidence"

TABLE = Table(
    name="consent_proof",
    columns=(
        *COORDINATES,
        ("stream", "uuid"),
        ("purpose", "text"),
        ("state", "text"),
        ("occurred_at", "int8"),
        ("sealed_at", "int8"),
        ("controller", "text"),
        ("category", "text"),
        ("method", "text"),
        ("language", "text"),
        ("notice_version", "text"),
        ("notice_hash", "text"),
        ("expires_at", "int8"),
        ("evidence", "text"),
    ),
    order_by=BY_COORDINATES,
)


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per change of consent; what was known when follows from `sealed_at`."""
    entry = recorded.record
    if recorded.version is None or not isinstance(entry, Entry):
        return
    state = STATE_OF_EVENT.get(entry.event_type)
    if state is None:
        return
    details = consent_details(entry.open_fields)
    yield (
        TABLE,
        (
            recorded.partition,
            recorded.offset,
            entry.stream,
            entry.purpose,
            state,
            entry.occurred_at,
            entry.sealed_at,
            entry.controller,
            details.category,
            details.method,
            details.language,
            entry.notice_version,
            details.notice_hash,
            details.expires_at,
            _evidence(entry),
        ),
    )


def _evidence(entry: Entry) -> str:
    """Whether evidence was sealed with the consent; its content stays in the ledger record."""
    if any(sealed.field == EVIDENCE_FIELD for sealed in entry.sealed):
        return "sealed"
    if any(dropped.field == EVIDENCE_FIELD for dropped in entry.dropped):
        return "dropped"
    return "none"


PROJECTION = Projection(
    name="consent_proof", tables=(TABLE,), apply=apply, event_types=frozenset(STATE_OF_EVENT)
)
