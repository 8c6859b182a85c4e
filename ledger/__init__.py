"""The processing ledger: facts in, a provable audit trail and proof of consent out.

See ARCHITECTURE.md for one record's journey, and docs/glossary.md for the words.
"""
