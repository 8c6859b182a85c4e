"""Findings: each broken rule, on the entry that broke it, with what was expected and what was found.

Rows are judgements: a finding opens with the entry itself, or with a later fact that shows it in another light,
and may be resolved by one. The last judgement of an entry, code and rule holds; `judged_at` tells what was known when.
`rule` is the promise that is broken, pack:entry; empty when it is the law. `about` is what it is about.
"""

from collections.abc import Iterator

from ledger.entry import Entry
from ledger.projections.projection import COORDINATES, Projection, Recorded, Row, Table

TABLE = Table(
    name="findings",
    columns=(
        *COORDINATES,
        ("code", "text"),
        ("rule", "text"),
        ("judged_by", "int8"),
        ("judged_at", "int8"),
        ("state", "text"),
        ("stream", "uuid"),
        ("controller", "text"),
        ("article", "text"),
        ("occurred_at", "int8"),
        ("expected", "text"),
        ("found", "text"),
        ("about", "text"),
    ),
    # An entry has several judgements by one record when one finding gives way to another, resolved, then open, or when
    # it breaks several rules at once, or several promises in the same way.
    order_by=("ledger_partition", "ledger_offset", "judged_by", "state", "code", "rule"),
    caused_by="judged_by",
)


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per judgement, under the coordinates of the entry it is on."""
    entry = recorded.record
    if not recorded.judgements or not isinstance(entry, Entry):
        return
    for judgement in recorded.judgements:
        finding = judgement.finding
        yield (
            TABLE,
            (
                recorded.partition,
                judgement.offset,
                finding.code,
                finding.rule,
                recorded.offset,
                entry.sealed_at,
                judgement.state.value,
                judgement.stream or entry.stream,
                entry.controller,
                finding.article,
                judgement.occurred_at,
                finding.expected,
                finding.found,
                finding.about,
            ),
        )


PROJECTION = Projection(name="findings", tables=(TABLE,), apply=apply)
