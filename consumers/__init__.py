"""The two loops, thin: `sealer` from the inbox to the ledger topic, `recorder` from there to PostgreSQL."""
