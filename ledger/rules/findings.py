"""A finding: a broken rule on one entry. A fact is never refused; it is recorded and judged."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A broken rule on one ledger entry.

    `code` is stable, `article` names the text it comes from; `expected` and `found` are sentences without
    personal data.
    """

    code: str
    article: str
    expected: str
    found: str
