"""When a subject record may be folded: only once the governance facts it was sealed under are (DESIGN 8).

Pure. A subject record names the offset of ledger partition 0 its sealer had applied; folding it earlier would
judge it by other rules than a replay does.
"""

from collections.abc import Sequence

from ledger.log.placement import GOVERNANCE_PARTITION
from ledger.recording.effects import LogRecord


def ready_count(records: Sequence[LogRecord], governance_position: int) -> int:
    """How many records from the front may be folded.

    Args:
        records: of one ledger partition, in offset order.
        governance_position: the next offset of partition 0 to be recorded.
    """
    for count, log_record in enumerate(records):
        if log_record.partition != GOVERNANCE_PARTITION and log_record.record.rules_at > governance_position:
            return count
    return len(records)
