"""What a stretch of the governance partition asks of the vault: what to destroy, release, close and set. Pure.

Owns: reading that out of ledger records. Leaves to others: doing it (`ledger.sealing.governance`).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

import msgspec

from ledger.contract.retention_classes import RETENTION_CLASSES
from ledger.entry import Entry, LedgerRecord
from ledger.errors import IntegrityError
from ledger.recording.repeats import fact_key
from ledger.rules.keeping.retention import setting_holds
from ledger.sealing.key_names import fact_class
from ledger.vault.governance import RetentionSetting
from ledger.vault.keys import EpochKeyName

RETENTION_SET = "retention.set"
KEY_DESTROYED = "key.destroyed"
RETENTION_ENDED = "retention.ended"
ERASURES = frozenset({"erasure_request", "consent_withdrawn", "end_of_agreement", "child_found"})
"""Reasons that end a person's whole record and not one period or proof."""


class Closing(NamedTuple):
    """Why a subject is closed, and whose it is: a restored vault may not know it."""

    controller: str
    why: str


@dataclass(kw_only=True)
class Consequences:
    """Everything some records ask for, in no order: all of it is idempotent.

    Args:
        settings: days a customer set, in order of the log.
        epochs: why -> epoch keys to destroy.
        classes: (subject, why) -> classes of which every key is to be destroyed.
        fact_keys: (subject, why) -> single facts' subject keys to destroy, by their names.
        released: (subject, class) of what a hold had put aside -> the offset of the last release of it.
        closed: subjects to be closed.
        ended: subjects whose erasure is confirmed: identifiers may lead to them no longer.
    """

    settings: list[RetentionSetting] = field(default_factory=list)
    epochs: dict[str, set[EpochKeyName]] = field(default_factory=lambda: defaultdict(set))
    classes: dict[tuple[UUID, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    fact_keys: dict[tuple[UUID, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    released: dict[tuple[UUID, str], int] = field(default_factory=dict)
    closed: dict[UUID, Closing] = field(default_factory=dict)
    ended: set[UUID] = field(default_factory=set)


class _Setting(msgspec.Struct):
    """The open fields of `retention.set`."""

    retention_class: str
    days: int


class _Destruction(msgspec.Struct):
    """The open fields of `key.destroyed`, both versions."""

    phase: str
    key_kind: str
    retention_class: str
    why: str
    subject_pseudonym: UUID | None = None
    epoch_day: int | None = None
    fact: UUID | None = None


class _Ended(msgspec.Struct):
    """The open fields of `retention.ended`, as far as they tell a release from another end."""

    retention_class: str
    epoch_day: int | None = None
    subject_pseudonym: UUID | None = None
    fact: UUID | None = None
    held_by: str | None = None


def consequences(records: Iterable[tuple[int, LedgerRecord]]) -> Consequences:
    """What records of ledger partition 0 ask for.

    Args:
        records: offset and record, in order of the log; what asks for nothing is passed over.

    Raises:
        IntegrityError: a destruction that names no key: only the ledger publishes them, so it is damage or our
            own mistake, and passing it over would leave a key alive that the ledger says is destroyed.
    """
    caused = Consequences()
    for offset, record in records:
        if not isinstance(record, Entry):
            continue
        if record.event_type == RETENTION_SET:
            _add_setting(caused, offset, record)
        elif record.event_type == KEY_DESTROYED:
            _add_destruction(caused, offset, record)
        elif record.event_type == RETENTION_ENDED:
            _add_release(caused, offset, record)
    return caused


def _add_setting(caused: Consequences, offset: int, entry: Entry) -> None:
    stated = msgspec.json.decode(entry.open_fields, type=_Setting)
    # One that does not count is recorded and found; no rule follows from it. Nor does one follow from a class that
    # nothing is sealed in, whose name may be longer than an index can hold.
    if stated.retention_class in RETENTION_CLASSES and setting_holds(stated.retention_class, stated.days):
        caused.settings.append(
            RetentionSetting(
                fact=fact_key(entry.stream, entry.event_source, entry.event_id),
                controller=entry.controller,
                retention_class=stated.retention_class,
                days=stated.days,
                occurred_at=entry.occurred_at,
                ledger_offset=offset,
            )
        )


def _add_destruction(caused: Consequences, offset: int, entry: Entry) -> None:
    try:
        stated = msgspec.json.decode(entry.open_fields, type=_Destruction)
    except msgspec.MsgspecError:
        raise _names_no_key(offset) from None
    subject = stated.subject_pseudonym
    if stated.key_kind == "epoch" and stated.epoch_day is not None:
        caused.epochs[stated.why].add((entry.controller, stated.retention_class, stated.epoch_day))
    elif stated.key_kind == "subject" and subject is not None:
        if stated.fact is not None:
            caused.fact_keys[subject, stated.why].add(fact_class(stated.retention_class, stated.fact))
        else:
            caused.classes[subject, stated.why].add(stated.retention_class)
        if stated.why in ERASURES and stated.fact is None:
            caused.closed.setdefault(subject, Closing(entry.controller, stated.why))
            if stated.phase == "confirmed":
                caused.ended.add(subject)
    else:
        raise _names_no_key(offset)


def _add_release(caused: Consequences, offset: int, entry: Entry) -> None:
    """Of a person and neither a day's nor a proof's: what a hold had put aside is let go of."""
    stated = msgspec.json.decode(entry.open_fields, type=_Ended)
    if stated.subject_pseudonym is None or stated.held_by is not None:
        return
    if stated.epoch_day is None and stated.fact is None:
        caused.released[stated.subject_pseudonym, stated.retention_class] = offset


def _names_no_key(offset: int) -> IntegrityError:
    return IntegrityError(
        f"the destruction at ledger partition 0, offset {offset}, names no key",
        expected="a subject's pseudonym, or a day",
        found="neither",
        do="Find out which version published it; until then the vault must not serve.",
    )
