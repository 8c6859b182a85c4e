"""The open fields of an entry, read into a struct: as `ledger.aggregates.open_fields` reads them."""

from ledger.aggregates.open_fields import reader, uuid_of

__all__ = ["reader", "uuid_of"]
