"""Which ledger partition a stream lives in, for ever. Pure: no client library.

DESIGN section 4: partition 0 holds governance facts, every other stream is placed by a hash of ours, never by a
client's default partitioner.
"""

import hashlib
from functools import lru_cache
from uuid import UUID

from ledger.entry import StreamKind

GOVERNANCE_PARTITION = 0
STREAMS_CACHED = 8192
"""A batch asks for each of its streams several times."""


@lru_cache(maxsize=STREAMS_CACHED)
def stream_partition(stream: UUID, kind: str, partitions: int) -> int:
    """The ledger partition of a stream.

    Args:
        stream: the stream's id.
        kind: a `StreamKind`.
        partitions: partition count of the ledger topic, at least 2.

    Returns:
        0 for governance streams, else 1 + SHA-256(stream) mod (partitions - 1).
    """
    if kind == StreamKind.GOVERNANCE:
        return GOVERNANCE_PARTITION
    hashed = int.from_bytes(hashlib.sha256(stream.bytes).digest()[:8], "big")
    return 1 + hashed % (partitions - 1)
