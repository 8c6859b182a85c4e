"""Contradictions and holes in policy packs, X1 to X17 among them. Pure."""
