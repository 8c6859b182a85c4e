"""Deadlines as facts: the ledger says when one is near and when one has passed."""
