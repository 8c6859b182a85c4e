"""Made-up logs: facts of few people at few moments, with everything that can go wrong on the way in."""

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import strategies as st

from ledger.aggregates.cases import governance_stream
from ledger.entry import Entry, LedgerRecord, Sealed, SourcePosition
from ledger.recording.effects import ChainKey, LogRecord
from tests.unit.aggregates.facts import make_entry, make_rejected

SUBJECTS = (UUID(int=1), UUID(int=2), UUID(int=3))
PARTITION_OF = {UUID(int=1): 1, UUID(int=2): 1, UUID(int=3): 2}
"""Two people share a partition, one has another."""
NAMED = {  # streams of no person -> kind and partition
    UUID(int=10): ("governance", 0),
    UUID(int=11): ("unattributed", 2),
}
REJECTED_STREAM, REJECTED_PARTITION = UUID(int=12), 1
INBOXES = (("inbox.processing", 0), ("inbox.consent", 0))
PURPOSES = ("telephony", "recording")
EVENT_TYPES = (
    "call.completed",
    "call.recorded",
    "message.sent",
    "consent.given",
    "consent.refused",
    "consent.withdrawn",
    "processing.restricted",
    "erasure.incomplete",
    "erasure.verified",
)
GOVERNANCE_TYPES = ("notice.published", "hold.placed", "retention.set", "trail.ended")
SOURCES = ("//pbx.example/1", "//pbx.example/2", "urn:ledger:self")
MACS = (b"1" * 32, b"2" * 32, None)


class LogBuilder:
    """Appends ledger records as sealers do: with coordinates, chains and dense offsets."""

    def __init__(self) -> None:
        self.records: list[LogRecord] = []
        self._chain: dict[ChainKey, SourcePosition] = {}
        self._source_offsets: dict[tuple[str, int], int] = {}
        self._offsets: dict[int, int] = {}
        self._governance: set[UUID] = set()

    def fact(
        self,
        stream: UUID,
        *,
        inbox: int = 0,
        lost: bool = False,
        sealed_classes: Sequence[str] = (),
        **changes: Any,
    ) -> None:
        """One fact of one stream, with a sealed field of each of some classes.

        `lost`: sealed and counted in the chain, but not in the log.
        """
        kind, partition = NAMED.get(stream) or ("subject", PARTITION_OF.get(stream, 1))
        if stream in self._governance:
            kind, partition = "governance", 0
        sealed = [
            Sealed(field=name, retention_class=name, commitment=bytes(32), ciphertext=bytes(16))
            for name in sealed_classes
        ]
        entry = make_entry(
            stream=stream, stream_kind=kind, sealed_at=1000 + len(self.records), sealed=sealed, **changes
        )
        self._seal(entry, partition, inbox, lost=lost)

    def governance_stream(self, event_type: str, controller: str, fields: Mapping[str, Any]) -> UUID:
        """The stream a governance fact is sealed into; facts of it go to partition 0 from now on."""
        stream = governance_stream(event_type, controller, fields)
        self._governance.add(stream)
        return stream

    def next_offset(self, partition: int) -> int:
        """Where the next record of a ledger partition goes."""
        return self._offsets.get(partition, 0)

    def rejected(self, *, inbox: int = 0) -> None:
        """One inbox record that could not be read."""
        self._seal(make_rejected(stream=REJECTED_STREAM), REJECTED_PARTITION, inbox, lost=False)

    def resend(self, place: int) -> None:
        """A record of the log once more, sealed anew."""
        if self.records:
            again = self.records[place % len(self.records)]
            self._append(again.partition, msgspec.structs.replace(again.record, sealed_at=2000))

    def _seal(self, record: LedgerRecord, partition: int, inbox: int, *, lost: bool) -> None:
        topic, number = INBOXES[inbox]
        offset = self._source_offsets.get((topic, number), 0)
        self._source_offsets[topic, number] = offset + 1
        key = ChainKey(topic, number, partition)
        previous = self._chain.get(key)
        self._chain[key] = SourcePosition(offset, 0)
        if not lost:
            self._append(
                partition,
                msgspec.structs.replace(
                    record,
                    source_topic=topic,
                    source_partition=number,
                    source_offset=offset,
                    previous_offset=previous.offset if previous else None,
                    previous_part=previous.part if previous else None,
                ),
            )

    def _append(self, partition: int, record: LedgerRecord) -> None:
        offset = self._offsets.get(partition, 0)
        self._offsets[partition] = offset + 1
        value = f"{partition}:{offset}".encode()
        self.records.append(LogRecord(partition, offset, value, record))


