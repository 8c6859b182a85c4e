"""Rules: what a fact is held against. Pure."""
