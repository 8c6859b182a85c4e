"""Agreements, sub-processors, breaches, audits, disclosures and notices, held against the rules. Pure."""
