"""A publisher's own repeats: a fact whose source and id its stream has seen has no second effect. Pure.

With other content than the first it is a finding. What was said first is compared by a MAC under keys that die
with the subject, never by a plain hash: phone numbers have little entropy.
"""

import hashlib
from uuid import UUID

from ledger.entry import Entry
from ledger.rules.findings import Finding

EVENT_ID_REUSED = "event_id_reused"


def fact_key(stream: UUID, event_source: str, event_id: str) -> UUID:
    """The key under which a stream knows a fact again when its publisher sends it again.

    Returns:
        The first 16 bytes of SHA-256 over the three parts, each headed by its length as 4 bytes, big-endian, so
        that no two different triples run together.
    """
    source, event = event_source.encode(), event_id.encode()
    parts = (stream.bytes, source, event)
    hashed = hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts))
    return UUID(bytes=hashed.digest()[:16])


def judge_repeat(entry: Entry, first_mac: bytes | None) -> Finding | None:
    """The finding on a repeat whose content is not that of the first; None when it is, or when nobody can tell.

    Args:
        entry: the repeat.
        first_mac: the content MAC of the fact as it was first recorded; None when its keys were gone by then.
    """
    if first_mac is None or entry.content_mac is None or first_mac == entry.content_mac:
        return None
    return Finding(
        code=EVENT_ID_REUSED,
        article="CloudEvents 1.0, source + id",
        expected="one event per source and id",
        found=f"another {entry.event_type} with the same source and id and other content",
    )
