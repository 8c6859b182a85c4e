"""Header names that are not UTF-8: kafka-python 3.0.12 takes such a record for a corrupt log, and reads no further.

One publisher's odd header would stop the sealer for ever. Here the name is read with its bad bytes as `\\xff` and so
on, and the contract judges it like any other name. Everything else of the client's reading stays its own.
"""

from typing import Any

from kafka.record.default_records import DefaultRecordBatch

_strict_read = DefaultRecordBatch._read_msg


class _LenientBytes(bytes):
    """Bytes that decode whatever they hold."""

    def decode(self, *_encoding: str) -> str:
        return super().decode("utf-8", "backslashreplace")


class _LenientBuffer(bytes):
    """A buffer whose slices are lenient; single items are numbers, as the client's varint decoder wants them."""

    def __getitem__(self, key: Any) -> Any:
        item = super().__getitem__(key)
        return _LenientBytes(item) if isinstance(item, bytes) else item


def _read_msg(batch: DefaultRecordBatch) -> object:
    try:
        return _strict_read(batch)
    except UnicodeDecodeError:
        # The client moves on only once a record is read whole, so reading it again starts at its beginning.
        whole = batch._buffer
        batch._buffer = _LenientBuffer(whole)
        try:
            return _strict_read(batch)
        finally:
            batch._buffer = whole


def accept_any_header_name() -> None:
    """Makes kafka-python's consumers read header names that are not UTF-8."""
    DefaultRecordBatch._read_msg = _read_msg
