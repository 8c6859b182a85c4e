"""Opening what is sealed in a ledger record, with the keys that still exist.

Every call for a person to see is itself to be recorded as a fact (DESIGN section 12); that is the caller's
duty, because only the caller knows who asked and why.
"""

from collections.abc import Sequence

import msgspec

from ledger.entry import Entry, LedgerRecord, Rejected, StreamKind
from ledger.sealing.sealer import REJECTED_CONTROLLER
from ledger.vault.field_cipher import FieldContext, open_field
from ledger.vault.keys import KeyRing
from ledger.vault.vault import Vault


def read_keys(vault: Vault, records: Sequence[LedgerRecord]) -> KeyRing:
    """The keys of the records' sealed fields that still exist; none is made."""
    subject_keys = {(r.stream, s.retention_class) for r in records for s in r.sealed}
    epochs = {(_controller(r), s.retention_class, r.occurred_day) for r in records for s in r.sealed}
    return vault.read_keys(subject_keys, epochs)


def open_record(ring: KeyRing, record: LedgerRecord) -> dict[str, object]:
    """The personal fields of one record that can still be opened.

    Returns:
        field -> value; a field whose keys are destroyed is absent.

    Raises:
        CannotOpen: the keys exist and the ciphertext does not fit them: it was altered or moved.
    """
    opened: dict[str, object] = {}
    for sealed in record.sealed:
        subject_key = ring.subject(record.stream, sealed.retention_class)
        epoch_key = ring.epoch(_controller(record), sealed.retention_class, record.occurred_day)
        if subject_key is None or epoch_key is None:
            continue
        context = FieldContext(
            controller=_controller(record),
            subject=record.stream,
            retention_class=sealed.retention_class,
            day=record.occurred_day,
            event_type=record.event_type if isinstance(record, Entry) else StreamKind.REJECTED,
            field=sealed.field,
        )
        plaintext = open_field(
            subject_key, epoch_key, record.salt, context, sealed.commitment, sealed.ciphertext
        )
        opened[sealed.field] = msgspec.msgpack.decode(plaintext)
    return opened


def _controller(record: LedgerRecord) -> str:
    return REJECTED_CONTROLLER if isinstance(record, Rejected) else record.controller
