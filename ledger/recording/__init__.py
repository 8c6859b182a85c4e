"""From ledger records to effects: the recorder's decision core. No Kafka and no PostgreSQL in here."""
