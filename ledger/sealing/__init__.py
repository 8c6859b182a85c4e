"""From inbox records to ledger records: the sealer's decision core. No Kafka in here."""
