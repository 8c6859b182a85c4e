"""What publishers send and what the ledger itself writes: schemas, decoding, checking, encoding.

Bytes in, facts or a stable reason for refusal out. Nothing here knows Kafka, PostgreSQL or keys.
"""
