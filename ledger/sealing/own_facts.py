"""Which facts are the ledger's own: those with a MAC that only a holder of the vault's key can make.

Some facts have effects nobody else may cause: `key.destroyed` makes a restored vault destroy keys, and
`erasure.verified` is a claim an auditor relies on. Kafka's ACLs are per topic, so whoever may publish a notice
could publish those. Their schemas say `"publisher": "ledger"`, and the sealer believes them only with the header
`ce_ledgermac`. Pure.

Owns: the MAC and what it covers. Leaves to others: the key (`ledger.vault`), what becomes of a forgery
(`ledger.sealing.sealer`), publishing (`ledger.forgetting.own_facts`).
Source: RFC 2104 (HMAC).
"""

import hmac

from ledger.contract.reading import Fact
from ledger.contract.schema_files import SINGLE_OBJECT_MAGIC
from ledger.log.records import ReadRecord
from ledger.vault.encoding import encode_tuple

MAC_HEADER = "ce_ledgermac"
_LABEL = b"ledger/own-fact/1"


def own_fact_mac(
    key: bytes, *, event_type: str, event_id: str, source: str, occurred_at: int, value: bytes
) -> bytes:
    """The MAC of one of the ledger's own facts, as it stands in its header.

    Args:
        key: 32 bytes, the vault's own.
        event_type: `ce_type`.
        event_id: `ce_id`.
        source: `ce_source`.
        occurred_at: `ce_time` as microseconds since the epoch, UTC: two spellings of a time are one time.
        value: the record's value, the schema's ten header bytes included, and with them its version.

    Returns:
        64 hexadecimal digits, ASCII.
    """
    message = encode_tuple(_LABEL, event_type, event_id, source, occurred_at, value)
    return hmac.digest(key, message, "sha256").hex().encode()


def is_the_ledgers(key: bytes, record: ReadRecord, fact: Fact) -> bool:
    """Whether the ledger itself published this record: binary mode, Avro with our header, and the right MAC.

    Other encodings have none: the MAC covers bytes, and the ledger publishes in one way only.
    """
    value = record.value or b""
    if not value.startswith(SINGLE_OBJECT_MAGIC):
        return False
    expected = own_fact_mac(
        key,
        event_type=fact.event_type,
        event_id=fact.event_id,
        source=fact.event_source,
        occurred_at=fact.occurred_at,
        value=value,
    )
    # Reading has refused a record in which a CloudEvents header occurs twice.
    stated = next((content for name, content in record.headers if name == MAC_HEADER), None)
    return hmac.compare_digest(stated or b"", expected)
