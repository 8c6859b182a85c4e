"""From inbox records to ledger records, back to what of them may be read, and what the vault must follow first."""