@st.composite
def logs(draw: st.DrawFn, *, max_size: int = 40) -> list[LogRecord]:
    """A log of several partitions in one order of reading."""
    builder = LogBuilder()
    steps = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 2**32 - 1)), min_size=1, max_size=max_size)
    for kind, seed in draw(steps):
        take_step(builder, kind, Random(seed))
    return builder.records


def long_log(seed: int, steps: int) -> list[LogRecord]:
    """A log long enough for snapshots, hardly any of it lost."""
    builder, random = LogBuilder(), Random(seed)
    for _ in range(steps):
        take_step(builder, random.choices(range(20), [100] * 10 + [25] * 9 + [0])[0], random)
    return builder.records


def take_step(builder: LogBuilder, kind: int, random: Random) -> None:
    """One thing that happens: mostly facts of people, now and then something else."""
    inbox = random.randrange(len(INBOXES))
    match kind:
        case 19:
            builder.fact(random.choice(SUBJECTS), inbox=inbox, lost=True, **_content(random))
        case 18 | 17:
            builder.resend(random.randrange(1000))
        case 16:
            builder.rejected(inbox=inbox)
        case 15 | 14:
            builder.fact(random.choice(list(NAMED)), inbox=inbox, **_content(random) | _governing(random))
        case 13 | 12:
            builder.fact(random.choice(SUBJECTS), inbox=inbox, **_content(random) | _reused_id(random))
        case _:
            builder.fact(random.choice(SUBJECTS), inbox=inbox, **_content(random))


def _content(random: Random) -> dict[str, Any]:
    expires_at = random.choice((None, None, 3, 6))
    fields = {
        "erasure_id": f"erasure-{random.randrange(2)}",
        "restriction_id": "restriction-1",
        "places": [],
        "problems": [{"kind": "silent", "name": f"service {random.randrange(2)}", "detail": "no answer"}],
    }
    return {
        "event_id": f"event-{random.getrandbits(64)}",
        "event_source": random.choice(SOURCES),
        "event_type": random.choice(EVENT_TYPES),
        "purpose": random.choice(PURPOSES),
        "lawful_basis": random.choice(("consent", "consent", "contract")),
        "occurred_at": random.randrange(9),
        "content_mac": random.choice(MACS),
        "retry_of": random.choice((None, None, "1:0", "anything")),
        "open_fields": json.dumps(fields if expires_at is None else fields | {"expires_at": expires_at}),
        "processors": random.choice(([], ["carrier-example"], ["carrier-example", "carrier-example"])),
    }


def _governing(random: Random) -> dict[str, Any]:
    fields = {
        "hold_id": f"hold-{random.randrange(2)}",
        "kind": "legal",
        "retention_class": "recording",
        "days": random.choice((7, 999)),
        "before": random.randrange(9),
        "period": "P5Y",
        "rule": "pack:entry",
    }
    return {"event_type": random.choice(GOVERNANCE_TYPES), "open_fields": json.dumps(fields)}


def _reused_id(random: Random) -> dict[str, Any]:
    return {"event_id": f"reused-{random.randrange(3)}", "event_source": SOURCES[0]}


def consent_entry(entry: LedgerRecord) -> Entry:
    """A record that is known to be a fact."""
    assert isinstance(entry, Entry)
    return entry


def split(records: Sequence[LogRecord], cuts: set[int]) -> list[Sequence[LogRecord]]:
    """The records as batches that end at these places."""
    ends = [*sorted(cut for cut in cuts if 0 < cut < len(records)), len(records)]
    return [records[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def interleaved(records: Sequence[LogRecord], random: Random) -> list[LogRecord]:
    """The same partitions read in another order, each still by offset."""
    queues: dict[int, list[LogRecord]] = {}
    for record in records:
        queues.setdefault(record.partition, []).append(record)
    merged = []
    while queues:
        partition = random.choice(sorted(queues))
        merged.append(queues[partition].pop(0))
        if not queues[partition]:
            del queues[partition]
    return merged
