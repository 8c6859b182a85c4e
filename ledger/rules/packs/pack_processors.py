"""A document's list of sub-processors, read from a policy pack. Pure."""

from typing import Any

from ledger.rules.packs.listed_processor import MECHANISMS, ListedProcessor
from ledger.rules.packs.pack_table import PackTable
from ledger.rules.packs.rule_kind import Parameter, Shape

PROCESSOR_KEYS = (
    Parameter(name="name", shape=Shape.TEXT, says="as the document has it; compared in small letters"),
    Parameter(
        name="service",
        shape=Shape.TEXT,
        says="what it does; left out: the document does not say",
        required=False,
    ),
    Parameter(
        name="countries",
        shape=Shape.COUNTRIES,
        says="where it processes; left out: the document does not say",
        required=False,
    ),
    Parameter(
        name="mechanism",
        shape=Shape.CHOICE,
        choices=MECHANISMS,
        says="what transfers to it rest on; left out: the document does not say",
        required=False,
    ),
    Parameter(name="valid_from", shape=Shape.DATE, says="the mechanism's first day", required=False),
    Parameter(name="valid_until", shape=Shape.DATE, says="the mechanism's last day", required=False),
    Parameter(
        name="agreement",
        shape=Shape.FLAG,
        says="whether a processing agreement with it is concluded; left out: the document does not say",
        required=False,
    ),
    Parameter(
        name="optional",
        shape=Shape.FLAG,
        says="used only when the customer chose it explicitly",
        required=False,
    ),
)
"""The keys of one row."""


def read_processors(entry: PackTable, key: str) -> tuple[ListedProcessor, ...]:
    """Takes the list from an entry.

    Raises:
        PackError: a row is incomplete, or a name is there twice.
    """
    rows: dict[str, ListedProcessor] = {}
    for table in entry.rows(key):
        # What the document does not say stays unsaid, also of a flag.
        said: dict[str, Any] = {
            one.name: table.take(one) for one in PROCESSOR_KEYS if one.required or table.has(one.name)
        }
        table.finish()
        row = ListedProcessor(**said)
        if row.key in rows:
            raise table.wrong("name", "name: each sub-processor once", row.name)
        rows[row.key] = row
    return tuple(rows.values())
