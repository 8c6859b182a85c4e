"""Privacy notices: each version that came into force, and who was told of it how.

Source: GDPR Art. 13 and 14; CB-41, MB-46, X17: the version in force is an input to every consent.
"""

import msgspec

from ledger.entry import Entry
from ledger.projections.case_facts import case_projection
from ledger.projections.projection import Row

PUBLISHED = "notice.published"
PHASES = {PUBLISHED: "published", "notice.communicated": "communicated"}


class _Fact(msgspec.Struct, frozen=True):
    notice_id: str
    version: str | None = None
    effective_at: int | None = None
    replaces: str | None = None
    sha256: str | None = None
    uri: str | None = None
    materially_changed: bool | None = None
    people_informed: str | None = None
    told_by: str | None = None
    audience: str | None = None


def _values(entry: Entry, fact: _Fact) -> Row:
    return (
        fact.notice_id,
        # A notice that is published is named by the field every fact has for it.
        entry.notice_version if entry.event_type == PUBLISHED else fact.version,
        fact.effective_at,
        fact.replaces,
        fact.sha256,
        fact.uri,
        fact.materially_changed,
        fact.people_informed if entry.event_type == PUBLISHED else fact.told_by,
        fact.audience,
    )


PROJECTION = case_projection(
    "notices",
    id_column="notice_id",
    phases=PHASES,
    fact=_Fact,
    columns=(
        ("notice_version", "text"),
        ("effective_at", "int8"),
        ("replaces", "text"),
        ("sha256", "text"),
        ("uri", "text"),
        ("materially_changed", "bool"),
        ("told_by", "text"),
        ("audience", "text"),
    ),
    values=_values,
)
