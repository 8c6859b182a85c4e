"""Aggregates: histories folded from ledger records. Events in, state out; no I/O, clock or random."""
