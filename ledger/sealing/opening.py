"""Opening what is sealed in a ledger record, with the keys that still exist.

A field opens while both of its keys exist. When the epoch key is destroyed, one way is left: what a hold put aside
for this very field (`ledger.vault.held`), and only while the person's own key lives: an erasure ends a hold's share
too. Every call for a person to see is itself to be recorded as a fact (DESIGN section 12); that is the caller's
duty, because only the caller knows who asked and why.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from ledger.entry import Entry, LedgerRecord, Rejected, Sealed, StreamKind
from ledger.sealing.key_names import record_key_class
from ledger.sealing.sealer import REJECTED_CONTROLLER
from ledger.vault.field_cipher import FieldContext, derive_secret, open_field, open_with_secret
from ledger.vault.held import HeldField, HeldName
from ledger.vault.keys import KeyRing
from ledger.vault.vault import Vault


@dataclass(frozen=True, kw_only=True)
class OpeningKeys:
    """What opens the fields of some records; to be dropped with them, like the key ring in it."""

    ring: KeyRing
    held: Mapping[HeldName, bytes] = field(default_factory=dict, repr=False)


def read_keys(vault: Vault, records: Sequence[LedgerRecord]) -> OpeningKeys:
    """What still opens the records' sealed fields; no key is made.

    What holds put aside is asked for only when an epoch key is destroyed and the subject's is not.
    """
    subject_keys = {(r.stream, record_key_class(r, s.retention_class)) for r in records for s in r.sealed}
    epochs = {(_controller(r), s.retention_class, r.occurred_day) for r in records for s in r.sealed}
    ring = vault.read_keys(subject_keys, epochs)
    salts = {r.salt for r in records for s in r.sealed if _only_epoch_destroyed(ring, r, s)}
    return OpeningKeys(ring=ring, held=vault.held_fields(salts) if salts else {})


def open_record(keys: OpeningKeys, record: LedgerRecord) -> dict[str, object]:
    """The personal fields of one record that can still be opened.

    Returns:
        field -> value; a field whose keys are destroyed is absent.

    Raises:
        CannotOpen: the keys exist and the ciphertext does not fit them: it was altered or moved.
    """
    opened: dict[str, object] = {}
    for sealed in record.sealed:
        plaintext = _open(keys, record, sealed)
        if plaintext is not None:
            opened[sealed.field] = msgspec.msgpack.decode(plaintext)
    return opened


def secrets_to_hold(
    keys: OpeningKeys, record: LedgerRecord, classes: Collection[str] | None = None
) -> list[HeldField]:
    """What a hold has to put aside of one record before its epoch keys are destroyed.

    Args:
        keys: of this record among others.
        record: of the person on hold.
        classes: of these classes; None for all.

    Returns:
        Rows for `Vault.hold_fields`; none for a field whose keys are destroyed already.
    """
    rows = []
    for sealed in record.sealed:
        subject_key, epoch_key = _keys(keys.ring, record, sealed)
        if subject_key is None or epoch_key is None:
            continue
        if classes is None or sealed.retention_class in classes:
            secret = derive_secret(subject_key, epoch_key, record.salt, _context(record, sealed))
            rows.append(
                HeldField(
                    salt=record.salt,
                    field=sealed.field,
                    subject=record.stream,
                    retention_class=record_key_class(record, sealed.retention_class),
                    secret=secret,
                )
            )
    return rows


def _open(keys: OpeningKeys, record: LedgerRecord, sealed: Sealed) -> bytes | None:
    subject_key, epoch_key = _keys(keys.ring, record, sealed)
    if subject_key is None:
        return None
    context = _context(record, sealed)
    if epoch_key is not None:
        return open_field(subject_key, epoch_key, record.salt, context, sealed.commitment, sealed.ciphertext)
    secret = keys.held.get((record.salt, sealed.field))
    return None if secret is None else open_with_secret(secret, context, sealed.commitment, sealed.ciphertext)


def _keys(ring: KeyRing, record: LedgerRecord, sealed: Sealed) -> tuple[bytes | None, bytes | None]:
    """The two keys of a field, None for one that is gone."""
    subject_key = ring.subject(record.stream, record_key_class(record, sealed.retention_class))
    return subject_key, ring.epoch(_controller(record), sealed.retention_class, record.occurred_day)


def _only_epoch_destroyed(ring: KeyRing, record: LedgerRecord, sealed: Sealed) -> bool:
    subject_key, epoch_key = _keys(ring, record, sealed)
    return subject_key is not None and epoch_key is None


def _context(record: LedgerRecord, sealed: Sealed) -> FieldContext:
    return FieldContext(
        controller=_controller(record),
        subject=record.stream,
        retention_class=sealed.retention_class,
        day=record.occurred_day,
        event_type=record.event_type if isinstance(record, Entry) else StreamKind.REJECTED,
        field=sealed.field,
    )


def _controller(record: LedgerRecord) -> str:
    return REJECTED_CONTROLLER if isinstance(record, Rejected) else record.controller
