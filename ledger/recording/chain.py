"""The source chain: which ledger records take effect (DESIGN section 4). Pure.

For each pair (inbox partition, ledger partition) there is a mark: the source position of the last record
that took effect. The rules use ledger bytes only, so a replay repeats them.
"""

from enum import StrEnum

from ledger.entry import SourcePosition


class ChainVerdict(StrEnum):
    """What the chain says of one ledger record."""

    ACCEPTED = "accepted"
    RESEALED = "resealed"  # sent again by a restarted sealer; took effect before
    OUT_OF_CHAIN = "out_of_chain"  # a record before it is missing; the sealer's restart brings it


def judge_link(
    position: SourcePosition, previous: SourcePosition | None, mark: SourcePosition | None
) -> ChainVerdict:
    """Judges one record against its chain's mark.

    Args:
        position: the record's own source position.
        previous: the position it names as the one before it; None for the first.
        mark: the position of the last record of this chain that took effect; None before the first.
    """
    if previous == mark:
        return ChainVerdict.ACCEPTED
    if mark is not None and position <= mark:
        return ChainVerdict.RESEALED
    return ChainVerdict.OUT_OF_CHAIN
