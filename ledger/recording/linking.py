"""Records with what the source chain says of them, and the key by which their stream knows them again. Pure."""

from collections.abc import MutableMapping, Sequence
from typing import NamedTuple
from uuid import UUID

from ledger.entry import Entry, LedgerRecord, SourcePosition
from ledger.recording.chain import ChainVerdict, judge_link
from ledger.recording.effects import ChainKey, LogRecord
from ledger.recording.repeats import fact_key


class Linked(NamedTuple):
    """A record with its chain verdict, and its fact's key when it is a fact that may take effect."""

    log_record: LogRecord
    verdict: ChainVerdict
    fact_key: UUID | None

    @property
    def takes_effect(self) -> bool:
        """Whether the chain lets it; a publisher's repeat still has none."""
        return self.verdict is ChainVerdict.ACCEPTED


def link(records: Sequence[LogRecord], marks: MutableMapping[ChainKey, SourcePosition]) -> list[Linked]:
    """Judges each record against its chain, moving the marks of those that take effect."""
    linked = []
    for log_record in records:
        record = log_record.record
        key = ChainKey(record.source_topic, record.source_partition, log_record.partition)
        verdict = judge_link(record.position, record.previous, marks.get(key))
        if verdict is ChainVerdict.ACCEPTED:
            marks[key] = record.position
        linked.append(Linked(log_record, verdict, _fact_key(record, verdict)))
    return linked


def _fact_key(record: LedgerRecord, verdict: ChainVerdict) -> UUID | None:
    if verdict is not ChainVerdict.ACCEPTED or not isinstance(record, Entry):
        return None
    return fact_key(record.stream, record.event_source, record.event_id)
